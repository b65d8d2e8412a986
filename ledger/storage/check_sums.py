"""Checks of what is derived: balances, days, licence lines, standing acts, and reversals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    cast,
    func,
    or_,
    select,
    union_all,
)

from ledger.storage import check_answers, check_moves
from ledger.storage.check_expiry import LastDays
from ledger.storage.check_lines import Line, acted_lines, check_replacements
from ledger.storage.rows import as_text, differing, streamed
from schemas import tables as t
from schemas.kinds import DRAWS_DOWN, OF_A_LINE, Kind

Fail = Callable[[str, str], None]

# The invariants of what is derived.
DERIVED = (
    *("balances", "days", "not negative", "applications", "licence lines", "licence sums"),
    *("standing", "moves"),
)

_AMOUNTS = ("adjustment_mtpp", "pending_mtpp", "held_mtpp", "posted_mtpp", "lapsed_mtpp")
_SUMS = (*_AMOUNTS, "safe_mtpp")
_NEVER_BELOW = ("held_mtpp", "lapsed_mtpp", "pending_mtpp")
_LINE = ("amount_mtpp", "quantity", "value_cents")
_USED = ("used_mtpp", "used_quantity", "used_value_cents")
_COPIED = ("chip", "destination", "consignee_no", "expires_on", "exporter_no")
_EXPIRES = len(_USED) + _COPIED.index("expires_on")  # behind what was used of the line
_WENT = ("lapsed_mtpp", "back_mtpp", "gone_quantity", "state", "closed_on")
_DRAWN_BY = tuple(map(str, DRAWS_DOWN))
_OF_A_LINE = tuple(map(str, OF_A_LINE))

_e, _m = t.entry.c, t.movement.c
_OFFICIAL = _e.official == 1
_DRAWN = _e.held_mtpp + _e.posted_mtpp + _e.lapsed_mtpp
_CREDIT = and_(_OFFICIAL, or_(_DRAWN < 0, _e.adjustment_mtpp != 0, _e.pending_mtpp < 0))


def check(connection: Connection, fail: Fail) -> None:
    """Recompute all that is derived; each failure goes to `fail` under its invariant's name."""
    reversed_seqs = _reversed(connection, fail)
    _check_opposites(connection, fail)
    _check_balances(connection, fail)
    _check_days(connection, fail)
    _check_never_below(connection, fail)
    check_answers.check(connection, reversed_seqs, fail)
    _check_lines(connection, reversed_seqs, fail)
    _check_standing(connection, reversed_seqs, fail)
    check_replacements(connection, reversed_seqs, fail)
    check_moves.check(connection, reversed_seqs, fail)


def _sum(value: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(value), 0), BigInteger)


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
    sums = [_sum(_e[name]) for name in _AMOUNTS if name not in elsewhere]
    sums += [_sum(case((is_so, 0), else_=_e[name])) for name, is_so in elsewhere.items()]
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
    official = [_sum(case((_OFFICIAL, _e[name]), else_=0)) for name in _AMOUNTS]
    safe = _sum(case((_OFFICIAL, 0), else_=_DRAWN))
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


def _keyed(connection: Connection, query: Select[Any]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    return ((row[0], tuple(row[1:])) for row in streamed(connection, query))


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
    taken = _sum(_DRAWN + _e.pending_mtpp - _e.adjustment_mtpp)
    sums = [taken, _sum(_e.pending_mtpp), _sum(_e.adjustment_mtpp)]
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


def _check_lines(connection: Connection, reversed_seqs: set[int], fail: Fail) -> None:
    """used: what was drawn on the line, less what is reversed; held: the rest while it lives;
    lapsed and given back: what its live acts ended.
    """
    ln = t.licence_line.c
    names = (*_LINE, *_USED, "held_mtpp", "live", *_COPIED, *_WENT)
    columns = [as_text(ln[name]) if name.endswith("_on") else ln[name] for name in names]
    have = select(ln.seq, *columns).order_by(ln.seq)
    due = _lines(connection, reversed_seqs)
    for seq, made, kept in differing(due, _keyed(connection, have)):
        if made is None or kept is None:
            fail("licence lines", f"licence line {seq} {'is of no licence' if kept else 'is gone'}")
            continue
        for name, right, stored in zip(names, made, kept, strict=True):
            if right != stored:
                fail("licence lines", f"licence line {seq}: {name} is {stored}, should be {right}")
    same_number = ln.licence == func.coalesce(_m.licence, _m.document)
    same_line = ln.line == func.coalesce(_m.licence_line, _m.line)
    _check_holds(connection, fail)
    _check_four_ways(connection, fail)
    unlike = select(ln.seq).join(t.movement, _m.seq == ln.seq)
    for (seq,) in connection.execute(unlike.where(~and_(same_number, same_line))):
        fail("licence lines", f"licence line {seq} names another licence or line")


def _check_four_ways(connection: Connection, fail: Fail) -> None:
    """Drawn (up to what was licensed), held, lapsed and given back make what was licensed."""
    ln = t.licence_line.c
    drawn = case((ln.used_mtpp < ln.amount_mtpp, ln.used_mtpp), else_=ln.amount_mtpp)
    made = drawn + ln.held_mtpp + ln.lapsed_mtpp + ln.back_mtpp
    query = select(ln.seq, ln.amount_mtpp, made).where(ln.live == 1, made != ln.amount_mtpp)
    for seq, licensed, total in connection.execute(query):
        fail("licence sums", f"licence line {seq}: {licensed} was licensed, {total} accounted for")


def _check_holds(connection: Connection, fail: Fail) -> None:
    """What a line holds and counts as lapsed must be what entries make of it: its own, those of
    the movements on it, and those of their reversals and restorations.
    """
    for seq, kept, made, gone, ended in connection.execute(_holds()):
        if kept != made:
            fail("licence lines", f"licence line {seq} holds {kept}, its entries make {made}")
        if gone != ended:
            fail("licence lines", f"licence line {seq}: {gone} lapsed, its entries make {ended}")


@cache
def _holds() -> Select[Any]:
    shipped = t.movement.alias("shipped")
    ln = t.licence_line.c
    under = and_(shipped.c.target_seq == ln.seq, shipped.c.kind.in_(_OF_A_LINE))
    members = union_all(
        select(ln.seq.label("line"), ln.seq.label("seq")),
        select(ln.seq, shipped.c.seq).join(shipped, under),
    ).cte("members")
    once = _reversals_of(members, "once")
    twice = _reversals_of(once, "twice")
    every = [select(one.c.line, one.c.seq) for one in (members, once, twice)]
    family = union_all(*every).subquery()
    held, lapsed = _sum(_e.held_mtpp), _sum(_e.lapsed_mtpp)
    return (
        select(ln.seq, ln.held_mtpp, held, ln.lapsed_mtpp, lapsed)
        .join(family, family.c.line == ln.seq)
        .join(t.entry, and_(_e.seq == family.c.seq, _e.budget_no == ln.budget_no, _OFFICIAL))
        .group_by(ln.seq, ln.held_mtpp, ln.lapsed_mtpp)
        .having(or_(held != ln.held_mtpp, lapsed != ln.lapsed_mtpp))
    )


def _reversals_of(members: CTE, name: str) -> CTE:
    """The reversals of a line's members, as members of that line."""
    back = t.movement.alias(f"back_{name}")
    undoing = and_(back.c.target_seq == members.c.seq, back.c.kind == Kind.REVERSAL)
    return select(members.c.line, back.c.seq).join(back, undoing).cte(name)


def _lines(
    connection: Connection, reversed_seqs: set[int]
) -> Iterator[tuple[int, tuple[Any, ...]]]:
    undone = _undone(connection, reversed_seqs)
    acted, last_days = acted_lines(connection, reversed_seqs), LastDays(connection)
    ahead = next(acted, None)
    for seq, amount, quantity, worth, *rest in streamed(connection, _licences()):
        ruling_no, issued_on = rest[3:5]
        del rest[3:5]
        rest[_EXPIRES] = last_days.of(rest[_EXPIRES], ruling_no, issued_on)
        drawn = [total - back for total, back in zip(rest[:3], undone[seq], strict=True)]
        live = int(seq not in reversed_seqs)
        line: Line | None = None
        if ahead is not None and ahead[0] == seq:
            line, ahead = ahead[1], next(acted, None)
        held = max(amount - drawn[0], 0) if live else 0
        if line is None:
            untouched = (0, 0, 0, "open", None)
            yield seq, (amount, quantity, worth, *drawn, held, live, *rest[3:], *untouched)
            continue
        copied = (*rest[3:6], line.expires_on, line.exporter_no)
        went = (line.lapsed, line.back, line.gone, line.state, line.closed_on)
        worth = line.value or None
        yield seq, (amount, quantity, worth, *drawn, line.held, live, *copied, *went)


@cache
def _licences() -> Select[Any]:
    """Every licence with what was drawn on it, reversed or not."""
    shipped = t.movement.alias("shipped").c
    value = shipped.quantity * shipped.unit_value_cents
    used = (
        select(
            shipped.target_seq,
            _sum(shipped.amount_mtpp).label("amount"),
            _sum(shipped.quantity).label("quantity"),
            _sum(value).label("value"),
        )
        .where(shipped.kind.in_(_DRAWN_BY), shipped.target_seq.is_not(None))
        .group_by(shipped.target_seq)
        .subquery()
    )
    return (
        select(
            _m.seq,
            func.coalesce(_m.amount_mtpp, 0),
            _m.quantity,
            func.nullif(_m.quantity * _m.unit_value_cents, 0),
            *(func.coalesce(column, 0) for column in used.c[1:]),
            _m.ruling_no,
            as_text(_m.effective_on),
            *(as_text(_m[name]) if name.endswith("_on") else _m[name] for name in _COPIED),
        )
        .outerjoin(used, used.c.target_seq == _m.seq)
        .where(_m.kind == Kind.LICENCE)
        .order_by(_m.seq)
    )


def _undone(connection: Connection, reversed_seqs: set[int]) -> dict[int, list[int]]:
    """What reversed shipments had drawn, by the licence line's seq: amount, quantity, value."""
    undone: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    shipped = t.movement.alias("shipped").c
    query = (
        select(_m.seq, shipped.seq, *(shipped[n] for n in ("target_seq", "amount_mtpp")))
        .add_columns(shipped.quantity, shipped.quantity * shipped.unit_value_cents)
        .where(_m.kind == Kind.REVERSAL, shipped.seq == _m.target_seq)
        .where(shipped.kind.in_(_DRAWN_BY), shipped.target_seq.is_not(None))
    )
    for reversal, seq, line, *amounts in streamed(connection, query):
        if seq in reversed_seqs and reversal not in reversed_seqs:
            undone[line] = [a + (b or 0) for a, b in zip(undone[line], amounts, strict=True)]
    return undone


def _check_standing(connection: Connection, reversed_seqs: set[int], fail: Fail) -> None:
    s = t.standing.c
    query = select(s.seq, s.kind, s.live, _m.kind).join(t.movement, _m.seq == s.seq)
    for seq, kind, live, really in streamed(connection, query.order_by(s.seq)):
        if kind != really or live != int(seq not in reversed_seqs):
            fail("standing", f"the standing act {seq} is {kind}, live {live}: it is not so")
