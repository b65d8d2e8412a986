"""The verbs of one ledger, each one transaction."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from ledger.catalogue.reader import read_catalogue
from ledger.intake import typed
from ledger.intake.setting import Setting
from ledger.service import (
    adoption,
    corrections,
    lapses,
    licences,
    quarters,
    regimes,
    reversal,
    versions,
)
from ledger.service.book import Known
from ledger.service.current import Outdated, last_adoption
from ledger.service.importing import Asked, Progress, import_file, rows_of
from ledger.service.on_record import relations_on_record
from ledger.service.outcome import Outcome
from ledger.service.posting import Desk, post
from ledger.service.replay import Replay, replay
from ledger.service.rulebook import Rulebook
from ledger.service.seal import Header, day_after
from ledger.service.settings import setting_for
from ledger.service.versions import Version
from ledger.storage.errors import StoreBusy
from ledger.storage.statements import Cursor
from ledger.storage.store import Store, create, open_store
from schemas.kinds import FileKind
from schemas.problems import Unusable

T = TypeVar("T")
# How often a verb is done again because others adopted other rules meanwhile.
_TRIES = 5


def actor_name() -> str:
    """Who acts: TPP_ACTOR, else the user's login."""
    try:
        return os.environ.get("TPP_ACTOR", "").strip() or _login()
    except (KeyError, OSError):
        return "unknown"


@cache
def _login() -> str:
    """Asked once: it may take a look into the user database."""
    return getpass.getuser()


@dataclass
class Ledger:
    """An open ledger. Use it `with`, or close() it.

    `since` is the seq of the adoption its rules come from; 0 where that is not known. Where
    another process adopted other rules since, a verb that records goes by those.
    Every verb raises the store's errors (StoreError) where the database will not have it, and
    Unusable where the input is broken; then nothing was recorded.
    """

    store: Store
    rulebook: Rulebook
    since: int = 0

    def __post_init__(self) -> None:
        self.desk = Desk(self.store, self.rulebook, self._known())
        self._setting: Setting | None = None

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self.store.close()

    @property
    def url(self) -> str:
        """The ledger's URL."""
        return self.store.url

    @property
    def setting(self) -> Setting:
        """What the intake must know to read for this ledger."""
        if self._setting is None:
            self._setting = setting_for(self.rulebook)
        return self._setting

    def know_duties(self, ids: Callable[[], Collection[str]]) -> None:
        """Let what is said to be done be checked against the ids of what is due."""
        self.desk = replace(self.desk, duties=ids)

    # Others who write

    def go_by(self, rulebook: Rulebook, since: int) -> None:
        """Go by other rules, and by nothing that was known of the books before."""
        self.rulebook, self.since, self._setting = rulebook, since, None
        self.desk = replace(self.desk, rulebook=rulebook, known=self._known())

    def _known(self) -> Known:
        return Known(kinds=self.rulebook.kinds, adoption=self.since)

    def _current(self, work: Callable[[], T]) -> T:
        """What recording comes to, done again after a look at what others made of the books."""
        for _ in range(_TRIES):
            try:
                return work()
            except Outdated:
                self._reread()
            except Unusable:
                if not self._behind():
                    raise
                self._reread()
        raise StoreBusy(f"others keep adopting rules in the ledger {self.store.place}; try again")

    def _behind(self) -> bool:
        """Whether others adopted rules since: what was no word of the old ones may be of those."""
        with self.store.reading() as turn:
            last = last_adoption(Cursor(self.store.raw(turn.connection), self.store.dialect))
        return self.since not in (0, last)

    def _reread(self) -> None:
        found = adoption.adopted(self.store)
        self.go_by(found.rulebook, found.seq)

    # One movement typed by hand

    def record(
        self,
        file_kind: FileKind | str,
        values: Mapping[str, str],
        *,
        source: str | None = None,
        retry: bool = False,
        actor: str | None = None,
    ) -> Outcome:
        """Record one movement given as text by heading, as a row of an import file would be."""
        kind = FileKind(file_kind)
        header = Header(f"record {kind}", actor or actor_name())

        def recorded() -> Outcome:
            given = typed(kind, values, self.setting, source)
            if kind is FileKind.CORRECTIONS:
                return corrections.correct(self.desk, [given], header)
            rows, problems = rows_of(self.desk, iter([given]))
            if problems:
                raise Unusable(*problems)
            return post(self.desk, rows, header, retry=retry)

        return self._current(recorded)

    def apply(self, values: Mapping[str, str], *, retry: bool = False) -> Outcome:
        """Weigh an application: recorded as pending, or refused where it would exceed."""
        return self.record(FileKind.APPLICATIONS, values, retry=retry)

    def issue(self, values: Mapping[str, str]) -> Outcome:
        """Record a licence that was issued; flagged where it exceeds."""
        return self.record(FileKind.LICENCES, values)

    def ship(self, values: Mapping[str, str]) -> Outcome:
        """Record a shipment that took place; flagged where it exceeds or lacks something."""
        return self.record(FileKind.SHIPMENTS, values)

    def transfer(self, values: Mapping[str, str]) -> Outcome:
        """Record a move between facilities, as two movements of one pair."""
        return self.record(FileKind.TRANSFERS, values)

    # Files

    def import_file(
        self,
        path: str | Path,
        kind: FileKind | str,
        *,
        progress: Progress | None = None,
        **how: Any,
    ) -> Outcome:
        """Import a CSV, XLSX or Parquet file as one submission.

        `how` takes `mapping` (a mapping file), `source` (the filing system), `dry_run`, `rejects`
        (where rejected rows go; default beside the input), `retry` (weigh refused applications
        anew) and `actor`. `progress` is told (stage, done, total).
        """
        for name in ("mapping", "rejects"):
            if how.get(name) is not None:
                how[name] = Path(how[name])
        how["actor"] = how.get("actor") or actor_name()
        asked = Asked(Path(path), FileKind(kind), **how)
        if self._behind():  # rows that are not understood would be rejects, and nothing raised
            self._reread()
        return self._current(lambda: import_file(self.desk, asked, progress))

    # Quarters

    def check_closable(self, quarter: str) -> None:
        """Raise Unusable where a quarter ("2025Q3") is closed already, not over, or no quarter."""
        quarters.check_closable(self.desk, quarters.named(quarter))

    def close_quarter(
        self, quarter: str, digest: str, known_seq: int, *, actor: str | None = None
    ) -> Outcome:
        """Close a quarter; `digest` is that of its report as known at `known_seq`.

        Raises Unusable where it cannot be closed, and seal.Moved where `known_seq` is not the
        last movement: make the report anew.
        """
        header = Header("close quarter", actor or actor_name(), after=known_seq)
        named = quarters.named(quarter)
        return self._current(lambda: quarters.close(self.desk, named, digest, known_seq, header))

    # Licences

    def licence(self, number: str) -> list[licences.Standing]:
        """How each line of a licence stands. Raises Unusable where none is on file."""
        return licences.show(self, number)

    def lapses_due(self, by: date) -> list[tuple[str, str, date]]:
        """The licence lines past their last day that hold something: number, line, day of lapse."""
        return lapses.due(self, by)

    def lapse_due(self, by: date, *, actor: str | None = None) -> Outcome:
        """Post the lapses that are due by a day, as one submission."""
        return self._current(lambda: lapses.lapse(self, by, actor or actor_name()))

    # Rules

    def add_regime(
        self,
        regime: str | Path,
        options: Mapping[str, str] | None = None,
        *,
        actor: str | None = None,
    ) -> Outcome:
        """Run one more regime beside those of the ledger: it judges what is recorded from now on.

        Raises Unusable for a broken regime or option, and for one that clashes.
        """

        def added() -> Outcome:
            rulebook = regimes.added(self.rulebook, regime, options or {})
            outcome = adopt(Ledger(self.store, rulebook, self.since), actor=actor)
            self.go_by(rulebook, outcome.first_seq)
            return outcome

        return self._current(added)

    # Versions of the regime

    def version(self, name: str, settings: Mapping[str, str] | None = None) -> Version:
        """A version of a regime: "adopted", a key, a folder, or digits of an adopted one."""
        return versions.version_of(name, self.store, settings)

    def adopt(
        self, where: str, settings: Mapping[str, str] | None = None, *, note: str | None = None
    ) -> Outcome:
        """Move to another version of the regime, by key or folder, or to other options.

        "adopted" keeps the texts and changes options alone. Past rulings stay; what is recorded
        from now on goes by it.
        """
        return self._current(lambda: versions.move(self, where, settings or {}, note=note))

    def replay(self, folder: Path, one: Version, other: Version, first: int = 20) -> Replay:
        """Rule the movements of the columnar copy in a folder under two versions."""
        with self.store.reading() as turn:
            cursor = Cursor(self.store.raw(turn.connection), self.store.dialect)
            relations = relations_on_record(cursor, self.rulebook)
        return replay(folder, (one.rulebook, other.rulebook), relations, first)

    # Corrections

    def reverse(self, seqs: Sequence[int], reason: str, **how: Any) -> Outcome:
        """Reverse movements by the opposite of their entries, dated as they were.

        The reversal of a reversal restores what it had reversed. `how` takes `cascade` (take what
        depends on them along), `dry_run` and `actor`. Raises dependents.Standing where live
        movements depend on them and `cascade` is not set, and Unusable where one cannot be
        reversed.
        """
        header = Header("reverse", how.pop("actor", None) or actor_name(), note=reason)
        how = {"cascade": False, **how}
        return self._current(lambda: reversal.reverse(self.desk, list(seqs), header, **how))

    def reverse_submission(self, number: int, reason: str, **how: Any) -> Outcome:
        """Reverse every movement of a submission that still stands."""
        return self.reverse(reversal.of_submission(self.store, number), reason, **how)


def open_ledger(url: str, *, read_only: bool = False) -> Ledger:
    """Open the ledger at a URL or path. Raises StoreError with a sentence where it cannot."""
    store = open_store(url, read_only=read_only)
    try:
        found = adoption.adopted(store)
        return Ledger(store, found.rulebook, found.seq)
    except BaseException:
        store.close()
        raise


def new_ledger(
    url: str,
    *,
    regime: str | Path = "ai_diffusion",
    options: Mapping[str, str] | None = None,
    beside: Sequence[str | Path] = (),
    actor: str | None = None,
) -> Ledger:
    """Make a ledger under a regime: adopt its texts and open the budgets known beforehand.

    `beside` are further regimes that judge the same movements; their options are `REGIME:KEY`.
    Raises Unusable for a broken regime or option and for regimes that clash, StoreError where no
    ledger can be made.
    """
    rulebook = regimes.joined(read_catalogue(), (regime, *beside), options or {})
    actor = actor or actor_name()
    Header("adopt", actor)  # what will not do is refused before there is a ledger
    store = create(url)
    try:
        ledger = Ledger(store, rulebook)
        ledger.go_by(rulebook, adopt(ledger, actor=actor).first_seq)
    except BaseException:
        store.close()
        raise
    return ledger


def adopt(ledger: Ledger, *, actor: str | None = None, note: str | None = None) -> Outcome:
    """Put the ledger's rulebook in force: a movement of its own, with every text in full."""
    rulebook = ledger.rulebook
    with ledger.store.reading() as turn:
        number = turn.head.last_submission + 1
        day = day_after(turn.head.last_recorded_at)
    row, texts = adoption.adoption_row(rulebook, date.today(), number)
    header = Header("adopt", actor or actor_name(), note=note, texts=texts)
    opened = rulebook.known_accounts(day)
    return post(replace(ledger.desk, opening=tuple(opened)), [row], header)
