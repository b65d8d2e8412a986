"""The chain's bytes: leaf texts, the tree over them, and every digest (docs/chain.md).

Pure: values in, text and digests out. A value is what the database stores: text, a whole number,
a day (a date or its ISO text), or None. Frozen: a change of any byte is a new `FORMAT`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import chain as chained

from schemas.kinds import Kind, key_class

FORMAT = "tpp-ledger/1"
US, RS, GS = "\x1f", "\x1e", "\x1d"
# The digest before the first submission's.
ZERO = "0" * 64

# The columns behind `seq` (and `submission`), in table order: what leaf_text() takes.
MOVEMENT_FIELDS = (
    "kind",
    "effective_on",
    "expires_on",
    "source",
    "document",
    "line",
    "attempt",
    "exporter_no",
    "consignee_no",
    "parent_no",
    "consignee_hq",
    "parent_hq",
    "destination",
    "authorization",
    "licence",
    "licence_line",
    "chip",
    "quantity",
    "unit_mtpp",
    "amount_mtpp",
    "unit_value_cents",
    "ruling_no",
    "target_seq",
    "details",
)
ENTRY_FIELDS = (
    "budget_no",
    "official",
    "adjustment_mtpp",
    "pending_mtpp",
    "held_mtpp",
    "posted_mtpp",
    "lapsed_mtpp",
)
FINDING_FIELDS = (
    "code",
    "budget_no",
    "limit_mtpp",
    "taken_mtpp",
    "asked_mtpp",
    "short_mtpp",
    "detail",
)
# The submission's columns that its digest covers, in table order: what submission_digest() takes.
HEADER_FIELDS = (
    "number",
    "first_seq",
    "count",
    "recorded_at",
    "actor",
    "verb",
    "file_name",
    "file_digest",
    "note",
    "root",
    "annex",
)
# The columns of a movement's content, parties as the names given: what content_digest() takes.
CONTENT_FIELDS = (
    "kind",
    "effective_on",
    "expires_on",
    "exporter",
    "consignee",
    "parent",
    "consignee_hq",
    "parent_hq",
    "destination",
    "authorization",
    "licence",
    "licence_line",
    "chip",
    "quantity",
    "amount_mtpp",
    "unit_value_cents",
    "details",
)
# Of what points at another movement only these are its own, by the class of its key; the other
# fields are that movement's, or say what the act came to.
_POINTING = ("kind", "effective_on", "exporter", "details")
_ACTING = ("kind", "effective_on", "details")
OWN_FIELDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("receipt", "return"), _POINTING),
    **dict.fromkeys(("act", "outcome", "replacement"), _ACTING),
}
_CHIP, _AMOUNT = CONTENT_FIELDS.index("chip"), CONTENT_FIELDS.index("amount_mtpp")

# What a submission adds beside its movements: tables in this order, rows by their first column.
ANNEX_FIELDS: dict[str, tuple[str, ...]] = {
    "party": ("party_no", "name", "name_key"),
    "budget": (
        "budget_no",
        "rule",
        "holder",
        "holder_name",
        "window",
        "from_on",
        "to_on",
        "limit_mtpp",
        "basis",
    ),
    "budget_step": ("budget_no", "from_on", "step", "limit_mtpp"),
    "ruling": ("ruling_no", "digest", "body"),
    "text": ("digest", "body"),
}


def _joined(values: Iterable[object]) -> str:
    return US.join(["" if value is None else str(value) for value in values])


def leaf_text(
    movement: Sequence[object],
    entries: Sequence[Sequence[object]] = (),
    findings: Sequence[Sequence[object]] = (),
) -> str:
    """The canonical text of one movement with its entries and findings.

    `movement` holds the MOVEMENT_FIELDS; `entries` the ENTRY_FIELDS of each entry, by budget_no
    and official; `findings` the FINDING_FIELDS of each, by ordinal.
    """
    parts = [FORMAT, US, _joined(movement)]
    for row in entries:
        parts += RS, _joined(row)
    for row in findings:
        parts += GS, _joined(row)
    return "".join(parts)


def leaf_digest(text: str) -> bytes:
    """The tree's leaf for one leaf text: SHA-256 over a zero byte and the text's UTF-8."""
    return sha256(b"\0" + text.encode()).digest()


class Tree:
    """The Merkle tree of RFC 6962 over leaves as they come, of which only the peaks are kept."""

    __slots__ = ("_peaks", "count")

    def __init__(self) -> None:
        self.count = 0
        # One finished subtree per level, or None; level n stands for 2**n leaves.
        self._peaks: list[bytes | None] = []

    def add(self, leaf: bytes) -> None:
        """Append one leaf (a leaf_digest)."""
        self.add_many([leaf])

    def add_many(self, leaves: Sequence[bytes]) -> None:
        """Append leaves, level by level: one hash for each two."""
        self.count += len(leaves)
        nodes: Sequence[bytes] = leaves
        level = 0
        while nodes:
            if level == len(self._peaks):
                self._peaks.append(None)
            peak = self._peaks[level]
            if peak is not None:
                nodes = [peak, *nodes]
            self._peaks[level] = nodes[-1] if len(nodes) % 2 else None
            nodes = _parents(nodes)
            level += 1

    def root(self) -> bytes:
        """The root over the leaves so far; of no leaves, SHA-256 of nothing."""
        root: bytes | None = None
        for peak in self._peaks:
            if peak is not None:
                root = peak if root is None else sha256(b"\1" + peak + root).digest()
        return sha256().digest() if root is None else root

    def copy(self) -> Tree:
        """A tree of the same leaves that grows on its own."""
        twin = Tree()
        twin.count, twin._peaks = self.count, self._peaks.copy()
        return twin


def _parents(nodes: Sequence[bytes]) -> list[bytes]:
    walk = iter(nodes)
    return [sha256(b"\1" + left + right).digest() for left, right in zip(walk, walk, strict=False)]


def annex_digest(rows: Iterable[Sequence[object]]) -> str:
    """The digest, in hex, of what a submission adds beside its movements.

    Each row is its table's name and the ANNEX_FIELDS of that table; tables in the order of
    ANNEX_FIELDS, rows by their first column.
    """
    annex = Annex()
    annex.add(rows)
    return annex.hexdigest()


class Annex:
    """An annex_digest, taken as rows come."""

    __slots__ = ("_behind", "_digest")

    def __init__(self) -> None:
        self._digest, self._behind = sha256(), ""

    def add(self, rows: Iterable[Sequence[object]]) -> None:
        """The rows that follow."""
        for row in rows:
            self._digest.update((self._behind + _joined(row)).encode())
            self._behind = RS

    def hexdigest(self) -> str:
        """The digest so far."""
        return self._digest.hexdigest()


def submission_digest(ledger_id: str, header: Sequence[object], previous: str) -> str:
    """The digest, in hex, that links one submission (its HEADER_FIELDS) to the one before it.

    `previous` is the digest of the submission before; ZERO before the first.
    """
    text = _joined(chained((FORMAT, ledger_id), header, (previous,)))
    return sha256(text.encode()).hexdigest()


def key_digest(kind: str, source: str, document: str, line: str, attempt: int) -> bytes:
    """The 16 bytes of a movement's natural key; the kind counts by its class only."""
    return short_digest(US.join((key_class(kind), source, document, line, str(attempt))))


def content_digest(content: Sequence[object]) -> bytes:
    """The 16 bytes of what a movement says (its CONTENT_FIELDS): same key, same content, same row.

    An amount that follows from chip and quantity is left out, so that a new catalogue row does
    not make an old line look changed. A refusal's content is the application it answers. A
    receipt or a return says its kind, day, exporter and details (which name the shipment); its
    other fields are the shipment's. An act says its kind, day and details.
    """
    values = list(content)
    if own := OWN_FIELDS.get(key_class(str(values[0]))):
        values = [v if n in own else None for n, v in zip(CONTENT_FIELDS, values, strict=True)]
    values[0] = content_kind(str(values[0]))
    if values[_CHIP] is not None:
        values[_AMOUNT] = None
    return short_digest(_joined(values))


def content_kind(kind: str) -> str:
    """The kind that stands in a movement's content: a refusal's is what was asked."""
    return Kind.APPLICATION if kind == Kind.REFUSAL else kind


def short_digest(text: str) -> bytes:
    """The first 16 bytes of the SHA-256 of a text."""
    return sha256(text.encode()).digest()[:16]
