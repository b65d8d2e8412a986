"""Options 23 (d5_source) and 25 (enforcement_view): whose list counts, and what is let pass."""

from __future__ import annotations

import pytest

from tests.cases.table import play, stands

CAMBODIA = """
act     | day        | to       | says
licence | 2025-11-06 | Cambodia |
licence | 2025-11-07 | Cambodia | {between}
licence | 2026-02-02 | Cambodia | {between}
licence | 2026-02-03 | Cambodia |
"""


@pytest.mark.parametrize(
    ("source", "between", "counted"), [("ear", "lists_differ", 1), ("state", "", 3)]
)
def test_cambodia_leaves_group_d5_twice(opened, source, between, counted):
    """By the State Department on 2025-11-07, by the table of the EAR on 2026-02-03."""
    ledger = opened(d5_source=source, group_change_entering="from_entry")
    play(ledger, CAMBODIA.format(between=between))
    taken = counted * 15_832
    stands(ledger, f"Cambodia 2025-2027: held {taken:,}; remaining {790_000_000 - taken:,}")


OVER = """
act     | day        | to     | tpp           | says
licence | 2025-05-12 | India  | 790000000.001 | over_limit
apply   | 2025-05-12 | India  | 1             | refused:over_limit
licence | 2025-05-13 | India  | 1             | {over}
apply   | 2025-05-13 | India  | 1             | {refused}over_limit{noted}
ship    | 2025-06-01 | Brazil | 1             | {none}
"""
AS_SAID = {
    "codified": {
        "over": "over_limit",
        "refused": "refused:",
        "noted": "",
        "none": "authorization_unavailable",
    },
    "as_enforced": {
        "over": "over_limit_not_enforced",
        "refused": "",
        "noted": "_not_enforced",
        "none": "not_enforced",
    },
}


@pytest.mark.parametrize("view", list(AS_SAID))
def test_what_is_not_enforced_is_noted_and_refuses_nothing(amounts, view):
    """From 2025-05-13 on; the tally is the same under either view."""
    ledger = amounts(enforcement_view=view)
    text = OVER.format(**AS_SAID[view]).replace("| to     |", "| to     | by  |", 1)
    rows = text.strip().splitlines()
    told = [rows[0], *(r.replace("India  |", "India  |     |") for r in rows[1:5])]
    play(ledger, "\n".join([*told, rows[5].replace("Brazil |", "Brazil | NLR |")]))
    taken = "790,000,001.001"
    pending = "pending 1, " if view == "as_enforced" else ""
    stands(
        ledger,
        f"""
        India 2025-2027: {pending}held {taken}; remaining -1.001
        Brazil 2025-2027: safe 1; remaining 790,000,000
        """,
    )


@pytest.mark.parametrize(
    ("to", "headquarters"), [("China", ""), ("Poland", "China"), ("Germany", "Macau")]
)
@pytest.mark.parametrize("by", ["NLR", "none"])
def test_the_headquarters_test_was_always_enforced(opened, to, headquarters, by):
    """Guidance of 2026-05-31: Group D:5 and Macau, and who is headquartered there, anywhere."""
    ledger = opened(enforcement_view="as_enforced")
    (outcome,) = play_any(
        ledger,
        f"""
        act  | day        | to   | by   | consignee_hq
        ship | 2025-06-01 | {to} | {by} | {headquarters}
        """,
    )
    said = "no_authorization" if by == "none" else "authorization_unavailable"
    assert said in outcome.counts


def play_any(ledger, text):
    """The outcomes of a table, whatever is said."""
    from tests.cases.table import act, lines

    return [act(ledger, number, line) for number, line in enumerate(lines(text), start=1)]
