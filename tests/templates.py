"""New ledgers by the hundred: made once under a regime, and each later one a copy of that.

Making one opens 157 budgets and writes every text of the regime: in PostgreSQL 15 tables, their
indexes and 300 questions. Restoring what was in the tables costs a quarter of it. A copy has the id
of the first of its kind; that it is like one that is made, tests/house/test_templates.py holds.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg

from ledger.service.ledger import new_ledger
from ledger.storage.store import create
from schemas import tables
from tests.pg_server import Databases

NAMES = [table.name for table in tables.metadata.sorted_tables]


@dataclass(frozen=True)
class Wanted:
    """What a ledger is to be under: regimes by name or folder, and options."""

    regime: str | Path = "ai_diffusion"
    beside: Sequence[str | Path] = ()
    options: Mapping[str, str] = field(default_factory=dict)

    def key(self) -> str:
        """The same for the same texts and options, wherever a folder stands."""
        said = [*map(_text, (self.regime, *self.beside)), *sorted(self.options.items())]
        return hashlib.sha256(repr(said).encode()).hexdigest()

    def made(self, url: str) -> None:
        """Make such a ledger at a URL, and close it."""
        new_ledger(url, regime=self.regime, beside=self.beside, options=self.options).close()


def _text(regime: str | Path) -> object:
    if isinstance(regime, str):
        return regime
    files = sorted(path for path in regime.rglob("*") if path.is_file())
    return [(str(path.relative_to(regime)), path.read_bytes()) for path in files]


class Templates:
    """Ledgers to be copied, and databases that hold such copies, one after the other."""

    def __init__(self, folder: Path, databases: Callable[[], Databases]) -> None:
        self._folder, self._databases = folder, databases
        self._files: dict[str, Path] = {}
        self._tables: dict[str, dict[str, bytes]] = {}
        self._idle: list[str] = []
        self._numbers = count()

    def file(self, wanted: Wanted, path: Path) -> str:
        """The URL of a new, closed ledger in a file; raises as new_ledger does."""
        key = wanted.key()
        if key not in self._files:
            template = self._folder / f"{next(self._numbers)}.db"
            wanted.made(f"sqlite:///{template}")
            self._files[key] = template
        shutil.copyfile(self._files[key], path)
        return f"sqlite:///{path}"

    @contextmanager
    def database(self, wanted: Wanted) -> Iterator[str]:
        """The URL of a new, closed ledger in PostgreSQL, for a while; raises as new_ledger does."""
        key = wanted.key()
        if key not in self._tables:
            with self._databases().lent() as url:
                wanted.made(url)
                self._tables[key] = _read(url)
        url = self._idle.pop() if self._idle else self._another()
        _restore(url, self._tables[key])
        yield url
        self._idle.append(url)

    def _another(self) -> str:
        url = self._databases().kept()
        create(url).close()
        return url


def _connected(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("postgresql+psycopg:", "postgresql:", 1))


def _read(url: str) -> dict[str, bytes]:
    """What every table holds that holds anything."""
    with _connected(url) as connection:
        found = {}
        for name in NAMES:
            if connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone():
                with connection.cursor().copy(f"COPY {name} TO STDOUT (FORMAT binary)") as out:
                    found[name] = b"".join(bytes(part) for part in out)
    return found


def _restore(url: str, held: Mapping[str, bytes]) -> None:
    """Put this into the tables in place of what is there; whoever is still in them goes."""
    with _connected(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        # The guard of what is never deleted stands aside.
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(f"TRUNCATE {', '.join(NAMES)}")
        for name, rows in held.items():
            with connection.cursor().copy(f"COPY {name} FROM STDIN (FORMAT binary)") as into:
                into.write(rows)
