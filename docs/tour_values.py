"""The values that docs/tour.md shows, made by doing what it tells.

`python -m docs.tour_values` writes them into the page; tests/house/test_tour.py sees that they are
still so.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any

from ledger.cli.status import rows_of
from ledger.intake import read
from ledger.intake.store import Workspace
from ledger.publish import refresh
from ledger.service.about import about_rows
from ledger.service.ledger import Ledger, new_ledger
from ledger.service.settings import setting_for
from ledger.storage import chain
from reports import run
from schemas.kinds import FileKind
from schemas.records import GIVEN_TYPES, Given
from schemas.tpp import milli_text

HOUSE = Path(__file__).parents[1]
PAGE = HOUSE / "docs/tour.md"
FILES = HOUSE / "docs/examples/first_steps"
DOCUMENT = "S-2003"
DAY = "2025-12-31"
_MADE = re.compile(r"(?<=^<!-- made: )(\w+)( -->\n```\w*\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
_LEFT_OUT = ("case", "version")
_SIGNS = {chain.US: "␟", chain.RS: "␞", chain.GS: "␝"}


def values(folder: Path) -> dict[str, str]:
    """Each value of the page by its name. A ledger is made in `folder`, which is empty."""
    with new_ledger(str(folder / "tpp-ledger.db")) as books:
        books.import_file(FILES / "licences.csv", "licences")
        given = _given(books, folder)
        ruled = books.rulebook.rule(given)
        assert ruled is not None
        before = _stored(folder)
        books.import_file(
            FILES / "shipments.csv", "shipments", rejects=folder / "shipments.rejects.csv"
        )
    after = _stored(folder)
    return {
        "row": _row(),
        "given": _lines(given),
        "case": _lines(ruled.ruling.case),
        "ruling": _ruling(ruled.body),
        "before": before,
        "after": after,
        "entry": _entry(folder),
        "leaf": _leaf(folder),
        **_copied(folder),
    }


def _row() -> str:
    lines = (FILES / "shipments.csv").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if line.startswith(("document", DOCUMENT))) + "\n"


def _given(books: Ledger, folder: Path) -> Given:
    path, setting = FILES / "shipments.csv", setting_for(books.rulebook)
    intake = read(path, FileKind.SHIPMENTS, setting, workspace=Workspace(folder))
    columns = ", ".join(f'"{name}"' for name in GIVEN_TYPES)
    ask = f"SELECT {columns} FROM given WHERE document = ?"  # noqa: S608 - names of our own
    try:
        (row,) = intake.con.execute(ask, [DOCUMENT]).fetchall()
    finally:
        intake.close()
    return Given(*row)


def _lines(record: Any) -> str:
    """A record's filled fields, one a line."""
    pairs = [(field.name, getattr(record, field.name)) for field in fields(record)]
    filled = [(name, value) for name, value in pairs if value is not None]
    width = max(len(name) for name, _ in filled)
    return "".join(f"{name:<{width}}  {value}\n" for name, value in filled)


def _ruling(body: str) -> str:
    """A ruling's body but for the case, which is shown above it, and the regime's digest."""
    said = {key: value for key, value in json.loads(body).items() if key not in _LEFT_OUT}
    return json.dumps(said, indent=1, ensure_ascii=False) + "\n"


def _asked(folder: Path, ask: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Columns and rows that the ledger file answers."""
    with closing(sqlite3.connect(folder / "tpp-ledger.db")) as connection:
        cursor = connection.execute(ask, (DOCUMENT,) if "?" in ask else ())
        return [name for name, *_ in cursor.description], cursor.fetchall()


_LINE = """
    SELECT l.licence, l.line, l.quantity, l.used_quantity, l.amount_mtpp, l.used_mtpp, l.held_mtpp
    FROM licence_line l WHERE l.licence = 'D-1002'
"""
_BALANCE = """
    SELECT b.holder, b.window, b.limit_mtpp, a.held_mtpp, a.posted_mtpp, a.lapsed_mtpp
    FROM budget b JOIN balance a USING (budget_no)
    WHERE b.rule = 'country_allocation' AND b.holder = 'IN'
"""


def _stored(folder: Path) -> str:
    """The licence line and the balance that the debit falls on, as they stand."""
    shown = []
    for name, ask in (("licence_line", _LINE), ("balance", _BALANCE)):
        columns, (row,) = _asked(folder, ask)
        pairs = ", ".join(f"{c} {v}" for c, v in zip(columns, row, strict=True))
        shown.append(f"{name:<12}  {pairs}\n")
    return "".join(shown)


_OWN = "seq = (SELECT min(seq) FROM movement WHERE document = ?)"


def _entry(folder: Path) -> str:
    columns, rows = _asked(folder, f"SELECT * FROM entry WHERE {_OWN}")  # noqa: S608
    return _table(columns, [tuple(map(str, row)) for row in rows])


def _table(columns: list[str], rows: list[tuple[str, ...]]) -> str:
    every = [tuple(columns), *rows]
    widths = [max(len(row[at]) for row in every) for at in range(len(columns))]
    return "".join(
        "  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)).rstrip() + "\n"
        for row in every
    )


def _leaf(folder: Path) -> str:
    _, (movement,) = _asked(folder, f"SELECT * FROM movement WHERE {_OWN}")  # noqa: S608
    _, entries = _asked(folder, f"SELECT * FROM entry WHERE {_OWN}")  # noqa: S608
    text = chain.leaf_text(movement[2:], [row[1:] for row in entries])
    shown = "".join(_SIGNS.get(character, character) for character in text)
    return f"{shown}\n{chain.leaf_digest(text).hex()}\n"


_IN_THE_COPY = """
    SELECT seq, submission, budget_no, kind, effective_on, held_mtpp, posted_mtpp
    FROM read_parquet(?) WHERE kind = 'export' AND posted_mtpp = 288000000000
"""


def _copied(folder: Path) -> dict[str, str]:
    """The entry in the Parquet copy, the file it is in, and the line of the report."""
    import duckdb

    url = str(folder / "tpp-ledger.db")
    copy = refresh(url, lambda: about_rows(url))
    (segment,) = copy.manifest.of("entry")
    with duckdb.connect() as connection:
        found = connection.execute(_IN_THE_COPY, [str(copy.folder / segment.file)])
        columns = [name for name, *_ in found.description or ()]
        rows = [tuple(map(str, row)) for row in found.fetchall()]
    with run("remaining", copy.folder, {"holder": "IN", "as_of": DAY}) as result:
        (line,) = rows_of(result)
    return {"parquet": _table(columns, rows), "report": "".join(_reported(line))}


def _reported(line: dict[str, Any]) -> Iterator[str]:
    for name, value in line.items():
        if value is not None:
            shown = milli_text(value) if name.endswith("_mtpp") else value
            yield f"{name.replace('_mtpp', '_tpp'):<20}  {shown}\n"


def filled(page: str, made: dict[str, str]) -> str:
    """The page with each marked block holding the value of its name."""
    return _MADE.sub(lambda found: f"{found[1]}{found[2]}{made[found[1]]}", page)


def shown(page: str) -> dict[str, str]:
    """What a page shows, by name."""
    found = re.finditer(
        r"^<!-- made: (\w+) -->\n```\w*\n(.*?)^```$", page, re.MULTILINE | re.DOTALL
    )
    return {one[1]: one[2] for one in found}


def main() -> int:
    """Write the values into the page."""
    with tempfile.TemporaryDirectory() as folder:
        made = values(Path(folder))
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), made), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
