"""A file in: read, judged, posted as one submission, every row accounted for."""

from __future__ import annotations

import errno
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from ledger.intake import read
from ledger.intake.sniff import PARQUET_NAMES, WORKBOOK_NAMES, unusable
from ledger.intake.store import Workspace, memory_steps, number_of
from ledger.service import acts, conditions, corrections, moves, near, weights
from ledger.service.bulk import post_columns
from ledger.service.columns import BULK_KINDS, FOLLOWERS
from ledger.service.filed_budgets import FiledBudgets
from ledger.service.garbage import few_collections
from ledger.service.known_rows import ByRows
from ledger.service.outcome import Outcome
from ledger.service.posting import Desk, post
from ledger.service.rows import Row, receipt_of, row_of
from ledger.service.seal import Header
from ledger.service.settings import setting_for
from ledger.storage import locks
from ledger.storage.errors import StoreUnavailable
from ledger.storage.interrupts import held_back
from ledger.storage.place import is_database
from schemas.kinds import ADJUSTMENTS, DECLARATIONS, FileKind, Kind
from schemas.problems import Problem, first_line
from schemas.records import GIVEN_TYPES, Given

if TYPE_CHECKING:
    from ledger.intake import Intake

Progress = Callable[[str, int, int], None]
_PREFIX = "tpp-import-"
# Held in a scratch folder for as long as an import is at work there.
_LOCK = "at-work"
# How long a folder without one, killed while it was being made, is left alone.
STRAY_SECONDS = 24 * 60 * 60
# From this many rows on a file is posted as columns.
COLUMNS_FROM = 4000
# What no CSV may be called that is to be imported again.
_NOT_TEXT = (*WORKBOOK_NAMES, *PARQUET_NAMES)
# A file of so many bytes may have as many rows: what columns need is loaded beforehand.
_MANY_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Asked:
    """How a file is to be imported; see Ledger.import_file."""

    path: Path
    kind: FileKind
    mapping: Path | None = None
    source: str | None = None
    dry_run: bool = False
    rejects: Path | None = None
    retry: bool = False
    actor: str = "unknown"
    columns_from: int = COLUMNS_FROM


def import_file(desk: Desk, asked: Asked, progress: Progress | None = None) -> Outcome:
    """Import a file as one atomic submission.

    Raises Unusable for a file that cannot be read at all, or rejects that may not be written where
    they are asked for, and the store's errors (a full disk
    among them); then nothing was recorded. A dry run goes all the way and is undone.
    """
    _insist_named(asked.path)
    _spare(asked)
    scratch = _scratch(desk)
    _sweep(scratch)
    if asked.path.is_file() and asked.path.stat().st_size >= _MANY_BYTES:
        Thread(target=_load_arrow).start()
    short = None
    for memory_mb in memory_steps():
        try:
            with few_collections(), _workspace(scratch, memory_mb) as workspace:
                return _import(desk, asked, workspace, progress)
        except _NotThatMuch as error:
            short = error
    assert short is not None
    raise short


def _insist_named(path: Path) -> None:
    """See that the file's name is text: the submission is recorded with it."""
    name = path.name.encode(errors="surrogateescape")
    if name != path.name.encode(errors="replace"):
        shown = path.with_name(name.decode(errors="replace"))
        raise unusable(shown, "the file's name is no text in UTF-8; rename it")


def _spare(asked: Asked) -> None:
    """See that rejects do not take the place of what they come from, or of a ledger, and are not
    called what they are not.
    """
    into = asked.rejects
    if into is not None and into.suffix.lower() in _NOT_TEXT:
        raise unusable(into, "the rejected rows are written as CSV: name it .csv")
    if into is None or not into.exists():
        return
    for path, what in ((asked.path, "the file itself"), (asked.mapping, "its mapping")):
        if path is not None and path.exists() and into.samefile(path):
            raise unusable(into, f"the rejected rows cannot take the place of {what}")
    if is_database(into):
        raise unusable(into, "the rejected rows cannot take the place of a database")


def _import(desk: Desk, asked: Asked, workspace: Workspace, progress: Progress | None) -> Outcome:
    """One attempt. Raises _NotThatMuch where the memory of the workspace does not do."""
    setting = setting_for(desk.rulebook, progress)
    with _enough_room(workspace):
        intake = read(asked.path, asked.kind, setting, asked.mapping, asked.source, workspace)
    try:
        with _enough_room(workspace):
            intake.warnings += near.beside(intake.con, desk.store, desk.rulebook)
            outcome = _post(desk, intake, asked, workspace, progress)
        _account(intake, outcome, asked)
    finally:
        intake.close()
    return outcome


def _load_arrow() -> None:
    """Load what columns are made with while the file is read: with its first array, pyarrow loads
    pandas.
    """
    import pyarrow as pa

    pa.array([0])


@contextmanager
def _workspace(scratch: Path, memory_mb: int) -> Iterator[Workspace]:
    """A workspace whose folder is gone afterwards, whenever Ctrl-C comes."""
    with ExitStack() as stack:
        with held_back():
            made = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=scratch))
            stack.callback(shutil.rmtree, made, ignore_errors=True)
            stack.enter_context(locks.held(made / _LOCK))
        yield Workspace(made, memory_mb)


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_FULL_SAID = ("no space left", "disk is full", "disk i/o error", "too large", "quota exceeded")
_NO_MEMORY = "out of memory error"
_LIBRARIES = ("duckdb", "_duckdb", "adbc_driver_manager")
_MORE_MEMORY = "the file needs more memory than there is for it"


class _NotThatMuch(StoreUnavailable):
    """DuckDB may not take the memory that the file needs."""


@contextmanager
def _enough_room(workspace: Workspace) -> Iterator[None]:
    """Where disk or memory do not suffice the store is unavailable, whichever library met it."""
    try:
        yield
    except Exception as error:
        short = _short_of(error, workspace.folder.parent)
        if short is None:
            raise
        own = short == _MORE_MEMORY and not isinstance(error, MemoryError)
        kind = _NotThatMuch if own else StoreUnavailable
        raise kind(f"{short}; nothing was recorded ({first_line(error)})") from error


def _short_of(error: Exception, disk: Path) -> str | None:
    """What an error says there is too little of; None where it says something else."""
    number = error.errno if isinstance(error, OSError) else None
    library = type(error).__module__.partition(".")[0]
    # Arrow hands on what DuckDB said as an OSError without a number.
    if library in _LIBRARIES or (isinstance(error, OSError) and number is None):
        number = _number_of(str(error).lower())
    if number in _FULL:
        return f"the disk of {disk} has no room left"
    if number == errno.ENOMEM or isinstance(error, MemoryError):
        return _MORE_MEMORY
    return None


def _number_of(said: str) -> int | None:
    """The errno for what a library says, in lower case."""
    if said.startswith(_NO_MEMORY):
        return number_of(said)
    return errno.ENOSPC if any(words in said for words in _FULL_SAID) else None


def _scratch(desk: Desk) -> Path:
    """Scratch files stand beside a SQLite ledger, on the disk that has to have the room."""
    path = desk.store.place.path
    return Path(tempfile.gettempdir()) if path is None else path.absolute().parent


def _sweep(scratch: Path) -> None:
    """Remove what imports that were killed left behind; those under way are another's."""
    for folder in scratch.glob(f"{_PREFIX}*"):
        if locks.is_free(folder / _LOCK) or _is_stray(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_stray(folder: Path) -> bool:
    """Whether nobody ever locked a folder, and it has been there for long."""
    try:
        if (folder / _LOCK).exists():
            return False
        return time.time() - folder.stat().st_mtime > STRAY_SECONDS
    except OSError:
        return False


def _post(
    desk: Desk, intake: Intake, asked: Asked, workspace: Workspace, progress: Progress | None
) -> Outcome:
    header = Header(
        f"import {asked.kind}", asked.actor, asked.path.name, intake.file_digest or None
    )
    if not intake.good:
        return Outcome(head=current_head(desk))
    if intake.good >= asked.columns_from and not asked.dry_run and _as_columns(intake):
        try:
            return post_columns(desk, intake.con, header, workspace, progress)
        except ByRows:
            pass
    if asked.kind is FileKind.CORRECTIONS:
        return corrections.correct(desk, list(_given(intake)), header, dry_run=asked.dry_run)
    rows, problems = rows_of(desk, _given(intake))
    outcome = post(desk, rows, header, retry=asked.retry, dry_run=asked.dry_run)
    outcome.problems += problems
    outcome.rejected += len({problem.row for problem in problems})
    return outcome


def current_head(desk: Desk) -> str:
    """The chain's head as it stands."""
    with desk.store.reading() as turn:
        return turn.head.digest


def _as_columns(intake: Intake) -> bool:
    """Whether the file holds only what columns can post: no licence that supersedes another or
    whose line stands twice, no transfer of units that a shipment brought, no goods that arrive and
    are removed again.
    """
    kinds = {kind for (kind,) in intake.con.execute("SELECT DISTINCT kind FROM given").fetchall()}
    if kinds <= set(FOLLOWERS):
        removes = Kind.REMOVAL in kinds and len(kinds) > 1
        return not (removes and intake.con.execute(_REMOVED).fetchall())
    if not kinds <= set(BULK_KINDS):
        return False
    if Kind.IN_COUNTRY_TRANSFER in kinds and intake.con.execute(_LINKED).fetchall():
        return False
    if "licence" not in kinds:
        return True
    superseding = intake.con.execute(
        "SELECT 1 FROM given WHERE details LIKE '%\"supersedes\":%' LIMIT 1"
    ).fetchall()
    twice = intake.con.execute(
        "SELECT 1 FROM given GROUP BY document, line HAVING count(*) > 1 LIMIT 1"
    ).fetchall()
    return not superseding and not twice


_REMOVED = f"""
    SELECT 1 FROM given GROUP BY source, target_document, target_line
    HAVING bool_or(kind = '{Kind.REMOVAL}') AND bool_or(kind <> '{Kind.REMOVAL}') LIMIT 1
"""  # noqa: S608
_LINKED = (
    f"SELECT 1 FROM given WHERE kind = '{Kind.IN_COUNTRY_TRANSFER}'"  # noqa: S608
    " AND details LIKE '%\"shipment\":%' LIMIT 1"
)


def _given(intake: Intake) -> Iterator[Given]:
    columns = ", ".join(f'"{name}"' for name in GIVEN_TYPES)
    found = intake.con.cursor().execute(f"SELECT {columns} FROM given ORDER BY row")  # noqa: S608
    while rows := found.fetchmany(2048):
        for row in rows:
            yield Given(*row)


def rows_of(desk: Desk, given: Iterator[Given]) -> tuple[list[Row], list[Problem]]:
    """Rows as given made ready to post: ruled, with the receipts they carry and the second legs of
    moves; and the problems of adjustments and declarations that name nobody.
    """
    rows: list[Row] = []
    problems: list[Problem] = []
    ids: Collection[str] | None = None
    filed = FiledBudgets(desk.store, desk.rulebook)
    for one in given:
        row = row_of(one, desk.rulebook.rule(one))
        found: list[Problem] = []
        if one.kind in ADJUSTMENTS:
            found = acts.resolve(desk.rulebook, row, filed)
        elif one.kind == Kind.CONDITION:
            found = conditions.check(desk.rulebook.regime, row)
        elif one.kind in DECLARATIONS:
            if one.kind == Kind.DUTY_DONE and desk.duties is not None:
                ids = desk.duties() if ids is None else ids
            found = acts.check_declaration(desk.rulebook, row, ids)
        elif one.kind == Kind.WEIGHTS_TRANSFER:
            found = weights.check(desk.rulebook, row)
        if found:
            problems += found
            continue
        rows.append(row)
        if one.kind == Kind.TRANSFER_OUT:
            rows.append(row_of(moves.arrival_of(one), None))
        elif one.received_on is not None:
            rows.append(row_of(receipt_of(one), None))
    return rows, problems


def _account(intake: Intake, outcome: Outcome, asked: Asked) -> None:
    """Tell the outcome of the rows that were not posted, and write the rejects."""
    if outcome.problems:
        intake.con.executemany(
            'INSERT INTO problem (line, row, "column", value, reason, nearest)'
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                (p.line, p.row, p.column, p.value, p.reason, list(p.nearest))
                for p in outcome.problems
            ],
        )
    outcome.rejected += intake.rejected
    outcome.problems = intake.problems(1000)
    outcome.filtered = dict(intake.filtered)
    outcome.warnings += intake.warnings
    if outcome.rejected:
        path = asked.rejects or _free(asked.path)
        try:
            intake.write_rejects(path)
            outcome.rejects_file = str(path)
        except OSError as error:
            # The good rows are recorded: that must not be taken for a failure of all.
            failed = f"the rejected rows could not be written to {path} ({error})"
            outcome.warnings.append(f"{failed}; import the file again to have them")


def _free(path: Path) -> Path:
    """Where rejects go that nobody told a place for: beside the input, over no file there is.

    An earlier rejects file may hold a person's corrections by now.
    """
    first = path.with_name(f"{path.stem}.rejects.csv")
    number, free = 2, first
    while free.exists():
        free = path.with_name(f"{path.stem}.rejects-{number}.csv")
        number += 1
    return free
