"""Fills a copy: what a source streams becomes Parquet, written once; small files are merged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ledger.publish import folders
from ledger.publish.sources import BY_SEQ, Part, Rows, Source
from ledger.storage.errors import StoreUnavailable
from ledger.storage.head import Head
from schemas.columnar import ABOUT, AMOUNTS, ROLLUPS, SEGMENTS
from schemas.manifest import Manifest, Segment, scan
from schemas.problems import first_line

if TYPE_CHECKING:
    import duckdb

# Movements copied at a time: bounds the staging file and the size of one segment.
PART_MOVEMENTS = 1_000_000
# Once so many files at the end of a table are below one of these sizes (rows), and not below the
# one before, they become one file: a row is rewritten about once a size, nothing large ever is.
MERGE_FILES = 16
MERGE_BELOW = (1 << 13, 1 << 17)
# Tables whose rows are found by a number of their own, above the last one known.
NUMBERED = ("party", "budget", "budget_step", "ruling")
# Rows of a Parquet group, of which each thread holds one, and the memory to write it with: where
# that does not do, since rows are long, with fewer rows, and at last with more memory.
_ROOM = ((122_880, "256MB"), (16_384, "256MB"), (2_048, "2GB"))
_THREADS = 2


class Damaged(Exception):
    """A file that the copy has already is not as it was written."""


@dataclass(frozen=True, slots=True)
class Job:
    """One refresh: from an open ledger, up to a head, into a folder."""

    ledger: Source
    head: Head
    folder: Path
    progress: Callable[[int, int], None] | None = None


def filled(job: Job, base: Manifest, about: Callable[[], list[Any]] | None) -> Manifest:
    """The manifest of the copy with everything above `base` added; its files are in place.

    Raises StoreUnavailable where the files cannot be written, Damaged where some of `base` are not
    as they were written.
    """
    with _duckdb(job.folder) as connection:
        writer = _Writer(connection, job.folder)
        manifest, adopted = _followed(job, base, writer)
        if about is not None and (adopted or not base.of("about")):
            manifest = _told(manifest, about(), writer)
        return _merged(manifest, writer)


@contextmanager
def _duckdb(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    settings: dict[str, Any] = {
        "memory_limit": _ROOM[0][1],
        "threads": _THREADS,
        "temp_directory": str(folder / "spill.tmp"),
        "autoinstall_known_extensions": "false",
    }
    try:
        with duckdb.connect(":memory:", config=settings) as connection:
            yield connection
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        said = f"writing the copy in {folder} failed ({first_line(error)})"
        raise StoreUnavailable(said) from error


@dataclass(slots=True)
class _Writer:
    connection: duckdb.DuckDBPyConnection
    folder: Path
    room: int = 0

    def scan(self, segments: tuple[Segment, ...]) -> str:
        """SQL that reads segments."""
        return scan(str(self.folder / s.file) for s in segments)

    def read(self, what: str, segments: tuple[Segment, ...], where: str = "") -> list[Any]:
        """Ask something of segments."""
        ask = f"SELECT {what} FROM {self.scan(segments)} {where}"  # noqa: S608
        return self.connection.execute(ask).fetchall()

    def written(self, table: str, select: str, first: int, last: int) -> Segment:
        """Write what a SELECT gives as one segment: under a passing name, then in its place."""
        name = f"{table}-{first}-{last}-{uuid4().hex[:12]}.parquet"
        path, under_way = self.folder / name, self.folder / f"{name}.tmp"
        quoted = str(under_way).replace("'", "''")
        as_told = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROOM[self.room][0]}"
        copy = f"COPY ({select}) TO '{quoted}' ({as_told})"
        try:
            found = self.connection.execute(copy).fetchone()
            assert found is not None
            folders.synced(under_way)
            under_way.rename(path)
        finally:
            under_way.unlink(missing_ok=True)
        told = path.stat().st_size, folders.footer_of(path), folders.digest_of(path)
        return Segment(table, name, first, last, found[0], *told)

    def fitting(self, make: Callable[[], Segment]) -> Segment:
        """What is made so, with less at a time where it takes more memory than there is."""
        import duckdb

        while True:
            try:
                return make()
            except duckdb.OutOfMemoryException:
                if self.room + 1 == len(_ROOM):
                    raise
                self.room += 1
                self.connection.execute(f"SET memory_limit = '{_ROOM[self.room][1]}'")


def _followed(job: Job, base: Manifest, writer: _Writer) -> tuple[Manifest, bool]:
    """Add all rows between `base` and the head; and whether an adoption was among them."""
    segments, adopted = list(base.segments), False
    wanted = parts(base, job.head)
    _say(job, base, base.last_seq)
    for part, rows in zip(wanted, job.ledger.parts(wanted), strict=True):
        new = [_segment(table, part, rows, writer) for table in part.bounds]
        for empty in (s for s in new if not s.rows):
            (writer.folder / empty.file).unlink()
        new = [s for s in new if s.rows]
        segments += new
        segments += [_rolled_up((s,), writer) for s in new if s.table == "entry"]
        adopted = adopted or any(_has_adoption(s, writer) for s in new if s.table == "movement")
        _say(job, base, part.bounds.get("movement", (0, job.head.last_seq))[1])
    head = job.head
    there = Manifest(head.ledger_id, head.last_seq, head.last_submission, head.digest)
    return replace(there, segments=tuple(segments), retired=base.retired), adopted


def _say(job: Job, base: Manifest, seq: int) -> None:
    if job.progress:
        job.progress(seq - base.last_seq, job.head.last_seq - base.last_seq)


def parts(base: Manifest, head: Head) -> list[Part]:
    """What to copy, in portions; the small tables go with the last."""
    steps = [*range(base.last_seq, head.last_seq, PART_MOVEMENTS), head.last_seq]
    by_seq = [dict.fromkeys(BY_SEQ, pair) for pair in pairwise(steps)] or [{}]
    number = head.last_submission
    for table in NUMBERED:
        known = base.of(table)[-1].last if base.of(table) else 0
        by_seq[-1][table] = (known, number)
    by_seq[-1]["submission"] = (base.last_submission, number)
    return [Part(bounds) for bounds in by_seq]


def streamed_rows(table: str) -> str:
    """SQL for a table's rows, as the copy has them, out of a stream registered as `streamed`."""
    columns = SEGMENTS[table]
    names = ", ".join(f'"{name}"' for name in columns)
    typed = ", ".join(f'"{name}"::{type_} AS "{name}"' for name, type_ in columns.items())
    number = next(iter(columns))
    return f"SELECT {typed} FROM streamed AS t({names}) WHERE {number} > 0"  # noqa: S608


def _segment(table: str, part: Part, rows: Rows, writer: _Writer) -> Segment:
    number, select = next(iter(SEGMENTS[table])), streamed_rows(table)
    low, high = part.bounds[table]

    def streamed() -> Segment:
        with rows.stream(table) as stream:
            writer.connection.register("streamed", stream)
            try:
                return writer.written(table, select, low, high)
            finally:
                writer.connection.unregister("streamed")

    made = writer.fitting(streamed)
    if table == "movement" and made.rows != high - low:
        raise StoreUnavailable(
            f"the ledger gave {made.rows} movements from {low + 1} to {high}: run `tpp check`"
        )
    if table in NUMBERED:
        return replace(made, last=_highest(number, made, writer) or low)
    return made


def _rolled_up(segments: tuple[Segment, ...], writer: _Writer) -> Segment:
    """A roll-up of segments of `entry`, or of roll-ups that lie side by side."""
    import duckdb

    last = f"{segments[-1].last:d}::BIGINT AS last_seq"
    group = "budget_no, official, as_kind, effective_on"
    sums = ", ".join(f"sum({name})::BIGINT AS {name}" for name in AMOUNTS)
    files = f"FROM {writer.scan(segments)}"
    # In order of budget, so that a report on few of them skips most of the file.
    order = "ORDER BY budget_no, effective_on, official, as_kind"
    summed = f"SELECT {last}, {group}, {sums} {files} GROUP BY {group} {order}"
    apart = f"SELECT {last}, {group}, {', '.join(AMOUNTS)} {files} {order}"
    span = segments[0].first, segments[-1].last
    try:
        return writer.written("entry_day", summed, *span)
    except duckdb.ConversionException:
        return writer.written("entry_day", apart, *span)


def _highest(column: str, segment: Segment, writer: _Writer) -> int | None:
    found: list[tuple[int | None]] = writer.read(f"max({column})", (segment,))
    return found[0][0]


def _has_adoption(segment: Segment, writer: _Writer) -> bool:
    return bool(writer.read("1", (segment,), "WHERE kind = 'adoption' LIMIT 1"))


def _told(manifest: Manifest, rows: list[Any], writer: _Writer) -> Manifest:
    """Replace the table `about` by these rows."""
    # As one list a column: row by row, DuckDB takes a second for the two thousand of one regime.
    places = ((n, name, type_) for n, (name, type_) in enumerate(ABOUT.items(), start=1))
    columns = ", ".join(f'unnest(${n})::{type_} AS "{name}"' for n, name, type_ in places)
    lists = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in ABOUT]
    writer.connection.execute(f"CREATE TEMP TABLE told AS SELECT {columns}", lists)
    left = folders.without(manifest, manifest.of("about"))
    made = writer.written("about", "SELECT * FROM told", 0, 0)
    return replace(left, segments=(*left.segments, made))


def _merged(manifest: Manifest, writer: _Writer) -> Manifest:
    """Merge each table's last segments where they have become many and small.

    Raises Damaged where one is not as it was written: its damage would be written anew.
    """
    for table in (*SEGMENTS, *ROLLUPS):
        if small := mergeable(manifest.of(table)):
            if folders.damaged(writer.folder, replace(manifest, segments=small)):
                raise Damaged
            made = _joined(table, small, writer)
            left = folders.without(manifest, small)
            manifest = replace(left, segments=(*left.segments, made))
    return manifest


def _joined(table: str, small: tuple[Segment, ...], writer: _Writer) -> Segment:
    if table in ROLLUPS:
        return _rolled_up(small, writer)
    select = f"SELECT * FROM {writer.scan(small)}"  # noqa: S608
    return writer.fitting(lambda: writer.written(table, select, small[0].first, small[-1].last))


def mergeable(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """The segments at a table's end that should become one; none where they are few or large."""
    for low, high in pairwise((0, *MERGE_BELOW)):
        large = [n for n, s in enumerate(segments) if s.rows >= high]
        tail = segments[large[-1] + 1 :] if large else segments
        if sum(s.rows >= low for s in tail) >= MERGE_FILES:
            return tail
    return ()
