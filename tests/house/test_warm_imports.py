"""What a start loads: heavy libraries come in where they are used, and the rules load no I/O."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import pytest

HEAVY = {
    "adbc_driver_manager", "adbc_driver_postgresql", "adbc_driver_sqlite", "alembic", "duckdb",
    "numpy", "openpyxl", "pandas", "psycopg", "pyarrow", "pycountry", "python_calamine",
    "rapidfuzz", "rich", "sqlalchemy", "xlsxwriter",
}  # fmt: skip
INPUT_OUTPUT = HEAVY - {"numpy", "rapidfuzz", "rich"} | {
    "csv", "http", "random", "secrets", "socket", "sqlite3", "subprocess", "tempfile", "tomllib",
    "urllib",
}  # fmt: skip

HELP = """
import contextlib
from ledger.cli import main
with contextlib.redirect_stdout(None), contextlib.suppress(SystemExit):
    main(["--help"])
"""


@cache
def loaded_by(code: str) -> frozenset[str]:
    """Top names of the modules a fresh Python has loaded after it ran `code`."""
    ask = "\nimport sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code + ask], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return frozenset(done.stdout.split())


@pytest.mark.parametrize("code", ["import ledger", "import schemas", "import reports", HELP])
def test_a_start_is_light(code: str):
    assert loaded_by(code) & HEAVY == set()


def test_the_rules_load_no_input_or_output():
    innocent = loaded_by("import numpy")
    assert (loaded_by("import ledger.rules") - innocent) & INPUT_OUTPUT == set()


def test_a_heavy_library_would_be_seen():
    assert {"duckdb", "sqlite3"} <= loaded_by("import duckdb, sqlite3")
