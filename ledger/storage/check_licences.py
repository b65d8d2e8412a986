"""Checks of licence lines: what was licensed, drawn, ended and given back, and on which budget."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Select, and_, case, exists, func, or_, select, union_all

from ledger.storage.check_expiry import LastDays
from ledger.storage.check_family import family
from ledger.storage.check_lines import Line, acted_lines
from ledger.storage.check_spoilt import SPOILT, Fail, Guarded, why
from ledger.storage.rows import as_text, differing, streamed, summed
from schemas import tables as t
from schemas.kinds import DRAWS_DOWN, OF_A_LINE, Kind

_LINE = ("amount_mtpp", "quantity", "value_cents")
_USED = ("used_mtpp", "used_quantity", "used_value_cents")
_COPIED = ("chip", "destination", "consignee_no", "expires_on", "exporter_no")
_LAST_DAY = len(_LINE) + len(_USED) + _COPIED.index("expires_on")
_WENT = ("lapsed_mtpp", "back_mtpp", "gone_quantity", "state", "closed_on")
_DRAWN_BY = tuple(map(str, DRAWS_DOWN))
_OF_A_LINE = tuple(map(str, OF_A_LINE))

_e, _m = t.entry.c, t.movement.c
_OFFICIAL = _e.official == 1


def check(connection: Connection, reversed_seqs: set[int], fail: Fail, guarded: Guarded) -> None:
    """Recompute the licence lines; each failure goes to `fail` under its invariant's name."""
    with guarded("licence lines"):
        _check_lines(connection, reversed_seqs, fail)
    with guarded("licence lines"):
        _check_names(connection, fail)
    with guarded("licence lines"):
        _check_budgets(connection, fail)
    with guarded("licence lines"):
        _check_holds(connection, fail)
    with guarded("licence lines"):
        _check_replacements(connection, reversed_seqs, fail)
    with guarded("licence sums"):
        _check_four_ways(connection, fail)


def _check_lines(connection: Connection, reversed_seqs: set[int], fail: Fail) -> None:
    """used: what was drawn on the line, less what is reversed; held: the rest while it lives;
    lapsed and given back: what its live acts ended.
    """
    ln = t.licence_line.c
    names = (*_LINE, *_USED, "held_mtpp", "live", *_COPIED, *_WENT)
    columns = [as_text(ln[name]) if name.endswith("_on") else ln[name] for name in names]
    have = streamed(connection, select(ln.seq, *columns).order_by(ln.seq))
    stored = ((row[0], tuple(row[1:])) for row in have)
    due = _lines(connection, reversed_seqs, fail)
    for seq, made, kept in differing(due, stored):
        if made is _UNMADE:
            continue
        if made is None or kept is None:
            fail("licence lines", f"licence line {seq} {'is of no licence' if kept else 'is gone'}")
            continue
        for name, right, stands in zip(names, made, kept, strict=True):
            if right != stands:
                fail("licence lines", f"licence line {seq}: {name} is {stands}, should be {right}")


def _check_names(connection: Connection, fail: Fail) -> None:
    ln = t.licence_line.c
    same_number = ln.licence == func.coalesce(_m.licence, _m.document)
    same_line = ln.line == func.coalesce(_m.licence_line, _m.line)
    unlike = select(ln.seq).join(t.movement, _m.seq == ln.seq)
    for (seq,) in connection.execute(unlike.where(~and_(same_number, same_line))):
        fail("licence lines", f"licence line {seq} names another licence or line")


def _check_budgets(connection: Connection, fail: Fail) -> None:
    """A line is kept with a budget that its licence holds on: none only where it holds on none."""
    ln = t.licence_line.c
    holds = and_(_e.seq == ln.seq, _OFFICIAL, _e.held_mtpp > 0)
    some = exists().where(holds).correlate(t.licence_line)
    this = exists().where(holds, _e.budget_no == ln.budget_no).correlate(t.licence_line)
    wrong = case((ln.budget_no.is_(None), some), else_=~this)
    query = select(ln.seq, ln.budget_no).join(t.movement, _m.seq == ln.seq)
    # What licensed nothing holds nothing, wherever it would.
    query = query.where(wrong, func.coalesce(_m.amount_mtpp, 0) != 0)
    for seq, budget in connection.execute(query.order_by(ln.seq)):
        where = "no budget" if budget is None else f"budget {budget}"
        fail("licence lines", f"licence line {seq} is kept with {where}, and holds elsewhere")


def _check_four_ways(connection: Connection, fail: Fail) -> None:
    """Drawn (up to what was licensed), held, lapsed and given back make what was licensed."""
    ln = t.licence_line.c
    drawn = case((ln.used_mtpp < ln.amount_mtpp, ln.used_mtpp), else_=ln.amount_mtpp)
    made = drawn + ln.held_mtpp + ln.lapsed_mtpp + ln.back_mtpp
    query = select(ln.seq, ln.amount_mtpp, made).where(ln.live == 1, made != ln.amount_mtpp)
    for seq, licensed, total in connection.execute(query):
        fail("licence sums", f"licence line {seq}: {licensed} was licensed, {total} accounted for")


def _check_replacements(connection: Connection, reversed_seqs: set[int], fail: Fail) -> None:
    """Find replacements that stand though every licence that makes them is reversed."""
    made, licence = t.movement.alias("made"), t.movement.alias("licence")
    lines = t.licence_line
    query = (
        select(made.c.seq, made.c.document, made.c.licence, licence.c.seq, licence.c.details)
        .select_from(
            made.outerjoin(lines, lines.c.licence == made.c.document).outerjoin(
                licence, and_(licence.c.seq == lines.c.seq, licence.c.source == made.c.source)
            )
        )
        .where(made.c.kind == Kind.REPLACEMENT)
        .order_by(made.c.seq)
    )
    for (seq, document), rows in groupby(streamed(connection, query), key=lambda row: row[:2]):
        makers = [
            maker
            for _, _, number, maker, details in rows
            if maker not in reversed_seqs
            and json.loads(details or "{}").get("supersedes") == number
        ]
        if seq not in reversed_seqs and not makers:
            said = (
                f"movement {seq} replaces a licence, and licence {document}, which takes its place"
            )
            fail("licence lines", f"{said}, is reversed")


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
        select(ln.seq.label("about"), ln.seq.label("seq")),
        select(ln.seq, shipped.c.seq).join(shipped, under),
    )
    every = family(members.cte("members"))
    held, lapsed = summed(_e.held_mtpp), summed(_e.lapsed_mtpp)
    return (
        select(ln.seq, ln.held_mtpp, held, ln.lapsed_mtpp, lapsed)
        .join(every, every.c.about == ln.seq)
        .join(t.entry, and_(_e.seq == every.c.seq, _e.budget_no == ln.budget_no, _OFFICIAL))
        .group_by(ln.seq, ln.held_mtpp, ln.lapsed_mtpp)
        .having(or_(held != ln.held_mtpp, lapsed != ln.lapsed_mtpp))
    )


# In place of a line that cannot be made anew.
_UNMADE: tuple[Any, ...] = ()


def _lines(
    connection: Connection, reversed_seqs: set[int], fail: Fail
) -> Iterator[tuple[int, tuple[Any, ...]]]:
    undone, last_days = _undone(connection, reversed_seqs), LastDays(connection, fail)
    acted = acted_lines(connection, reversed_seqs, last_days, fail)
    ahead = next(acted, None)
    for seq, *licensed, ruling_no, issued_on in streamed(connection, _licences()):
        line, touched = None, ahead is not None and ahead[0] == seq
        if touched and ahead is not None:
            line, ahead = ahead[1], next(acted, None)
        if touched and line is None:
            yield seq, _UNMADE
            continue
        live = int(seq not in reversed_seqs)
        try:
            last = last_days.of(licensed[_LAST_DAY], ruling_no, issued_on)
            yield seq, _line(licensed, last, live, undone[seq], line)
        except SPOILT as error:
            fail("licence lines", f"licence line {seq}: not to be made anew ({why(error)})")
            yield seq, _UNMADE


def _line(
    licensed: Sequence[Any], last: str | None, live: int, undone: list[int], line: Line | None
) -> tuple[Any, ...]:
    """A line's columns, by its movement's; `line` is what acts have made of it."""
    amount, quantity, worth, *used = licensed[: len(_LINE) + len(_USED)]
    chip, destination, consignee_no, _, exporter_no = licensed[len(_LINE) + len(_USED) :]
    drawn = [total - back for total, back in zip(used, undone, strict=True)]
    if line is None:
        held = max(amount - drawn[0], 0) if live else 0
        copied = (chip, destination, consignee_no, last, exporter_no)
        return (amount, quantity, worth, *drawn, held, live, *copied, 0, 0, 0, "open", None)
    copied = (chip, destination, consignee_no, line.expires_on, line.exporter_no)
    went = (line.lapsed, line.back, line.gone, line.state, line.closed_on)
    return (amount, quantity, line.value or None, *drawn, line.held, live, *copied, *went)


@cache
def _licences() -> Select[Any]:
    """Every licence with what was drawn on it, reversed or not."""
    shipped = t.movement.alias("shipped").c
    value = shipped.quantity * shipped.unit_value_cents
    used = (
        select(
            shipped.target_seq,
            summed(shipped.amount_mtpp).label("amount"),
            summed(shipped.quantity).label("quantity"),
            summed(value).label("value"),
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
            *(as_text(_m[name]) if name.endswith("_on") else _m[name] for name in _COPIED),
            _m.ruling_no,
            as_text(_m.effective_on),
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
