"""Lines by the block come out as they do one by one."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import example, given
from hypothesis import strategies as st

from ledger.intake import csvfile
from ledger.intake.blocks import Block
from schemas.problems import Unusable

LINES = st.sampled_from(["a,b", "é,", ",", '"",x', '"a,b",c', '"a""b",', 'a"b,c', '"a\nb",c'])
ODD = st.sampled_from(["", "a", "a,b,c", '"a', 'a,"b', '"a"b,c', "a,b\r", "\r", "a\rb,c"])


def body_of(lines: list[str], end: str, last: bool) -> str:
    body = "".join(line + end for line in lines)
    return body if last else body.removesuffix(end)


# Most lines are records; the last one may have no end.
SOME = st.lists(LINES, max_size=4)
BODIES = st.builds(
    body_of,
    st.builds(lambda before, odd, behind: [*before, odd, *behind], SOME, ODD, SOME),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)


def read(path: Path) -> tuple[list[Any], bytes]:
    """What the scan makes of a file, and its clean copy; numbers without zeros before them."""
    found: list[Any] = []
    copy = b""
    file = csvfile.headings_of(path, ",", len)
    try:
        for batch in file.batches():
            found += zip(batch.rows, batch.lines, batch.records, strict=True)
            found += batch.troubles
            copy += batch.numbered(b",")
    except Unusable as error:
        found += error.problems
    return found, re.sub(rb"\b0+", b"", copy)


@example("a\n\nb\n", "one", 40)
@example("a\rb,c\n", "one,two", 40)
@given(BODIES, st.sampled_from(["one,two", "one"]), st.integers(8, 40))
def test_lines_by_the_block_are_those_one_by_one(body: str, headings: str, block: int):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in.csv"
        path.write_text(f"{headings}\n{body}", encoding="utf-8", newline="")
        with mock.patch("ledger.intake.csvfile._BLOCK", block):
            found, copy = read(path)
            with mock.patch("ledger.intake.csvfile.block_of", return_value=None):
                assert (found, copy) == read(path)


def test_a_block_numbers_its_rows_in_as_many_places_as_its_last_line_takes(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("one,two\n" + "a,b\n" * 12)
    (batch,) = csvfile.headings_of(path, ",", len).batches()
    assert isinstance(batch, Block)
    made = batch.numbered(b",").splitlines()
    assert (made[0], made[8], made[-1]) == (b"01,02,a,b", b"09,10,a,b", b"12,13,a,b")
