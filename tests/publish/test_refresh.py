"""The copy says what the ledger says, however it came about, and is noticed where it does not."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

import reports
from ledger import publish
from ledger.publish import fill, folders, sources
from ledger.storage.errors import StoreUnavailable
from ledger.storage.place import place_of
from schemas.columnar import AMOUNTS, ROLLUPS, SEGMENTS
from schemas.manifest import Manifest, Segment, view_statements
from tests.publish.ledgers import Ledger


def read(copy: publish.Copy, ask: str) -> list[tuple[object, ...]]:
    """What the copy says."""
    with duckdb.connect() as connection:
        for statement in view_statements(copy.manifest, str(copy.folder)):
            connection.execute(statement)
        return connection.execute(ask).fetchall()


def assert_equal(copy: publish.Copy, ledger: Ledger) -> None:
    """Every table of the copy, row by row and in order, with the types that are published."""
    for table in SEGMENTS:
        assert read(copy, f"SELECT * FROM {table}") == ledger.rows(table), table
    for table, columns in {**SEGMENTS, **ROLLUPS}.items():
        types = [(row[0], row[1]) for row in read(copy, f"DESCRIBE {table}")]
        assert types == list(columns.items())
    assert_rolled_up(copy)


SUMS = ", ".join(f"sum({name})::BIGINT" for name in AMOUNTS)


def assert_rolled_up(copy: publish.Copy) -> None:
    """Every entry is in one roll-up, and in one that is named by the end it has."""
    bounds = [(s.first, s.last) for s in copy.manifest.of("entry_day")]
    for low, high in bounds:
        asked = f"SELECT budget_no, official, as_kind, effective_on, {SUMS} FROM {{}} GROUP BY ALL"
        entries = read(copy, asked.format(f"entry WHERE seq > {low} AND seq <= {high}"))
        assert sorted(read(copy, asked.format(f"entry_day WHERE last_seq = {high}"))) == sorted(
            entries
        )
    assert [low for low, _ in bounds[1:]] == [high for _, high in bounds[:-1]]
    assert read(copy, f"SELECT rolled_up_to({copy.manifest.last_seq})") == [(bounds[-1][1],)]
    assert read(copy, f"SELECT max(seq) <= {bounds[-1][1]} FROM entry") == [(True,)]
    assert read(copy, f"SELECT rolled_up_to({bounds[-1][1] - 1})") == [(bounds[-1][0],)]


def told() -> list[publish.AboutRow]:
    """Rows for the table `about`."""
    return [(1, "regime", "key", None, "r", None)]


def test_it_follows_the_ledger(ledger):
    assert_equal(first := publish.refresh(ledger.url, told), ledger)
    ledger.grow(["licence", "export", "refusal"])
    assert_equal(second := publish.refresh(ledger.url, told), ledger)
    third = publish.refresh(ledger.url, told)
    assert [first.how, second.how, third.how] == ["built", "added", "warm"]
    assert third.manifest == second.manifest
    assert set(first.manifest.segments) < set(second.manifest.segments)


def test_a_ledger_is_copied_in_portions(ledger, monkeypatch):
    monkeypatch.setattr(fill, "PART_MOVEMENTS", 7)
    ledger.grow(["export"] * 30)
    seen = []
    copy = publish.refresh(ledger.url, told, progress=lambda *p: seen.append(p))
    assert_equal(copy, ledger)
    assert seen == [(0, 31), (7, 31), (14, 31), (21, 31), (28, 31), (31, 31)]
    assert [s.last for s in copy.manifest.of("entry")] == [7, 14, 21, 28, 31]
    assert [s.last for s in copy.manifest.of("entry_day")] == [7, 14, 21, 28, 31]


def test_days_of_one_budget_are_one_row_of_a_roll_up(sqlite):
    sqlite.grow(["export"] * 300)
    sqlite.grow(["export"] * 300)
    copy = publish.refresh(sqlite.url)
    counts = "SELECT (SELECT count(*) FROM entry), (SELECT count(*) FROM entry_day)"
    assert read(copy, counts) == [(601, 301)]


def test_sums_that_pass_64_bits_are_left_apart(sqlite):
    sqlite.grow(["export"] * 301)
    with closing(sqlite3.connect(place_of(sqlite.url).file)) as connection, connection:
        same_day = [(seq, 2, 1, 0, 0, 2**62, 0, 0) for seq in (2, 302)]
        connection.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)", same_day)
    copy = publish.refresh(sqlite.url)
    counts = "SELECT (SELECT count(*) FROM entry), (SELECT count(*) FROM entry_day)"
    assert read(copy, counts) == [(304, 304)]
    assert read(copy, "SELECT DISTINCT last_seq FROM entry_day") == [(302,)]
    assert read(copy, "SELECT max(held_mtpp), count(*) FROM entry_day WHERE budget_no = 2") == [
        (2**62, 2)
    ]


def test_a_reversal_has_the_kind_of_what_it_reverses(ledger):
    ledger.grow(["licence", "export"])
    publish.refresh(ledger.url)
    ledger.grow(["reversal", "reversal", "reversal"], {0: 2, 1: 3, 2: 5})
    copy = publish.refresh(ledger.url)
    asked = "SELECT seq, as_kind FROM entry WHERE kind = 'reversal' ORDER BY seq"
    assert read(copy, asked) == [(4, "licence"), (5, "export"), (6, "export")]
    assert_equal(copy, ledger)


def test_nothing_recorded_yet_is_a_copy_of_nothing(ledger_url):
    from ledger.storage.store import create

    create(ledger_url).close()
    assert publish.refresh(ledger_url, told).how == "built"
    copy = publish.refresh(ledger_url, told)
    assert (copy.how, read(copy, "SELECT * FROM entry")) == ("warm", [])


def test_a_report_runs_over_it(ledger):
    with reports.run("remaining", publish.refresh(ledger.url, told).folder) as result:
        assert result.count == 1
        assert result.about["chain_head"] == f"{1:064x}"


def test_about_is_asked_for_at_an_adoption_only(ledger):
    asked = []

    def about():
        asked.append(1)
        return told()

    publish.refresh(ledger.url, about)
    ledger.grow(["export"])
    publish.refresh(ledger.url, about)
    assert len(asked) == 1
    ledger.grow(["export", "adoption"])
    copy = publish.refresh(ledger.url, about)
    assert len(asked) == 2
    assert read(copy, "SELECT count(*) FROM about") == [(1,)]


def test_a_column_that_is_empty_for_long_keeps_its_type(sqlite):
    """ADBC takes types from the first batch of rows."""
    with closing(sqlite3.connect(place_of(sqlite.url).file)) as connection, connection:
        connection.executescript(
            "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 70000)"
            " INSERT INTO movement (seq, submission, kind, effective_on, source, document, line,"
            " attempt, licence, expires_on, quantity) SELECT i, 2, 'export', '2025-01-01', 's',"
            " 'd' || i, '1', 0, CASE WHEN i > 69999 THEN '0012' END,"
            " CASE WHEN i > 69999 THEN '2025-12-31' END, CASE WHEN i > 69999 THEN 7 END FROM n;"
            "INSERT INTO submission VALUES"
            " (2, 2, 69999, 'x', 'a', 'v', NULL, NULL, NULL, 'r', 'x', 'd2');"
            "UPDATE head SET last_seq = 70000, last_submission = 2, digest = 'd2'"
        )
    copy = publish.refresh(sqlite.url)
    asked = "SELECT licence, expires_on::VARCHAR, quantity FROM movement WHERE seq = 70000"
    assert read(copy, asked) == [("0012", "2025-12-31", 7)]
    assert read(copy, "SELECT count(*) FROM movement") == [(70_000,)]


def test_a_ledger_that_was_rewritten_is_noticed(ledger):
    ledger.grow(["export"])
    publish.refresh(ledger.url)
    ledger.rewrite("e" * 64)
    assert publish.refresh(ledger.url).how == "built"


def test_a_restored_backup_that_went_on_is_noticed(sqlite):
    path = place_of(sqlite.url).file
    shutil.copy(path, backup := path.with_name("backup.db"))
    sqlite.grow(["export"])
    publish.refresh(sqlite.url)
    shutil.copy(backup, path)
    assert publish.refresh(sqlite.url).how == "built"
    sqlite.grow(["licence", "licence"])
    sqlite.rewrite("f" * 64)
    sqlite.grow(["export"])
    assert_equal(publish.refresh(sqlite.url), sqlite)


def test_another_ledger_in_the_same_place_is_noticed(sqlite):
    folder = publish.refresh(sqlite.url).folder
    place_of(sqlite.url).file.unlink()
    again = Ledger.made(sqlite.url)
    assert publish.refresh(again.url, folder=folder).how == "built"


def test_small_files_are_merged_and_readers_keep_theirs(sqlite, monkeypatch):
    monkeypatch.setattr(fill, "MERGE_FILES", 4)
    before = publish.refresh(sqlite.url)
    for _ in range(9):
        sqlite.grow(["export", "licence"])
        copy = publish.refresh(sqlite.url)
        assert len(copy.manifest.of("entry")) < 4
    assert_equal(copy, sqlite)
    assert folders.is_whole(copy.folder, before.manifest)
    monkeypatch.setattr(folders, "RETIRED_SECONDS", -1)
    sqlite.grow(["export"])
    assert_equal(copy := publish.refresh(sqlite.url), sqlite)
    here = {path.name for path in copy.folder.glob("*.parquet")}
    assert here == {s.file for s in copy.manifest.segments}


def _sized(*rows: int) -> tuple[Segment, ...]:
    return tuple(
        Segment("entry", f"{n}.parquet", n, n + 1, size, 0, "", "") for n, size in enumerate(rows)
    )


@pytest.mark.parametrize(
    ("rows", "merged"),
    [
        ([1_000] * 15, 0),
        ([1_000] * 16, 16),
        ([1_000_000, *[1_000] * 16], 16),
        ([50_000, *[1_000] * 16], 16),
        ([*[50_000] * 15, 1_000], 0),
        ([*[50_000] * 16, 1_000], 17),
        ([*[50_000] * 8, 200_000, *[1_000] * 15], 0),
        ([1_000_000] * 50, 0),
    ],
)
def test_only_a_tail_of_many_small_files_is_merged(rows, merged):
    segments = _sized(*rows)
    assert fill.mergeable(segments) == segments[len(segments) - merged :]


def test_what_a_dead_refresh_left_is_swept_and_other_files_stay(sqlite):
    folder = publish.refresh(sqlite.url).folder
    left = ["entry-1-2-dead.parquet.tmp", "staging-dead.db", "movement-9-9-dead.parquet"]
    for name in (*left, "mine.parquet", "staging-young.db"):
        (folder / name).write_text("x")
    for name in (*left, "mine.parquet"):
        os.utime(folder / name, (0, 0))
    sqlite.grow(["export"])
    publish.refresh(sqlite.url)
    here = {path.name for path in folder.iterdir()}
    assert here & {*left, "mine.parquet", "staging-young.db"} == {
        "mine.parquet",
        "staging-young.db",
    }


def test_no_second_sqlite_library_opens_the_ledger(sqlite, monkeypatch):
    import adbc_driver_sqlite

    opened: list[str] = []
    real = adbc_driver_sqlite.connect

    def noted(uri):
        opened.append(uri)
        return real(uri)

    monkeypatch.setattr(adbc_driver_sqlite, "connect", noted)
    folder = publish.refresh(sqlite.url).folder
    assert opened
    assert all(uri.startswith(f"file:{folder}/staging-") for uri in opened)
    assert not list(folder.glob("staging-*"))


REFRESH = """
import sys
from ledger import publish
copy = publish.refresh(sys.argv[1])
loaded = {name.partition(".")[0] for name in sys.modules}
print(copy.how, copy.manifest.last_seq, *sorted(loaded & {"duckdb", "sqlalchemy", "pyarrow",
      "numpy", "pandas", "adbc_driver_manager"}))
"""


def _refreshing(url: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", REFRESH, url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_many_processes_refresh_at_once(ledger):
    ledger.grow(["export"] * 50)
    running = [_refreshing(ledger.url) for _ in range(4)]
    said = [process.communicate()[0].split()[:2] for process in running]
    assert [seq for _, seq in said] == ["51"] * 4
    assert sorted(how for how, _ in said) == ["built", "warm", "warm", "warm"]
    assert_equal(publish.refresh(ledger.url), ledger)


def test_where_nothing_is_new_nothing_is_loaded(sqlite):
    said = []
    for _ in range(2):
        with _refreshing(sqlite.url) as process:
            said.append(process.communicate()[0].split())
    assert said == [["built", "1", "adbc_driver_manager", "duckdb"], ["warm", "1"]]


def test_where_the_copy_stands(sqlite, tmp_path, monkeypatch):
    place = place_of(sqlite.url)
    assert folders.folder_of(place, "id") == Path(f"{place.file}.copy")
    elsewhere = place_of("postgresql://h/db")
    home = Path.home() / ".cache" / "tpp-ledger"
    assert folders.folder_of(elsewhere, "id").parent == home
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert folders.folder_of(place, "id").parent == home
    monkeypatch.setenv("TPP_COPY", str(tmp_path / "here"))
    made = folders.folder_of(place, "id")
    assert made.parent == tmp_path / "here"
    assert made.name.startswith("id-")


def test_a_folder_that_cannot_be_written_is_said(sqlite, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        publish.refresh(sqlite.url, folder=tmp_path / "file" / "copy")


def test_a_server_that_breaks_off_is_said(pg_url, monkeypatch):
    ledger = Ledger.made(pg_url)
    entry = sources.QUERIES["entry"].replace("e.lapsed_mtpp", "1 / (e.seq - e.seq)")
    broken = {**sources.QUERIES, "entry": entry}
    monkeypatch.setattr(sources, "QUERIES", broken)
    with pytest.raises(StoreUnavailable, match="broke off"):
        publish.refresh(ledger.url)
    monkeypatch.undo()
    assert_equal(publish.refresh(ledger.url), ledger)


def test_views_stand_beside_the_manifest(sqlite, monkeypatch):
    copy = publish.refresh(sqlite.url)
    monkeypatch.chdir(copy.folder)
    with duckdb.connect() as connection:
        connection.execute(Path("views.sql").read_text())
        assert connection.execute("SELECT count(*) FROM movement").fetchall() == [(1,)]


def test_a_manifest_reads_back_as_it_was():
    manifest = Manifest("id", 3, 1, "d", _sized(1, 2), ())
    assert Manifest.read(manifest.text()) == manifest
