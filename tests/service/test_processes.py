"""Several processes at once, and processes that end in the middle: all or nothing, each time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.service.ledger import Ledger, new_ledger, open_ledger
from ledger.service.seal import Sealer
from ledger.storage.bulk import Staging
from ledger.storage.errors import StoreBusy, StoreUnavailable
from ledger.storage.store import open_store
from tests.service.books import assert_sound, rows, whole, write_csv
from tests.service.child import LOT, POINTS

pytestmark = pytest.mark.slow

HOUSE = Path(__file__).parents[2]
FEW = 200


@contextmanager
def child(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A process of child.py; it never outlives the test."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.service.child", *map(str, arguments)],
        cwd=HOUSE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def hears(process: subprocess.Popen[str], word: str) -> None:
    """Wait until a process says a word."""
    assert process.stdout
    said = process.stdout.readline().strip()
    if said != word:
        pytest.fail(f"{said!r}, not {word!r}: {process.communicate()[1]}")


def together(*commands: tuple[object, ...]) -> list[str]:
    """Let processes begin at once; what each says at its end."""
    with ExitStack() as stack:
        started = [stack.enter_context(child(*command)) for command in commands]
        for process in started:
            hears(process, "ready")
        for process in started:
            assert process.stdin
            process.stdin.write("\n")
            process.stdin.flush()
        said = [process.communicate(timeout=120) for process in started]
        assert [process.returncode for process in started] == [0] * len(started), said
        return [out.strip() for out, _ in said]


def shipments(path: Path, name: str, count: int = FEW, **more: object) -> Path:
    """A file of shipments, one in two with a receipt."""
    lines = [
        {"document": f"{name}-{n}", "exported_on": "2025-06-01", "authorization": "LPP"}
        | {"received_on": "2025-06-09" if n % 2 else "", **LOT, **more}
        for n in range(count)
    ]
    return write_csv(path / f"{name}.csv", lines)


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """A new ledger in each database, sound at the end."""
    with new_ledger(ledger_url) as made:
        yield made
        assert_sound(made)


# At once


def test_the_last_units_are_given_once(ledger: Ledger):
    """Eight processes ask for 24 units of which 17 are left: 7 are refused, whoever came first."""
    ledger.issue(LOT | {"licence": "L1", "issued_on": "2025-05-20", "quantity": str(49898 - 17)})
    said = together(*(("apply", ledger.url, f"P{n}", 3) for n in range(8)))
    granted, refused = (sum(int(one.split()[at]) for one in said) for at in (0, 1))
    assert (granted, refused) == (17, 7)
    balance = max(rows(ledger.url, "balance"), key=lambda b: b["pending_mtpp"])
    assert balance["pending_mtpp"] == 17 * 15_832_000
    kinds = [m["kind"] for m in rows(ledger.url, "movement")[2:]]
    assert (kinds.count("application"), kinds.count("refusal")) == (17, 7)


def test_two_imports_at_once_both_land(ledger: Ledger, tmp_path: Path):
    files = [shipments(tmp_path, name) for name in ("one", "two")]
    said = together(*(("load", ledger.url, file) for file in files))
    assert said == [str(FEW + FEW // 2)] * 2
    submissions = rows(ledger.url, "submission")[1:]
    assert sorted(s["file_name"] for s in submissions) == ["one.csv", "two.csv"]
    assert len(rows(ledger.url, "movement")) == 1 + 2 * (FEW + FEW // 2)


def test_two_imports_of_one_file_at_once_record_it_once(ledger: Ledger, tmp_path: Path):
    file = shipments(tmp_path, "one")
    said = together(*(("load", ledger.url, file) for _ in range(2)))
    assert sorted(said) == ["0", str(FEW + FEW // 2)]


def test_who_waits_too_long_is_told(ledger: Ledger, tmp_path: Path):
    file = shipments(tmp_path, "one")
    hasty = Ledger(open_store(ledger.url, wait_seconds=0.2), ledger.rulebook)
    before = whole(ledger.url)
    with hasty, ledger.store.writing():
        for columns_from in (1, 10**9):
            with pytest.raises(StoreBusy, match="another process is writing"):
                hasty.import_file(file, "shipments", columns_from=columns_from)
    assert whole(ledger.url) == before


# In the middle


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_import_leaves_nothing_and_runs_again(ledger: Ledger, tmp_path: Path, point: str):
    file = shipments(tmp_path, "one")
    before = whole(ledger.url)
    with child("load_stalled", ledger.url, file, point) as process:
        hears(process, "stalled")
        process.kill()
        assert process.wait() == -signal.SIGKILL
    assert whole(ledger.url) == before
    assert_sound(ledger)
    assert ledger.import_file(file, "shipments", columns_from=1).count == FEW + FEW // 2


@pytest.mark.parametrize("point", ["staging", "about to commit"])
def test_ctrl_c_records_nothing(ledger: Ledger, tmp_path: Path, point: str):
    """4,200 rows, which `tpp import` posts as columns."""
    file = shipments(tmp_path, "one", count=4200)
    before = whole(ledger.url)
    command = ("import", file, "--as", "shipments", "--ledger", ledger.url)
    with child("tpp", point, *command) as process:
        hears(process, "stalled")
        process.send_signal(signal.SIGINT)
        _, talk = process.communicate(timeout=30)
    assert (process.returncode, "nothing was recorded" in talk) == (130, True), talk
    assert whole(ledger.url) == before
    assert list(tmp_path.glob("tpp-import-*")) == []


@pytest.mark.parametrize("largest", [100_000, 200_000, 400_000])
def test_a_full_disk_records_nothing(tmp_path: Path, largest: int):
    """Whether it is the scratch files that find no room, or the ledger."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    file = shipments(tmp_path, "one", count=2000)
    with new_ledger(url) as ledger:
        before = whole(url)
        with child("load_on_a_full_disk", url, file, largest) as process:
            said, talk = process.communicate(timeout=60)
        assert said.startswith("StoreUnavailable"), (said, talk)
        assert whole(url) == before
        assert list(tmp_path.glob("tpp-import-*")) == []
        assert ledger.import_file(file, "shipments").count == 3000
        assert_sound(ledger)


@pytest.mark.parametrize("way", ["as columns", "by rows"])
def test_a_server_that_goes_away_in_the_middle(
    pg_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
):
    def goes_away(*_: Any, **__: Any) -> None:
        name = pg_url.partition("?")[0].rpartition("/")[2]
        server = pg_url.replace("+psycopg", "", 1).replace(f"/{name}", "/postgres")
        with psycopg.connect(server, autocommit=True) as admin:
            end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            admin.execute(end, (name,))

    file = shipments(tmp_path, "one")
    owner, method = (Staging, "finish") if way == "as columns" else (Sealer, "_annexed")
    with new_ledger(pg_url) as ledger:
        before = whole(pg_url)
        with monkeypatch.context() as patch:
            patch.setattr(owner, method, goes_away)
            columns_from = 1 if way == "as columns" else 10**9
            with pytest.raises(StoreUnavailable):
                ledger.import_file(file, "shipments", columns_from=columns_from)
        assert whole(pg_url) == before
        assert ledger.import_file(file, "shipments").count == FEW + FEW // 2
        assert_sound(ledger)


# Two libraries


def opened_files(path: Path) -> int:
    """How many times this process has a file open."""
    found = 0
    for handle in Path("/proc/self/fd").iterdir():
        try:
            found += os.readlink(handle) == str(path)
        except FileNotFoundError:
            continue
    return found


def test_no_other_library_opens_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """ADBC carries a SQLite of its own, and two on one file lose commits: it gets staging files.

    While an import runs, the ledger's file is open as often as Python's sqlite3 opened it.
    """
    import adbc_driver_sqlite.dbapi as adbc

    path = tmp_path / "ledger.db"
    lent: list[str] = []
    counted: list[int] = []
    connect, finish, put = adbc.connect, Staging.finish, Staging.put

    def noted(uri: str, **named: Any) -> Any:
        lent.append(uri)
        counted.append(opened_files(path))
        return connect(uri, **named)

    def watched(original: Any) -> Any:
        def watch(*arguments: Any) -> Any:
            counted.append(opened_files(path))
            result = original(*arguments)
            counted.append(opened_files(path))
            return result

        return watch

    monkeypatch.setattr(adbc, "connect", noted)
    monkeypatch.setattr(Staging, "finish", watched(finish))
    monkeypatch.setattr(Staging, "put", watched(put))
    with new_ledger(f"sqlite:///{path}") as ledger:
        file = shipments(tmp_path, "one")
        for _ in range(2):
            ledger.import_file(file, "shipments", columns_from=1)
    assert len(lent) >= 3
    assert all(Path(uri).name.startswith("stage_") for uri in lent)
    assert path not in {Path(uri).resolve() for uri in lent}
    # The import writes on one connection, reads what is on record by another, looks up staged keys
    # by a third, and one is kept for single movements: all are Python's.
    assert set(counted) == {4}


def test_what_another_process_writes_meanwhile_is_kept(ledger_url: str, tmp_path: Path):
    """One process records shipment after shipment while files are imported beside it."""
    stop = tmp_path / "stop"
    with new_ledger(ledger_url) as ledger:
        with child("ship", ledger_url, "beside", stop) as process:
            hears(process, "ready")
            assert process.stdin
            process.stdin.write("\n")
            process.stdin.flush()
            for n in range(4):
                file = shipments(tmp_path, f"file{n}")
                assert ledger.import_file(file, "shipments", columns_from=1).count == 300
            stop.touch()
            said, talk = process.communicate(timeout=60)
        assert process.returncode == 0, talk
        beside = int(said)
        assert beside > 0
        documents = [m["document"] for m in rows(ledger_url, "movement")]
        assert sum(name.startswith("beside-") for name in documents) == beside
        assert len(documents) == 1 + 4 * 300 + beside
        assert_sound(ledger)


def test_a_ledger_opened_again_goes_on(ledger: Ledger, tmp_path: Path):
    """Numbers given by another process meanwhile are not given twice."""
    with open_ledger(ledger.url) as other:
        for n, one in enumerate((ledger, other, ledger, other)):
            one.ship(
                LOT
                | {"document": f"S{n}", "exported_on": "2025-06-01", "authorization": "LPP"}
                | {"ultimate_consignee": f"New {n // 2}", "exporter": f"E{n}"}
            )
    assert len({p["name"] for p in rows(ledger.url, "party")}) == 6
