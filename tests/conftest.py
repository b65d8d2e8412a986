"""What every test stands on: a pinned surrounding, and both databases."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from hypothesis import settings
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from ledger.storage import sqlite
from tests.pg_server import Databases, NoServer, fresh_database, running_server
from tests.templates import Templates

SERVER_URL = "TPP_TEST_PG_URL"

settings.register_profile("check", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "check"))


@pytest.fixture(scope="session", autouse=True)
def pinned_surrounding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The same zone, language, width and home for everybody; no ledger named from outside."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(("TPP_", "PG", "XDG_", "LC_")) and name != SERVER_URL:
                patch.delenv(name)
        for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE"):
            patch.delenv(name, raising=False)
        # In the background of a shell Ctrl-C is ignored, by us and by all that is started here.
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        patch.setenv("LC_ALL", "C.UTF-8")
        patch.setenv("COLUMNS", "120")
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("TZ", "Asia/Tokyo")  # not UTC, so that a mix-up of the two shows
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """What SQLAlchemy compiled for one ledger serves the next: its engines share one memory.

    Each engine has a memory of its own, by statement and by dialect as an object; two dialects of
    one class compile alike here. `tpp check` alone is sixty statements a ledger.
    """
    shared: LRUCache[Any, Any] = LRUCache(4_000)
    make = sqlalchemy.create_engine

    def sharing(*arguments: Any, **named: Any) -> sqlalchemy.Engine:
        engine = make(*arguments, **named)
        engine._compiled_cache = shared
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlalchemy, "create_engine", sharing)
        patch.setattr(DefaultDialect, "__eq__", lambda one, other: type(one) is type(other))
        patch.setattr(DefaultDialect, "__hash__", lambda one: hash(type(one)))
        yield


@pytest.fixture(scope="session", autouse=True)
def unsynced() -> Iterator[None]:
    """Ledgers in SQLite do not wait for the disk. Those of other processes do, as a user's."""
    real = sqlite._prepare

    @wraps(real)
    def prepare(connection: sqlite3.Connection, read_only: bool) -> None:
        real(connection, read_only)
        connection.execute("PRAGMA synchronous = OFF")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite, "_prepare", prepare)
        yield


@pytest.fixture(scope="session")
def pg_server() -> Iterator[str]:
    """URL of a real PostgreSQL server; without one the run fails, it does not skip."""
    if url := os.environ.get(SERVER_URL):
        yield url
        return
    try:
        with running_server(fsync=False) as url:
            yield url
    except NoServer as reason:
        pytest.fail(str(reason))


@pytest.fixture(scope="session")
def databases(pg_server: str) -> Iterator[Databases]:
    """Empty PostgreSQL databases to be lent."""
    kept = Databases(pg_server, f"tpp_test_{os.getpid()}")
    yield kept
    kept.close()


@pytest.fixture(scope="session")
def templates(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Templates:
    """New ledgers to be had cheaply, in files and in PostgreSQL."""
    return Templates(
        tmp_path_factory.mktemp("templates"), lambda: request.getfixturevalue("databases")
    )


@pytest.fixture
def pg_url(databases: Databases) -> Iterator[str]:
    """URL of an empty PostgreSQL database that is the test's own."""
    with databases.lent() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty place for a ledger, once in each database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    url: str = request.getfixturevalue("pg_url")
    return url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """An empty place for one ledger that all tests of a module share, in each database."""
    name = request.node.path.stem
    if request.param == "sqlite":
        yield str(tmp_path_factory.mktemp(name) / "ledger.db")
        return
    with fresh_database(request.getfixturevalue("pg_server"), f"{name}_{os.getpid()}") as url:
        yield url
