"""The movement a person means by a seq, a document, or a document and a line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import Kind, key_class
from schemas.problems import Problem, Unusable

if TYPE_CHECKING:
    from ledger.service.ledger import Ledger
    from ledger.storage.head import Head

# Movements above a seq under a document, or under what may be one with a line behind it.
_BY_DOCUMENT = select(t.movement).where(
    t.movement.c.seq > bindparam("above"),
    t.movement.c.document.in_([bindparam("document"), bindparam("without_line")]),
)
_DIGEST = select(t.submission.c.digest).where(t.submission.c.number == bindparam("number"))
# From so many movements on a document is looked up in the columnar copy, where there is one.
COPY_FROM = 20_000


def as_named(table: Any, row: Iterable[Any]) -> dict[str, Any]:
    """A row of a table by its columns' names."""
    return dict(zip(table.columns.keys(), row, strict=True))


def meant(ledger: Ledger, head: Head, cursor: Cursor, text: str) -> dict[str, Any]:
    """The movement named by its seq or as DOCUMENT or DOCUMENT/LINE.

    Raises Unusable where there is no such movement, or several are meant.
    """
    if text.isascii() and text.isdigit():
        rows = cursor.find(t.movement, "seq", [int(text)]) if len(text) < 19 else []
        if not rows:
            raise Unusable(Problem("", 0, 0, "seq", text, "there is no such movement"))
        return as_named(t.movement, rows[0])
    document, _, line = text.rpartition("/")
    under = [as_named(t.movement, row) for row in _under(ledger, head, cursor, (text, document))]
    found = [m for m in under if m["document"] == text]
    return _one_of(found or [m for m in under if m["line"] == line], text)


def _under(
    ledger: Ledger, head: Head, cursor: Cursor, documents: tuple[str, str]
) -> list[tuple[Any, ...]]:
    """The movements under some documents: what the copy knows of, and the ledger since."""
    seqs: list[int] = []
    known = 0
    if head.last_seq >= COPY_FROM:
        from ledger.publish.documents import seqs_of

        def digest_of(number: int) -> str | None:
            found = cursor.read(_DIGEST, number)
            return str(found[0][0]) if found else None

        seqs, known = seqs_of(ledger.store.place, head.ledger_id, documents, digest_of)
    return sorted(
        [*cursor.find(t.movement, "seq", seqs), *cursor.read(_BY_DOCUMENT, known, *documents)]
    )


def _one_of(found: list[dict[str, Any]], key: str) -> dict[str, Any]:
    """The movement meant: of one key the latest attempt, and none that only follows another."""
    followers = (Kind.RECEIPT, Kind.REVERSAL, Kind.REPLACEMENT, Kind.TRANSFER_IN)
    own = [m for m in found if m["kind"] not in followers] or found
    latest = {(key_class(m["kind"]), m["source"], m["line"]): m for m in own}
    if not latest:
        raise Unusable(Problem("", 0, 0, "document", key, "no movement has this document"))
    if len(latest) > 1:
        said = [f"seq {m['seq']} ({m['kind']}, line {m['line']})" for m in latest.values()]
        more = f" and {len(said) - 10} more" if len(said) > 10 else ""
        reason = f"several movements have it: {', '.join(said[:10])}{more}; name one by its seq"
        raise Unusable(Problem("", 0, 0, "document", key, reason))
    return next(iter(latest.values()))
