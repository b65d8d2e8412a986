"""Movements with all that reversed and restored them, for checks of what they come to together."""

from __future__ import annotations

from sqlalchemy import CTE, Subquery, and_, select, union_all

from schemas import tables as t
from schemas.kinds import Kind


def family(members: CTE) -> Subquery:
    """Members (columns `about` and `seq`), their reversals and the restorations of these: each
    with what the member is about.
    """
    once = _reversals_of(members, "once")
    twice = _reversals_of(once, "twice")
    return union_all(*(select(one.c.about, one.c.seq) for one in (members, once, twice))).subquery()


def _reversals_of(members: CTE, name: str) -> CTE:
    back = t.movement.alias(f"back_{name}")
    undoing = and_(back.c.target_seq == members.c.seq, back.c.kind == Kind.REVERSAL)
    return select(members.c.about, back.c.seq).join(back, undoing).cte(name)
