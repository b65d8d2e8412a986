"""Where a ledger stands: a URL or a path, read without SQLAlchemy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ledger.storage.errors import StoreError

_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+)://")
_PASSWORD = re.compile(r"(?<=://)([^:/@?]*):[^@/?]*@")


@dataclass(frozen=True, slots=True)
class Place:
    """One ledger's place; `path` for SQLite, `conninfo` (a libpq URI) for PostgreSQL."""

    dialect: Literal["sqlite", "postgresql"]
    url: str
    path: Path | None = None
    conninfo: str = ""

    def __str__(self) -> str:
        return str(self.path) if self.path else _PASSWORD.sub(r"\1:***@", self.url)

    @property
    def file(self) -> Path:
        """The SQLite file. Raises StoreError where the ledger is in PostgreSQL."""
        if self.path is None:
            raise StoreError(f"the ledger {self} is not a file")
        return self.path


def place_of(url: str) -> Place:
    """The place a URL or a bare path (then SQLite) names.

    Raises StoreError for a scheme that is neither SQLite's nor PostgreSQL's, and for a SQLite
    database in memory: a ledger is kept.
    """
    found = _SCHEME.match(url)
    if found is None:
        return _sqlite(url)
    scheme, rest = found[1].lower(), url[found.end() :]
    if scheme in ("sqlite", "sqlite+pysqlite"):
        if rest and not rest.startswith("/"):
            raise StoreError(f"{url}: write sqlite:///PATH, with three slashes")
        return _sqlite(rest[1:])
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        return Place("postgresql", f"postgresql+psycopg://{rest}", None, f"postgresql://{rest}")
    raise StoreError(f"{url}: a ledger is kept in sqlite:///PATH or postgresql://...")


# What every SQLite file begins with (sqlite.org/fileformat.html, 1.3).
SQLITE = b"SQLite format 3\0"


def is_database(path: Path) -> bool:
    """Whether a file is a SQLite database, as a ledger is: nothing else may take its place."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(SQLITE)) == SQLITE


def _sqlite(path: str) -> Place:
    if path in ("", ":memory:") or path.startswith("file:"):
        raise StoreError("a ledger is kept in a file: sqlite:///PATH")
    return Place("sqlite", f"sqlite:///{path}", Path(path))
