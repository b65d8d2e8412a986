"""Write a submission: movements, entries, findings, keys, its place in the chain, the head."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from ledger.intake import cells
from ledger.rules.weights import Entry
from ledger.service.book import Book
from ledger.service.outcome import SHOWN, Found, Outcome
from ledger.service.rows import Flag, Row
from ledger.storage import chain
from ledger.storage.head import Head
from ledger.storage.statements import Cursor
from ledger.storage.store import Store
from schemas import tables as t
from schemas.kinds import Kind
from schemas.problems import Problem, Unusable

# What a field is called by whoever gives it, where that is another name.
_SAID = {("reverse", "note"): "reason"}


@dataclass(frozen=True, slots=True)
class Header:
    """Who submits what. `texts` are adopted with it, by digest.

    `after`: the last movement known to who submits; where another came since, Moved is raised.
    Making one raises Unusable for words that no chain can hold (docs/chain.md): an empty text, a
    separator. Every door makes one, and nothing else of a submission is taken as it comes.
    """

    verb: str
    actor: str
    file_name: str | None = None
    file_digest: str | None = None
    note: str | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    after: int | None = None

    def __post_init__(self) -> None:
        for name in ("actor", "file_name", "note"):
            text = getattr(self, name)
            reason = None if text is None else _why_not(text)
            if reason:
                said = _SAID.get((self.verb, name), name)
                raise Unusable(Problem("", 0, 0, said, ascii(text)[1:-1], reason))


def _why_not(text: str) -> str | None:
    """Why a text cannot be recorded, None where it can."""
    if not text.strip(cells.BLANKS):
        return "is empty"
    try:
        cells.checked(text).encode()
    except cells.Wrong as wrong:
        return wrong.reason
    except UnicodeEncodeError:
        return "is not text in UTF-8"
    return None


class Moved(Exception):
    """Something was recorded since what this submission stands on was read; nothing was now."""


def instant_after(last: str) -> str:
    """Now, or the last recorded instant where the clock is behind it."""
    now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return max(now, last)


def day_after(last: str) -> date:
    """The day of that instant."""
    return date.fromisoformat(instant_after(last)[:10])


class Sealer:
    """Writes one submission within its transaction."""

    def __init__(self, store: Store, cursor: Cursor, book: Book, head: Head) -> None:
        self.store, self.cursor, self.book, self.head = store, cursor, book, head
        self._tree, self._count = chain.Tree(), 0
        self._annex: chain.Annex | None = None

    def close(self, header: Header, outcome: Outcome) -> None:
        """Link what was written as one submission."""
        self.link(self._count, self._tree.root().hex(), header, outcome)

    def write(self, rows: Sequence[Row], weighed: Sequence[Entry], outcome: Outcome) -> None:
        """Write rows that follow those written before; they are linked at the close."""
        movements = [self._movement(row) for row in rows]
        entries = self._entries(rows, weighed)
        findings = [self._findings(row) for row in rows]
        self._count += len(rows)
        self._tree.add_many(
            [
                chain.leaf_digest(chain.leaf_text(m[2:], [e[1:] for e in es], [f[2:] for f in fs]))
                for m, es, fs in zip(movements, entries, findings, strict=True)
            ]
        )
        self.cursor.add(t.movement, movements)
        self.cursor.add(t.entry, [e for es in entries for e in es])
        self.cursor.add(t.finding, [f for fs in findings for f in fs])
        self.cursor.add(t.movement_key, sorted((row.key, row.content, row.seq) for row in rows))
        self._report(rows, outcome)

    def link(self, count: int, root: str, header: Header, outcome: Outcome) -> None:
        """Write the submission's header and move the head to it."""
        number, first = self.book.submission, self.head.last_seq + 1
        recorded_at = instant_after(self.head.last_recorded_at)
        annex = self._annexed(header)
        facts = (
            number,
            first,
            count,
            recorded_at,
            header.actor,
            header.verb,
            header.file_name,
            header.file_digest,
            header.note,
            root,
            annex,
        )
        digest = chain.submission_digest(self.head.ledger_id, facts, self.head.digest)
        self.cursor.add(t.submission, [(*facts, digest)])
        self.cursor.change(
            t.head,
            ("last_seq", "last_submission", "last_recorded_at", "digest"),
            [(first + count - 1, number, recorded_at, digest, 1)],
        )
        outcome.submission, outcome.first_seq, outcome.count = number, first, count
        outcome.head = digest

    def begin_annex(self) -> chain.Annex:
        """Take the digest of what the book adds, once it has all; may be done before link()."""
        self._annex = chain.Annex()
        self._annex.add(_told(self.book.annex_rows()))
        return self._annex

    def _annexed(self, header: Header) -> str:
        annex = self._annex or self.begin_annex()
        if header.texts:
            annex.add(_told({"text": self._texts(header)}))
        return annex.hexdigest()

    def _texts(self, header: Header) -> list[tuple[Any, ...]]:
        """Write the texts that are not on record yet; their rows."""
        known = {row[0] for row in self.cursor.find(t.text, "digest", header.texts)}
        texts = [
            (digest, body, self.book.submission)
            for digest, body in sorted(header.texts.items())
            if digest not in known
        ]
        self.cursor.add(t.text, texts)
        return texts

    def _movement(self, row: Row) -> tuple[Any, ...]:
        given = row.given
        numbers = [
            None if name is None else self.book.party(name)
            for name in (given.exporter, given.consignee, given.parent)
        ]
        ruled = row.ruled
        return (
            row.seq,
            self.book.submission,
            str(row.kind),
            row.day,
            given.expires_on.isoformat() if given.expires_on else None,
            given.source,
            given.document,
            given.line,
            row.attempt,
            *numbers,
            given.consignee_hq,
            given.parent_hq,
            given.destination,
            given.authorization,
            given.licence,
            given.licence_line,
            given.chip,
            given.quantity,
            given.unit_mtpp,
            given.amount_mtpp,
            given.unit_value_cents,
            None if ruled is None else self.book.ruling(ruled.digest, ruled.body),
            row.target_seq,
            given.details,
        )

    def _entries(
        self, rows: Sequence[Row], weighed: Sequence[Entry]
    ) -> list[list[tuple[Any, ...]]]:
        """Each movement's entries by budget number, as the table orders them."""
        found: list[list[tuple[Any, ...]]] = [[] for _ in rows]
        for at, place, *amounts in weighed:
            found[at].append((rows[at].seq, self.book.numbers[place], *amounts))
        for entries in found:
            entries.sort()
        return found

    def _findings(self, row: Row) -> list[tuple[Any, ...]]:
        return [
            (
                row.seq,
                ordinal,
                flag.code,
                None if flag.place is None else self.book.numbers[flag.place],
                flag.limit,
                flag.taken,
                flag.asked,
                flag.short,
                flag.detail,
            )
            for ordinal, flag in enumerate(row.flags, start=1)
        ]

    def check_after(self, header: Header) -> None:
        """Raise Moved where the ledger is not where the submission takes it to be."""
        if header.after is not None and header.after != self.head.last_seq:
            raise Moved(f"the ledger was at seq {header.after}, it is at {self.head.last_seq}")

    def _report(self, rows: Sequence[Row], outcome: Outcome) -> None:
        for row in rows:
            refused = row.kind == Kind.REFUSAL
            outcome.refused += refused
            for flag in row.flags:
                outcome.counts[f"refused:{flag.code}" if refused else flag.code] += 1
                if len(outcome.findings) < SHOWN:
                    outcome.findings.append(self._found(row, flag))

    def _found(self, row: Row, flag: Flag) -> Found:
        budget = None if flag.place is None else self.book.named(flag.place)
        given = row.given
        figures = (flag.limit, flag.taken, flag.asked, flag.short)
        return Found(
            row.seq, given.row, given.document, given.line, flag.code, budget, *figures, flag.detail
        )


def _told(tables: Mapping[str, Sequence[tuple[Any, ...]]]) -> Iterator[tuple[Any, ...]]:
    """Rows as the annex tells them: every last column is `submission`, which the header proves."""
    return ((name, *row[:-1]) for name, rows in tables.items() for row in rows)
