"""A report as a table of text, fitted to a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from reports.about import about_lines
from reports.columns import Column, Kind, grouped
from reports.runner import Result

_GAP = 2
# Text may be broken into lines of so many characters where the terminal is narrow.
_NARROWEST = 16


def table_lines(result: Result, width: int | None = None) -> Iterator[str]:
    """The table's lines, then what it is about. `width`: characters a line; None: as needed.

    Where not all columns fit, those the report names first are kept, long text is broken, and a
    line below says what is missing.
    """
    natural = _natural(result)
    shown = chosen(result, natural, width)
    widths = [natural[c] for c in shown] if width is None else _fitted(shown, natural, width)
    for line in _heading(shown, widths):
        yield line.rstrip()
    fits = all(w >= natural[c] for c, w in zip(shown, widths, strict=True))
    yield from _body(result, shown, widths, fits=fits)
    if missing := [c.written for c in result.columns if c not in shown]:
        yield ""
        words = ", ".join(missing)
        yield from wrap(f"Too wide to show here (--format csv has all): {words}", width or 120)
    yield ""
    yield from about_lines(result.about, width or 120)


def _natural(result: Result) -> dict[Column, int]:
    """The width each column needs: of its longest cell, and of its heading's longest word.

    Cells are written once, into a table beside the answer, for the body to be read from.
    """
    run = result.connection.execute
    cells = ", ".join(f"coalesce({grouped(c)}, '') AS \"{c.name}\"" for c in result.columns)
    run(f"CREATE OR REPLACE TEMP TABLE cell AS SELECT {cells} FROM result")  # noqa: S608
    ask = ", ".join(f'coalesce(max(length("{c.name}")), 0)' for c in result.columns)
    found = run(f"SELECT {ask} FROM cell").fetchone()  # noqa: S608
    assert found is not None
    words = {c: max(map(len, c.heading.split())) for c in result.columns}
    return {c: max(n, words[c]) for c, n in zip(result.columns, found, strict=True)}


def chosen(result: Result, natural: dict[Column, int], width: int | None) -> list[Column]:
    """The columns that fit, in the report's order."""
    if width is None:
        return list(result.columns)
    first = {name: n for n, name in enumerate(result.report.first)}
    by_rank = sorted(result.columns, key=lambda c: first.get(c.name, len(first)))
    kept: list[Column] = []
    used = -_GAP
    for column in by_rank:
        needed = _least(column, natural[column]) + _GAP
        if used + needed <= width or not kept:
            kept.append(column)
            used += needed
    return [c for c in result.columns if c in kept]


def _least(column: Column, natural: int) -> int:
    return min(natural, _NARROWEST) if column.kind is Kind.TEXT else natural


def _fitted(shown: Sequence[Column], natural: dict[Column, int], width: int) -> list[int]:
    """Widths that together fill the line at most: what is left goes to the texts, in turn."""
    widths = {c: _least(c, natural[c]) for c in shown}
    left = width - sum(widths.values()) - _GAP * (len(shown) - 1)
    while left > 0 and (short := [c for c in shown if widths[c] < natural[c]]):
        narrowest = min(short, key=lambda c: widths[c])
        widths[narrowest] += 1
        left -= 1
    return [widths[c] for c in shown]


def _heading(shown: Sequence[Column], widths: Sequence[int]) -> Iterator[str]:
    words = [wrap(c.heading, w) for c, w in zip(shown, widths, strict=True)]
    height = max(map(len, words))
    for n in range(height):
        cells = [w[n - height + len(w)] if n >= height - len(w) else "" for w in words]
        yield _template(shown, widths) % tuple(cells)
    yield (" " * _GAP).join("-" * w for w in widths)


def _template(shown: Sequence[Column], widths: Sequence[int]) -> str:
    marks = [f"%{'' if c.is_figure else '-'}{w}s" for c, w in zip(shown, widths, strict=True)]
    return (" " * _GAP).join(marks)


def _body(
    result: Result, shown: Sequence[Column], widths: Sequence[int], *, fits: bool
) -> Iterator[str]:
    if not result.count:
        yield "(nothing)"
    ask = ", ".join(f'"{c.name}"' for c in shown)
    found = result.connection.execute(f"SELECT {ask} FROM cell")  # noqa: S608
    template = _template(shown, widths)
    while rows := found.fetchmany(10_000):
        for row in rows:
            if fits or all(map(int.__ge__, widths, map(len, row))):
                yield (template % row).rstrip()
            else:
                yield from _broken(row, template, widths)


def _broken(row: Sequence[str], template: str, widths: Sequence[int]) -> Iterator[str]:
    """One row over several lines."""
    cells = [wrap(text, w) or [""] for text, w in zip(row, widths, strict=True)]
    for n in range(max(map(len, cells))):
        yield (template % tuple(c[n] if n < len(c) else "" for c in cells)).rstrip()
