"""What stands above the headings of a file: a title, a note, the headings of headings."""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import islice

from ledger.intake.headings import FEWEST_KNOWN, known_in
from ledger.intake.mapping import MapFile
from ledger.intake.parquetfile import ParquetSource
from ledger.intake.staging import Source
from schemas.problems import Unusable

# Among so many rows headings are looked for.
_ROWS = 20
_MARK = re.compile("[,;\\t|]")


def further_down(source: Source, mapping: MapFile) -> int:
    """The line of a file whose first does not do that holds its headings instead, 0 for none."""
    if isinstance(source, ParquetSource):
        return 0
    fewest = max(FEWEST_KNOWN, 1 + known_in(source.headings, mapping))
    with suppress(Unusable):
        for _, line, cells, _ in islice(source.cells(), _ROWS):
            # Of a title alone nobody can tell by what the cells below it are parted.
            parted = _MARK.split(cells[0].replace('"', "")) if len(cells) == 1 else cells
            if known_in(parted, mapping) >= fewest:
                return line
    return 0
