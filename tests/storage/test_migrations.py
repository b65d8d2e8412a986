"""Making, upgrading and refusing ledgers of other versions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, exc, inspect

from ledger.service.ledger import new_ledger
from ledger.storage import append_only, head, sqlite, store, upgrade
from ledger.storage.check import check
from ledger.storage.errors import NewerLedger, NotALedger, OlderLedger, StoreError
from schemas import tables
from schemas.kinds import FileKind
from tests.service.books import rows
from tests.storage.scribe import small_ledger

REBUILDING = '''
"""Rebuilds a guarded table, as SQLite needs for a new NOT NULL column."""
import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade():
    with op.batch_alter_table("movement", recreate="always") as batch:
        batch.add_column(sa.Column("colour", sa.Text()))
'''


def shape(connection: Connection) -> dict[str, object]:
    """Everything the database says of its tables, indexes, constraints and triggers."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql("SELECT type, name, sql FROM sqlite_schema")
        return {f"{kind} {name}": "".join((sql or "").split()) for kind, name, sql in rows}
    queries = {
        "columns": "SELECT table_name, ordinal_position, column_name, data_type, is_nullable,"
        " column_default FROM information_schema.columns"
        " WHERE table_schema = current_schema() ORDER BY 1, 2",
        "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1",
        "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)"
        " FROM pg_constraint WHERE connamespace = current_schema()::regnamespace ORDER BY 1, 2",
        "triggers": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
        " ORDER BY 1",
    }
    return {
        name: [tuple(row) for row in connection.exec_driver_sql(query)]
        for name, query in queries.items()
    }


@pytest.fixture
def be_version(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Make this a tpp whose tables are of another version."""

    def be(version: int) -> None:
        for module in (head, store, upgrade):
            monkeypatch.setattr(module, "SCHEMA_VERSION", version)

    return be


@pytest.fixture
def more(tmp_path: Path) -> Path:
    """A folder with the made-up migration to version 4."""
    folder = tmp_path / "versions"
    folder.mkdir()
    (folder / "0004_colour.py").write_text(REBUILDING)
    return folder


def test_a_new_ledger_has_the_tables_that_the_migrations_make(ledger_url: str) -> None:
    with store.create(ledger_url) as made, made.reading() as turn:
        created = shape(turn.connection)
    with made.engine.begin() as connection:
        for table in [*tables.metadata.sorted_tables, store.VERSION_TABLE]:
            connection.exec_driver_sql(f"DROP TABLE {table}")
        upgrade.migrate(connection)
        migrated = shape(connection)
    made.close()
    assert migrated == created


def test_schema_version_is_written_once(ledger_url: str) -> None:
    assert head.SCHEMA_VERSION == tables.SCHEMA_VERSION
    with store.create(ledger_url) as made, made.reading() as turn:
        assert turn.head.schema_version == tables.SCHEMA_VERSION


def test_an_older_ledger_is_refused_and_upgraded_on_request(
    ledger_url: str, tmp_path: Path, more: Path, be_version: Callable[[int], None]
) -> None:
    store.create(ledger_url).close()
    be_version(4)
    for opens in (store.open_store, head.head_of):
        with pytest.raises(OlderLedger, match="tpp init --upgrade"):
            opens(ledger_url)

    assert upgrade.upgrade(ledger_url, more=more) == 3

    with store.open_store(ledger_url) as led:
        with led.reading() as turn:
            assert turn.head.schema_version == 4
            columns = inspect(turn.connection).get_columns("movement")
        assert "colour" in {column["name"] for column in columns}
        assert_guarded(led)
    if led.dialect == "sqlite":
        with sqlite3.connect(tmp_path / "ledger.db.v3") as kept:
            assert kept.execute("SELECT schema_version FROM head").fetchone() == (3,)
        assert sorted(path.name for path in tmp_path.glob("ledger.db.*")) == ["ledger.db.v3"]


def test_a_rebuilt_table_has_lost_its_triggers_until_they_are_made_again(
    tmp_path: Path,
    more: Path,
    be_version: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = str(tmp_path / "ledger.db")
    store.create(path).close()
    be_version(4)
    monkeypatch.setattr(append_only, "guard", lambda connection: None)
    upgrade.upgrade(path, more=more)
    with store.open_store(path) as led, led.reading() as turn:
        left = shape(turn.connection)
    assert "trigger movement_no_update" not in left
    assert "trigger submission_no_update" in left


def test_upgrading_needs_a_free_name_for_the_copy(
    tmp_path: Path, more: Path, be_version: Callable[[int], None]
) -> None:
    path, keep = str(tmp_path / "ledger.db"), tmp_path / "kept"
    store.create(path).close()
    keep.write_text("mine")
    be_version(4)
    with pytest.raises(StoreError, match="exists already"):
        upgrade.upgrade(path, keep, more=more)
    assert keep.read_text() == "mine"
    with pytest.raises(OlderLedger):
        store.open_store(path)


def test_a_failing_migration_leaves_the_ledger_as_it_was(
    ledger_url: str, more: Path, be_version: Callable[[int], None]
) -> None:
    with store.create(ledger_url) as made, made.reading() as turn:
        before = shape(turn.connection)
    (more / "0004_colour.py").write_text(REBUILDING + "    raise RuntimeError('half-way')\n")
    be_version(4)
    with pytest.raises(RuntimeError, match="half-way"):
        upgrade.upgrade(ledger_url, more=more)
    with made.engine.connect() as connection:
        assert shape(connection) == before
    made.close()


def test_an_upgrade_that_broke_off_goes_on_with_the_copy_it_kept(
    tmp_path: Path, more: Path, be_version: Callable[[int], None]
) -> None:
    """Killed behind its copy, or short of room: what it kept is in nobody's way."""
    path, kept = str(tmp_path / "ledger.db"), tmp_path / "ledger.db.v3"
    store.create(path).close()
    whole = (more / "0004_colour.py").read_text()
    (more / "0004_colour.py").write_text(whole + "    raise RuntimeError('half-way')\n")
    be_version(4)
    with pytest.raises(RuntimeError, match="half-way"):
        upgrade.upgrade(path, more=more)
    assert kept.exists()
    (more / "0004_colour.py").write_text(whole)
    assert upgrade.upgrade(path, more=more) == 3
    with sqlite3.connect(kept) as copy:
        assert copy.execute("SELECT schema_version FROM head").fetchone() == (3,)


def test_the_copy_of_another_state_or_ledger_is_in_the_way(
    tmp_path: Path, more: Path, be_version: Callable[[int], None]
) -> None:
    path, kept = str(tmp_path / "ledger.db"), tmp_path / "ledger.db.v3"
    with store.create(path) as led:
        sqlite.copy_file(Path(path), kept)
        small_ledger(led)
    be_version(4)
    with pytest.raises(StoreError, match="exists already"):
        upgrade.upgrade(path, more=more)
    with pytest.raises(OlderLedger):
        store.open_store(path)


def test_amendments_of_before_stand(ledger_url: str) -> None:
    """Ledgers of version 2 came to have rows of amendments, and older ones of it had none."""
    licence = {"licence": "D1", "exporter": "X", "ultimate_consignee": "C", "destination": "India"}
    with new_ledger(ledger_url) as books:
        books.issue(
            {**licence, "issued_on": "2026-01-05", "chip": "nvidia-h100-sxm", "quantity": "9"}
        )
        act = {"kind": "licence_amendment", "licence": "D1"}
        longer, dearer = {"expires_on": "2027-06-30"}, {"unit_value_usd": "26900.00"}
        for number, said in enumerate((longer, dearer, longer | dearer), start=1):
            day = {"document": f"A{number}", "effective_on": f"2026-02-0{number}"}
            books.record(FileKind.ACTS, {**act, **day, **said})
        (taken,) = [row["seq"] for row in rows(ledger_url, "movement") if row["document"] == "A2"]
        books.reverse([taken], "a mistake")
    before = rows(ledger_url, "standing")
    assert [(row["live"], row["object"]) for row in before[1:]] == [
        (1, "2027-06-30\x1f"),
        (0, "\x1f2690000"),
        (1, "2027-06-30\x1f2690000"),
    ]
    with store.open_store(ledger_url) as led, led.writing() as turn:
        for statement in (
            "DELETE FROM standing WHERE kind = 'licence_amendment'",
            "UPDATE head SET schema_version = 2",
            "UPDATE alembic_version SET version_num = '0002'",
        ):
            turn.connection.exec_driver_sql(statement)
    assert upgrade.upgrade(ledger_url) == 2
    assert rows(ledger_url, "standing") == before
    with store.open_store(ledger_url) as led:
        assert [one.name for one in check(led) if not one.holds] == []


def test_a_newer_ledger_is_refused(ledger_url: str) -> None:
    made = store.create(ledger_url)
    with made.writing() as turn:
        turn.connection.exec_driver_sql("UPDATE head SET schema_version = 9")
    with pytest.raises(NewerLedger, match="install a newer tpp"), made.reading():
        pass
    made.close()
    for opens in (store.open_store, head.head_of, upgrade.upgrade):
        with pytest.raises(NewerLedger, match="version 9"):
            opens(ledger_url)


def test_upgrading_what_is_current_changes_nothing(ledger_url: str, tmp_path: Path) -> None:
    store.create(ledger_url).close()
    assert upgrade.upgrade(ledger_url) == 3
    assert list(tmp_path.glob("*.v3")) == []


def test_upgrading_what_is_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(NotALedger, match="there is no ledger"):
        upgrade.upgrade(str(tmp_path / "none.db"))


def assert_guarded(led: store.Store) -> None:
    """No row of an append-only table can be changed or deleted."""
    with led.writing() as turn:
        turn.connection.exec_driver_sql(
            "INSERT INTO movement (seq, submission, kind, effective_on, source, document, line,"
            " attempt) VALUES (1, 1, 'export', '2025-06-01', 's', 'd', '1', 1)"
        )
    for statement in ("UPDATE movement SET chip = 'x'", "DELETE FROM movement"):
        with pytest.raises(exc.IntegrityError, match="never"), led.writing() as turn:
            turn.connection.exec_driver_sql(statement)
