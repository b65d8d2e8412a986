"""A small ledger's copy with facilities: what comes, goes, moves and is lost, as text."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from ledger.policy.reader import read_regime
from ledger.service.duty_facts import duty_facts
from schemas.manifest import TABLES
from tests.reports.copies import copy_of

UNIT = 15_832_000  # milli-TPP of one NVIDIA H100
PARTIES = {1: "Acme Chips", 2: "Fab Ltd", 3: "Bharat Compute", 4: '=Hall("x")'}
MOVEMENTS = """
seq kind         on         document by for to auth    units target
1   adoption     2025-01-13 adoption .  .   .  .       .     .
2   export       2025-06-01 S-1      1  2   TW ACM     500   .
3   receipt      2025-06-03 S-1      1  2   TW ACM     500   2
4   export       2025-06-05 S-2      1  3   IN NVEU    200   .
5   attrition    2025-06-06 V-1      1  3   IN NVEU    2     4
6   receipt      2025-06-09 S-2      1  3   IN NVEU    198   4
7   installation 2025-06-12 I-1      1  3   IN NVEU    150   4
8   transfer_out 2025-07-01 M-1      3  3   PL NVEU    40    .
9   transfer_in  2025-07-04 M-1      3  3   PL NVEU    40    8
10  export       2025-07-10 S-3      1  3   PL licence 600   .
11  export       2025-07-11 S-4      1  4   IN UVEU    8     .
12  receipt      2025-07-12 S-4      1  4   IN UVEU    8     11
13  reversal     2025-07-12 S-4      1  4   IN UVEU    8     12
"""
MOVE = {"from_country": "IN", "from_facility": "Pune 2", "facility": "Warsaw 1"}
DETAILS = {
    2: {"facility": "Taipei 1"},
    4: {"facility": "Pune 2"},
    8: MOVE,
    9: MOVE,
    10: {"facility": "Warsaw 1", "from_facility": "Taipei 1"},
}
ABOUT = [
    ("regime", "key", None, "example", None),
    ("regime", "title", None, "An example of a regime", None),
    ("regime", "unit", None, "TPP", None),
    ("country", "IN", None, "India", None),
    ("country", "PL", None, "Poland", None),
]


def sites(folder: Path) -> Path:
    """Write the copy into a folder."""
    about = [*ABOUT, *duty_facts(read_regime("ai_diffusion"))]
    movements = [_movement(line.split()) for line in MOVEMENTS.strip().splitlines()[1:]]
    submission = {"submission": 1, "first_seq": 1, "count": len(movements), "actor": "clerk"}
    submission |= {"recorded_at": "2025-07-31T10:00:00.000000Z", "verb": "import"}
    return copy_of(
        folder,
        {
            "movement": movements,
            "party": [
                {"party_no": n, "name": name, "name_key": name.lower(), "submission": 1}
                for n, name in PARTIES.items()
            ],
            "submission": [submission | {"digest": f"{1:064x}"}],
            "about": [dict(zip(TABLES["about"], (1, *row), strict=True)) for row in about],
        },
    )


def _movement(cells: list[str]) -> dict[str, Any]:
    seq, kind, on, document, *rest = cells
    by, to, country, authorization, units, target = (None if c == "." else c for c in rest)
    details = DETAILS.get(int(seq))
    return {
        "seq": int(seq),
        "submission": 1,
        "kind": kind,
        "effective_on": date.fromisoformat(on),
        "source": "AES",
        "document": document,
        "line": "1",
        "attempt": 1,
        "exporter_no": None if by is None else int(by),
        "consignee_no": None if to is None else int(to),
        "destination": country,
        "authorization": authorization,
        "chip": None if units is None else "nvidia-h100-sxm",
        "quantity": None if units is None else int(units),
        "unit_mtpp": None if units is None else UNIT,
        "amount_mtpp": None if units is None else int(units) * UNIT,
        "target_seq": None if target is None else int(target),
        "details": None if details is None else json.dumps(details, sort_keys=True),
    }
