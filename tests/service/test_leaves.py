"""Keys on their way into the ledger come out in order, whatever they begin with."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ledger.service.leaves import _Keys

# Many that begin alike, and some of every first byte.
KEYS = st.builds(
    lambda first, last: first * 8 + last * 8,
    st.sampled_from([b"\0", b"\1", b"\x7f", b"\x80", b"\xff"]),
    st.binary(min_size=1, max_size=1),
)


@given(st.lists(st.lists(KEYS, max_size=6), max_size=4), st.integers(1, 600_000))
def test_keys_come_out_in_order_each_with_its_own(batches: list[list[bytes]], expected: int):
    seq = 1
    put: list[tuple[bytes, bytes, int]] = []
    with tempfile.TemporaryDirectory() as folder:
        keys = _Keys(Path(folder), expected)
        for batch in batches:
            contents = [key[::-1] for key in batch]
            keys.add(b"".join(batch), b"".join(contents), seq)
            put += zip(batch, contents, range(seq, seq + len(batch)), strict=True)
            seq += len(batch)
        found = [tuple(row.values()) for part in keys.sorted() for row in part.to_pylist()]
        assert not any(Path(folder).iterdir())
    assert sorted(found) == sorted(put)
    assert [key for key, _, _ in found] == sorted(key for key, _, _ in put)
