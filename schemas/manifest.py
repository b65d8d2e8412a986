"""The manifest of a columnar copy: which files make it up, and up to where it has followed.

`manifest.json` is the only file of a copy that is ever replaced; whoever has read it has a copy
that stays whole. `views.sql` beside it says the same as SQL, for a person at a DuckDB prompt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from schemas.columnar import ABOUT, COLUMNAR_VERSION, ROLLUPS, SEGMENTS

MANIFEST = "manifest.json"
VIEWS = "views.sql"

# One file a macro, in an order in which each knows those it asks.
_MACROS = (
    *("expiry_of", "grouped", "folded", "adopted", "standing", "replacements", "facility_events"),
    *("licence_conditions", "conditions_due", "ultimate_parents", "held_by"),
)
_FOLDER = Path(__file__).parent / "sql"

# A file of the copy's own folder: what goes out of use is removed, and several may write there.
_NAME = re.compile(r"[A-Za-z0-9_-]+\.parquet")

# A manifest's own digest, in it: a figure that is another would be followed.
_SEAL = "sha256"

# Each table with its columns, the small `about` among them.
TABLES: Mapping[str, Mapping[str, str]] = {**SEGMENTS, **ROLLUPS, "about": ABOUT}


class NotAManifest(ValueError):
    """The text is no manifest, or one of another columnar version."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One Parquet file: a table's rows from `first` to `last`, counted as that table counts.

    movement, entry, entry_day, finding and about_party count by seq; party, budget and ruling by
    their number; submission by submission; about has both 0. `size` is in bytes; `footer` is the
    SHA-256 of the file's Parquet footer, which lies at its end and tells one file of a size from
    another; `digest` is that of the whole file, which takes reading it.
    """

    table: str
    file: str
    first: int
    last: int
    rows: int
    size: int
    footer: str
    digest: str


@dataclass(frozen=True, slots=True)
class Retired:
    """A file no longer in use, and when (seconds since 1970) it went out of use."""

    file: str
    at: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a copy holds: everything of one ledger up to a submission, and its chain's digest."""

    ledger_id: str
    last_seq: int
    last_submission: int
    digest: str
    segments: tuple[Segment, ...] = ()
    retired: tuple[Retired, ...] = ()

    def of(self, table: str) -> tuple[Segment, ...]:
        """The segments of one table, oldest first."""
        return tuple(s for s in self.segments if s.table == table)

    def text(self) -> str:
        """The manifest as the JSON text that is kept."""
        said = {"columnar_version": COLUMNAR_VERSION, **asdict(self)}
        return json.dumps({**said, _SEAL: _sealed(said)}, indent=1) + "\n"

    @staticmethod
    def read(text: str) -> Manifest:
        """The manifest in a text. Raises NotAManifest."""
        try:
            found = json.loads(text)
            if found.pop(_SEAL) != _sealed(found):
                raise NotAManifest("it is not as it was written")
            if found.pop("columnar_version") != COLUMNAR_VERSION:
                raise NotAManifest("of another columnar version")
            segments = tuple(Segment(**s) for s in found.pop("segments"))
            retired = tuple(Retired(**r) for r in found.pop("retired"))
            files = [*(s.file for s in segments), *(r.file for r in retired)]
            if not all(map(_NAME.fullmatch, files)):
                raise NotAManifest("it names files that are none of a copy's")
            return Manifest(**found, segments=segments, retired=retired)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise NotAManifest(str(error)) from error


def _sealed(said: Mapping[str, object]) -> str:
    """The SHA-256 of what a manifest says but for this."""
    return sha256(json.dumps(said).encode()).hexdigest()


def view_statements(manifest: Manifest, folder: str = "", asked: str | None = None) -> list[str]:
    """One CREATE VIEW a table, over the files in use; `folder`, if given, goes before each name.

    A table without rows is a view of its columns and no row. `rolled_up_to(seq)` is the end of
    the last roll-up that a `seq` does not cut, 0 where there is none. Below them stand the macros
    of `schemas/sql`: what several reports read, each in a file that says what it is. Where the text
    of what is `asked` is given, only those it needs.
    """
    before = folder.rstrip("/") + "/" if folder else ""
    views = [
        _view(table, columns, [before + s.file for s in manifest.of(table) if s.rows])
        for table, columns in TABLES.items()
    ]
    ends = [s.last for s in manifest.of("entry_day") if s.rows]
    return [*views, _rolled_up_to(ends), *_macros(asked)]


def scan(files: Iterable[str]) -> str:
    """SQL that reads Parquet files just as they are: of a folder called `name=value` on the way to
    them DuckDB would make a column, which may hide one of the file's, and of brackets a pattern.
    """
    names = ", ".join("'" + literal(file).replace("'", "''") + "'" for file in files)
    return f"read_parquet([{names}], hive_partitioning = false)"


def literal(path: str) -> str:
    """A path with nothing in it that DuckDB would read as a pattern."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in path)


def _macros(asked: str | None) -> list[str]:
    """Those a text asks, and those that they ask; all of them without one."""
    needed: list[str] = []
    for name in reversed(_MACROS):
        if asked is None or any(f"{name}(" in text for text in (asked, *needed)):
            needed.append((_FOLDER / f"{name}.sql").read_text(encoding="utf-8").rstrip())
    return needed[::-1]


def _rolled_up_to(ends: Sequence[int]) -> str:
    # Plain comparisons with constants: DuckDB then knows which files it need not read.
    when = "".join(f" WHEN seq >= {end:d} THEN {end:d}" for end in sorted(ends, reverse=True))
    body = f"CASE{when} ELSE 0 END" if when else "0"
    return f"CREATE OR REPLACE MACRO rolled_up_to(seq) AS {body};"


def _view(table: str, columns: Mapping[str, str], files: Iterable[str]) -> str:
    some = list(files)
    if some:
        body = f"SELECT * FROM {scan(some)}"  # noqa: S608 - names of our own files
    else:
        typed = ", ".join(f'NULL::{type_} AS "{name}"' for name, type_ in columns.items())
        body = f"SELECT {typed} WHERE false"
    return f"CREATE OR REPLACE VIEW {table} AS {body};"


def views_text(manifest: Manifest) -> str:
    """The text of `views.sql`: read it in DuckDB with the copy's folder as the current one."""
    heading = (
        "-- The tables of a ledger's columnar copy. In the folder of this file:\n"
        "--   duckdb -init views.sql\n"
        "-- and then, say, .read PATH/TO/reports/sql/remaining.sql\n"
    )
    return heading + "\n".join(view_statements(manifest)) + "\n"
