"""The apostrophe that keeps a spreadsheet from running a cell of a rejects file as a formula."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)*")


def neutralised(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def as_it_was(cell: str) -> str:
    """The cell of a rejects file without the apostrophe `neutralised` put before it."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
