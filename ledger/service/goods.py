"""What movements about the same goods take of one another: what came back hangs on what came.

And what goods that went on took of an account: it must still be there without what is undone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from sqlalchemy import bindparam, or_, select, text

from ledger.policy.budgets import NO_LIMIT
from ledger.service.known_rows import reversals_of
from ledger.service.stored import Stored, stored
from ledger.storage.statements import Cursor, parts_of
from schemas import tables as t
from schemas.kinds import RETURNS, Kind

_MOVEMENT = t.movement.columns.keys()
_POSTED = t.entry.columns.keys().index("posted_mtpp")
# Entries read at a time.
_AT_ONCE = 1 << 14
_STANDING = t.standing.columns.keys()
# What is about a shipment's goods and points at a licence line: looked up by what it stands for.
ON_GOODS = (Kind.ASSIGNMENT, Kind.IN_COUNTRY_TRANSFER)
_GIVES_BACK = (*RETURNS, Kind.REMOVAL)
_BUDGET = {name: place for place, name in enumerate(t.budget.columns.keys())}
_BALANCE = {name: place for place, name in enumerate(t.balance.columns.keys())}
GOES_ON = (Kind.TRANSFER_OUT, Kind.REEXPORT)
# What takes goods on from where they counted. Nothing is indexed by budget: it is looked for only
# where an account is left short.
_TAKERS = (
    select(t.entry.c.seq, t.entry.c.posted_mtpp)
    .join(t.movement, t.movement.c.seq == t.entry.c.seq)
    .where(
        t.entry.c.budget_no == bindparam("budget"),
        t.entry.c.official == text("1"),
        t.entry.c.posted_mtpp < text("0"),
        or_(*(t.movement.c.kind == text(f"'{kind}'") for kind in GOES_ON)),
    )
    .order_by(t.entry.c.seq.desc())
)
_POSTS = (Kind.RECEIPT, Kind.INSTALLATION, Kind.ASSIGNMENT)


def laid_by(
    cursor: Cursor, seqs: Iterable[int], kinds: tuple[Kind, ...] = (Kind.ASSIGNMENT,)
) -> dict[int, int]:
    """The shipments that some movements laid under a licence, by the assignment's seq."""
    rows = (dict(zip(_STANDING, row, strict=True)) for row in cursor.find(t.standing, "seq", seqs))
    return {int(r["seq"]): int(r["subject"]) for r in rows if r["kind"] in kinds}


def resting_on(cursor: Cursor, shipments: Iterable[int]) -> dict[int, int]:
    """The live movements that rest on shipments but point at a licence, each with its shipment."""
    rows = (
        dict(zip(_STANDING, row, strict=True))
        for row in cursor.find(t.standing, "subject", {str(seq) for seq in shipments})
    )
    return {int(r["seq"]): int(r["subject"]) for r in rows if r["kind"] in ON_GOODS and r["live"]}


def hanging(
    cursor: Cursor, undone: Collection[Stored], gone: Collection[int]
) -> list[tuple[int, int]]:
    """The later movements about the same goods that cannot stand without some: pairs of seqs.

    A return or a loss is taken of what the shipment, its receipts and its assignment posted: none
    of these goes while less would be left than came back. What came back before an assignment was
    not laid under the licence as used. `gone` are all that go.
    """
    about = [m for m in undone if m["kind"] in (*_GIVES_BACK, *_POSTS)]
    if not about:
        return []
    laid = laid_by(cursor, [m["seq"] for m in about if m["kind"] == Kind.ASSIGNMENT])
    of = [(m, laid.get(m["seq"], m["target_seq"])) for m in about]
    # Of most goods nothing came back, and then nothing hangs on anything.
    some = _that_came_back(cursor, {goods for _, goods in of if goods is not None})
    return [
        (movement["seq"], seq)
        for movement, goods in of
        if goods in some
        for seq in _on(cursor, movement, goods, gone)
    ]


def _that_came_back(cursor: Cursor, goods: Collection[int]) -> set[int]:
    """Those shipments of which goods came back or were lost."""
    kind, target = (_MOVEMENT.index(name) for name in ("kind", "target_seq"))
    pointing = cursor.find(t.movement, "target_seq", goods)
    return {row[target] for row in pointing if row[kind] in _GIVES_BACK}


def no_longer_there(
    cursor: Cursor, restored: Stored, gone: Collection[int], again: Collection[int]
) -> bool:
    """Whether what a restored return gave back is not there any more to be given back.

    `gone` are all that go, `again` all that are restored with it.
    """
    goods = restored["target_seq"]
    if restored["kind"] not in _GIVES_BACK or goods is None:
        return False
    family = {seq for seq in (goods, *_family(cursor, goods)) if seq not in gone} | set(again)
    own = {where for seq, where, n in _posted(cursor, [restored["seq"]]) if n < 0}
    posted = _posted(cursor, _about(cursor, goods, family))
    return any(sum(n for _, at, n in posted if at == where) < 0 for where in own)


def _about(cursor: Cursor, goods: int, seqs: Collection[int]) -> set[int]:
    """Those of some movements that are about a shipment's goods."""
    named = stored(cursor, "seq", seqs)
    laid = laid_by(cursor, seqs)
    return {m["seq"] for m in named if goods in (m["seq"], m["target_seq"], laid.get(m["seq"]))}


def _on(cursor: Cursor, movement: Stored, goods: int, gone: Collection[int]) -> list[int]:
    family = _family(cursor, goods)
    later = {seq: kind for seq, kind in family.items() if seq > movement["seq"]}
    posted = _posted(cursor, [goods, *family])
    if movement["kind"] in _GIVES_BACK:
        moved = any(seq == movement["seq"] and n for seq, _, n in posted)
        return [seq for seq, kind in later.items() if kind == Kind.ASSIGNMENT and moved]
    sums: dict[tuple[int, int], int] = {}
    for seq, where, amount in posted:
        if seq not in gone:
            sums[where] = sums.get(where, 0) + amount
    taken = {where for where, total in sums.items() if total < 0}
    taken &= {where for seq, where, n in posted if seq == movement["seq"] and n > 0}
    return sorted(
        {
            seq
            for seq, where, n in posted
            if n < 0 and where in taken and later.get(seq) in _GIVES_BACK
        }
    )


def _family(cursor: Cursor, goods: int) -> dict[int, str]:
    """What stands of all that followed a shipment: kinds by seq."""
    kinds = {int(m["seq"]): str(m["kind"]) for m in stored(cursor, "target_seq", [goods])}
    standing = [
        dict(zip(_STANDING, r, strict=True))
        for r in cursor.find(t.standing, "subject", [str(goods)])
    ]
    kinds |= {int(r["seq"]): str(r["kind"]) for r in standing if r["kind"] == Kind.ASSIGNMENT}
    undone = reversals_of(cursor, list(kinds))
    return {seq: kind for seq, kind in kinds.items() if seq not in undone}


def _posted(cursor: Cursor, seqs: Iterable[int]) -> list[tuple[int, tuple[int, int], int]]:
    """What movements posted: their seq, budget and tally, and the amount in milli-TPP."""
    return list(_each_posted(cursor, seqs))


def _each_posted(cursor: Cursor, seqs: Iterable[int]) -> Iterator[tuple[int, tuple[int, int], int]]:
    """The same one by one: of a whole file there are too many to hold."""
    for part in parts_of(list(seqs), _AT_ONCE):
        for row in cursor.find(t.entry, "seq", part):
            yield row[0], (row[1], row[2]), row[_POSTED]


def left_short(cursor: Cursor, undone: Iterable[int]) -> dict[int, int]:
    """The budgets with a limit on which, without some movements, less than nothing is posted.

    By number, with what would be missing, in milli-TPP. Where a reversal is undone, what it had
    reversed counts again.
    """
    change: dict[int, int] = {}
    for _, (budget, official), amount in _each_posted(cursor, undone):
        if official:
            change[budget] = change.get(budget, 0) - amount
    less = [budget for budget, amount in change.items() if amount < 0]
    bound = [
        row[_BUDGET["budget_no"]]
        for row in (cursor.find(t.budget, "budget_no", less) if less else ())
        if row[_BUDGET["limit_mtpp"]] < NO_LIMIT
    ]
    left = {
        row[_BALANCE["budget_no"]]: row[_BALANCE["posted_mtpp"]] + change[row[0]]
        for row in (cursor.find(t.balance, "budget_no", bound) if bound else ())
    }
    return {budget: -amount for budget, amount in left.items() if amount < 0}


def went_on(
    cursor: Cursor, short: Mapping[int, int], undone: Iterable[int], gone: Collection[int]
) -> list[tuple[int, int]]:
    """What took goods on from accounts that are left short: pairs of an undone movement and it.

    The latest first, as many as make up for what is missing. `gone` are all that go.
    """
    posted = _posted(cursor, undone) if short else []
    found: list[tuple[int, int]] = []
    for budget, missing in short.items():
        brought = [seq for seq, where, n in posted if where == (budget, 1) and n > 0]
        takers = cursor.read(_TAKERS, budget)
        undone_since = reversals_of(cursor, [seq for seq, _ in takers])
        for seq, amount in takers:
            if missing > 0 and seq not in gone and seq not in undone_since:
                missing += amount
                found += [(one, seq) for one in brought]
    return found


def takes_from(cursor: Cursor, seq: int, short: Collection[int]) -> bool:
    """Whether a movement takes from one of some budgets."""
    return any(where[0] in short and where[1] and n < 0 for _, where, n in _posted(cursor, [seq]))
