"""Checks of moves: every leg that leaves has its one that arrives, of the same goods."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select

from ledger.storage.check_spoilt import Fail
from schemas import tables as t
from schemas.kinds import TRANSFERS, Kind

_SAME = ("source", "document", "line", "chip", "quantity", "amount_mtpp", "destination")
_out, _in = t.movement.alias("departure").c, t.movement.alias("arrival").c
_PAIR = and_(_in.target_seq == _out.seq, _in.kind == Kind.TRANSFER_IN)


def check(connection: Connection, reversed_seqs: set[int], fail: Fail) -> None:
    """Find legs without their other one, pairs of other goods, and pairs reversed by half."""
    legs = select(t.movement.c.seq).where(t.movement.c.kind.in_(map(str, TRANSFERS)))
    if connection.execute(legs.limit(1)).first() is None:
        return
    for (seq,) in connection.execute(_lone()):
        fail("moves", f"movement {seq} is the leg of a move whose other leg is not on record")
    for left, arrived in connection.execute(_unlike()):
        fail("moves", f"movement {arrived} does not bring what movement {left} took away")
    pairs = select(_out.seq, _in.seq).where(_PAIR, _out.kind == Kind.TRANSFER_OUT)
    for left, arrived in connection.execute(pairs):
        if (left in reversed_seqs) != (arrived in reversed_seqs):
            fail("moves", f"of movements {left} and {arrived}, one move, only one is reversed")


def _lone() -> Select[Any]:
    arrived = select(_in.target_seq).where(_in.kind == Kind.TRANSFER_IN)
    once = arrived.where(_in.target_seq.is_not(None)).group_by(_in.target_seq)
    once = once.having(func.count() == 1)
    known = select(_in.seq).where(_in.kind == Kind.TRANSFER_OUT)
    unpaired = and_(_out.kind == Kind.TRANSFER_OUT, _out.seq.not_in(once))
    astray = or_(_out.target_seq.is_(None), _out.target_seq.not_in(known))
    lost = and_(_out.kind == Kind.TRANSFER_IN, astray)
    return select(_out.seq).where(or_(unpaired, lost)).order_by(_out.seq)


def _unlike() -> Select[Any]:
    differs = or_(*(_out[name].is_distinct_from(_in[name]) for name in _SAME))
    early = _in.effective_on < _out.effective_on
    pair = select(_out.seq, _in.seq).where(_PAIR, _out.kind == Kind.TRANSFER_OUT)
    return pair.where(or_(differs, early)).order_by(_out.seq)
