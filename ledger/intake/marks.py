"""What a file says of a cell beside its text: one letter a cell, as a workbook or Parquet has it.

A row's marks are one string, a letter for each of its cells; where it is shorter, what is beyond
is text. All cells of a CSV file are text.
"""

from __future__ import annotations

from collections.abc import Sequence

TEXT, DAY, NUMBER, LONG, TRUTH, ERROR, UNCOMPUTED, MERGED = "tdnlbefm"

# What cannot be read as one of our fields, and why.
WRONG = {
    LONG: "a number of more than 15 digits, which a sheet does not keep; write it as text",
    TRUTH: "a true-or-false cell; write it as text",
    ERROR: "the cell shows an error",
    UNCOMPUTED: "a formula whose result is not in the file; open it, compute, save again",
    MERGED: "is merged with the cell above or beside it; unmerge them and fill each",
}
# Of these nobody knows what they would say; of an error and a truth, what they show.
UNKNOWN = UNCOMPUTED + MERGED
# What is wrong in a column that is only kept: a truth or a number is kept there as it is shown.
WRONG_KEPT = ERROR + UNKNOWN


def mark_at(marks: str, index: int) -> str:
    """The mark of the cell of that index, from 0."""
    return marks[index] if index < len(marks) else TEXT


def common(marks: str, columns: Sequence[int]) -> str:
    """The mark all these columns have, TEXT where they differ."""
    found = {mark_at(marks, i) for i in columns}
    return found.pop() if len(found) == 1 else TEXT
