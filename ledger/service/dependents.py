"""What a reversal takes back, and which live movements stand in its way or go along with it.

Two things may be taken back: a movement, by the opposite of its entries; and a reversal, which
restores what it reversed. A restored movement is taken back by its own name, so a chain is never
longer than movement, reversal, restoration (docs/decisions/0004-reversals.md).

A whole file may be taken back: of each movement only its number is kept, and the rest is read part
by part.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ledger.service.acquired import carried_by
from ledger.service.goods import (
    GOES_ON,
    ON_GOODS,
    hanging,
    laid_by,
    left_short,
    no_longer_there,
    resting_on,
    takes_from,
    went_on,
)
from ledger.service.known_rows import reversals_of
from ledger.service.rows import is_shipment
from ledger.service.stored import Stored, stored
from ledger.service.superseding import makers_of, makes_one, replacements_of, to_restore
from ledger.service.targets import assignment_of
from ledger.storage import chain
from ledger.storage.statements import Cursor, parts_of
from schemas import tables as t
from schemas.kinds import TRANSFERS, Kind
from schemas.problems import Problem, Unusable

_NEVER = (Kind.ADOPTION, Kind.REFUSAL)
# Movements read at a time: a movement and its reversal take some 5 KB while they are in hand.
AT_ONCE = 1 << 14


@dataclass(frozen=True, slots=True)
class Undo:
    """One movement to take back. Where it is a reversal, `restored` is what stands again."""

    movement: Stored
    restored: Stored | None = None

    @property
    def seq(self) -> int:
        """The movement that is taken back."""
        return int(self.movement["seq"])

    @property
    def root(self) -> Stored:
        """The movement whose effect changes: itself, or the one restored."""
        return self.movement if self.restored is None else self.restored


class Chosen:
    """What to take back, the latest first: `roots` says of each seq whose effect changes.

    `along` says of what goes along with a licence which it is.
    """

    def __init__(self, cursor: Cursor, roots: Mapping[int, int], along: Mapping[int, int]) -> None:
        self._cursor, self._roots, self.along = cursor, roots, along

    def __len__(self) -> int:
        return len(self._roots)

    def parts(self) -> Iterator[list[Undo]]:
        """Some at a time."""
        yield from self._read(self._roots)

    def restored(self) -> Iterator[Stored]:
        """The movements that are to stand again, the latest reversal's first."""
        again = [seq for seq, root in self._roots.items() if root != seq]
        return (undo.root for undos in self._read(again) for undo in undos)

    def _read(self, seqs: Collection[int]) -> Iterator[list[Undo]]:
        for part in in_parts(sorted(seqs, reverse=True)):
            yield _undos(self._cursor, part, self._roots)


def in_parts(seqs: Collection[int]) -> Iterator[Sequence[int]]:
    """Numbers in their order, as many at a time as are read at once."""
    return parts_of(list(seqs), AT_ONCE)


def _undos(cursor: Cursor, seqs: Sequence[int], roots: Mapping[int, int]) -> list[Undo]:
    """Some movements to take back, in the order given."""
    found = {m["seq"]: m for m in stored(cursor, "seq", seqs)}
    again = [root for root in map(roots.__getitem__, seqs) if root not in found]
    restored = {m["seq"]: m for m in stored(cursor, "seq", again)}
    return [Undo(found[seq], restored.get(roots[seq])) for seq in seqs]


class Standing(Exception):
    """Live movements are in the way of a reversal.

    `by` maps a movement to those that point at it; `since` a movement to be restored to those
    recorded in its place since it was reversed. `named` says of each seq what it is.
    """

    def __init__(
        self, by: dict[int, list[int]], since: dict[int, list[int]], named: dict[int, str]
    ) -> None:
        self.by, self.since, self.named = by, since, named
        parts = [f"seq {seq} (by {_listed(seqs, named)})" for seq, seqs in by.items()]
        said = [f"live movements point at {'; '.join(parts)}"] if parts else []
        for seq, seqs in since.items():
            said.append(f"recorded since in place of seq {seq}: {_listed(seqs, named)}")
        super().__init__("; ".join(said) + ": reverse them first, or --cascade")

    def __reduce__(self) -> tuple[type[Standing], tuple[object, ...]]:
        """As it was made: by its sentence alone no other process could make it again."""
        return Standing, (self.by, self.since, self.named)


def _listed(seqs: Sequence[int], named: dict[int, str]) -> str:
    return ", ".join(named.get(seq, f"seq {seq}") for seq in seqs)


def name_of(movement: Stored) -> str:
    """A movement as a person knows it: number, kind, document and day."""
    line = f" line {movement['line']}" if movement["line"] != "1" else ""
    what = f"{movement['kind']} {movement['document']}{line}"
    return f"seq {movement['seq']} ({what} of {movement['effective_on']})"


def choose(cursor: Cursor, seqs: Iterable[int], *, cascade: bool) -> Chosen:
    """What to take back, latest first, with all that depends on it where told so.

    Raises Unusable for what cannot be reversed, Standing where others depend on it.
    """
    choice = _Choice(cursor, cascade=cascade)
    choice.take(dict.fromkeys(seqs))
    choice.settle()
    return Chosen(cursor, choice.roots, choice.along)


def other_legs(cursor: Cursor, legs: Sequence[Stored]) -> dict[int, int]:
    """The other leg of each leg of a move, by seq."""
    found = {m["seq"]: m["target_seq"] for m in legs if m["kind"] == Kind.TRANSFER_IN}
    left = [m["seq"] for m in legs if m["kind"] == Kind.TRANSFER_OUT]
    pointing = stored(cursor, "target_seq", left) if left else []
    arrived = (m for m in pointing if m["kind"] == Kind.TRANSFER_IN)
    return found | {m["target_seq"]: m["seq"] for m in arrived}


class _Choice:
    """The movements chosen so far, and what was found in their way."""

    def __init__(self, cursor: Cursor, *, cascade: bool) -> None:
        self.cursor, self.cascade = cursor, cascade
        # Whose effect changes where a movement is taken back: its own, or that of what it reversed.
        self.roots: dict[int, int] = {}
        # By seq of what goes along with a licence, that licence: the replacements it made.
        self.along: dict[int, int] = {}
        self.problems: list[Problem] = []
        self._by: dict[int, list[int]] = {}
        self._since: dict[int, list[int]] = {}
        self._named: dict[int, str] = {}
        self._new: list[int] = []
        # The licences that are to stand again, and replace another.
        self._again: list[Stored] = []

    def take(self, seqs: Iterable[int]) -> None:
        """Choose movements by seq; what cannot be is a problem."""
        for part in in_parts([seq for seq in seqs if seq not in self.roots]):
            self._take(part)

    def _take(self, wanted: Sequence[int]) -> None:
        found = {m["seq"]: m for m in stored(self.cursor, "seq", wanted)}
        again = [m["target_seq"] for m in found.values() if m["kind"] == Kind.REVERSAL]
        targets = {m["seq"]: m for m in stored(self.cursor, "seq", set(again))}
        gone = reversals_of(self.cursor, wanted)
        # Neither leg of a move is anything without the other.
        moves = {m["seq"]: m for m in (*found.values(), *targets.values())}
        other = other_legs(self.cursor, [m for m in moves.values() if m["kind"] in TRANSFERS])
        undone = reversals_of(self.cursor, other.values())
        more: dict[int, None] = {}
        for seq in wanted:
            movement = found.get(seq)
            if movement is None:
                self._problem(seq, "there is no such movement")
            elif movement["kind"] in _NEVER:
                self._problem(seq, f"{movement['kind']}: cannot be reversed")
            elif seq in gone:
                self._problem(seq, _gone(movement, gone[seq]))
            elif movement["kind"] != Kind.REVERSAL:
                self._add(seq, seq)
                more |= {other[seq]: None} if seq in other else {}
            elif (target := targets[movement["target_seq"]])["kind"] == Kind.REVERSAL:
                more[target["target_seq"]] = None
            else:
                self._add(seq, target["seq"])
                pair = other.get(target["seq"])
                more |= {undone[pair]: None} if pair in undone else {}
        if more:
            self.take(more)

    def _add(self, seq: int, root: int) -> None:
        self.roots[seq] = root
        self._new.append(seq)

    def _problem(self, seq: int, reason: str) -> None:
        self.problems.append(Problem("", 0, 0, "seq", str(seq), reason))

    def settle(self) -> None:
        """Take along what depends on the chosen, or say that it is in the way."""
        while self._new and not self.problems:
            new, self._new = self._new, []
            for part in in_parts(new):
                undos = _undos(self.cursor, part, self.roots)
                facts = [undo for undo in undos if undo.restored is None]
                restored = [undo for undo in undos if undo.restored is not None]
                self._take_replacements(facts, restored)
                self._meet(self._by, self._pointing(facts))
                self._meet(self._since, self._in_place(restored))
            if not self._new:
                self._meet(self._by, self._went_on())
        self._check_targets()
        if self.problems:
            raise Unusable(*self.problems)
        if self._by or self._since:
            by, since = (dict(sorted(met.items())) for met in (self._by, self._since))
            raise Standing(by, since, self._named)

    def _take_replacements(self, facts: Sequence[Undo], restored: Sequence[Undo]) -> None:
        """What a licence replaced goes, and comes back, with it: all its lines have to be gone."""
        made = replacements_of(self.cursor, [undo.root for undo in facts])
        every = {seq for each in made.values() for seqs in each for seq in seqs}
        gone = reversals_of(self.cursor, every)
        makers = makers_of(self.cursor, stored(self.cursor, "seq", every - gone.keys()))
        for undo in facts:
            for seq in (seq for seqs in made.get(undo.seq, ()) for seq in seqs):
                if seq in makers and all(m["seq"] in self.roots for m in makers[seq]):
                    self.along.setdefault(seq, undo.seq)
        self.take(self.along)
        self._again += [undo.root for undo in restored if makes_one(undo.root)]
        for reversal, licence in to_restore(self.cursor, self._again, self.roots).items():
            self.along.setdefault(reversal, licence)
        self.take(self.along)

    def _meet(self, blocking: dict[int, list[int]], found: list[tuple[int, Stored]]) -> None:
        met = [(seq, m) for seq, m in found if m["seq"] not in self.roots]
        if self.cascade:
            self.take(dict.fromkeys(m["seq"] for _, m in met))
            return
        for seq, movement in met:
            if movement["seq"] not in blocking.setdefault(seq, []):
                blocking[seq].append(movement["seq"])
            self._named[movement["seq"]] = name_of(movement)

    def _live(self, movements: Iterable[Stored]) -> list[Stored]:
        facts = [m for m in movements if m["kind"] not in (Kind.REVERSAL, Kind.REFUSAL)]
        gone = reversals_of(self.cursor, [m["seq"] for m in facts])
        return [m for m in facts if m["seq"] not in gone]

    def _pointing(self, undos: Sequence[Undo]) -> list[tuple[int, Stored]]:
        """The live movements that point at those to be taken back."""
        pointing = stored(self.cursor, "target_seq", [undo.seq for undo in undos])
        found = [(m["target_seq"], m) for m in self._live(pointing)]
        sent = [undo.seq for undo in undos if is_shipment(undo.movement["kind"])]
        resting = resting_on(self.cursor, sent)
        found += [(resting[m["seq"]], m) for m in self._live(stored(self.cursor, "seq", resting))]
        carried = list(carried_by(self.cursor, [undo.seq for undo in undos]).items())
        pairs = carried + hanging(self.cursor, [undo.movement for undo in undos], self.roots)
        others = {m["seq"]: m for m in stored(self.cursor, "seq", {other for _, other in pairs})}
        found += [(seq, others[other]) for seq, other in pairs]
        makers = makers_of(self.cursor, [m for _, m in found] + [undo.movement for undo in undos])
        found = [(seq, by) for seq, m in found for by in makers.get(m["seq"]) or [m]]
        return found + [(u.seq, by) for u in undos for by in makers.get(u.seq, ())]

    def _went_on(self) -> list[tuple[int, Stored]]:
        """What took goods on from an account that would be left with less than nothing."""
        short = left_short(self.cursor, self.roots)
        facts = [seq for seq, root in self.roots.items() if root == seq]
        pairs = went_on(self.cursor, short, facts, self.roots)
        others = {m["seq"]: m for m in stored(self.cursor, "seq", {other for _, other in pairs})}
        return [(seq, others[other]) for seq, other in pairs]

    def _in_place(self, undos: Sequence[Undo]) -> list[tuple[int, Stored]]:
        """The live movements recorded where those to be restored stood.

        The same line recorded anew; and what follows the same movement since then, for it was
        weighed without the one restored. Draws on a licence line may come in any order.
        """
        found = self._recorded_anew(undos) + self._same_licence(undos)
        laid = laid_by(self.cursor, [undo.root["seq"] for undo in undos])
        at = {undo.root["target_seq"] for undo in undos} - {None} | set(laid.values())
        beside: dict[int, list[Stored]] = {}
        for movement in self._live(stored(self.cursor, "target_seq", at)):
            beside.setdefault(movement["target_seq"], []).append(movement)
        for shipment in at:
            assigned = assignment_of(self.cursor, shipment)
            if assigned is not None:
                beside.setdefault(shipment, []).extend(stored(self.cursor, "seq", [assigned]))
        for undo in undos:
            root = undo.root
            found += [
                (root["seq"], m)
                for followed in {root["target_seq"], laid.get(root["seq"])} - {None}
                for m in beside.get(followed, ())
                if m["seq"] > undo.seq
                and not (is_shipment(m["kind"]) and is_shipment(root["kind"]))
            ]
        return found

    def _recorded_anew(self, undos: Sequence[Undo]) -> list[tuple[int, Stored]]:
        found: list[tuple[int, int]] = []
        waiting, attempt = list(undos), 1
        while waiting:
            keys = {_key(undo.root, attempt): undo for undo in waiting}
            known = self.cursor.find(t.movement_key, "key", keys)
            waiting = [keys[bytes(row[0])] for row in known]
            found += [(keys[bytes(row[0])].root["seq"], row[2]) for row in known]
            attempt += 1
        others = {other for seq, other in found if other != seq}
        live = {m["seq"]: m for m in self._live(stored(self.cursor, "seq", others))}
        return [(seq, live[other]) for seq, other in found if other in live]

    def _same_licence(self, undos: Sequence[Undo]) -> list[tuple[int, Stored]]:
        """Live licence lines of the same number: two could not be told apart."""
        roots = [undo.root for undo in undos if undo.root["kind"] == Kind.LICENCE]
        numbers = {root["document"] for root in roots}
        names = t.licence_line.columns.keys()
        lines = [
            dict(zip(names, row, strict=True))
            for row in self.cursor.find(t.licence_line, "licence", numbers)
        ]
        live = {(one["licence"], one["line"]): one["seq"] for one in lines if one["live"]}
        met = {
            root["seq"]: live[name]
            for root in roots
            if (name := (root["document"], root["line"])) in live and live[name] != root["seq"]
        }
        opened = {m["seq"]: m for m in stored(self.cursor, "seq", set(met.values()))}
        return [(seq, opened[other]) for seq, other in met.items()]

    def _check_targets(self) -> None:
        """What a restored movement points at must stand as it stood when it was recorded."""
        again = {root for seq, root in self.roots.items() if root != seq}
        short = left_short(self.cursor, self.roots) if again else {}
        for part in in_parts(sorted(again)):
            self._check_targets_of(part, again, short)

    def _check_targets_of(
        self, part: Sequence[int], again: Collection[int], short: Mapping[int, int]
    ) -> None:
        restored = stored(self.cursor, "seq", part)
        laid = laid_by(self.cursor, part, ON_GOODS)
        targets = {root["target_seq"] for root in restored} - {None} | set(laid.values())
        gone = reversals_of(self.cursor, targets)
        self._check_makers(restored)
        for root in restored:
            for target in {root["target_seq"], laid.get(int(root["seq"]))} - {None}:
                by = gone.get(int(target), 0)
                if target in self.roots or (by > root["seq"] and by not in self.roots):
                    said = f"is reversed by seq {by}" if by else "is to be reversed"
                    reason = f"points at seq {target}, which {said}: restore that first, or with it"
                    self._problem(root["seq"], reason)
            took = bool(short) and takes_from(self.cursor, int(root["seq"]), short)
            if took or no_longer_there(self.cursor, root, self.roots, again):
                did = "took" if root["kind"] in GOES_ON else "gave back"
                reason = f"what it {did} is not there any more: restore that first, or with it"
                self._problem(root["seq"], reason)

    def _check_makers(self, restored: Sequence[Stored]) -> None:
        """A replacement stands again with the licence that makes it, and not without.

        One that stands now and goes along with what is restored makes none.
        """
        with_licence = {self.roots[seq] for seq in self.along if seq in self.roots}
        for seq, licences in makers_of(self.cursor, restored).items():
            if seq not in with_licence and all(one["seq"] in self.roots for one in licences):
                (one,) = (m for m in restored if m["seq"] == seq)
                reason = f"licence {one['document']}, which makes it, is reversed: restore that"
                self._problem(seq, reason)


def _gone(movement: Stored, by: int) -> str:
    if movement["kind"] == Kind.REVERSAL:
        return f"is reversed already: seq {movement['target_seq']} stands again"
    return f"is reversed already; to restore it, reverse seq {by}"


def _key(root: Stored, attempt: int) -> bytes:
    return chain.key_digest(root["kind"], root["source"], root["document"], root["line"], attempt)
