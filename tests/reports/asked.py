"""A small ledger's copy in which applications ended in every way there is, as text."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from schemas.manifest import TABLES
from schemas.tpp import Tpp
from tests.reports.copies import copy_of
from tests.reports.example import ABOUT, table

PARTIES = {1: "Acme Chips", 2: "Beacon Systems", 3: "Bharat Compute", 4: "Savanna Data"}
# A-4 was granted a part of what it asks for, to wait as pending; the denial of A-5 was taken back.
MOVEMENTS = """
seq on         kind                    document line      by for to qty  amount    target
1   2025-01-13 adoption                adoption 1         .  .   .  .    .         .
2   2025-02-03 application             A-1      1         1  3   IN 1000 15832000  .
3   2025-02-03 application             A-1      2         1  3   IN 200  3166400   .
4   2025-02-10 application             A-2      1         2  4   KE 500  7916000   .
5   2025-02-11 application             A-3      1         2  4   KE 50   791600    .
6   2025-03-01 application             A-4      1         1  3   IN 400  6332800   .
7   2025-03-02 application             A-5      1         1  3   IN 10   158320    .
8   2025-03-03 refusal                 A-6      1         1  3   IN 9000 142488000 .
9   2025-03-03 application             A-7      1         1  3   IN 10   158320    .
10  2025-03-20 licence                 L-1      1         1  3   IN 1000 15832000  2
11  2025-03-20 licence                 L-1      2         1  3   IN 150  2374800   3
12  2025-04-01 denial                  N-1      1         2  4   KE 500  7916000   4
13  2025-04-02 returned_without_action N-2      1         2  4   KE 50   791600    5
14  2025-04-03 denial                  N-3      1         1  3   IN 10   158320    7
15  2025-04-03 reversal                N-3      1~of~14   1  3   IN 10   158320    14
16  2025-03-03 reversal                A-7      1~of~9    1  3   IN 10   158320    9
17  2025-09-01 licence                 L-2      1         1  3   IN 400  6332800   6
"""
DETAILS = {
    2: {"order_quantity": "1000", "order_value_usd": "30000000.5", "purchase_order": "PO-7"},
    4: {"order_quantity": "a dozen", "purchase_order": '=H("x")'},
}
ENTRIES = {2: "15832000", 3: "3166400", 4: "7916000", 5: "791600", 6: "1583200", 7: "158320"}


def asked(folder: Path) -> Path:
    """Write the copy into a folder."""
    movements = [_movement(row) for row in table(MOVEMENTS)]
    short = {"limit": "790000000", "taken": "780000000", "asked": "142488000", "short": "132488000"}
    finding = {f"{name}_mtpp": Tpp.of(amount).milli for name, amount in short.items()}
    return copy_of(
        folder,
        {
            "movement": movements,
            "entry": [_entry(movements[seq - 1], amount) for seq, amount in ENTRIES.items()],
            "finding": [
                {"seq": 8, "submission": 1, "ordinal": 1, "code": "over_limit", "budget_no": 1}
                | finding
            ],
            "party": [
                {"party_no": n, "name": name, "name_key": name.lower(), "submission": 1}
                for n, name in PARTIES.items()
            ],
            "submission": [_SUBMISSION],
            "about": [dict(zip(TABLES["about"], (1, *row), strict=True)) for row in ABOUT],
        },
    )


_SUBMISSION = {
    "submission": 1,
    "first_seq": 1,
    "count": 17,
    "recorded_at": "2025-09-30T10:00:00.000000Z",
    "actor": "clerk",
    "verb": "import",
    "digest": f"{1:064x}",
}


def _movement(row: dict[str, str]) -> dict[str, Any]:
    filled = {name: None if cell == "." else cell for name, cell in row.items()}
    details = DETAILS.get(int(row["seq"]))
    exporter, consignee, target = (filled[name] for name in ("by", "for", "target"))
    return {
        "seq": int(row["seq"]),
        "submission": 1,
        "kind": row["kind"],
        "effective_on": date.fromisoformat(row["on"]),
        "source": "SNAP-R",
        "document": row["document"],
        "line": row["line"],
        "attempt": 1,
        "exporter_no": None if exporter is None else int(exporter),
        "consignee_no": None if consignee is None else int(consignee),
        "destination": filled["to"],
        "authorization": "licence",
        "chip": "nvidia-h100-sxm" if filled["qty"] else None,
        "quantity": int(row["qty"]) if filled["qty"] else None,
        "amount_mtpp": Tpp.of(row["amount"]).milli if filled["amount"] else None,
        "target_seq": None if target is None else int(target),
        "details": None if details is None else json.dumps(details),
    }


def _entry(movement: dict[str, Any], pending: str) -> dict[str, Any]:
    zero = dict.fromkeys(("adjustment_mtpp", "held_mtpp", "posted_mtpp", "lapsed_mtpp"), 0)
    return {
        **{name: movement[name] for name in ("seq", "submission", "kind", "effective_on")},
        "as_kind": movement["kind"],
        "budget_no": 1,
        "official": 1,
        "pending_mtpp": Tpp.of(pending).milli,
        **zero,
    }
