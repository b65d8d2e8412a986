"""Runs a report over a copy's folder."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reports import catalogue, words
from reports.about import about_of
from reports.catalogue import Report, WrongUse
from reports.columns import Column, columns_of
from schemas.manifest import MANIFEST, Manifest, NotAManifest, view_statements
from schemas.problems import first_line

if TYPE_CHECKING:
    import duckdb

# What a report may take; where that does not do, it is begun again with more.
_MEMORY = ("256MB", "2GB")
_MOST_THREADS = 8
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_WHOLE = re.compile(r"\d{1,18}")
# 20261123 would be that day's first instant, where 2026-11-23 is its end: so it is refused.
_BEGINS_AS_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]|\Z)")


class NoCopy(Exception):
    """The folder holds no copy that this version can read."""


@dataclass(frozen=True, slots=True)
class Result:
    """A report's answer, kept as the table `result` in a DuckDB of its own; close it.

    `about` says what the answer is about: regime, state, options, `as_of`, `known_seq`, head.
    """

    report: Report
    columns: tuple[Column, ...]
    about: dict[str, Any]
    count: int
    connection: duckdb.DuckDBPyConnection

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The rows in order; amounts are whole milli-TPP."""
        found = self.connection.execute("SELECT * FROM result")
        while some := found.fetchmany(10_000):
            yield from some

    def close(self) -> None:
        """Let go of the answer."""
        self.connection.close()

    def __enter__(self) -> Result:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def run(name: str, folder: Path, variables: Mapping[str, object] | None = None) -> Result:
    """The answer of a report over the copy in a folder.

    `variables` are those of the report's heading, and `known_at`: an instant ("2026-11-23",
    "2026-11-23T18:00:00Z"; without a zone UTC) or "seq:N", in place of `known_seq`. What is None
    is left at its default; `as_of` is then today.
    Raises WrongUse for a name or value that will not do, NoCopy where there is no copy, MemoryError
    where there is not enough memory for it.
    """
    import duckdb

    report = catalogue.report(name)
    given = {key: value for key, value in (variables or {}).items() if value not in (None, "")}
    for memory in _MEMORY:
        try:
            return _answered(report, given, folder, memory)
        except duckdb.OutOfMemoryException as error:
            short = error
    raise MemoryError(f"the report {report.name}: {first_line(short)}")


def _answered(report: Report, given: Mapping[str, object], folder: Path, memory: str) -> Result:
    manifest = manifest_of(folder)
    connection = _opened(manifest, folder, report.sql, memory)
    try:
        values = _values(report, given, connection, manifest)
        for key, value in values.items():
            connection.execute(f'SET VARIABLE "{key}" = $1', [value])
        statement = report.sql.rstrip().removesuffix(";")
        connection.execute(f"CREATE TEMP TABLE result AS {statement}")
        columns = columns_of(connection)
        count = _one(connection, "SELECT count(*) FROM result")
        about = about_of(connection, report, values, manifest)
        return Result(report, columns, {**about, "rows": count}, count, connection)
    except BaseException:
        connection.close()
        raise


def manifest_of(folder: Path) -> Manifest:
    """The manifest of the copy in a folder. Raises NoCopy."""
    try:
        return Manifest.read((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, NotAManifest) as error:
        raise NoCopy(f"there is no copy of a ledger in {folder} ({error})") from error


def _opened(manifest: Manifest, folder: Path, asked: str, memory: str) -> duckdb.DuckDBPyConnection:
    import duckdb

    settings: dict[str, Any] = {
        "memory_limit": memory,
        "threads": min(os.cpu_count() or 1, _MOST_THREADS),
        "temp_directory": str(Path(tempfile.gettempdir()) / f"tpp-report-{os.getpid()}"),
        "autoinstall_known_extensions": "false",
    }
    connection = duckdb.connect(":memory:", config=settings)
    try:
        for statement in view_statements(manifest, str(folder.absolute()), asked):
            connection.execute(statement)
    except duckdb.Error as error:
        connection.close()
        if isinstance(error, duckdb.OutOfMemoryException):
            raise
        raise NoCopy(f"the copy in {folder} cannot be read ({first_line(error)})") from error
    return connection


def _one(connection: duckdb.DuckDBPyConnection, ask: str, *values: object) -> Any:
    found = connection.execute(ask, values).fetchone()
    return found[0] if found else None


def _values(
    report: Report,
    given: Mapping[str, object],
    connection: duckdb.DuckDBPyConnection,
    manifest: Manifest,
) -> dict[str, Any]:
    """The variables to set, typed, with the defaults that are known only now."""
    types = {v.name: v.type for v in report.variables}
    if {"known_at", "known_seq"} <= given.keys():
        raise WrongUse("known_at and known_seq say the same: give one")
    values: dict[str, Any] = {"known_seq": manifest.last_seq}
    for variable in report.variables:
        if variable.meaning.endswith("(default: today)"):
            values[variable.name] = date.today()
    for name, value in given.items():
        if name == "known_at" and "known_seq" in types:
            values["known_seq"] = known_seq(str(value), connection, manifest)
        elif name in types:
            values[name] = _typed(name, types[name], value)
        else:
            close = catalogue.nearest(name, [*types, "known_at"])
            raise WrongUse(f'the report {report.name} knows no "{name}"{close}')
    if values["known_seq"] > manifest.last_seq:
        raise WrongUse(f"the ledger has only {manifest.last_seq} movements")
    _check_period(values.get("from_on"), values.get("as_of"))
    words.check(report, values, connection)
    words.parties(report, values, connection)
    if missing := [v.name for v in report.variables if v.required and v.name not in values]:
        raise WrongUse(f"the report {report.name} needs: {', '.join(missing)}")
    return values


def _check_period(first: date | None, last: date | None) -> None:
    """Raise WrongUse for a period that begins after it ends."""
    if first is not None and last is not None and first > last:
        raise WrongUse(f"the period begins on {first}, after its last day, {last}")


def _typed(name: str, type_: str, value: object) -> object:
    """A value of the variable's type. Raises WrongUse."""
    text = str(value)
    if type_ == "DATE":
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if _DAY.fullmatch(text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                pass
        raise WrongUse(f'{name}: "{text}" is no day; write it as 2026-11-23')
    if type_ == "BIGINT":
        if not _WHOLE.fullmatch(text):
            raise WrongUse(f'{name}: "{text}" is no whole number')
        return int(text)
    return text


def known_seq(known_at: str, connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> int:
    """The last movement recorded at an instant, 0 where none was; or N of "seq:N".

    A day alone means its end, in UTC. Raises WrongUse.
    """
    if known_at.startswith("seq:"):
        return int(str(_typed("known_at", "BIGINT", known_at[4:])))
    found = _one(
        connection,
        "SELECT max(first_seq + count - 1)::BIGINT FROM submission WHERE recorded_at <= $1",
        _instant(known_at),
    )
    return min(found or 0, manifest.last_seq)


def _instant(text: str) -> str:
    """An instant as the ledger writes it."""
    try:
        if not _BEGINS_AS_DAY.match(text):
            raise ValueError(text)
        found = datetime.fromisoformat(text)
        if _DAY.fullmatch(text):
            found += timedelta(days=1, microseconds=-1)
        # A zone can carry the first and the last day there are out of the calendar.
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        example = "2026-11-23, 2026-11-23T18:00:00Z or seq:1234"
        raise WrongUse(f'known_at: "{text}" is no instant; write {example}') from error
    return found.isoformat(timespec="microseconds").replace("+00:00", "Z")
