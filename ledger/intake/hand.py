"""One movement typed by hand: the same checks as for a row of a file, without a database."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from ledger.intake.cells import Wrong, source_of
from ledger.intake.rows import Rejected, Row
from ledger.intake.setting import Setting
from schemas.kinds import FileKind
from schemas.problems import Problem, Unusable
from schemas.records import Given

BY_HAND = "given by hand"


@lru_cache(maxsize=32)
def _reader(kind: FileKind, setting: Setting, source: str | None) -> Row:
    return Row(kind, setting, source)


def typed(
    file_kind: FileKind, values: Mapping[str, str], setting: Setting, source: str | None = None
) -> Given:
    """One row from texts under the headings of a file kind; unknown headings become metadata.

    Raises Unusable with all the problems in it.
    """
    wrongs: list[tuple[str, str, Wrong]] = []
    try:
        source = source_of(source)
    except Wrong as wrong:
        wrongs.append(("source", source or "", wrong))
    try:
        given = _reader(file_kind, setting, source).read(values)
    except Rejected as rejected:
        wrongs += rejected.wrongs
    if wrongs:
        raise Unusable(
            *(Problem(BY_HAND, 0, 0, name, cell, w.reason, w.nearest) for name, cell, w in wrongs)
        )
    return given
