"""Which line of an application on file a licence answers, by what the licence says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ledger.service import applications
from ledger.service.book import Book
from ledger.service.rows import Flag, Row
from ledger.service.stored import standing_attempt
from ledger.storage import chain
from ledger.storage.statements import Cursor
from schemas.kinds import Kind
from schemas.names import name_key

# How many of those who filed a number are named.
_NAMED = 3
APPLICATION, APPLICATION_LINE = "application", "application_line"


class Filed(NamedTuple):
    """One line of an application that stands: its movement, who filed it, and the line."""

    seq: int
    source: str
    line: str


class Naming(NamedTuple):
    """What a licence says of its application: who filed the licence, its line, and the number.

    `wanted` is the application's line where the licence names it.
    """

    source: str
    line: str
    number: str
    wanted: str | None

    @property
    def first(self) -> str:
        """The line it means before all others: the one it names, else that of its own number."""
        return self.wanted or self.line


def naming_of(source: str, line: str, details: Mapping[str, Any]) -> Naming | None:
    """What a licence with these details says of its application; None where it names none."""
    number = details.get(APPLICATION)
    return None if number is None else Naming(source, line, number, details.get(APPLICATION_LINE))


def meant(naming: Naming, filed: Sequence[Filed]) -> Filed | Flag:
    """The line a licence answers among those filed under the number, or why none.

    Of several sources the licence's own is meant, else the only one. Of its lines the one the
    licence names; where it names none, that of the licence's own line, else the only one.
    """
    own = [one for one in filed if one.source == naming.source]
    own = own or [one for one in filed if name_key(one.source) == name_key(naming.source)]
    found = own or list(filed)
    sources = list(dict.fromkeys(one.source for one in found))
    if not found:
        return _none(naming.number)
    if len(sources) > 1:
        return _none(f"{naming.number}: filed by {', '.join(sources[:_NAMED])}")
    lines = [one for one in found if one.line == naming.first]
    if not lines and naming.wanted is None and len(found) == 1:
        lines = found
    return lines[0] if lines else _none(f"{naming.number} line {naming.first}")


def _none(detail: str) -> Flag:
    return Flag("application_not_on_file", detail=detail)


def answered(cursor: Cursor, book: Book, rows: Iterable[Row]) -> None:
    """Give each licence the application it answers; one that names none on file is flagged."""
    known: applications.Answered = {}
    named = ((row, naming_of(row.given.source, row.given.line, row.details())) for row in rows)
    naming = [(row, one) for row, one in named if one is not None]
    plain = [_plainly(cursor, one) for _, one in naming]
    others = {one.number for (_, one), found in zip(naming, plain, strict=True) if found is None}
    on_file = applications.on_file(cursor, others) if others else {}
    for (row, one), found in zip(naming, plain, strict=True):
        if found is None:
            by_seq = {movement["seq"]: movement for movement in on_file.get(one.number, [])}
            filed = [Filed(m["seq"], m["source"], m["line"]) for m in by_seq.values()]
            line = meant(one, filed)
            if isinstance(line, Flag):
                row.flags.append(line)
                continue
            found = by_seq[line.seq]
        applications.answer(cursor, book, row, found, known)


def _plainly(cursor: Cursor, naming: Naming) -> dict[str, Any] | None:
    """The line of the licence's own source that it means before all others, found by its key."""

    def key(attempt: int) -> bytes:
        return chain.key_digest(
            Kind.APPLICATION, naming.source, naming.number, naming.first, attempt
        )

    return standing_attempt(cursor, key)
