"""Check what is pending for applications: what each asks for, until an answer to it stands."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, and_, case, cast, func, select, union_all

from ledger.storage.check_family import family
from ledger.storage.check_spoilt import Fail
from ledger.storage.rows import streamed
from schemas import tables as t
from schemas.kinds import OUTCOMES, Kind

ANSWERS = (str(Kind.LICENCE), *map(str, OUTCOMES))
_m, _e = t.movement.c, t.entry.c


def check(connection: Connection, reversed_seqs: set[int], fail: Fail) -> None:
    """Hold what is pending by each application and all that answers it against what it asks for."""
    answers = select(_m.target_seq, _m.seq).where(_m.kind.in_(ANSWERS), _m.target_seq.is_not(None))
    answered = {of for of, seq in streamed(connection, answers) if seq not in reversed_seqs}
    for seq, budget, asked, pending in connection.execute(_pending()):
        waits = seq not in reversed_seqs and seq not in answered
        if pending != (asked if waits else 0):
            should = asked if waits else 0
            said = f"budget {budget}: {pending} is pending for application {seq}"
            fail("applications", f"{said}, should be {should}")


@cache
def _pending() -> Select[Any]:
    """By application and budget what it asked for, and what is pending by it, by its answers, and
    by the reversals and restorations of these.
    """
    answer = t.movement.alias("answer").c
    application = _m.kind == Kind.APPLICATION
    members = union_all(
        select(_m.seq.label("about"), _m.seq.label("seq")).where(application),
        select(_m.seq, answer.seq).where(
            application, answer.target_seq == _m.seq, answer.kind.in_(ANSWERS)
        ),
    )
    every = family(members.cte("members"))
    own = cast(func.sum(case((_e.seq == every.c.about, _e.pending_mtpp), else_=0)), BigInteger)
    total = cast(func.sum(_e.pending_mtpp), BigInteger)
    return (
        select(every.c.about, _e.budget_no, own, total)
        .join(t.entry, and_(_e.seq == every.c.seq, _e.official == 1))
        .group_by(every.c.about, _e.budget_no)
        .order_by(every.c.about, _e.budget_no)
    )
