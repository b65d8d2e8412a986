"""The table `standing`, made anew from the movements whose acts and declarations it keeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, or_, select

from ledger.storage.chain import US
from ledger.storage.check_adopted import Adopted
from ledger.storage.check_shipments import Named, shipments_of
from ledger.storage.check_spoilt import SPOILT, Fail, why
from ledger.storage.rows import as_text, differing, pieces, streamed
from schemas import tables as t
from schemas.kinds import SENT, STATUS_CHANGES, Kind
from schemas.names import name_key

_COLUMNS = ("kind", "subject", "object", "from_on", "until_on", "live")
# In place of a row that cannot be made anew.
_UNMADE: tuple[Any, ...] = ()
_MARKS = tuple(map(str, STATUS_CHANGES))
_SENT = tuple(map(str, SENT))
# What names a shipment: one that is laid under a licence, and goods that it brought moved on.
_NAMING = (str(Kind.ASSIGNMENT), *_SENT)


@dataclass(frozen=True, slots=True)
class _Act:
    """A movement that may leave a row: its columns, and its details by name."""

    seq: int
    submission: int
    kind: str
    effective_on: str
    source: str
    document: str
    authorization: str | None
    licence: str | None
    licence_line: str | None
    ruling_no: int | None
    expires_on: str | None
    unit_value_cents: int | None
    details: Mapping[str, Any]
    budget_no: int | None

    @property
    def line(self) -> str:
        """The licence line it names, as lines are looked up."""
        return f"{self.licence or ''}{US}{self.licence_line or '1'}"

    def party(self, name: str) -> str:
        """The name key of a party in its details. Raises KeyError where there is none."""
        return name_key(self.details[name])


# The columns that are a movement's own as they stand.
_PLAIN = len(_Act.__dataclass_fields__) - len(("details", "budget_no"))


def check(connection: Connection, reversed_seqs: set[int], fail: Fail) -> None:
    """Compare every row there should be, and its every column, with what is stored."""
    s = t.standing.c
    columns = [as_text(s[n]) if n.endswith("_on") else s[n] for n in _COLUMNS]
    have = streamed(connection, select(s.seq, *columns).order_by(s.seq))
    stored = ((row[0], tuple(row[1:])) for row in have)
    for seq, made, kept in differing(_due(connection, reversed_seqs, fail), stored):
        if made is _UNMADE:
            continue
        if kept is None:
            fail("standing", f"the standing act {seq}, a {made[0]}, is gone")
        elif made is None:
            fail("standing", f"the standing act {seq} is of no movement that leaves one")
        else:
            for name, right, stands in zip(_COLUMNS, made, kept, strict=True):
                if right != stands:
                    should = f"{name} is {_said(stands)}, should be {_said(right)}"
                    fail("standing", f"the standing act {seq}: {should}")


def _said(value: object) -> str:
    return str(value).replace(US, "/")


def _due(
    connection: Connection, reversed_seqs: set[int], fail: Fail
) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Every row there should be, by rising seq."""
    adopted = Adopted(connection)
    for piece in pieces(connection, _acts()):
        acts = {row[0]: _read(row, fail) for row in piece}
        known = _Known(adopted, _shipments(connection, adopted, acts, fail))
        for seq, act in acts.items():
            if act is None:
                yield seq, _UNMADE
                continue
            try:
                made = _made(act, known)
            except SPOILT as error:
                fail(
                    "standing", f"what movement {seq} leaves is not to be made anew ({why(error)})"
                )
                yield seq, _UNMADE
                continue
            if made is not None:
                live = int(seq not in reversed_seqs)
                subject, about, until_on = made
                yield seq, (act.kind, subject, about, act.effective_on, until_on, live)


def _read(row: Any, fail: Fail) -> _Act | None:
    try:
        said = json.loads(row.details or "{}")
        return _Act(*(*row[:_PLAIN], said, row[-1]))
    except SPOILT as error:
        fail("standing", f"the details of movement {row[0]} are not to be read ({why(error)})")
        return None


def _shipments(
    connection: Connection, adopted: Adopted, acts: Mapping[int, _Act | None], fail: Fail
) -> dict[int, int]:
    """The shipments that acts name, by the seq of the act."""
    named: dict[int, Named] = {}
    for seq, act in acts.items():
        if act is None or act.kind not in _NAMING:
            continue
        try:
            if act.kind == Kind.ASSIGNMENT or adopted.moves_on(seq, act.ruling_no):
                document, line = act.details["shipment"], act.details.get("shipment_line", "1")
                named[seq] = Named(act.submission, act.source, document, line)
        except SPOILT as error:
            fail("standing", f"the shipment of movement {seq} is not to be found ({why(error)})")
    return shipments_of(connection, named)


@cache
def _acts() -> Select[Any]:
    """The movements that may leave a row, with the budget that an act of the authority marks."""
    m, e = t.movement.c, t.entry.c
    licence = t.movement.alias("licence").c
    marked = select(func.min(e.budget_no)).where(e.seq == m.seq, e.official == 1)
    under = select(licence.seq).where(licence.seq == m.target_seq, licence.kind == Kind.LICENCE)
    # Goods that a shipment brought, moved on under a licence.
    moved_on = and_(m.kind.in_(_SENT), m.details.contains('"shipment":'), under.exists())
    names = [*_Act.__dataclass_fields__][:_PLAIN]
    return (
        select(
            *(as_text(m[n]) if n.endswith("_on") else m[n] for n in names),
            m.details,
            case((m.kind.in_(_MARKS), marked.scalar_subquery())),
        )
        .where(or_(m.kind.in_(tuple(_LEFT)), moved_on))
        .order_by(m.seq)
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What a row takes from elsewhere: what was adopted, and the shipment that each act names."""

    adopted: Adopted
    shipments: Mapping[int, int]


# What a movement leaves: subject, object and last day.
_Left = tuple[str, str | None, str | None]


def _made(act: _Act, known: _Known) -> _Left | None:
    return _LEFT.get(act.kind, _moved_on)(act, known)


def _moved_on(act: _Act, known: _Known) -> _Left | None:
    shipment = known.shipments.get(act.seq)
    return None if shipment is None else (str(shipment), act.line, None)


def _assigned(act: _Act, known: _Known) -> _Left:
    return str(known.shipments[act.seq]), act.line, None


def _marked(act: _Act, _: _Known) -> _Left:
    if act.budget_no is None:
        raise LookupError("it marks no budget")
    return str(act.budget_no), None, _until(act)


def _until(act: _Act) -> str | None:
    return act.details.get("until_on")


def _paused(act: _Act, _: _Known) -> _Left:
    return act.line, None, _until(act)


def _handed_on(act: _Act, _: _Known) -> _Left:
    return act.line, act.party("to_party"), None


def _amended(act: _Act, _: _Known) -> _Left | None:
    """The last day and the value it says; one that says neither changes neither."""
    said = act.expires_on, act.unit_value_cents
    if said == (None, None):
        return None
    return act.line, US.join("" if one is None else str(one) for one in said), None


def _ended(act: _Act, _: _Known) -> _Left | None:
    """Only what ends a part of a line: one that ends all of it is told by the line."""
    in_part = "quantity" in act.details or "tpp" in act.details
    return (act.line, None, None) if in_part else None


def _related(act: _Act, _: _Known) -> _Left:
    return act.party("party"), act.party("other_party"), _until(act)


def _installed(act: _Act, _: _Known) -> _Left:
    return act.party("party"), act.details.get("country") or None, _until(act)


def _announced(act: _Act, known: _Known) -> _Left:
    status = act.details.get("status", "")
    code = known.adopted.authorization(act.seq, status) if status else None
    return (
        act.party("party"),
        f"{code or status}{US}{act.details.get('country') or ''}",
        _until(act),
    )


def _done(act: _Act, _: _Known) -> _Left:
    return act.details["status"], None, _until(act)


def _paper(act: _Act, _: _Known) -> _Left:
    about = act.authorization or "", _key(act, "other_party"), act.details.get("shipment", "")
    return act.party("party"), US.join(about), _until(act)


def _condition(act: _Act, _: _Known) -> _Left:
    about = f"{act.details['condition']}{US}{act.details['status']}"
    if act.licence:
        return f"{US}{US}{act.licence}", about, _until(act)
    return f"{act.party('party')}{US}{_key(act, 'facility')}", about, _until(act)


def _key(act: _Act, name: str) -> str:
    return act.party(name) if act.details.get(name) else ""


def _closed(act: _Act, _: _Known) -> _Left:
    return act.document, None, None


def _adopted(act: _Act, _: _Known) -> _Left:
    return act.details["regime_key"], None, None


_LEFT: dict[str, Callable[[_Act, _Known], _Left | None]] = {
    Kind.ASSIGNMENT: _assigned,
    Kind.LICENCE_AMENDMENT: _amended,
    Kind.LICENCE_TRANSFER: _handed_on,
    Kind.LICENCE_SUSPENSION: _paused,
    Kind.LICENCE_REINSTATEMENT: _paused,
    Kind.SURRENDER: _ended,
    Kind.REVOCATION: _ended,
    **dict.fromkeys(STATUS_CHANGES, _marked),
    Kind.OWNERSHIP: _related,
    Kind.PARTY_MERGED: _related,
    Kind.INSTALLED_BASE: _installed,
    Kind.OFFICIAL_STATUS: _announced,
    Kind.DUTY_DONE: _done,
    Kind.CERTIFICATE: _paper,
    Kind.NOTICE: _paper,
    Kind.CONDITION: _condition,
    Kind.QUARTER_CLOSE: _closed,
    Kind.ADOPTION: _adopted,
}
