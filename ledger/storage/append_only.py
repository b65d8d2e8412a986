"""The triggers that hold the APPEND_ONLY tables append-only, in both databases.

They are dropped and made again after every migration: rebuilding a table on SQLite, as Alembic's
batch mode does, drops its triggers without a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection

from schemas.tables import APPEND_ONLY, metadata

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


def faults(connection: Connection) -> list[str]:
    """What is not as guard() left it, a sentence each: a trigger that is missing or changed, one
    that is none of ours on a table of ours, and what stands in the place of such a table.
    """
    sqlite = connection.dialect.name == "sqlite"
    return [*(_of_sqlite(connection) if sqlite else _of_postgresql(connection))]


def _of_sqlite(connection: Connection) -> Iterator[str]:
    query = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE type <> 'index'"
    rows = connection.exec_driver_sql(query).all()
    yield from _replaced({name: kind for kind, name, _, _ in rows if kind != "trigger"})
    wanted = {sql.split(" ")[2]: sql for sql in statements("sqlite") if sql.startswith("CREATE")}
    standing = {n: (table, sql) for kind, n, table, sql in rows if kind == "trigger"}
    yield from _changed(standing, wanted)


# A schema's name is compared as it is: a cast to regnamespace reads it as one writes it in SQL.
_KINDS = """
SELECT relname, CASE relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' ELSE relkind::text END
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = current_schema()
"""
# When a trigger runs, whether it is on, that neither a condition nor columns narrow it, and the
# text of its function.
_TRIGGERS = """
SELECT tgname, relname, concat_ws(' ', tgtype, tgenabled, tgqual, tgattr, lanname, prosrc)
FROM pg_trigger
JOIN pg_class ON pg_class.oid = tgrelid
JOIN pg_proc ON pg_proc.oid = tgfoid
JOIN pg_language ON pg_language.oid = prolang
JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = current_schema() AND NOT tgisinternal
"""
_RULES = """
SELECT rulename, relname FROM pg_rewrite JOIN pg_class ON pg_class.oid = ev_class
JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = current_schema() AND relkind = 'r'
"""
# Before each statement that updates, deletes or truncates; on; of all rows and columns.
_STATE = "58 O "


def _of_postgresql(connection: Connection) -> Iterator[str]:
    yield from _replaced({row[0]: row[1] for row in connection.exec_driver_sql(_KINDS)})
    triggers = connection.exec_driver_sql(_TRIGGERS).all()
    _, body, _ = _FUNCTION.split("$$")
    wanted = {f"{table.name}_append_only": f"{_STATE} plpgsql {body}" for table in APPEND_ONLY}
    # A name is a table's own: the same on another table is another trigger.
    named = {
        name if name == f"{table}_append_only" else f"{table}.{name}": (table, state)
        for name, table, state in triggers
    }
    yield from _changed(named, wanted)
    for name, table in connection.exec_driver_sql(_RULES):
        if table in metadata.tables:
            yield f"the rule {name} on {table} is none of the ledger's"


def _replaced(kinds: Mapping[str, str]) -> Iterator[str]:
    for name in metadata.tables:
        kind = kinds.get(name)
        if kind is None:
            yield f"the table {name} is gone"
        elif kind != "table":
            yield f"{name} is a {kind}, not a table"


def _changed(standing: Mapping[str, tuple[str, str]], wanted: Mapping[str, str]) -> Iterator[str]:
    """Of `standing` triggers, each with its table and what it says, those that should not be so."""
    for name, said in wanted.items():
        if standing.get(name, ("", ""))[1] != said:
            yield f"the trigger {name} is missing or changed"
    for name, (table, _) in standing.items():
        if table in metadata.tables and name not in wanted:
            yield f"the trigger {name.removeprefix(f'{table}.')} on {table} is none of the ledger's"


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
