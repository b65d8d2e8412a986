"""The triggers that hold the APPEND_ONLY tables append-only, in both databases.

They are dropped and made again after every migration: rebuilding a table on SQLite, as Alembic's
batch mode does, drops its triggers without a word.
"""

from __future__ import annotations

from sqlalchemy import Connection

from schemas.tables import APPEND_ONLY

_FUNCTION = """
CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'integrity_constraint_violation',
        MESSAGE = 'rows of ' || TG_TABLE_NAME || ' are never changed or deleted; record a reversal';
END $$
"""


def guard(connection: Connection) -> None:
    """Make the triggers, first dropping those that stand."""
    for statement in statements(connection.dialect.name):
        connection.exec_driver_sql(statement)


def unguarded(connection: Connection) -> list[str]:
    """The names of triggers that do not stand as they should."""
    if connection.dialect.name == "sqlite":
        query = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
        wanted = {_name(sql): sql for sql in statements("sqlite") if sql.startswith("CREATE")}
    else:
        query = (
            "SELECT tgname, tgenabled FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE relnamespace = current_schema()::regnamespace AND tgtype = 58"
        )
        wanted = {f"{table.name}_append_only": "O" for table in APPEND_ONLY}
    standing = {row[0]: row[1] for row in connection.exec_driver_sql(query)}
    return [name for name, state in wanted.items() if standing.get(name) != state]


def _name(create_trigger: str) -> str:
    return create_trigger.split(" ")[2]


def statements(dialect: str) -> list[str]:
    """The SQL that guard() runs on 'sqlite' or 'postgresql'."""
    tables = [table.name for table in APPEND_ONLY]
    if dialect == "sqlite":
        return [one for table in tables for one in _sqlite(table)]
    return [_FUNCTION, *(one for table in tables for one in _postgresql(table))]


def _sqlite(table: str) -> list[str]:
    made = []
    for verb, done in (("update", "changed"), ("delete", "deleted")):
        name = f"{table}_no_{verb}"
        made.append(f"DROP TRIGGER IF EXISTS {name}")
        made.append(
            f"CREATE TRIGGER {name} BEFORE {verb.upper()} ON {table} BEGIN SELECT"
            f" RAISE(ABORT, 'rows of {table} are never {done}; record a reversal'); END"
        )
    return made


def _postgresql(table: str) -> list[str]:
    name = f"{table}_append_only"
    return [
        f"DROP TRIGGER IF EXISTS {name} ON {table}",
        f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION append_only()",
    ]
