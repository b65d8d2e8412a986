"""15 CFR 740.2(a)(9)(ii): which exceptions are left for Groups D:1, D:4 and D:5.

For 3A090 and 4A090 items to Groups D:1, D:4 and D:5 that are not in A:5 or A:6, and to entities
headquartered or parented in D:5 or Macau, what is left is TMP, NAC and ACA, RPL, GOV, ACM, and AIA
for model weights alone. LPP is not among them; the .z entries are not named.
"""

from __future__ import annotations

import pytest

from tests.cases.table import play

BARRED, DISPUTED = "authorization_unavailable", "authorization_disputed"
GAMING = "nvidia-rtx-4090"


@pytest.mark.parametrize("to", ["Vietnam", "Saudi Arabia", "Kazakhstan", "Qatar"])
def test_what_is_left_for_groups_d1_and_d4(kept, to):
    play(
        kept(),
        f"""
        act  | day        | to   | by  | chip      | says
        ship | 2025-06-02 | {to} | TMP |           |
        ship | 2025-06-02 | {to} | RPL |           |
        ship | 2025-06-02 | {to} | GOV |           |
        ship | 2025-06-02 | {to} | ACM |           |
        ship | 2025-06-02 | {to} | ACA | {GAMING}  |
        ship | 2025-06-02 | {to} | LPP |           | {BARRED}
        ship | 2025-06-02 | {to} | AIA |           | {BARRED}
        ship | 2025-06-02 | {to} | LPP | {GAMING}  | {BARRED}
        """,
    )


def test_what_is_left_for_group_d5_and_macau_and_who_is_headquartered_there(kept):
    """ACM's own paragraph bars them, and so does LPP's."""
    play(
        kept(),
        f"""
        act  | day        | to     | by  | chip     | hq    | parent_hq | says
        ship | 2025-06-02 | China  | TMP |          |       |           |
        ship | 2025-06-02 | Macau  | RPL |          |       |           |
        ship | 2025-06-02 | Iraq   | GOV |          |       |           |
        ship | 2025-06-02 | China  | NAC | {GAMING} |       |           |
        ship | 2025-06-02 | Poland | NAC | {GAMING} | China |           |
        ship | 2025-06-02 | China  | LPP |          |       |           | {BARRED}
        ship | 2025-06-02 | Poland | LPP |          | China |           | {BARRED}
        ship | 2025-06-02 | France | LPP |          |       | Macau     | {BARRED}
        ship | 2025-06-02 | China  | AIA |          |       |           | {BARRED}
        ship | 2025-06-02 | China  | ACM |          |       |           | {BARRED}
        """,
    )


def test_groups_a5_and_a6_are_out_of_it_and_so_is_everybody_else(kept):
    """Israel is in D:4 and A:6, the United Arab Emirates in D:4 alone until they enter A:5."""
    play(
        kept(),
        f"""
        act  | day        | to                   | by  | says
        ship | 2025-06-02 | Israel               | LPP |
        ship | 2025-06-02 | United Arab Emirates | LPP | {BARRED}
        ship | 2026-07-24 | United Arab Emirates | LPP |
        ship | 2025-06-02 | Poland               | LPP |
        ship | 2025-06-02 | India                | LPP |
        ship | 2025-06-02 | France               | LPP |
        """,
    )


def test_it_goes_by_the_entry_of_the_item(kept):
    """(A) names 3A090 and 4A090; where no entry is given the item is taken for one of them."""
    play(
        kept(),
        f"""
        act  | day        | to      | by  | eccn        | says
        ship | 2025-06-02 | Vietnam | LPP |             | {BARRED}
        ship | 2025-06-02 | Vietnam | LPP | 3A090.a     | {BARRED}
        ship | 2025-06-02 | Vietnam | LPP | 4A090.a     | {BARRED}
        ship | 2025-06-02 | Vietnam | LPP | 4A003.z.1.a |
        ship | 2025-06-02 | Vietnam | LPP | 5A992.z.1   |
        ship | 2025-06-02 | Vietnam | LPP | 5A002.z.1.a | {DISPUTED}
        ship | 2025-06-02 | China   | LPP | 4A003.z.1.a | {BARRED}
        """,
    )


def test_headquarters_in_groups_d1_and_d4_do_not_matter(kept):
    """The paragraph looks at headquarters for D:5 and Macau alone."""
    play(
        kept(),
        """
        act  | day        | to     | by  | hq           | parent_hq    | says
        ship | 2025-06-02 | Poland | LPP | Vietnam      | Saudi Arabia |
        """,
    )


def test_740_29_c_alone_where_the_option_reads_it_so(kept):
    """Option lpp_d1_d4: let pass and flagged; D:5 and Macau stay barred."""
    (vietnam, _) = play(
        kept(lpp_d1_d4="allowed"),
        f"""
        act  | day        | to      | by  | says
        ship | 2025-06-02 | Vietnam | LPP | {DISPUTED}
        ship | 2025-06-02 | China   | LPP | {BARRED}
        """,
    )
    assert "740.29(c) bars only Group D:5 and Macau" in (vietnam.findings[0].detail or "")


def test_before_the_rule_s_compliance_date_the_same_lists_bar(kept):
    play(
        kept(),
        f"""
        act  | day        | to      | by  | says
        ship | 2025-05-14 | Vietnam | LPP | {BARRED}
        """,
    )
