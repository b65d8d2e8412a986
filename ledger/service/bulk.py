"""Post a file of licences or shipments as columns: the posting of a million rows.

The same as posting.py, batch by batch: the balances are carried from one batch to the next, so
memory does not grow with the file. A test holds the two equal to the byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ledger.intake.store import Workspace
from ledger.policy.types import as_enforced
from ledger.rules.admission import Entries, by_day, weigh
from ledger.service import columns, follower_columns
from ledger.service.batches import Frame, frames
from ledger.service.begins import Begins
from ledger.service.book import MOVED, Book
from ledger.service.bulk_answers import Answers
from ledger.service.bulk_countries import BulkCountries
from ledger.service.bulk_draws import BulkDrawer
from ledger.service.bulk_findings import Findings, Gathered
from ledger.service.bulk_followers import BulkFollowers
from ledger.service.bulk_known import (
    Attempts,
    any_known,
    licensed_already,
    mark_known,
    replaced_before,
)
from ledger.service.bulk_lines import BulkLines
from ledger.service.bulk_papers import FramePapers
from ledger.service.by_place import ByPlace
from ledger.service.closed import ClosedQuarters
from ledger.service.conditions import Watch, on_record
from ledger.service.current import insist_current
from ledger.service.day_numbers import day_of
from ledger.service.days import Days
from ledger.service.draws import IF_BEFORE, Drawer
from ledger.service.follower_columns import Followed
from ledger.service.followers import TRANSIT
from ledger.service.gathered_days import GatheredDays
from ledger.service.known_rows import ByRows
from ledger.service.leaves import Leaves
from ledger.service.line_rules import line_rules
from ledger.service.marks import Marks
from ledger.service.on_record import OnRecord
from ledger.service.outcome import SHOWN, Found, Outcome
from ledger.service.parents import Parents
from ledger.service.posting import Desk, open_begun, sums_that_fit
from ledger.service.posting_order import in_order
from ledger.service.rulebook import Ruled, as_note
from ledger.service.running import RunningTotals
from ledger.service.seal import Header, Sealer
from ledger.service.shares import Shares
from ledger.storage.bulk import Collision, Staging
from ledger.storage.staged import columns_from
from ledger.storage.statements import Cursor
from schemas.kinds import SHIPMENTS, Kind

if TYPE_CHECKING:
    import duckdb

# Rows weighed at a time, a power of two so that the tree takes them as whole subtrees.
BATCH = 1 << 15
# Half as many where there are more than so many: what is kept of all of them takes room.
_MANY = 1 << 21
# Fewer where what they say beside is longer than so many bytes, but no fewer than so many.
_SAID, _FEWEST = 1 << 23, 1 << 8
# The page cache of look-ups, in MB. Rows are added with the usual one: they come in the order of
# their tables.
_LOOK_MB = 64

# What an outcome carries of a finding as it is stored.
_TOLD = ("seq", "code", "limit_mtpp", "taken_mtpp", "asked_mtpp", "short_mtpp", "detail")

Progress = Callable[[str, int, int], None]


def post_columns(
    desk: Desk,
    con: duckdb.DuckDBPyConnection,
    header: Header,
    workspace: Workspace,
    progress: Progress | None = None,
) -> Outcome:
    """Post the table `given` of an intake as one submission; what is known already is left out.

    `workspace` is the intake's. Raises ByRows where it has to be done row by row, Outdated as
    post() does, and the store's errors; then nothing was recorded.
    """
    kinds = {kind for (kind,) in con.execute("SELECT DISTINCT kind FROM given").fetchall()}
    follows = kinds <= set(columns.FOLLOWERS)
    with _memory_of_the_system():
        prepared = None if follows else columns.prepare(con, desk.rulebook)
        try:
            return _attempt(desk, prepared, header, Work(con, workspace, progress))
        except Collision:
            # The sample held no known key and yet there is one: now with every key looked up.
            return _attempt(desk, prepared, header, Work(con, workspace, progress, thorough=True))


@contextmanager
def _memory_of_the_system() -> Iterator[None]:
    """Arrow takes memory from the system, which has it back: of its own it keeps much for later."""
    import pyarrow as pa

    before = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(before)


@dataclass(frozen=True, slots=True)
class Work:
    """Where the columns are, where scratch files may stand, and who is told how far it is."""

    con: duckdb.DuckDBPyConnection
    workspace: Workspace
    progress: Progress | None = None
    thorough: bool = False


def _attempt(desk: Desk, prepared: columns.Prepared | None, header: Header, work: Work) -> Outcome:
    """One attempt; what follows shipments is made ready in it (`prepared` None)."""
    con = work.con
    attempts = Attempts(con)
    good = con.execute("SELECT count(*), count(received_on) FROM given").fetchall()[0]
    staging: Staging | None = None
    try:
        with desk.store.writing() as turn:
            raw = desk.store.raw(turn.connection)
            outcome = Outcome(head=turn.head.digest)
            # What is on record is read beside the writer, whose connection is at work copying rows.
            with (
                desk.store.reading() as seen,
                desk.store.looking(turn, cache_mb=_LOOK_MB) as look,
                Staging(raw, desk.store.dialect, work.workspace.folder, look) as staging,
            ):
                cursor = Cursor(desk.store.raw(seen.connection), desk.store.dialect)
                insist_current(desk.known, cursor, turn.head)
                book = Book(cursor, desk.known, turn.head.last_submission + 1)
                sealer = Sealer(desk.store, Cursor(raw, desk.store.dialect), book, turn.head)
                thorough = work.thorough or any_known(con, cursor, good[0])
                if thorough:
                    mark_known(con, staging, outcome, attempts, follows=prepared is None)
                if prepared is not None and licensed_already(con, staging):
                    raise ByRows if thorough else Collision("licence_line")
                if prepared is not None and replaced_before(con, cursor):
                    raise ByRows
                fresh = sum(good) - outcome.already
                if fresh:
                    ready = _ready(desk, con, prepared, book, staging)
                    open_begun(desk.rulebook, book, turn.head)
                    size = _at_a_time(con, fresh)
                    # They are sorted while what is on record is looked up.
                    in_turn = in_order(con, ready.movements, size, work.workspace)
                    with in_turn as rows, sums_that_fit():
                        load = _Load(desk, con, ready, book, staging)
                        staging.looked()
                        made = frames(con, rows, ready, load.party_no, turn.head.last_seq)
                        each = attempts.told(made, follows=prepared is None)
                        load.run(each, fresh, outcome, work.progress)
                        sealer.begin_annex()  # while the last rows are copied
                        staging.finish()
            if fresh:
                root = load.leaves.tree.root().hex()
                sealer.link(fresh, root, header, outcome)
    finally:
        if staging is not None:
            staging.close()
    book.keep()
    return outcome


def _at_a_time(con: duckdb.DuckDBPyConnection, count: int) -> int:
    """How many of `count` rows are weighed at a time: fewer where they say much, since some batches
    wait.
    """
    ((said,),) = con.execute("SELECT sum(strlen(details)) // count(*) FROM given").fetchall()
    rows = BATCH if count <= _MANY else BATCH // 2
    while rows > _FEWEST and rows * (said or 0) > _SAID:
        rows //= 2
    return rows


def _ready(
    desk: Desk,
    con: duckdb.DuckDBPyConnection,
    prepared: columns.Prepared | None,
    book: Book,
    staging: Staging,
) -> columns.Prepared:
    """The columns, with what hangs on the books and so waits for the lock. Raises ByRows."""
    if prepared is None:
        prepared = follower_columns.prepare(con, staging, book)
        for ruling in (one.ruling for one in prepared.ruled):
            if ruling.case.parent_seat and "parent_hq" in {d.holder_from for d in ruling.draws}:
                raise ByRows  # who holds for it stands in no column, but in the ruling
        return prepared
    parents = Parents(desk.rulebook, book.cursor, OnRecord(book.cursor, desk.rulebook).relations)
    if parents.any and any(map(parents.known, prepared.party_keys)):
        prepared = columns.prepare(con, desk.rulebook, parents)
    if any(map(_as_it_leaves, prepared.ruled)):
        raise ByRows  # what a receipt then does hangs on the licence of its shipment
    return prepared


def _as_it_leaves(ruled: Ruled) -> bool:
    """Whether under an old licence it counts as it leaves, and otherwise when it arrives."""
    old = {draw.rule for draw in ruled.ruling.draws if draw.effect == IF_BEFORE}
    return any(draw.effect == TRANSIT and draw.rule in old for draw in ruled.ruling.draws)


class _Load:
    """One submission on its way from the table `work` into the ledger's tables."""

    def __init__(
        self,
        desk: Desk,
        con: duckdb.DuckDBPyConnection,
        prepared: columns.Prepared,
        book: Book,
        staging: Staging,
    ) -> None:
        self.desk, self.prepared = desk, prepared
        self.book, self.staging = book, staging
        numbers = book.parties(prepared.parties)
        book.find_rulings(ruled.digest for ruled in prepared.ruled)
        self.party_no = columns.place_column([numbers[name] for name in prepared.parties])
        # By place; one more, for movements that are not ruled.
        self.ruling_no = np.full(len(prepared.ruled) + 1, -1, np.int64)
        self.lines = BulkLines(con, staging, prepared, book, line_rules(desk.rulebook))
        self.countries = BulkCountries(con, staging, prepared, desk.rulebook, book.cursor)
        drawer = Drawer(desk.rulebook, book)
        if drawer.acquired.any:
            raise ByRows  # what an acquired entity received is laid on two budgets row by row
        follows = isinstance(prepared, Followed)
        self.drawer = (BulkFollowers if follows else BulkDrawer)(drawer, prepared, self.lines)
        self.answers = Answers(con, staging, book)
        self.shares = Shares(drawer)
        self.running = RunningTotals(desk.rulebook, book, at_once=True)
        self.watch = Watch(desk.rulebook.regime, on_record(book.cursor))
        self.budget_no = ByPlace(book, np.int64, lambda book, at: book.numbers[at])
        self.days = GatheredDays(staging.folder)
        self.dated = Days(book, self.days.parts)
        self.leaves: Leaves
        self.credits: dict[int, int] = {}
        self.closed = ClosedQuarters(book.cursor)
        self.begins = Begins(desk.rulebook, book)
        self.marks = Marks(book.cursor)

    def _number_rulings(self, frame: Frame) -> None:
        """Give the batch its rulings' numbers, new ones in the order movements come to them."""
        at = frame.ints("ruling_at", -1)
        found, first = np.unique(at, return_index=True)
        for place in found[np.argsort(first)].tolist():
            if place >= 0 and self.ruling_no[place] < 0:
                ruled = self.prepared.ruled[place]
                self.ruling_no[place] = self.book.ruling(ruled.digest, ruled.body)
        frame.ruling_no = self.ruling_no[at]

    def run(
        self, batches: Iterator[Frame], count: int, outcome: Outcome, progress: Progress | None
    ) -> None:
        """Weigh, number and stage every row, batch by batch; `staging` then has to finish."""
        done = 0
        self.staging.expect(count)
        self.leaves = Leaves(self.staging, self.book.submission, self.prepared.parties, count)
        for frame in batches:
            self._one(frame, outcome)
            done += frame.count
            if progress is not None:
                progress("posting", done, count)
        self.leaves.stage_keys()
        self._save()

    def _one(self, frame: Frame, outcome: Outcome) -> None:
        self._number_rulings(frame)
        flags = self.drawer.flags(frame)
        self._watch(frame, flags)
        self.countries.flag(frame, flags)
        if self.prepared.notes is not None:
            self.prepared.notes.flag(frame, flags)
        batch = self.answers.answer(frame, self.drawer.batch(frame, flags), flags)
        claiming = np.where(frame.ints("behind") == 0, frame.day, -1)
        self.marks.flag_batch(batch, claiming, self.book.numbers, flags)
        tolerance = self.desk.rulebook.value_tolerance_ppm
        calendar = self.dated.calendar(batch, frame.day)
        weighed = weigh(batch, self.book.balances, self.lines.lines, tolerance, calendar)
        for excess in weighed.excesses:
            flags.excess(self.begins.of(excess, frame.day))
        self.lines.flag_late(frame, weighed.late, flags)
        ruling = frame.ints("ruling_at")
        papers = FramePapers(self.drawer.clerk, frame)
        posted, days = self.running.of_batch(weighed.entries), frame.day.tolist()
        self.running.flag(posted, days, papers, flags.add)
        self.shares.flag(
            self.shares.posted_in(weighed.entries),
            days,
            lambda at: self.prepared.ruled[ruling[at]].ruling.shares,
            flags.add,
        )
        self.closed.mark_days(frame.day, flags)
        self._gather(frame, weighed.entries)
        budget_no = self.budget_no.column()
        self._spare(frame, flags)
        findings = flags.in_order(frame.first_seq, budget_no)
        self._tell(frame, findings, outcome)
        self.leaves.add(frame, weighed.entries, budget_no, findings)
        self.lines.open(frame, batch, budget_no)

    def _watch(self, frame: Frame, flags: Gathered) -> None:
        """Flag shipments whose authorization's or licence's conditions are breached."""
        if self.watch.authorizations:
            self._watch_authorizations(frame, flags)
        if self.watch.licences:
            self._watch_licences(frame, flags)

    def _watch_licences(self, frame: Frame, flags: Gathered) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        named = frame.table.column("licence")
        asked = pc.is_in(named, value_set=pa.array(sorted(self.watch.licences), pa.string()))
        for at in np.flatnonzero(asked.to_numpy()).tolist():
            if frame.value("kind", at) in SHIPMENTS:
                found = self.watch.on_licence(named[at].as_py(), day_of(int(frame.day[at])))
                if found is not None:
                    flags.add(at, found)

    def _watch_authorizations(self, frame: Frame, flags: Gathered) -> None:
        codes = self.watch.authorizations
        stated = frame.table.column("authorization").to_pylist()
        own = frame.ints("behind") == 0
        for at in np.flatnonzero(own).tolist():
            if stated[at] not in codes or frame.value("kind", at) == Kind.LICENCE:
                continue
            names = [self._party(frame, column, at) for column in ("consignee_at", "parent_at")]
            day = day_of(int(frame.day[at]))
            found = self.watch.flag(stated[at], names, frame.value("details", at), day)
            if found is not None:
                flags.add(at, found)

    def _party(self, frame: Frame, column: str, at: int) -> str | None:
        place = frame.value(column, at)
        return None if place is None else self.prepared.parties[place]

    def _gather(self, frame: Frame, entries: Entries) -> None:
        self.days.add(by_day(entries, frame.day))
        gives = (entries.official == 1) & (
            (entries.taken < 0) | (entries.adjustment != 0) | (entries.pending < 0)
        )
        days = frame.day[entries.row[gives]].tolist()
        for place, day in zip(entries.budget[gives].tolist(), days, strict=True):
            self.credits[place] = max(self.credits.get(place, day), day)

    def _spare(self, frame: Frame, flags: Gathered) -> None:
        """Make notes of what is found on days on which it is not enforced."""
        rulebook = self.desk.rulebook
        if as_enforced(rulebook.options):
            days, which = np.unique(frame.day, return_inverse=True)
            each = [rulebook.spares(day_of(day)) for day in days.tolist()]
            flags.change(np.array(each, bool)[which], as_note)

    def _tell(self, frame: Frame, findings: Findings, outcome: Outcome) -> None:
        """Count a batch's findings, and put the first of all into the outcome."""
        outcome.counts.update(findings.counts())
        shown = findings.table.slice(0, max(SHOWN - len(outcome.findings), 0))
        figures = zip(*(shown.column(name).to_pylist() for name in _TOLD), strict=True)
        for n, (seq, code, *values, detail) in enumerate(figures):
            at, place = int(findings.row[n]), int(findings.place[n])
            budget = None if place < 0 else self.book.named(place)
            limit, taken, asked, short = values
            named = frame.named(at)
            found = Found(seq, *named, code, budget, limit, taken, asked, short, detail)
            outcome.findings.append(found)

    def _save(self) -> None:
        """Write new parties, budgets and rulings, move balances, their days and licence lines."""
        for place, day in self.credits.items():
            self.book.credited(place, str(np.datetime64(day, "D")))
        rows, moved = self.book.unwritten()
        new = {table.name: columns_from(table.name, of_table) for table, of_table in rows.items()}
        put = {"balance": columns_from("balance", moved, MOVED), **self.lines.moved()}
        del rows, moved
        days = self.days.rows(self.budget_no.column())
        self.staging.change(put, {"balance_day": days} if self.days.parts else {}, new)
