"""A small ledger's copy, as text: three countries, a small-order party, a few months."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from schemas.columnar import SEGMENTS
from schemas.manifest import TABLES
from schemas.tpp import Tpp
from tests.reports.copies import copy_of

# Amounts are whole TPP here and milli-TPP in the copy. "." is empty.
BUDGETS = """
budget_no rule    holder name    window    from_on    to_on      limit     submission
1         country SA     Saudi~Arabia 2025-2027 2025-01-01 2027-12-31 790000000 1
2         country PL     Poland  2025-2027 2025-01-01 2027-12-31 790000000 1
3         country BR     Brazil  2025-2027 2025-01-01 2027-12-31 790000000 1
4         country NA     Namibia 2025-2027 2025-01-01 2027-12-31 790000000 1
5         lpp     p3     Kleinhandel 2025  2025-01-01 2025-12-31 26900000  4
6         country IN     India   2025-2027 2025-01-01 2027-12-31 790000000 1
"""

MOVEMENTS = """
seq sub on         kind        document line    by for to auth    licence qty   amount       target
1   1   2025-01-01 adoption    adoption 1       .  .   .  .       .       .     .            .
2   2   2025-02-01 licence     L-1      1       1  2   PL .       .       40000 633280000    .
3   2   2025-02-03 licence     L-2      1       1  4   SA .       .       50000 791600000    .
4   3   2025-03-01 export      S-1      1       1  2   PL licence L-1     30000 474960000    2
5   3   2025-03-05 export      S-2      1       1  2   PL .       .       1000  15832000     .
6   4   2025-04-01 export      S-3      1       1  3   BR LPP     .       1700  26914400     .
7   4   2025-04-02 refusal     A-1      1       1  5   BR .       .       50000 791600000    .
8   5   2025-05-01 uplift      U-1      1       .  .   .  .       .       .     .            .
9   6   2025-05-02 export      =H("x")  1       1  2   PL licence L-1     100   1583200      2
10  7   2025-05-02 reversal    =H("x")  1~of~9  1  2   PL licence .       100   1583200      9
11  8   2025-06-01 block       B-1      1       .  .   .  .       .       .     .            .
12  8   2025-06-02 suspend     B-2      1       .  .   .  .       .       .     .            .
13  9   2025-06-02 reversal    B-2      1~of~12 .  .   .  .       .       .     .            12
14  9   2025-06-10 application A-2      1       1  5   BR .       .       100   1583200      .
15  9   2025-06-12 return      R-1      1       1  2   PL .       .       10    158320       4
16  9   2025-06-15 licence     L-3      1       1  6   IN .       .       45000 712440000    .
17  9   2025-06-20 licence     L-4      1       1  6   IN .       .       4899  77560000.125 .
"""
DETAILS = {11: '{"until_on":"2025-06-30"}'}

ENTRIES = """
seq budget official adjustment pending held       posted    lapsed as_kind
2   2      1        0          0       633280000  0         0      .
3   1      1        0          0       791600000  0         0      .
4   2      1        0          0       -474960000 474960000 0      .
5   2      0        0          0       0          15832000  0      .
6   5      1        0          0       0          26914400  0      .
7   3      1        0          0       0          0         0      .
8   2      1        158000000  0       0          0         0      .
9   2      1        0          0       -1583200   1583200   0      .
10  2      1        0          0       1583200    -1583200  0      export
11  4      1        0          0       0          0         0      .
12  4      1        0          0       0          0         0      .
13  4      1        0          0       0          0         0      suspend
14  3      1        0          1583200 0          0         0      .
16  6      1        0          0       712440000  0         0      .
17  6      1        0          0       77560000.125 0       0      .
"""

FINDINGS = """
seq ordinal code       budget limit     taken     asked     short   detail
3   1       over_limit 1      790000000 0         791600000 1600000 .
5   1       no_authorization . .        .         .         .       .
6   1       over_limit 5      26900000  0         26914400  14400   .
6   2       two_spellings . .         .         .         .       Kleinhandel~BV
7   1       over_limit 3      790000000 0         791600000 1600000 .
"""

PARTIES = {1: "Acme Chips", 2: "Chmura SA", 3: "Kleinhandel", 4: "Desert Cloud", 5: "Nuvem",
           6: "Megha Ltd"}  # fmt: skip
ABOUT = [
    ("regime", "key", None, "example", None),
    ("regime", "title", None, "An example of a regime", None),
    ("regime", "unit", None, "TPP", None),
    ("state", "codified", date(2025, 1, 13), None, "in force"),
    ("state", "codified", date(2025, 5, 13), None, "codified; not enforced since 2025-05-13"),
    ("option", "cap_basis", None, "licensed", None),
    ("option", "nveu_account", None, "owner", None),
    ("country", "AU", None, "Australia", None),
    ("country", "PL", None, "Poland as an atlas has it", None),
    ("authorization", "LPP", None, "example", None),
    ("authorization", "AIA", None, "example", None),
    ("critical", "", None, "900000", None),
    ("h100", "", None, "15832000", None),
    ("refusal", "over_limit", None, "refusal", "more than remains of the budget"),
    ("refusal", "no_authorization", None, "breach", "went without a licence and an exception"),
    ("refusal", "two_spellings", None, "note", "a name much like one on record"),
]


def example(folder: Path) -> Path:
    """Write the copy into a folder."""
    movements = [_movement(row) for row in table(MOVEMENTS)]
    by_seq = {m["seq"]: m for m in movements}
    last = max(m["submission"] for m in movements)
    entries = [_entry(row, by_seq[int(row["seq"])]) for row in table(ENTRIES)]
    return copy_of(
        folder,
        {
            "movement": movements,
            "entry": entries,
            "finding": [_finding(row, by_seq[int(row["seq"])]) for row in table(FINDINGS)],
            "budget": [_budget(row) for row in table(BUDGETS)],
            "party": [
                {"party_no": n, "name": name, "name_key": name.lower(), "submission": 1}
                for n, name in PARTIES.items()
            ],
            "submission": [_submission(n, movements) for n in range(1, last + 1)],
            "about": [dict(zip(TABLES["about"], (1, *row), strict=True)) for row in ABOUT],
        },
        rolled=(4, 9, 13),
    )


def table(text: str) -> list[dict[str, str]]:
    """Rows of a text table by heading; "~" is a blank inside a cell."""
    heading, *lines = [line.split() for line in text.strip().splitlines()]
    rows = [dict(zip(heading, line, strict=True)) for line in lines]
    return [{k: v.replace("~", " ") for k, v in row.items()} for row in rows]


def milli(text: str) -> int | None:
    """Milli-TPP of a figure in TPP."""
    return None if text == "." else Tpp.of(text).milli


def _or_none(text: str) -> str | None:
    return None if text == "." else text


def _whole(text: str) -> int | None:
    return None if text == "." else int(text)


def _movement(row: dict[str, str]) -> dict[str, Any]:
    return {
        "seq": int(row["seq"]),
        "submission": int(row["sub"]),
        "kind": row["kind"],
        "effective_on": date.fromisoformat(row["on"]),
        "expires_on": date(2025, 12, 31) if row["document"] == "L-2" else None,
        "source": PARTIES[1] if row["by"] != "." else "ledger",
        "document": row["document"],
        "line": row["line"],
        "attempt": 0,
        "exporter_no": _whole(row["by"]),
        "consignee_no": _whole(row["for"]),
        "parent_no": _whole(row["for"]),
        "destination": _or_none(row["to"]),
        "authorization": _or_none(row["auth"]),
        "licence": _or_none(row["licence"]),
        "licence_line": None,
        "chip": "nvidia-h100-sxm" if row["qty"] != "." else None,
        "quantity": _whole(row["qty"]),
        "unit_mtpp": 15_832_000 if row["qty"] != "." else None,
        "amount_mtpp": milli(row["amount"]),
        "target_seq": _whole(row["target"]),
        "details": DETAILS.get(int(row["seq"])),
    }


def _entry(row: dict[str, str], movement: dict[str, Any]) -> dict[str, Any]:
    amounts = ("adjustment", "pending", "held", "posted", "lapsed")
    return {
        **{name: movement[name] for name in ("seq", "submission", "kind", "effective_on")},
        "as_kind": _or_none(row["as_kind"]) or movement["kind"],
        "budget_no": int(row["budget"]),
        "official": int(row["official"]),
        **{f"{name}_mtpp": milli(row[name]) for name in amounts},
    }


def _finding(row: dict[str, str], movement: dict[str, Any]) -> dict[str, Any]:
    return {
        "seq": movement["seq"],
        "submission": movement["submission"],
        "ordinal": int(row["ordinal"]),
        "code": row["code"],
        "budget_no": _whole(row["budget"]),
        **{f"{n}_mtpp": milli(row[n]) for n in ("limit", "taken", "asked", "short")},
        "detail": _or_none(row["detail"]),
    }


def _budget(row: dict[str, str]) -> dict[str, Any]:
    return {
        "budget_no": int(row["budget_no"]),
        **{name: row[name] for name in ("rule", "holder", "window")},
        "holder_name": row["name"],
        "from_on": date.fromisoformat(row["from_on"]),
        "to_on": date.fromisoformat(row["to_on"]),
        "limit_mtpp": milli(row["limit"]),
        "basis": "licensed" if row["rule"] == "country" else "received",
        "submission": int(row["submission"]),
    }


def _submission(number: int, movements: list[dict[str, Any]]) -> dict[str, Any]:
    seqs = [m["seq"] for m in movements if m["submission"] == number]
    found = dict.fromkeys(SEGMENTS["submission"])
    return found | {
        "submission": number,
        "first_seq": min(seqs),
        "count": len(seqs),
        "recorded_at": f"2025-0{min(number, 7)}-20T10:00:0{number}.000000Z",
        "actor": "clerk",
        "verb": "import",
        "digest": f"{number:064x}",
    }
