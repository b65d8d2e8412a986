"""The manifest of a columnar copy: which files make it up, and up to where it has followed.

`manifest.json` is the only file of a copy that is ever replaced; whoever has read it has a copy
that stays whole. `views.sql` beside it says the same as SQL, for a person at a DuckDB prompt.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from schemas.columnar import ABOUT, COLUMNAR_VERSION, ROLLUPS, SEGMENTS

MANIFEST = "manifest.json"
VIEWS = "views.sql"

# Each table with its columns, the small `about` among them.
TABLES: Mapping[str, Mapping[str, str]] = {**SEGMENTS, **ROLLUPS, "about": ABOUT}


class NotAManifest(ValueError):
    """The text is no manifest, or one of another columnar version."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One Parquet file: a table's rows from `first` to `last`, counted as that table counts.

    movement, entry, entry_day and finding count by seq; party, budget and ruling by their number;
    submission by submission; about has both 0. `size` is in bytes; `footer` is the SHA-256 of
    the file's Parquet footer, which lies at its end and tells one file of a size from another.
    """

    table: str
    file: str
    first: int
    last: int
    rows: int
    size: int
    footer: str


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
        return json.dumps({"columnar_version": COLUMNAR_VERSION, **asdict(self)}, indent=1) + "\n"

    @staticmethod
    def read(text: str) -> Manifest:
        """The manifest in a text. Raises NotAManifest."""
        try:
            found = json.loads(text)
            if found.pop("columnar_version") != COLUMNAR_VERSION:
                raise NotAManifest("of another columnar version")
            segments = tuple(Segment(**s) for s in found.pop("segments"))
            retired = tuple(Retired(**r) for r in found.pop("retired"))
            return Manifest(**found, segments=segments, retired=retired)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise NotAManifest(str(error)) from error


def view_statements(manifest: Manifest, folder: str = "") -> list[str]:
    """One CREATE VIEW a table, over the files in use; `folder`, if given, goes before each name.

    A table without rows is a view of its columns and no row. `rolled_up_to(seq)` is the end of
    the last roll-up that a `seq` does not cut, 0 where there is none; `expiry_of(issued_on, years)`
    the last day of a licence that holds so many years; `grouped(amount_mtpp)` an amount as text.
    """
    before = folder.rstrip("/") + "/" if folder else ""
    views = [
        _view(table, columns, [before + s.file for s in manifest.of(table) if s.rows])
        for table, columns in TABLES.items()
    ]
    ends = [s.last for s in manifest.of("entry_day") if s.rows]
    return [*views, _rolled_up_to(ends), _EXPIRY, _GROUPED]


# As ledger/policy/licensing.py has it: a year from 29 February ends on 28 February.
_EXPIRY = """CREATE OR REPLACE MACRO expiry_of(issued_on, years) AS
    (issued_on + to_years(years))::DATE
    - CASE WHEN day(issued_on + to_years(years)) = day(issued_on) THEN 1 ELSE 0 END;"""


# As schemas/tpp.py has it: whole thousandths of TPP as a person reads them.
_GROUPED = """CREATE OR REPLACE MACRO grouped(amount_mtpp) AS
    format('{:,}', amount_mtpp // 1000) || CASE WHEN amount_mtpp % 1000 = 0 THEN ''
    ELSE '.' || rtrim(lpad((amount_mtpp % 1000)::VARCHAR, 3, '0'), '0') END;"""


def _rolled_up_to(ends: Sequence[int]) -> str:
    # Plain comparisons with constants: DuckDB then knows which files it need not read.
    when = "".join(f" WHEN seq >= {end:d} THEN {end:d}" for end in sorted(ends, reverse=True))
    body = f"CASE{when} ELSE 0 END" if when else "0"
    return f"CREATE OR REPLACE MACRO rolled_up_to(seq) AS {body};"


def _view(table: str, columns: Mapping[str, str], files: Iterable[str]) -> str:
    names = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    if names:
        body = f"SELECT * FROM read_parquet([{names}])"  # noqa: S608 - names of our own files
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
