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
from typing import Any

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
from ledger.service.importing import Asked, Progress, import_file, rows_of
from ledger.service.on_record import relations_on_record
from ledger.service.outcome import Outcome
from ledger.service.posting import Desk, post
from ledger.service.replay import Replay, replay
from ledger.service.rulebook import Rulebook
from ledger.service.seal import Header, day_after
from ledger.service.settings import setting_for
from ledger.service.versions import Version
from ledger.storage.statements import Cursor
from ledger.storage.store import Store, create, open_store
from schemas.kinds import FileKind
from schemas.problems import Unusable


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

    Every verb raises the store's errors (StoreError) where the database will not have it, and
    Unusable where the input is broken; then nothing was recorded.
    """

    store: Store
    rulebook: Rulebook

    def __post_init__(self) -> None:
        self.desk = Desk(self.store, self.rulebook, Known(kinds=self.rulebook.kinds))
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
        given = typed(kind, values, self.setting, source)
        header = Header(f"record {kind}", actor or actor_name())
        if kind is FileKind.CORRECTIONS:
            return corrections.correct(self.desk, [given], header)
        rows, problems = rows_of(self.desk, iter([given]))
        if problems:
            raise Unusable(*problems)
        return post(self.desk, rows, header, retry=retry)

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
        return import_file(self.desk, asked, progress)

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
        return quarters.close(self.desk, quarters.named(quarter), digest, known_seq, header)

    # Licences

    def licence(self, number: str) -> list[licences.Standing]:
        """How each line of a licence stands. Raises Unusable where none is on file."""
        return licences.show(self, number)

    def lapses_due(self, by: date) -> list[tuple[str, str, date]]:
        """The licence lines past their last day that hold something: number, line, day of lapse."""
        return lapses.due(self, by)

    def lapse_due(self, by: date, *, actor: str | None = None) -> Outcome:
        """Post the lapses that are due by a day, as one submission."""
        return lapses.lapse(self, by, actor or actor_name())

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
        new = Ledger(self.store, regimes.added(self.rulebook, regime, options or {}))
        outcome = adopt(new, actor=actor)
        self.rulebook, self.desk, self._setting = new.rulebook, new.desk, None
        return outcome

    # Versions of the regime

    def version(self, name: str, settings: Mapping[str, str] | None = None) -> Version:
        """A version of a regime: "adopted", a key, a folder, or digits of an adopted one."""
        return versions.version_of(name, self.store, settings)

    def adopt(
        self, where: str, settings: Mapping[str, str] | None = None, *, note: str | None = None
    ) -> Outcome:
        """Move to another version of the regime, by key or folder, or to other options.

        "adopted" keeps the texts and changes options alone. Past rulings stay. Open the ledger
        anew to record under it.
        """
        return versions.move(self, where, settings or {}, note=note)

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
        return reversal.reverse(self.desk, list(seqs), header, **{"cascade": False, **how})

    def reverse_submission(self, number: int, reason: str, **how: Any) -> Outcome:
        """Reverse every movement of a submission that still stands."""
        return self.reverse(reversal.of_submission(self.store, number), reason, **how)


def open_ledger(url: str, *, read_only: bool = False) -> Ledger:
    """Open the ledger at a URL or path. Raises StoreError with a sentence where it cannot."""
    store = open_store(url, read_only=read_only)
    try:
        return Ledger(store, adoption.adopted(store))
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
        adopt(ledger, actor=actor)
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
