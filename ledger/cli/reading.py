"""Reports on their way to a person, a pipe or a file: the copy is brought up to date first."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.cli.exits import say
from ledger.cli.settings import ledger_url

if TYPE_CHECKING:
    from reports import Result


def fresh_copy() -> Path:
    """The folder of this ledger's columnar copy, equal to the ledger."""
    from ledger import asking
    from ledger.cli.progress import bar

    with bar("copying for reports") as shown:
        return asking.fresh_copy(ledger_url(), progress=shown.moved)


def put(result: Result, form: str, output: Path | None) -> None:
    """Write an answer to stdout or to a file; what a CSV is about goes beside it or to stderr."""
    from reports.about import about_lines
    from reports.render import save, write

    if output is not None:
        save(result, form, output)
        say(f"wrote {output} ({result.count:,} rows)")
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    write(result, form, sys.stdout.buffer, width)
    if form == "csv":
        say(*about_lines(result.about))
