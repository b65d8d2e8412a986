"""The stored rows of weighed batches, and the digests they are known by: leaves, keys, contents.

The digests are those of chain.py, taken of whole columns at once; a test holds them equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ledger.rules.admission import Entries, Ints
from ledger.service.batches import Frame
from ledger.service.bulk_findings import Findings
from ledger.storage.bulk import HASH, Staging
from ledger.storage.chain import CONTENT_FIELDS, FORMAT, GS, OWN_FIELDS, RS, US, Tree
from ledger.storage.staged import columns_of
from schemas.kinds import key_class

if TYPE_CHECKING:
    import pyarrow as pa

# Keys sorted at a time: they are dealt by their first bits, so that part follows part.
_SORTED = 1 << 18
# Texts hashed at a time.
_HASHED = 1 << 11
_KEY_ROW = np.dtype([("first", ">u8"), ("last", ">u8"), ("content", "V16"), ("seq", "<i8")])
# Moved as a whole such a row costs a tenth of what it costs field by field.
_WHOLE = np.dtype((np.void, _KEY_ROW.itemsize))


class Leaves:
    """Turns weighed batches into stored rows and digests, staging the one and keeping the other.

    `names` are the parties a frame refers to by place; `count` is how many movements will come.
    """

    def __init__(self, staging: Staging, submission: int, names: Sequence[str], count: int) -> None:
        import pyarrow as pa

        self.staging, self.submission = staging, submission
        self.names = pa.array(names, pa.string())
        self.tree = Tree()
        self._keys = _Keys(staging.folder, count)

    def add(self, frame: Frame, entries: Entries, budget_no: Ints, findings: Findings) -> None:
        """Stage one batch's movements, entries and findings; its digests follow."""
        movements = _movements(frame, self.submission)
        rows = _entries(frame, entries, budget_no)
        self.staging.append({"movement": movements, "entry": rows, "finding": findings.table})
        self.staging.later(lambda: self._digest(frame, movements, rows, findings.table), HASH)

    def _digest(
        self, frame: Frame, movements: pa.Table, entries: pa.Table, findings: pa.Table
    ) -> None:
        texts = {name: _text(movements.column(name)) for name in columns_of("movement")[2:]}
        for name in ("exporter", "consignee", "parent"):
            texts[name] = _text(self.names.take(_places(frame.ints(f"{name}_at", -1))))
        leaves = _leaf_texts(texts, entries, findings, frame.first_seq)
        self.tree.add_many(_digests(leaves))
        keys, contents = _key_texts(texts), _content_texts(texts, frame)
        self._keys.add(_short(keys), _short(contents), frame.first_seq)

    def stage_keys(self) -> None:
        """Stage the keys once the last digests are taken, while others write what else there is."""
        self.staging.later(self._stage_keys, HASH)

    def _stage_keys(self) -> None:
        # In their own order: a table in order of random keys is dear otherwise.
        batches = self._keys.sorted()
        first = next(batches)
        self.staging.load("movement_key", chain([first], batches), first.schema)


class _Keys:
    """Keys on their way to be sorted: scratch files, dealt by the first bits of the key."""

    def __init__(self, folder: Path, count: int) -> None:
        parts = 1 + count // _SORTED
        self._paths = [folder / f"keys-{n}" for n in range(parts)]
        for path in self._paths:
            path.touch()

    def add(self, keys: bytes, contents: bytes, first_seq: int) -> None:
        """Keep one batch's keys and contents, 16 bytes each; their seqs rise from the first."""
        rows = np.empty(len(keys) // 16, _KEY_ROW)
        rows["first"], rows["last"] = np.frombuffer(keys, ">u8").reshape(-1, 2).T
        rows["content"] = np.frombuffer(contents, "V16")
        rows["seq"] = np.arange(first_seq, first_seq + len(rows))
        part = (rows["first"] >> np.uint64(32)) * np.uint64(len(self._paths)) >> np.uint64(32)
        for number, path in enumerate(self._paths):
            with path.open("ab") as file:
                file.write(rows.view(_WHOLE)[part == number].tobytes())

    def sorted(self) -> Iterator[pa.RecordBatch]:
        """All keys in order, a part at a time; the scratch files are done with."""
        import pyarrow as pa

        for path in self._paths:
            rows = np.frombuffer(path.read_bytes(), _KEY_ROW)
            path.unlink()
            rows = rows.view(_WHOLE).take(_key_order(rows)).view(_KEY_ROW)
            columns = [_bytes(rows, 0), _bytes(rows, 16), pa.array(rows["seq"].astype(np.int64))]
            yield pa.record_batch(columns, ["key", "content", "seq"])


def _key_order(rows: Any) -> Ints:
    """The places of keys in their order; of those that begin alike, the second half tells."""
    first = rows["first"].astype(np.uint64)
    order: Ints = np.argsort(first)
    begun = first[order]
    if (begun[1:] == begun[:-1]).any():
        order = np.lexsort((rows["last"].astype(np.uint64), first))
    return order


def _bytes(rows: Any, begin: int) -> Any:
    """Sixteen bytes of each row, from that byte on."""
    import pyarrow as pa

    values = rows.view(np.uint8).reshape(len(rows), rows.itemsize)[:, begin : begin + 16].tobytes()
    fixed = pa.Array.from_buffers(pa.binary(16), len(rows), [None, pa.py_buffer(values)])
    return fixed.cast(pa.binary())


def _short(texts: Any) -> bytes:
    """The first 16 bytes of each text's SHA-256, one behind the other."""
    return np.frombuffer(b"".join(_digests(texts)), "V16")[::2].tobytes()


def _digests(texts: Any) -> list[bytes]:
    """The SHA-256 of each text's UTF-8; taken some at a time, for the processor's cache."""
    import pyarrow as pa

    given = texts.cast(pa.binary())
    return [
        sha256(text).digest()
        for begin in range(0, len(given), _HASHED)
        for text in given.slice(begin, _HASHED).to_pylist()
    ]


def _key_texts(texts: dict[str, Any]) -> Any:
    """What the natural keys are taken of: see chain.key_digest."""
    import pyarrow as pa

    kinds = texts["kind"].combine_chunks().dictionary_encode()
    classes = pa.array(list(map(key_class, kinds.dictionary.to_pylist())))
    given = [texts[name] for name in ("source", "document", "line", "attempt")]
    return _joined(classes.take(kinds.indices), *given, US)


def _content_texts(texts: dict[str, Any], frame: Frame) -> Any:
    """What the contents are taken of: see chain.content_digest."""
    import pyarrow as pa
    import pyarrow.compute as pc

    fields = [texts[name] for name in CONTENT_FIELDS]
    amount = CONTENT_FIELDS.index("amount_mtpp")
    fields[amount] = pc.if_else(frame.table.column("chip").is_null(), fields[amount], "")
    whole = _joined(*fields, US)
    behind = frame.ints("behind") == 1
    if not behind.any():
        return whole
    said, only = OWN_FIELDS["receipt"], pa.array(behind)
    own = [
        pa.scalar("") if n not in said or isinstance(text, pa.Scalar) else text.filter(only)
        for n, text in zip(CONTENT_FIELDS, fields, strict=True)
    ]
    return pc.replace_with_mask(whole, only, _joined(*own, US).combine_chunks())


def _leaf_texts(texts: dict[str, Any], entry: pa.Table, finding: pa.Table, first_seq: int) -> Any:
    """A zero byte and the canonical text of each movement (docs/chain.md), as UTF-8."""
    import pyarrow as pa

    *fields, last = (texts[name] for name in columns_of("movement")[2:])
    count = len(texts["kind"])
    behind = [
        *_texts_behind(entry, (RS, 1), count, first_seq),
        *_texts_behind(finding, (GS, 2), count, first_seq),
    ]
    if behind:  # put behind the last field, so that the long text is made at once
        last = _joined(last, *behind, "")
    return _joined(pa.scalar("\0" + FORMAT), *fields, last, US)


def _texts_behind(
    rows: pa.Table, said: tuple[str, int], count: int, first_seq: int
) -> Iterator[Any]:
    """The text of each movement's first entry or finding, of its second, and so on.

    The rows are in order; `said` is the mark before each and its first column that is told.
    """
    import pyarrow as pa

    if not rows.num_rows:
        return
    mark, begin = said
    texts = _joined(*[_text(column) for column in rows.columns[begin:]], US)
    texts = _joined(pa.scalar(mark), texts, "")
    row = rows.column("seq").to_numpy() - first_seq
    starts = np.flatnonzero(np.append(True, row[1:] != row[:-1]))
    ordinal = np.arange(len(row)) - np.repeat(starts, np.diff(np.append(starts, len(row))))
    for turn in range(int(ordinal.max()) + 1):
        of_turn = np.flatnonzero(ordinal == turn)
        place = np.full(count, -1, np.int64)
        place[row[of_turn]] = of_turn
        yield texts.take(_places(place))


def _text(column: Any) -> Any:
    import pyarrow as pa

    return pa.scalar("") if column.null_count == len(column) else column.cast(pa.string())


def _joined(*texts: Any) -> Any:
    """Texts joined by the last one, row by row; what is NULL is empty."""
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(*texts, null_handling="replace", null_replacement="")


def _places(values: Ints) -> Any:
    """Whole numbers of which those below 0 stand for none."""
    import pyarrow as pa

    return pa.array(values, mask=values < 0)


_AS_THEY_ARE = (
    "source",
    "document",
    "line",
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
    "details",
    "kind",
)


def _movements(frame: Frame, submission: int) -> pa.Table:
    """The batch as rows of the table `movement`."""
    import pyarrow as pa

    made: dict[str, Any] = {name: frame.table.column(name) for name in _AS_THEY_ARE}
    made["seq"] = pa.array(np.arange(frame.first_seq, frame.first_seq + frame.count))
    made["submission"] = pa.array(np.full(frame.count, submission, np.int64))
    first = np.ones(frame.count, np.int64)
    made["attempt"] = pa.array(first if frame.attempt is None else frame.attempt)
    made["effective_on"] = frame.table.column("day_text")
    made["expires_on"] = frame.table.column("expires_text")
    for name in ("exporter_no", "consignee_no", "parent_no", "ruling_no"):
        values = getattr(frame, name)
        made[name] = _places(values)
    made["target_seq"] = pa.array(frame.target, mask=frame.target == 0)
    return pa.table({name: made[name] for name in columns_of("movement")})


def _entries(frame: Frame, entries: Entries, budget_no: Ints) -> pa.Table:
    import pyarrow as pa

    numbers = budget_no[entries.budget]
    order = np.lexsort((entries.official, numbers, entries.row))
    values = [
        frame.first_seq + entries.row,
        numbers,
        entries.official,
        entries.adjustment,
        entries.pending,
        entries.held,
        entries.posted,
        entries.lapsed,
    ]
    return pa.table(
        {name: pa.array(v[order]) for name, v in zip(columns_of("entry"), values, strict=True)}
    )
