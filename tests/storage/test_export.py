"""An exported ledger, and the verifier that checks it alone."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.storage.errors import StoreError
from ledger.storage.export import export
from ledger.storage.store import Store, create
from schemas import tables as t
from schemas.kinds import Kind
from tests import verifier
from tests.storage.scribe import DAY, FOUR, H100, POLAND, Scribe, moved, small_ledger

VERIFIER = Path(verifier.__file__)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small ledger's export, which tests change and put back."""
    folder = tmp_path_factory.mktemp("export")
    with create(str(folder / "ledger.db")) as store:
        small_ledger(store)
        export(store, folder / "out")
    return folder / "out"


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def test_the_export_of_either_database_verifies(led: Store, tmp_path: Path) -> None:
    digests = small_ledger(led)
    done: list[tuple[int, int]] = []
    head = export(led, tmp_path / "out", progress=lambda *so_far: done.append(so_far))
    assert done == [(9, 9)]
    assert verifier.verify(tmp_path / "out").endswith(f"head {head.digest}: all as recorded")
    assert verifier.verify(tmp_path / "out", digests[0])
    with pytest.raises(verifier.NotAsRecorded, match="noted earlier"):
        verifier.verify(tmp_path / "out", "ab" * 32)


def test_movements_of_every_kind_verify(led: Store, tmp_path: Path) -> None:
    """What is content differs by the class of the kind; here each field is filled."""
    filled = {
        "target_seq": 1,
        **H100,
        **FOUR,
        "consignee": "Acme",
        "expires_on": DAY,
        "details": "{}",
    }
    scribe = Scribe(led)
    scribe.submit(
        *(moved(kind, kind, (1, 1, 0, 0, 0, 0, 0), **filled) for kind in Kind),
        budgets=[(*POLAND, 1, "shipped")],
    )
    export(led, tmp_path / "out")
    assert f"{len(Kind)} movements" in verifier.verify(tmp_path / "out")


def test_an_empty_ledger_verifies(led: Store, tmp_path: Path) -> None:
    export(led, tmp_path / "out")
    assert "0 movements in 0 submissions" in verifier.verify(tmp_path / "out")


def test_the_files_hold_every_column_as_recorded(exported: Path) -> None:
    names = {path.name for path in exported.iterdir()}
    tables = set(t.metadata.tables) - {"head"}
    assert names == {"README.md", "head.json"} | {f"{table}.csv" for table in tables}
    for table in tables:
        assert read(exported / f"{table}.csv")[0] == t.metadata.tables[table].columns.keys()
    movement = read(exported / "movement.csv")
    assert movement[2][:9] == [
        "2",
        "2",
        "licence",
        "2025-06-02",
        "2029-06-01",
        "books",
        "D1",
        "1",
        "1",
    ]
    assert movement[7][-1] == '{"reason":"typed twice, Größe"}'
    assert read(exported / "text.csv")[2][1] == 'the catalogue, "quoted"\r\n'
    assert len(read(exported / "movement_key.csv")[1][0]) == 32
    head = json.loads((exported / "head.json").read_text(encoding="utf-8"))
    assert head["last_seq"] == 9
    assert head["digest"] in (exported / "README.md").read_text(encoding="utf-8")


def alterations() -> Iterator[tuple[str, str, int]]:
    """Every column of every append-only table, in the first, a middle and the last row."""
    for table in t.APPEND_ONLY:
        for column in table.columns:
            for place in (0, 1, 2):
                yield table.name, column.name, place


@pytest.mark.parametrize(("table", "column", "place"), list(alterations()))
def test_every_altered_field_is_found(exported: Path, table: str, column: str, place: int) -> None:
    path = exported / f"{table}.csv"
    kept = path.read_bytes()
    rows = read(path)
    row = [1, len(rows) // 2, len(rows) - 1][place]
    at = rows[0].index(column)
    rows[row][at] = altered(rows[row][at])
    write(path, rows)
    try:
        with pytest.raises((verifier.NotAsRecorded, ValueError)):
            verifier.verify(exported)
    finally:
        path.write_bytes(kept)


def altered(value: str) -> str:
    """The nearest other value of the same kind."""
    if value == "" or not value[-1].isalnum():
        return value + "1"
    return value[:-1] + ("2" if value[-1] != "2" else "3")


@pytest.mark.parametrize("table", [table.name for table in t.APPEND_ONLY])
def test_a_row_taken_out_or_put_in_is_found(exported: Path, table: str) -> None:
    path = exported / f"{table}.csv"
    kept = path.read_bytes()
    rows = read(path)
    try:
        for changed in (rows[:-1], [rows[0], *rows[2:]], [*rows, rows[-1]]):
            write(path, changed)
            with pytest.raises(verifier.NotAsRecorded):
                verifier.verify(exported)
    finally:
        path.write_bytes(kept)


@pytest.mark.parametrize("name", ["ledger_id", "last_seq", "last_submission", "digest"])
def test_an_altered_head_is_found(exported: Path, name: str) -> None:
    path = exported / "head.json"
    kept = path.read_text(encoding="utf-8")
    head = json.loads(kept)
    head[name] = altered(str(head[name])) if isinstance(head[name], str) else head[name] + 1
    path.write_text(json.dumps(head), encoding="utf-8")
    try:
        with pytest.raises(verifier.NotAsRecorded):
            verifier.verify(exported)
    finally:
        path.write_text(kept, encoding="utf-8")


def test_the_verifier_runs_alone_and_names_what_fails_first(exported: Path, tmp_path: Path) -> None:
    """In an empty folder, without the project's packages on its path."""
    run = [sys.executable, "-I", str(VERIFIER), str(exported)]
    sound = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert sound.returncode == 0, sound.stderr
    assert "9 movements in 3 submissions" in sound.stdout
    path = exported / "entry.csv"
    kept = path.read_bytes()
    rows = read(path)
    rows[2][5] = "1"
    write(path, rows)
    broken = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    path.write_bytes(kept)
    assert broken.returncode == 1
    assert broken.stderr == "not as recorded: submission 2: movements, entries or findings\n"
    noted = [*run, "--head", "00" * 32]
    assert subprocess.run(noted, cwd=tmp_path, capture_output=True, check=False).returncode == 1


def test_the_verifier_stands_on_the_standard_library_alone() -> None:
    lines = VERIFIER.read_text(encoding="utf-8").splitlines()
    imported = {line.split()[1] for line in lines if line.startswith(("import ", "from "))}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


def test_a_folder_that_holds_something_is_left_alone(led: Store, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(StoreError, match="holds something already"):
        export(led, tmp_path / "out")
    assert [p.name for p in tmp_path.glob("out*")] == ["out"]


def test_an_export_that_breaks_off_leaves_nothing(led: Store, tmp_path: Path) -> None:
    small_ledger(led)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(led, tmp_path / "out", progress=stop)
    assert list(tmp_path.glob("out*")) == []


@pytest.mark.parametrize("named", ["out", "out/", "link", "."])
def test_an_empty_folder_is_filled_however_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    """It stays the folder it was: who may read it, what is mounted there, who stands in it."""
    folder = tmp_path / "out"
    folder.mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(folder if named == "." else tmp_path)
    before = folder.stat()
    with create(str(tmp_path / "ledger.db")) as store:
        small_ledger(store)
        export(store, Path(named))
        with pytest.raises(StoreError, match="holds something"):
            export(store, Path(named))
    assert verifier.verify(folder)
    after = folder.stat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ledger.db", "link", "out"]


def test_what_a_killed_export_left_is_in_nobodys_way(led: Store, tmp_path: Path) -> None:
    left = tmp_path / "out.part"
    left.mkdir()
    (left / "movement.csv").write_text("half")
    small_ledger(led)
    export(led, tmp_path / "out")
    assert verifier.verify(tmp_path / "out")
    assert (left / "movement.csv").read_text() == "half"
