"""`tpp check` names what was spoilt, whatever was done to it, and checks all the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError

from ledger.storage import append_only
from ledger.storage.check import check_turn
from ledger.storage.head import HEAD_SQL, Head
from ledger.storage.store import Store, Turn, create
from schemas import tables as t
from tests.storage.scribe import small_ledger
from tests.storage.test_check import TakenBack, kept, unguarded, words

__all__ = ["kept"]


def failing_after(store: Store, *statements: str) -> dict[str, str]:
    """What check finds after some statements, guards set aside; then undone."""
    with pytest.raises(TakenBack), store.writing() as turn:  # noqa: PT012
        unguarded(store, turn)
        for statement in statements:
            turn.connection.exec_driver_sql(statement)
        append_only.guard(turn.connection)
        now = Turn(turn.connection, Head(*turn.connection.exec_driver_sql(HEAD_SQL).one()))
        found = words(check_turn(store, now))
        raise TakenBack
    return found


SPOILT = """
UPDATE ruling SET body = '{garbage' WHERE ruling_no = 1
    licence lines: ruling 1, on licences
UPDATE ruling SET body = '[]' WHERE ruling_no = 1
    licence lines: ruling 1, on licences
UPDATE ruling SET body = '{"years": "x"}'
    licence lines: ruling 1, on licences
UPDATE movement SET details = '{x' WHERE seq = 1
    standing: the details of movement 1
UPDATE movement SET details = '[]' WHERE seq = 1
    standing: what movement 1 leaves
UPDATE movement SET details = NULL WHERE seq = 1
    standing: what movement 1 leaves
UPDATE movement SET kind = 'assignment' WHERE seq = 3
    standing: movement 3
UPDATE movement SET kind = 'official_status', details = '{"party":"a","status":"b"}' WHERE seq = 3
    standing: movement 3
UPDATE movement SET kind = 'block' WHERE seq = 6
    standing: what movement 6 leaves
UPDATE movement SET kind = 'revocation', details = '{x' WHERE seq = 8
    licence lines: licence line 2
UPDATE movement SET kind = 'revocation', details = '{"quantity":"many"}' WHERE seq = 8
    licence lines: licence line 2
UPDATE movement SET kind = 'lapse', ruling_no = 2 WHERE seq = 3
    licence lines: ruling 2, on an ending
UPDATE entry SET posted_mtpp = 9223372036854775807 WHERE seq IN (3, 4, 8)
    balances: not to be recomputed
UPDATE licence_line SET budget_no = NULL
    licence lines: licence line 2 is kept with no budget
UPDATE licence_line SET budget_no = 2
    licence lines: licence line 2 is kept with budget 2
DELETE FROM balance WHERE budget_no = 1
    balances: budget 1 has no balance
UPDATE head SET created_at = '2999-01-01T00:00:00.000000Z'
    recorded_at: the head says that the ledger was made at 2999-01-01T00:00:00.000000Z
UPDATE head SET created_at = '2025-06-02 08:00'
    recorded_at: the head's created_at is no instant
UPDATE submission SET recorded_at = '2999' WHERE number = (SELECT max(number) FROM submission)
    recorded_at: its recorded_at is no instant
UPDATE alembic_version SET version_num = '0001'
    append-only: alembic_version says 0001, the head 0003
DELETE FROM standing
    standing: the standing act 1, a adoption, is gone
DROP TABLE balance
    balances: not to be recomputed
DROP TABLE standing
    append-only: the table standing is gone
ALTER TABLE licence_line DROP COLUMN closed_on
    licence lines: not to be recomputed
ALTER TABLE finding DROP COLUMN short_mtpp
    chain: not to be recomputed
"""


def pairs(text: str) -> list[tuple[str, str]]:
    """What is done, and on the line below what is said of it."""
    each = text.strip().splitlines()
    return [(done, said.strip()) for done, said in zip(each[::2], each[1::2], strict=True)]


@pytest.mark.parametrize(("statement", "expected"), pairs(SPOILT))
def test_what_is_spoilt_is_named(kept: Store, statement: str, expected: str) -> None:
    name, _, said = expected.partition(": ")
    found = failing_after(kept, statement)
    assert said in found.get(name, ""), found
    if statement.startswith(("UPDATE movement", "UPDATE ruling", "UPDATE entry")):
        assert found["chain"].startswith("submission ")
    assert "transaction is aborted" not in str(found)


@pytest.mark.parametrize("table", t.metadata.sorted_tables, ids=lambda table: table.name)
def test_whatever_sqlite_takes_in_a_cell_is_found(tmp_path: Path, table: Table) -> None:
    key = next(iter(table.primary_key.columns)).name
    where = f"WHERE {key} = (SELECT min({key}) FROM {table.name})"
    with create(str(tmp_path / "ledger.db")) as store:
        small_ledger(store)
        for column in table.columns:
            for value in ("'[x'", "'2025-02-30'", "-7", "x'00ff'"):
                statement = f'UPDATE {table.name} SET "{column.name}" = {value} {where}'
                if column.name == "schema_version":
                    continue  # no part of the chain
                try:
                    found = failing_after(store, statement)
                except DBAPIError:
                    continue  # the table does not take it
                assert found, statement


TRIGGERS = {
    "sqlite": """
DROP TRIGGER movement_no_update
    the trigger movement_no_update is missing or changed
CREATE TRIGGER more AFTER INSERT ON movement BEGIN UPDATE balance SET held_mtpp = 0; END
    the trigger more on movement is none of the ledger's
ALTER TABLE balance RENAME TO b ;; CREATE VIEW balance AS SELECT * FROM b
    balance is a view, not a table
""",
    "postgresql": """
ALTER TABLE movement DISABLE TRIGGER movement_append_only
    the trigger movement_append_only is missing or changed
CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NULL; END'
    the trigger submission_append_only is missing or changed
CREATE TRIGGER more BEFORE UPDATE ON balance EXECUTE FUNCTION append_only()
    the trigger more on balance is none of the ledger's
CREATE RULE more AS ON DELETE TO text DO INSTEAD NOTHING
    the rule more on text is none of the ledger's
ALTER TABLE balance RENAME TO b ;; CREATE VIEW balance AS SELECT * FROM b
    balance is a view, not a table
""",
}


def test_what_keeps_or_moves_rows_unasked_is_found(kept: Store) -> None:
    for statements, said in pairs(TRIGGERS[kept.dialect]):
        with pytest.raises(TakenBack), kept.writing() as turn:  # noqa: PT012
            for statement in statements.split(" ;; "):
                turn.connection.exec_driver_sql(statement)
            found = words(check_turn(kept, turn))
            raise TakenBack
        assert said in found["append-only"]
