"""The house keeps its numbers; and each check is seen to find what it looks for."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.house import tidy

HOUSE = Path(__file__).parents[2]
PRODUCT = ("schemas", "ledger", "reports")
EVERYTHING = (*PRODUCT, "tests", "docs", "bench")
EXACT = ("schemas", "ledger/rules", "ledger/storage", "ledger/policy", "ledger/catalogue")
RULES = ("ledger/rules",)

ALLOWED: dict[tuple[str, str], str] = {
    # (check, file): why. Nothing so far.
}

CHECKS: list[tuple[tidy.Check, tuple[str, ...]]] = [
    (tidy.long_functions, EVERYTHING),
    (tidy.long_file, EVERYTHING),
    (tidy.long_lines, EVERYTHING),
    (tidy.many_parameters, EVERYTHING),
    (tidy.banned_names, EVERYTHING),
    (tidy.outside_a_package, EVERYTHING),
    (tidy.missing_docstrings, PRODUCT),
    (tidy.numbers_of_the_law, PRODUCT),
    (tidy.floats, EXACT),
    (tidy.law_in_code, RULES),
    (tidy.clocks, RULES),
]


def _python(rooms: tuple[str, ...]) -> list[Path]:
    found = (path for room in rooms for path in _files(HOUSE / room, ".py"))
    return sorted(found)


def _files(room: Path, suffix: str) -> list[Path]:
    if room.is_dir():
        return list(room.rglob(f"*{suffix}"))
    beside = room.with_suffix(suffix)
    return [beside] if beside.exists() else []


@pytest.mark.parametrize(("check", "rooms"), CHECKS, ids=lambda x: getattr(x, "__name__", ""))
def test_tidy(check: tidy.Check, rooms: tuple[str, ...]):
    files = [p for p in _python(rooms) if (check.__name__, _place(p)) not in ALLOWED]
    assert_nothing(said for path in files for said in check(path))


def assert_nothing(said: Iterable[str]) -> None:
    """Fail with every line that was said, not only the first few."""
    if lines := sorted(said):
        pytest.fail("\n".join(lines), pytrace=False)


def _place(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


def test_reports_and_migrations_in_sql_are_tidy():
    files = [p for room in PRODUCT for p in _files(HOUSE / room, ".sql")]
    assert_nothing(s for p in files for s in (*tidy.long_file(p), *tidy.long_lines(p)))


def test_allowances_are_still_needed():
    checks = {check.__name__: check for check, _ in CHECKS}
    assert [key for key in ALLOWED if not checks[key[0]](HOUSE / key[1])] == []


def test_every_file_of_the_product_is_installed():
    """What is no Python must match a pattern of package-data, or a wheel leaves it out."""
    settings = tomllib.loads((HOUSE / "pyproject.toml").read_text())
    patterns = settings["tool"]["setuptools"]["package-data"]
    present = {p for room in PRODUCT for p in (HOUSE / room).rglob("*") if p.is_file()}
    code = {p for p in present if p.suffix in (".py", ".pyc")}
    matched = {p for room in PRODUCT for g in patterns[room] for p in (HOUSE / room).glob(g)}
    assert_nothing(f"{_place(p)} matches no package-data" for p in present - code - matched)


MANY_LINES = "    x = 1\n"

PLANTED = [
    # check, file name, what is planted in it
    (tidy.long_functions, "a.py", "def f():\n" + MANY_LINES * 60),
    (tidy.long_file, "a.py", "x = 1\n" * 401),
    (tidy.long_lines, "a.py", "x = '" + "-" * 96 + "'\n"),
    (tidy.many_parameters, "a.py", "def f(a, b, c, d, e, f, g): ..."),
    (tidy.many_parameters, "a.py", "def f(a, b, c, *d, e, f, **g): ..."),
    (tidy.many_parameters, "a.py", "class A:\n    def f(self, a, b, c, d, e, f, g): ..."),
    (tidy.banned_names, "utils.py", ""),
    (tidy.banned_names, "common/a.py", ""),
    (tidy.outside_a_package, "loose/a.py", ""),
    (tidy.missing_docstrings, "a.py", "x = 1"),
    (tidy.missing_docstrings, "a.py", "'''A.'''\ndef f(): ..."),
    (tidy.missing_docstrings, "a.py", "'''A.'''\nclass A: ..."),
    (tidy.missing_docstrings, "a.py", "'''A.'''\nclass A:\n  '''A.'''\n  def f(self): ..."),
    (tidy.missing_docstrings, "__init__.py", "x = 1"),
    (tidy.numbers_of_the_law, "a.py", "limit = 790_000_000"),
    (tidy.numbers_of_the_law, "a.py", "def f(tpp): return tpp >= 4800"),
    (tidy.floats, "a.py", "x = 0.5"),
    (tidy.floats, "a.py", "x = -1e9"),
    (tidy.floats, "a.py", "x = float('1')"),
    (tidy.floats, "a.py", "import pyarrow as pa\nx = pa.float64()"),
    (tidy.floats, "a.py", "from sqlalchemy import Numeric\nx = Numeric(20, 6)"),
    (tidy.law_in_code, "a.py", "x = 100_000"),
    (tidy.law_in_code, "a.py", "x = '2025-05-15'"),
    (tidy.law_in_code, "a.py", "x = dt.date(2025, 5, 15)"),
    (tidy.law_in_code, "a.py", "x = destination == 'CN'"),
    (tidy.clocks, "a.py", "x = date.today()"),
]


@pytest.mark.parametrize(("check", "name", "text"), PLANTED)
def test_a_planted_fault_is_found(tmp_path: Path, check: tidy.Check, name: str, text: str):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    (said,) = check(path)
    assert said.startswith(f"{path}:")


def test_every_check_has_a_planted_fault():
    assert {check for check, _ in CHECKS} == {check for check, _, _ in PLANTED}


CLEAN = '''"""A room in order: 790,000,000 and 2025-05-15 may be spoken of."""

LIMIT_KEY = "LPP"


def taken(a: int, b: int, c: int, d: int, e: int, *rest: int) -> int:
    """All of it, in milli-TPP."""
    return a + b + c + d + e + sum(rest)


def _private(): ...
'''


def test_what_is_in_order_passes(tmp_path: Path):
    (tmp_path / "__init__.py").touch()
    path = tmp_path / "clean.py"
    path.write_text(CLEAN)
    assert [said for check, _ in CHECKS for said in check(path)] == []
