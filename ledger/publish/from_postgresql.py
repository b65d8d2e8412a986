"""Rows in bulk out of a PostgreSQL ledger, streamed by ADBC's binary COPY."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ledger.publish.sources import Part
from ledger.storage.errors import StoreUnavailable
from ledger.storage.head import HEAD_SQL, Head, checked
from ledger.storage.place import Place

if TYPE_CHECKING:
    import psycopg

ZERO = "0" * 64


@dataclass(frozen=True, slots=True)
class PostgresqlSource:
    """A PostgreSQL ledger, open for reading."""

    place: Place
    connection: psycopg.Connection[Any]

    @classmethod
    @contextmanager
    def opened(cls, place: Place) -> Iterator[PostgresqlSource]:
        """Connect to the server."""
        import psycopg

        with psycopg.connect(place.conninfo, autocommit=True) as connection:
            yield cls(place, connection)

    def head(self) -> Head:
        """The head as last committed."""
        row = self.connection.execute(HEAD_SQL).fetchone()
        assert row is not None, "head_of found it"
        return checked(Head(*row), self.place)

    def digest_of(self, submission: int) -> str | None:
        """The chain's digest after a submission (64 zeros after none); None: no such one."""
        found = self.connection.execute(
            "SELECT digest FROM submission WHERE number = %s", (submission,)
        ).fetchone()
        return found[0] if found else None if submission else ZERO

    def parts(self, wanted: list[Part]) -> Iterator[_Asked]:
        """Each wanted part over one ADBC connection."""
        import adbc_driver_manager as adbc
        import adbc_driver_postgresql

        with ExitStack() as stack:
            try:
                database = stack.enter_context(adbc_driver_postgresql.connect(self._conninfo()))
                connection = stack.enter_context(adbc.AdbcConnection(database))
            except adbc.Error as error:
                said = f"the ledger {self.place} cannot be reached ({error})"
                raise StoreUnavailable(said) from error
            for part in wanted:
                yield _Asked(self.place, connection, part)

    def _conninfo(self) -> str:
        """What ADBC connects with."""
        from psycopg.conninfo import make_conninfo

        # Rows are taken as they come, for UTF-8, whatever else a client is set to.
        settings = {"client_encoding": "UTF8"}
        if self.connection.execute("SHOW quote_all_identifiers").fetchone() == ("on",):
            # As it connects, ADBC learns types by the names of their functions: in quotes it would
            # know none, and hand on every figure as bytes.
            settings["options"] = f"{self.connection.info.options} -c quote_all_identifiers=off"
        return make_conninfo(self.place.conninfo, **settings)


@dataclass(frozen=True, slots=True)
class _Asked:
    place: Place
    connection: Any
    part: Part

    @contextmanager
    def stream(self, table: str) -> Iterator[Any]:
        """The table's rows as an Arrow stream. Raises StoreUnavailable where it breaks off."""
        import adbc_driver_manager as adbc
        import duckdb

        try:
            with adbc.AdbcStatement(self.connection) as statement:
                statement.set_sql_query(self.part.query(table))
                stream, _ = statement.execute_query()
                try:
                    yield stream
                finally:
                    stream.release()
        except (adbc.Error, duckdb.InvalidInputException) as error:
            raise StoreUnavailable(
                f"reading the ledger {self.place} broke off ({error})"
            ) from error
