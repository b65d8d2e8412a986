"""Checks of what is derived: balances, days, licence lines, standing acts, and reversals."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, or_, select

from ledger.storage import check_answers, check_licences, check_moves, check_standing
from ledger.storage.check_spoilt import Fail, Guarded
from ledger.storage.rows import as_text, differing, streamed, summed
from schemas import tables as t
from schemas.kinds import OF_A_LINE, Kind

_AMOUNTS = ("adjustment_mtpp", "pending_mtpp", "held_mtpp", "posted_mtpp", "lapsed_mtpp")
_SUMS = (*_AMOUNTS, "safe_mtpp")
_NEVER_BELOW = ("held_mtpp", "lapsed_mtpp", "pending_mtpp")
_OF_A_LINE = tuple(map(str, OF_A_LINE))

_e, _m = t.entry.c, t.movement.c
_OFFICIAL = _e.official == 1
_DRAWN = _e.held_mtpp + _e.posted_mtpp + _e.lapsed_mtpp
_CREDIT = and_(_OFFICIAL, or_(_DRAWN < 0, _e.adjustment_mtpp != 0, _e.pending_mtpp < 0))


def check(connection: Connection, fail: Fail, guarded: Guarded) -> None:
    """Recompute all that is derived; each failure goes to `fail` under its invariant's name."""
    reversed_seqs: set[int] = set()
    with guarded("reversals"):
        reversed_seqs = _reversed(connection, fail)
    with guarded("reversals"):
        _check_opposites(connection, fail)
    with guarded("balances"):
        _check_balances(connection, fail)
    with guarded("days"):
        _check_days(connection, fail)
    with guarded("not negative"):
        _check_never_below(connection, fail)
    with guarded("applications"):
        check_answers.check(connection, reversed_seqs, fail)
    check_licences.check(connection, reversed_seqs, fail, guarded)
    with guarded("standing"):
        check_standing.check(connection, reversed_seqs, fail)
    with guarded("moves"):
        check_moves.check(connection, reversed_seqs, fail)


def _reversed(connection: Connection, fail: Fail) -> set[int]:
    """The movements that a reversal points at which is not itself reversed."""
    query = select(_m.seq, _m.target_seq).where(_m.kind == Kind.REVERSAL)
    taken: set[int] = set()
    for seq, target in streamed(connection, query.order_by(_m.seq.desc())):
        if seq in taken:
            continue
        if target is None or target in taken:
            fail("reversals", f"movement {seq} reverses nothing, or what is reversed already")
        else:
            taken.add(target)
    return taken


def _check_opposites(connection: Connection, fail: Fail) -> None:
    """Entries of a reversal and of its target must add up to nothing, on the same day.

    Save what a licence line holds or counts as lapsed once one of its movements is reversed or
    restored: where the licence is overdrawn, or has ended, that is not what was taken; and what a
    restored licence holds again. The check of the licence lines looks after these, that of the
    applications after what is pending by an answer to one.
    """
    target, first = t.movement.alias("target"), t.movement.alias("first")
    again = target.c.kind == Kind.REVERSAL
    kind, line = (
        case((again, first.c[name]), else_=target.c[name]) for name in ("kind", "target_seq")
    )
    drew = or_(and_(kind.in_(_OF_A_LINE), line.is_not(None)), and_(again, kind == Kind.LICENCE))
    pair = and_(_m.kind == Kind.REVERSAL, or_(_e.seq == _m.seq, _e.seq == _m.target_seq))
    answered = and_(kind.in_(check_answers.ANSWERS), line.is_not(None))
    elsewhere = {"held_mtpp": drew, "lapsed_mtpp": drew, "pending_mtpp": answered}
    sums = [summed(_e[name]) for name in _AMOUNTS if name not in elsewhere]
    sums += [summed(case((is_so, 0), else_=_e[name])) for name, is_so in elsewhere.items()]
    query = (
        select(_m.seq)
        .join(target, target.c.seq == _m.target_seq)
        .outerjoin(first, and_(again, first.c.seq == target.c.target_seq))
        .join(t.entry, pair)
        .group_by(_m.seq, _e.budget_no, _e.official)
        .having(or_(*(total != 0 for total in sums)))
        .distinct()
    )
    for (seq,) in connection.execute(query):
        fail("reversals", f"movement {seq} is not the opposite of what it reverses")
    dated = select(_m.seq).join(target, target.c.seq == _m.target_seq)
    dated = dated.where(_m.kind == Kind.REVERSAL, _m.effective_on != target.c.effective_on)
    for (seq,) in connection.execute(dated):
        fail("reversals", f"movement {seq} is not dated as what it reverses")


def _check_balances(connection: Connection, fail: Fail) -> None:
    b = t.balance.c.budget_no
    without = select(t.budget.c.budget_no).where(t.budget.c.budget_no.not_in(select(b)))
    for (budget,) in connection.execute(without.order_by(t.budget.c.budget_no)):
        fail("balances", f"budget {budget} has no balance")
    query, have = _balances()
    nothing = ((0,) * len(_SUMS), None)
    due = ((row[0], (tuple(row[1:-2]), tuple(row[-2:]))) for row in streamed(connection, query))
    kept = ((row[0], (tuple(row[1:-1]), row[-1])) for row in streamed(connection, have))
    for budget, made, found in differing(due, kept):
        sums, credit = found or nothing
        right, (least, most) = made or (nothing[0], (None, None))
        for name, total, stored in zip(_SUMS, right, sums, strict=True):
            if total != stored:
                fail("balances", f"budget {budget}: {name} is {stored}, its entries make {total}")
        if not _may_be_last_credit(credit, least, most):
            fail("balances", f"budget {budget}: last_credit_on is {credit}, room came on {least}")


@cache
def _balances() -> tuple[Select[Any], Select[Any]]:
    """What the entries make of each balance, and what is stored."""
    official = [summed(case((_OFFICIAL, _e[name]), else_=0)) for name in _AMOUNTS]
    safe = summed(case((_OFFICIAL, 0), else_=_DRAWN))
    day = as_text(_m.effective_on)
    query = (
        select(_e.budget_no, *official, safe, func.max(case((_CREDIT, day))), func.max(day))
        .join(t.movement, _m.seq == _e.seq)
        .group_by(_e.budget_no)
        .order_by(_e.budget_no)
    )
    b = t.balance.c
    have = select(b.budget_no, *(b[name] for name in _SUMS), as_text(b.last_credit_on))
    return query, have.order_by(b.budget_no)


def _may_be_last_credit(stored: str | None, least: str | None, most: str | None) -> bool:
    """Never before the last credit; later, up to the last entry, only costs a look at the days."""
    if stored is None:
        return least is None
    return most is not None and (least or "") <= stored <= most


def _check_days(connection: Connection, fail: Fail) -> None:
    due, have = _days()
    left = (((b, day), tuple(n)) for b, day, *n in streamed(connection, due))
    right = (((b, day), tuple(n)) for b, day, *n in streamed(connection, have))
    for (budget, day), made, kept in differing(left, right):
        for said, should, stored in zip(_OF_DAY, made or _NOTHING, kept or _NOTHING, strict=True):
            if should != stored:
                where = f"budget {budget}, {day}"
                fail("days", f"{where}: {stored} is {said}, its entries make {should}")


@cache
def _days() -> tuple[Select[Any], Select[Any]]:
    """What the entries make of each budget's days, and what is stored."""
    taken = summed(_DRAWN + _e.pending_mtpp - _e.adjustment_mtpp)
    sums = [taken, summed(_e.pending_mtpp), summed(_e.adjustment_mtpp)]
    due = (
        select(_e.budget_no, as_text(_m.effective_on), *sums)
        .join(t.movement, _m.seq == _e.seq)
        .where(_OFFICIAL)
        .group_by(_e.budget_no, _m.effective_on)
        .having(or_(*(total != 0 for total in sums)))
        .order_by(_e.budget_no, _m.effective_on)
    )
    d = t.balance_day.c
    amounts = (d.taken_mtpp, d.pending_mtpp, d.adjustment_mtpp)
    have = select(d.budget_no, as_text(d.on_day), *amounts)
    have = have.where(or_(*(amount != 0 for amount in amounts)))
    return due, have.order_by(d.budget_no, d.on_day)


_OF_DAY = ("taken", "pending", "adjusted")
_NOTHING = (0, 0, 0)


def _check_never_below(connection: Connection, fail: Fail) -> None:
    """The running sums, movement by movement; the official tally and the safe side together."""
    for budget, *lowest in connection.execute(_below()):
        for name, value in zip(_NEVER_BELOW, lowest, strict=True):
            if value < 0:
                fail("not negative", f"budget {budget}: {name} was {value}")


@cache
def _below() -> Select[Any]:
    sums = [
        func.sum(_e[name]).over(partition_by=_e.budget_no, order_by=_e.seq).label(name)
        for name in _NEVER_BELOW
    ]
    running = select(_e.budget_no, *sums).subquery()
    low = [func.min(running.c[name]) for name in _NEVER_BELOW]
    query = select(running.c.budget_no, *low).group_by(running.c.budget_no)
    return query.having(or_(*(value < 0 for value in low)))
