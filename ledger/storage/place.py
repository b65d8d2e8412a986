"""Where a ledger stands: a URL or a path, read without SQLAlchemy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ledger.storage.errors import StoreError

_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+)://")
# A password as libpq takes it from a URL, and whatever may be meant for one: up to the last `@`.
_PASSWORDS = (
    (re.compile(r"(?<=://)([^:@]*):.*@", re.DOTALL), r"\1:***@"),
    (re.compile(r"((?:^|[?&])\w*password=)[^&]*", re.IGNORECASE), r"\1***"),
)
_PORTS = re.compile(r"[0-9,]*")


@dataclass(frozen=True, slots=True)
class Place:
    """One ledger's place; `path` for SQLite, `conninfo` (a libpq URI) for PostgreSQL."""

    dialect: Literal["sqlite", "postgresql"]
    url: str
    path: Path | None = None
    conninfo: str = ""

    def __str__(self) -> str:
        return str(self.path) if self.path else _hidden(self.url)

    @property
    def file(self) -> Path:
        """The SQLite file. Raises StoreError where the ledger is in PostgreSQL."""
        if self.path is None:
            raise StoreError(f"the ledger {self} is not a file")
        return self.path


def place_of(url: str) -> Place:
    """The place a URL or a bare path (then SQLite) names.

    Raises StoreError for a scheme that is neither SQLite's nor PostgreSQL's, for a URL that libpq
    cannot read, for a path that is no text in UTF-8, and for a SQLite database in memory: a ledger
    is kept. No password is in what it says.
    """
    found = _SCHEME.match(url)
    if found is None:
        return _sqlite(url)
    scheme, rest = found[1].lower(), url[found.end() :]
    if scheme in ("sqlite", "sqlite+pysqlite"):
        if rest and not rest.startswith("/"):
            raise StoreError(f"{_hidden(url)}: write sqlite:///PATH, with three slashes")
        return _sqlite(rest[1:])
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        return _postgresql(rest)
    raise StoreError(f"{_hidden(url)}: a ledger is kept in sqlite:///PATH or postgresql://...")


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
    whole = str(Path(path).absolute())
    try:
        whole.encode()
    except UnicodeEncodeError:
        raise StoreError(f"the path {whole!a} is not text in UTF-8: rename it") from None
    return Place("sqlite", f"sqlite:///{path}", Path(path))


def _postgresql(rest: str) -> Place:
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    place = Place("postgresql", f"postgresql+psycopg://{rest}", None, f"postgresql://{rest}")
    try:
        found = conninfo_to_dict(place.conninfo)
    except (ProgrammingError, UnicodeEncodeError) as error:
        # What libpq says of a token may be a part of the password; of a parameter it is its name.
        said = str(error).strip()
        why = said if said.startswith("invalid URI query parameter") else _WRITTEN
        raise StoreError(f"{place}: not the URL of a database ({why})") from None
    spilled = any("@" in str(found.get(name, "")) for name in ("host", "dbname"))
    if spilled or not _PORTS.fullmatch(str(found.get("port") or "")):
        raise StoreError(f"{place}: not the URL of a database ({_WRITTEN})")
    return place


_WRITTEN = "in a name or password % is written %25, / %2F and @ %40"


def _hidden(url: str) -> str:
    """A URL with its passwords taken out."""
    for pattern, instead in _PASSWORDS:
        url = pattern.sub(instead, url)
    return url
