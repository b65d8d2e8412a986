"""A small ledger's copy in which something of every kind is due, as text."""

from __future__ import annotations

import json
from datetime import date
from hashlib import md5
from pathlib import Path
from typing import Any

from ledger.policy.reader import read_regime
from ledger.service.duty_facts import duty_facts
from schemas.manifest import TABLES
from schemas.tpp import Tpp
from tests.reports.copies import copy_of

PARTIES = {1: "Acme Chips", 2: "Chmura SA", 3: "Bharat Compute", 4: "Kleinhandel"}
# What the rulings ask for before a shipment leaves.
NEEDS = {
    1: "lpp_certificate lpp_notice",
    2: "nac_notice",
    3: "aia_notice aia_eccn aia_certificate",
    4: "",
}
MOVEMENTS = """
seq kind      on         document by for auth    ruling amount    expires    target
1   adoption  2025-01-13 adoption .  .   .       .      .         .          .
2   licence   2024-09-01 L-1      1  2   licence 4      158320    2025-08-31 .
3   licence   2024-06-01 L-2      1  2   licence 4      158320    2025-05-31 .
4   export    2025-06-01 S-1      1  4   LPP     1      26900000  .          .
5   receipt   2025-06-10 S-1      1  4   LPP     1      26900000  .          4
6   export    2025-06-20 S-2      1  2   LPP     1      15832.5   .          .
7   export    2025-06-25 S-3      1  2   NAC     2      5285      .          .
8   export    2025-07-01 S-4      1  2   AIA     3      253000000 .          .
9   export    2025-07-02 S-5      1  3   NVEU    4      158320    .          .
10  reexport  2025-06-30 S-6      2  3   NVEU    4      158320    .          .
11  attrition 2025-07-10 R-1      1  3   NVEU    .      15832     .          9
12  export    2025-06-03 S-7      1  2   ACM     4      31664     .          .
13  export    2025-06-03 S-8      1  2   TMP     4      31664     .          .
14  duty_done 2025-07-15 D-1      .  .   .       .      .         .          .
15  export    2025-07-05 S-9      1  4   AIA     3      200000000 .          .
16  export    2025-07-06 S-10     2  4   AIA     3      27700000  .          .
17  export    2025-07-06 S-11     1  3   AIA     3      15832     .          .
"""
# The certificate of S-2: the copy's id is of its source, document and day.
COPY = "lpp_certificate_copy-" + md5(b"AES\x1fS-2\x1f2025-06-20").hexdigest()[:12]
DETAILS = {
    7: {"notice_on": "2025-05-01"},
    11: {"reason": "theft", "shipment": "S-5"},
    12: {"facility": "Plant 1"},
    13: {"due_back_on": "2025-08-15"},
    14: {"status": COPY, "reference": "EAR-7"},
}
# Of the movement, on the budget: held and posted.
ENTRIES = """
4  1 26900000 0
5  1 -26900000 26900000
6  1 15832.5 0
8  2 0 253000000
15 3 0 200000000
16 4 0 27700000
17 5 0 15832
"""
# Whose accounts of AIA shipments the others are: consignee and exporter.
SUPPLIED = {2: (2, 1), 3: (4, 1), 4: (4, 2), 5: (3, 1)}


def duties(folder: Path) -> Path:
    """Write the copy into a folder."""
    rulings = [
        {"ruling_no": n, "body": f'{{"needs":[{_quoted(needs)}]}}', "submission": 1}
        for n, needs in NEEDS.items()
    ]
    parties = [
        {"party_no": n, "name": name, "name_key": name.lower(), "submission": 1}
        for n, name in PARTIES.items()
    ]
    return copy_of(
        folder,
        {
            "movement": [_movement(line) for line in MOVEMENTS.strip().splitlines()[1:]],
            "entry": [_entry(line) for line in ENTRIES.strip().splitlines()],
            "ruling": rulings,
            "party": parties,
            "budget": [_BUDGET, *(_supplied(n) for n in SUPPLIED)],
            "submission": [_SUBMISSION],
            "about": [dict(zip(TABLES["about"], (1, *row), strict=True)) for row in _about()],
        },
    )


_BUDGET = {
    "budget_no": 1,
    "rule": "lpp",
    "holder": "kleinhandel",
    "holder_name": "Kleinhandel",
    "window": "2025",
    "from_on": date(2025, 1, 1),
    "to_on": date(2025, 12, 31),
    "limit_mtpp": 26_900_000_000,
    "basis": "received",
    "submission": 1,
}


def _supplied(number: int) -> dict[str, Any]:
    to, by = (PARTIES[n] for n in SUPPLIED[number])
    account = {"budget_no": number, "rule": "aia_shipped", "holder_name": f"{to} from {by}"}
    account |= {"holder": f"{to.lower()} FROM {by.lower()}", "window": "always"}
    return _BUDGET | account | {"limit_mtpp": 2**61, "basis": "shipped"}


_SUBMISSION = {
    "submission": 1,
    "first_seq": 1,
    "count": 17,
    "recorded_at": "2025-07-31T10:00:00.000000Z",
    "actor": "clerk",
    "verb": "import",
    "digest": f"{1:064x}",
}


def _about() -> list[tuple[str, str, date | None, str | None, str | None]]:
    return [
        ("regime", "key", None, "example", None),
        ("regime", "title", None, "An example of a regime", None),
        ("regime", "unit", None, "TPP", None),
        ("option", "notice_3_2m", None, "at_or_above", None),
        ("option", "aia_certificate", None, "at_threshold", None),
        ("option", "aia_certificate_scope", None, "all_suppliers", None),
        ("critical", "aia_shipped", None, "900000", None),
        *duty_facts(read_regime("ai_diffusion")),
    ]


def _quoted(words: str) -> str:
    return ",".join(f'"{word}"' for word in words.split())


def _movement(line: str) -> dict[str, Any]:
    seq, kind, on, document, *cells = line.split()
    filled = [None if cell == "." else cell for cell in cells]
    by, to, auth, ruling, amount, expires, target = filled
    details = DETAILS.get(int(seq))
    return {
        "seq": int(seq),
        "submission": 1,
        "kind": kind,
        "effective_on": date.fromisoformat(on),
        "expires_on": None if expires is None else date.fromisoformat(expires),
        "source": "AES",
        "document": document,
        "line": "1",
        "attempt": 1,
        "exporter_no": None if by is None else int(by),
        "consignee_no": None if to is None else int(to),
        "destination": "PL",
        "authorization": auth,
        "ruling_no": None if ruling is None else int(ruling),
        "amount_mtpp": None if amount is None else Tpp.of(amount).milli,
        "target_seq": None if target is None else int(target),
        "details": None if details is None else json.dumps(details),
    }


def _entry(line: str) -> dict[str, Any]:
    seq, budget, held, posted = line.split()
    of = next(m for m in MOVEMENTS.splitlines() if m.split()[:1] == [seq]).split()
    return {
        "seq": int(seq),
        "submission": 1,
        "budget_no": int(budget),
        "official": 1,
        "kind": of[1],
        "as_kind": of[1],
        "effective_on": date.fromisoformat(of[2]),
        "adjustment_mtpp": 0,
        "pending_mtpp": 0,
        "held_mtpp": Tpp.of(held).milli if not held.startswith("-") else -Tpp.of(held[1:]).milli,
        "posted_mtpp": Tpp.of(posted).milli,
        "lapsed_mtpp": 0,
    }
