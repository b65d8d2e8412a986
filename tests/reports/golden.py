"""Every report in every format over the example: `python -m tests.reports.golden` writes them."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

import reports
from reports import calendar, render
from tests.reports.asked import asked
from tests.reports.duties import duties
from tests.reports.example import example
from tests.reports.sites import sites

GOLDEN = Path(__file__).parents[1] / "golden" / "reports"
AS_OF = "2025-07-31"
HOLDER: dict[str, dict[str, object]] = {
    "statement": {"holder": "Poland"},
    "late": {"since_seq": 9, "from_on": "2025-05-01"},
    "restatement": {"reported_seq": 9, "from_on": "2025-05-01"},
}
# Reports with a ledger of their own.
OWN = {
    "applications": asked,
    "due": duties,
    "facilities": sites,
    "totals": duties,
    "reexports": duties,
}


def rendered(copy: Path) -> Iterator[tuple[str, bytes]]:
    """Each file's name and bytes."""
    for name in reports.names():
        folder = OWN[name](copy / name) if name in OWN else copy
        with reports.run(name, folder, {"as_of": AS_OF, **HOLDER.get(name, {})}) as result:
            for form in render.FORMATS:
                yield f"{name}.{form}", _bytes(result, form)
            yield f"{name}.narrow.table", _bytes(result, "table", 80)
            if name == "due":
                yield "due.ics", _calendar(result)


def _calendar(result: reports.Result) -> bytes:
    out = io.BytesIO()
    calendar.write(result, out)
    return out.getvalue()


def _bytes(result: reports.Result, form: str, width: int = 120) -> bytes:
    out = io.BytesIO()
    render.write(result, form, out, width)
    return out.getvalue() if form != "parquet" else _told(out.getvalue())


def _told(parquet: bytes) -> bytes:
    """What a Parquet file says: DuckDB's version and the size of its pages are not our contract."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = f"{folder}/result.parquet"
        Path(path).write_bytes(parquet)
        read = connection.execute(f"FROM '{path}'")
        types = [f"{column[0]} {column[1]}" for column in read.description]
        rows = [repr(row) for row in read.fetchall()]
        kept = connection.execute(f"SELECT value FROM parquet_kv_metadata('{path}')").fetchall()
        about = json.dumps(json.loads(kept[0][0]), indent=1)
    return ("\n".join([*types, *rows, about]) + "\n").encode()


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as copy:
        for name, content in rendered(example(Path(copy))):
            (GOLDEN / name).write_bytes(content)
