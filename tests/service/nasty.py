"""Licences and shipments that use every way through the posting, from one seeded source."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from ledger.service.ledger import Ledger

Line = dict[str, object]

CHIPS = (
    "nvidia-h100-sxm",
    "nvidia-a100",
    "amd-mi300x",
    "nvidia-dgx-h100",
    "nvidia-l40s",
    "nvidia-rtx-4090",
)
PLACES: tuple[str, ...] = (
    "India",
    "SG",
    "Liechtenstein",
    "Switzerland",
    "Hong Kong",
    "China",
    "Macau",
    "VN",
    "AE",
)
PLACES += ("Namibia", "Japan", "US", "KH", "Cayman Islands", "United Kingdom", "IL", "SA")
PARTIES = (
    "Acme Ltd",
    "ACME  Ltd",
    "Acme Limited",
    "Ünïcode Ñandú S.A.",
    'Quote "Q" & Sons, Inc.',
    "株式会社コンピュート",
    "Over There GmbH",
    "12",
    "Sold Off Ltd",
    "Merged Away Ltd",
    "Tab\tCo",
)
SITES = ("Hall 1", "HALL  1", 'The "Barn"', "谷仓")
DOCUMENTS = ("EX-{}", 'say "{}"', "línea {}", "two\nlines {}", "a, b; {}", "\\. {}", "=1+{}")
# What is declared to stand where: party or product, country, TPP.
STOCKS = [
    ("Acme Ltd", "", "900000000"),
    ("Acme Ltd", "India", "1000000"),
    ("Over There GmbH", "", "90000000"),
    ("nvidia-h100-sxm", "United States", "3000000"),
]
AUTHORIZATIONS = ("licence", "LPP", "AIA", "NVEU", "ACA", "NAC", "NLR", "none", "", "UVEU", "ACM")
KINDS = ("", "export", "reexport", "in_country_transfer", "export_from_abroad")
FIRST, LAST = date(2024, 12, 1), date(2028, 1, 20)


def _of(random: Random, *choices: object) -> object:
    return random.choice(choices)


def _day(random: Random) -> date:
    """Any day of the regime and around it; every third one close to a New Year."""
    if random.random() < 0.3:
        year = random.choice((2024, 2025, 2026, 2027))
        return date(year, 12, 28) + timedelta(random.randrange(8))
    return FIRST + timedelta(random.randrange((LAST - FIRST).days))


def _parties(random: Random) -> Line:
    return {
        "exporter": random.choice(("X Corp", "Y Corp", "x corp")),
        "ultimate_consignee": random.choice(PARTIES),
        "ultimate_parent": _of(random, "", "", *PARTIES),
        "consignee_hq": _of(random, "", "India", "CN", "Germany"),
        "parent_hq": _of(random, "", "SG", "Macau", "HK", "KH"),
        "destination": random.choice(PLACES),
    }


def licences(random: Random, count: int) -> list[Line]:
    """Licences, some lines of one document, some of no value, some soon to expire."""
    made: list[Line] = []
    for number in range(count):
        issued = _day(random)
        quantity = random.choice((1, 40, 2_000, 18_000))
        made.append(
            {
                "licence": f"D{number // 2}",
                "line": number % 2 + 1,
                "issued_on": issued,
                "expires_on": _of(random, "", issued + timedelta(40), issued + timedelta(900)),
                **_parties(random),
                "chip": random.choice(CHIPS),
                "quantity": quantity,
                "unit_value_usd": _of(random, "", "30000", "0.01", "12345.67", "0"),
                "end_user": _of(random, "", "Końcowy użytkownik"),
                "colour": _of(random, "", 'deep "blue"', "green\nor red", "/\\"),
            }
        )
    return made


def applications(random: Random, count: int) -> list[Line]:
    """Applications, two lines each."""
    return [
        {
            "application": f"A{number // 2}",
            "line": number % 2 + 1,
            "applied_on": date(2025, 3, 1) + timedelta(random.randrange(60)),
            **_parties(random),
            "exporter": "X Corp",
            "chip": random.choice(CHIPS),
            "quantity": random.choice((1, 10, 40, 90)),
        }
        for number in range(count)
    ]


def shipments(random: Random, count: int, under: Sequence[Line]) -> list[Line]:
    """Shipments of every kind; those under a licence mostly agree with what it says."""
    return [_shipment(random, number, under) for number in range(count)]


def _shipment(random: Random, number: int, under: Sequence[Line]) -> Line:
    sent = _day(random)
    authorization = random.choice(AUTHORIZATIONS[:2] * 3 + AUTHORIZATIONS)
    line: Line = {
        "document": random.choice(DOCUMENTS).format(number // 2 * 2 if number % 7 else number),
        "line": f"{number}" if number % 7 else _of(random, "", "1", "2", "a/1"),
        "kind": random.choice(KINDS[:2] * 3 + KINDS),
        "exported_on": sent,
        "received_on": _of(random, "", "", sent, sent + timedelta(random.randrange(1, 30))),
        **_parties(random),
        "authorization": authorization,
        "licence": "",
        "licence_line": "",
        "chip": random.choice(CHIPS),
        "quantity": random.choice((1, 7, 300, 900, 2_500)),
        "unit_value_usd": _of(random, "", "31000", "40000", "0.01"),
        "certificate_on": _of(random, "", "", sent, sent + timedelta(1), sent - timedelta(400)),
        "notice_on": _of(random, "", "", sent, sent - timedelta(1), sent - timedelta(25)),
        "test_on": ("", sent, sent + timedelta(1))[number % 3],
        "eccn": _of(random, "", "EAR99", "3A090.a", "3a090a", "5A002z1a", "5a002.Z", "4A003.z.1"),
        "attributed_to": _of(random, "", "", *PARTIES[:4], "Over There GmbH"),
        "from_country": _of(random, "", "", "India", "SG", "Cayman Islands", "US", "KH"),
        "itn": _of(random, "", f"X2025{number:08}"),
        "owner": _of(random, "", "", *PARTIES),
        "operator": _of(random, "", "", "Sold Off Ltd", *PARTIES),
        "facility": _of(random, "", *SITES),
        "from_facility": _of(random, "", "", *SITES),
        "colour": _of(random, "", "grün\tblau", '{"json": "\\u0041"}', "\U0001f600 \u2028 \x85"),
    }
    if authorization == "licence":
        _name_licence(random, line, under)
    return line


def _name_licence(random: Random, line: Line, under: Sequence[Line]) -> None:
    if not under or random.random() < 0.1:
        line |= {"licence": "not on file", "licence_line": _of(random, "", "3")}
        return
    named = random.choice(under)
    agreed = ("chip", "destination", "ultimate_consignee")
    kept = [name for name in agreed if random.random() < 0.9]
    line |= {"licence": named["licence"], "licence_line": named["line"]}
    line |= {name: named[name] for name in kept}


def receipts(random: Random, count: int, of: Sequence[Line]) -> list[Line]:
    """Receipts and installations in parts, of too much, of shipments there are and are not."""
    kinds = ("", "", "receipt", "installation")
    return [_follower(random, f"R{n}", "received_on", kinds, of) for n in range(count)]


def removals(random: Random, count: int, of: Sequence[Line]) -> list[Line]:
    """Goods removed from where they stood."""
    return [_follower(random, f"M{n}", "received_on", ("removal",), of) for n in range(count)]


def returns(random: Random, count: int, of: Sequence[Line]) -> list[Line]:
    """Goods that came back, or were lost."""
    made: list[Line] = []
    for number in range(count):
        kinds = ("", "return", "attrition")
        line = _follower(random, f"B{number}", "returned_on", kinds, of)
        if line["kind"] == "attrition":
            line["reason"] = random.choice(("loss", "theft", "resale", "relocation"))
        made.append(line)
    return made


def _follower(
    random: Random, document: str, on: str, kinds: Sequence[str], of: Sequence[Line]
) -> Line:
    """What comes behind one of the first shipments more often than behind a later one."""
    sent = of[int(len(of) * random.random() ** 2)]
    return {
        "document": f"{document} {_of(random, '', 'ž')}",
        "line": _of(random, "", "1", "x"),
        "kind": random.choice(kinds),
        on: _day(random),
        "exporter": sent["exporter"] if random.random() < 0.95 else "Y Corp",
        "shipment": sent["document"] if random.random() < 0.95 else "not on file",
        "shipment_line": sent["line"],
        "quantity": _of(random, "", "", 1, 1, 5, 250, 900),
        "tpp": _of(random, "", "", "", "15832", "79160", "0.001", "9000000000"),
        "colour": _of(random, "", "grün\tblau"),
    }


# What is done to licences between a file of them and one of shipments.
ACTS: list[tuple[str, str, dict[str, str]]] = [
    ("revocation", "D0", {"quantity": "2"}),
    ("revocation", "D1", {}),
    ("surrender", "D2", {"licence_line": "1"}),
    ("lapse", "D3", {"effective_on": "2026-01-01"}),
    ("licence_suspension", "D4", {"until_on": "2026-03-31"}),
    ("licence_transfer", "D5", {"to_party": "Acme Ltd"}),
    ("licence_amendment", "D6", {"expires_on": "2025-10-01"}),
    ("licence_amendment", "D6", {"effective_on": "2025-07-01", "expires_on": "2026-12-31"}),
    ("licence_amendment", "D8", {"effective_on": "2026-01-01", "expires_on": "2027-03-31"}),
    ("licence_amendment", "D8", {"effective_on": "2025-07-01", "expires_on": "2025-08-01"}),
    ("licence_close", "D7", {}),
]


def act_on(ledger: Ledger) -> None:
    """Change and end some of the licences on record."""
    for number, (kind, licence, more) in enumerate(ACTS):
        said = {"document": f"T{number}", "kind": kind, "licence": licence}
        outcome = ledger.record("acts", {"effective_on": "2025-09-01"} | said | more)
        assert outcome.problems == []
