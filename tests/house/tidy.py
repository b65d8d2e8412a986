"""The house numbers and bans, each check a function from a Python file to what is wrong in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

LONGEST_FUNCTION = 60
LONGEST_FILE = 400
LONGEST_LINE = 100
MOST_PARAMETERS = 6
LARGEST_NUMBER_IN_RULES = 99_999
UNITS = {1_000_000}  # parts in a million: a unit, not a number of the law

BANNED_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"}
NUMBERS_OF_THE_LAW = {790, 1600, 4800}
NUMBERS_OF_THE_LAW |= {m * unit for m in (26_900, 253_000, 790_000) for unit in (10**3, 10**6)}
FLOAT_NAMES = {"float16", "float32", "float64", "Float", "Double", "REAL", "Numeric"}
CLOCKS = {"now", "today", "utcnow"}

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_COUNTRY = re.compile(r"[A-Z]{2}")

Function = ast.FunctionDef | ast.AsyncFunctionDef
Check = Callable[[Path], list[str]]


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(_text(path), filename=str(path))


def _functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(_tree(path)) if isinstance(node, Function))


def _constants(path: Path) -> Iterator[ast.Constant]:
    """Every literal but the docstrings and other bare strings."""
    bare = {id(n.value) for n in ast.walk(_tree(path)) if isinstance(n, ast.Expr)}
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Constant) and id(node) not in bare:
            yield node


def _said(path: Path, line: int, what: str) -> str:
    return f"{path}:{line}: {what}"


def long_functions(path: Path) -> list[str]:
    """Functions of too many lines, counted from `def`."""
    return [
        _said(path, f.lineno, f"{f.name} has {length} lines (at most {LONGEST_FUNCTION})")
        for f in _functions(path)
        if (length := (f.end_lineno or f.lineno) - f.lineno + 1) > LONGEST_FUNCTION
    ]


def long_file(path: Path) -> list[str]:
    """A file of too many lines."""
    count = len(_text(path).splitlines())
    if count <= LONGEST_FILE:
        return []
    return [_said(path, count, f"{count} lines (at most {LONGEST_FILE})")]


def long_lines(path: Path) -> list[str]:
    """Lines of too many characters."""
    return [
        _said(path, number, f"{len(line)} characters (at most {LONGEST_LINE})")
        for number, line in enumerate(_text(path).splitlines(), start=1)
        if len(line) > LONGEST_LINE
    ]


def many_parameters(path: Path) -> list[str]:
    """Functions that take too much, self and cls not counted."""
    return [
        _said(path, f.lineno, f"{f.name} takes {count} parameters (at most {MOST_PARAMETERS})")
        for f in _functions(path)
        if (count := _parameter_count(f)) > MOST_PARAMETERS
    ]


def _parameter_count(function: Function) -> int:
    a = function.args
    named = [*a.posonlyargs, *a.args, *a.kwonlyargs]
    stars = [star for star in (a.vararg, a.kwarg) if star]
    itself = bool(named) and named[0].arg in ("self", "cls")
    return len(named) + len(stars) - itself


def missing_docstrings(path: Path) -> list[str]:
    """Public modules, classes, functions and methods that do not say what they are."""
    if path.stem.startswith("_") and path.stem != "__init__":
        return []
    return list(_undocumented(path, _tree(path), path.stem))


def _undocumented(
    path: Path, node: ast.Module | ast.ClassDef | Function, name: str
) -> Iterator[str]:
    if not ast.get_docstring(node) and not _said_elsewhere(node):
        yield _said(path, getattr(node, "lineno", 1), f"{name} has no docstring")
    if isinstance(node, Function):
        return
    for child in node.body:
        if isinstance(child, ast.ClassDef | Function) and not child.name.startswith("_"):
            yield from _undocumented(path, child, child.name)


def _said_elsewhere(node: ast.AST) -> bool:
    """An overload's or a setter's docstring stands on its fellow; an override's on its parent."""
    names = {ast.unparse(d).rpartition(".")[2] for d in getattr(node, "decorator_list", [])}
    return bool(names & {"overload", "setter", "override"})


def banned_names(path: Path) -> list[str]:
    """Files and folders named for nothing in particular, where unrelated code collects."""
    found = {path.stem, path.parent.name} & BANNED_NAMES
    return [_said(path, 1, f"{name} names nothing: say what is in it") for name in sorted(found)]


def floats(path: Path) -> list[str]:
    """Float literals, calls of float() and the names of binary floating-point types."""
    return [
        _said(path, node.lineno, f"{ast.unparse(node)}: no float where TPP passes")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.expr) and _is_float(node)
    ]


def _is_float(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=float() | complex()):
            return True
        case ast.Call(func=ast.Name(id="float")):
            return True
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name in FLOAT_NAMES
    return False


def law_in_code(path: Path) -> list[str]:
    """Large numbers, days and countries: the law is data, and so is what it says."""
    literals = [_law_literal(path, node) for node in _constants(path)]
    calls = [_day_call(path, n) for n in ast.walk(_tree(path)) if isinstance(n, ast.Call)]
    return [said for said in (*literals, *calls) if said]


def _law_literal(path: Path, node: ast.Constant) -> str:
    value = node.value
    if isinstance(value, int) and value > LARGEST_NUMBER_IN_RULES and value not in UNITS:
        return _said(path, node.lineno, f"{value}: a number of the law belongs in policy data")
    if isinstance(value, str) and _ISO_DAY.match(value):
        return _said(path, node.lineno, f"{value!r}: a day of the law belongs in policy data")
    if isinstance(value, str) and _COUNTRY.fullmatch(value):
        return _said(path, node.lineno, f"{value!r}: a country belongs in policy data")
    return ""


def _day_call(path: Path, node: ast.Call) -> str:
    name = ast.unparse(node.func).rpartition(".")[2]
    written_out = [a for a in node.args if isinstance(a, ast.Constant)]
    if name in ("date", "datetime") and len(written_out) >= 3:
        return _said(path, node.lineno, f"{ast.unparse(node)}: a day belongs in policy data")
    return ""


def clocks(path: Path) -> list[str]:
    """Questions to the clock, which pure code gets its days without."""
    return [
        _said(path, node.lineno, f"{ast.unparse(node)}: take the day as an argument")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS
    ]


def numbers_of_the_law(path: Path) -> list[str]:
    """The rule's best-known numbers, wherever they may hide in code."""
    return [
        _said(path, node.lineno, f"{node.value} stands in the law: read it from policy data")
        for node in _constants(path)
        if isinstance(node.value, int) and node.value in NUMBERS_OF_THE_LAW
    ]


def outside_a_package(path: Path) -> list[str]:
    """Python in a folder that is no package, and so would not be installed."""
    if (path.parent / "__init__.py").exists():
        return []
    return [_said(path, 1, "its folder has no __init__.py")]
