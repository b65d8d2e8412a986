"""Budgets, from their TOML file and the CSV of limits that may stand beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ledger.policy.budgets import (
    AMOUNT,
    GIVES_BACK,
    HOLDER_SOURCES,
    KINDS,
    STEPPED,
    UNBOUND,
    BudgetRule,
    Holders,
    Limit,
)
from ledger.policy.dated import Citation, CountryList, Number
from ledger.policy.judging import ROLES
from ledger.policy.options import Option, near
from ledger.policy.parse_facts import in_unit, key_of, known_name
from ledger.policy.sheet import CITATION, Book, Table
from ledger.policy.windows import MONTHS, Window, Windows
from schemas.tpp import NotAnAmount, Tpp

_EVERY_MONTH_HAS = 28  # days
# A budget without a threshold is critical when nothing is left.
ALL_OF_IT = 1_000_000
COLUMNS = (
    *("holder", "name", "window", "from", "to", "limit"),
    *("section", "source", "href", "published", "reviewed"),
)


@dataclass(frozen=True)
class Known:
    """What a budget may name: the facts of the regime read before it."""

    numbers: Mapping[str, Number]
    lists: Mapping[str, CountryList]
    options: Mapping[str, Option]
    country_names: Mapping[str, str]
    first_day: date
    unit: str


@dataclass
class Limits:
    """What a CSV of limits says."""

    limits: dict[tuple[str, str], Limit]
    names: dict[str, str]
    windows: dict[str, Window]


def budget(book: Book, file: str, known: Known) -> BudgetRule:
    """A file of `budgets/`."""
    top = book.table(file)
    kind = top.one_of("kind", KINDS, default=AMOUNT)
    stated = _limits(top, known.unit)
    number = known_name(top, "limit", known.numbers, "number")
    _needs_limit(top, kind, number, stated)
    uplift = known_name(top, "uplift", known.numbers, "number")
    uplift_list = known_name(top, "uplift_list", known.lists, "list")
    basis_option = known_name(top, "basis_option", known.options, "option")
    made = BudgetRule(
        key=key_of(file),
        title=top.text("title"),
        holders=_holders(top, known, stated),
        windows=_windows(top, stated),
        basis=top.text("basis"),
        critical=_critical(top, kind, known),
        citation=top.citation(),
        limit_number=known.numbers.get(number),
        limits=stated.limits,
        largest_uplift_ppm=_ppm(top, "uplift", known) if uplift else None,
        uplift_list=known.lists.get(uplift_list),
        basis_option=basis_option,
        first_day=known.first_day,
        note=top.text("note", ""),
        kind=kind,
        gives_back=top.one_of("gives_back", GIVES_BACK, default=""),
        authorization=top.text("authorization", ""),
        authorized_by_country=top.flag("authorized_by_country"),
        acquired_option=known_name(top, "acquired_option", known.options, "option"),
    )
    if made.weighed and made.limit_number is not None:
        _limit_fits(top, made, known.unit)
    top.taken.update(CITATION)
    top.close()
    return made


def _limit_fits(top: Table, made: BudgetRule, unit: str) -> None:
    assert made.limit_number is not None
    if made.limit_number.unit != unit:
        top.problem("limit", made.limit_number.key, f"must be a number in {unit}")
        return
    for window in made.windows_known():
        if made.limit("", window) is None:
            reason = f"has no value on the first day of window {window.key}"
            top.problem("limit", made.limit_number.key, reason)


def _needs_limit(top: Table, kind: str, number: str, stated: Limits) -> None:
    if number and stated.limits:
        top.problem("limit", number, "has its limits from a CSV already")
    if kind == STEPPED and stated.limits:
        top.problem("limits", None, "a stepped budget takes its steps from a number")
    bound = kind in (AMOUNT, STEPPED)
    if bound and not number and not stated.limits and "limit" not in top.data:
        top.problem("limit", None, "missing: a number of the regime, or `limits`, a CSV")


def _critical(top: Table, kind: str, known: Known) -> tuple[tuple[date, int], ...]:
    """The shares at which it is critical; of what has no limit, that of the regime's first day."""
    if "critical" not in top.data:
        return ((known.first_day, ALL_OF_IT),)
    first = (known.first_day, _ppm(top, "critical", known))
    number = known.numbers.get(top.text("critical"))
    if number is None or kind in UNBOUND:
        return (first,)
    later = (v for v in number.values if v.from_on > known.first_day and not v.announced)
    return (first, *((v.from_on, ALL_OF_IT if v.amount is None else v.ppm) for v in later))


def _ppm(top: Table, key: str, known: Known) -> int:
    """The share a number in percent gives on the regime's first day, in parts in a million."""
    name = top.text(key)
    found = known.numbers.get(name)
    if found is None:
        top.problem(key, name, "the regime has no such number", near(name, tuple(known.numbers)))
        return 0
    if found.unit != "percent":
        top.problem(key, name, "must be a number in percent")
        return 0
    value = found.on(known.first_day)
    if value is None:
        top.problem(key, name, "has no value on the regime's first day")
        return 0
    return value.ppm


def _holders(top: Table, known: Known, stated: Limits) -> Holders:
    table = top.sub("holders")
    if table is None:
        top.problem("holders", None, "missing: a table [holders]")
        return Holders("party", "parent")
    kind = table.one_of("kind", ("country", "party", "named"))
    source = table.one_of("from", HOLDER_SOURCES)
    every = known_name(table, "all", known.lists, "list")
    excepted = table.words("except", known.lists)
    closing = table.words("closed_by", known.lists)
    option = known_name(table, "option", known.options, "option")
    read_as = _readings(table, known.options.get(option))
    attributed = table.sub("attributed")
    where: tuple[str, ...] = ()
    among: tuple[str, ...] = ()
    if attributed is not None:
        where, among = attributed.words("where", ROLES), attributed.words("in", known.lists)
        attributed.close()
    names = {**table.texts("names"), **stated.names}
    if kind == "country":
        names = dict(known.country_names)
        if not every:
            table.problem("all", None, "missing: the list of countries that hold this budget")
    if kind == "named" and not names:
        table.problem("names", None, "missing: the holders by code, or a CSV of limits")
    table.close()
    by_name = tuple(sorted(names.items(), key=lambda pair: (pair[1], pair[0])))
    lists = tuple(known.lists[key] for key in excepted if key in known.lists)
    every_list = known.lists.get(every)
    named = (kind, source, every_list, lists, by_name, option, read_as)
    closed_by = tuple(known.lists[key] for key in closing if key in known.lists)
    return Holders(*named, where, frozenset(among), closed_by)


def _readings(table: Table, option: Option | None) -> dict[str, tuple[str, ...]]:
    """Which countries of a movement hold the budget, by the value of an option."""
    readings = table.sub("readings")
    if readings is None:
        return {}
    values = () if option is None else option.names
    made = {str(value): readings.words(str(value), HOLDER_SOURCES) for value in values}
    readings.close()
    return {value: sources for value, sources in made.items() if sources}


def _windows(top: Table, stated: Limits) -> Windows:
    named = dict(stated.windows)
    for table in top.tables("window"):
        window = Window(table.day("from"), table.day("to"), table.text("key"))
        _no_clash(table, window, named)
        named[window.key] = window
        table.close()
    always = top.sub("always")
    if always is not None:
        window = Window(always.day("from"), date.max, "always")
        named[window.key] = window
        always.close()
    return _repeated(top, bool(named)) or _told(top, named)


def _told(top: Table, named: Mapping[str, Window]) -> Windows:
    if not named:
        known = "[[window]], [calendar_years], [periods], [always] or a CSV of limits"
        top.problem("window", None, f"missing: {known}")
    return Windows(tuple(sorted(named.values())))


def _repeated(top: Table, has_others: bool) -> Windows | None:
    """The windows that follow one another, where the budget has such."""
    years, periods = top.sub("calendar_years"), top.sub("periods")
    if years is None and periods is None:
        return None
    if has_others or (years is not None and periods is not None):
        key = "calendar_years" if periods is None else "periods"
        top.problem(key, None, "has windows of its own already")
    if periods is None:
        assert years is not None
        made = Windows((), years.day("from"), years.maybe_day("to"))
        years.close()
        return made
    months = MONTHS[periods.one_of("every", tuple(MONTHS))]
    first = periods.day("from")
    if first.day > _EVERY_MONTH_HAS:
        periods.problem("from", first, f"must be one of a month's first {_EVERY_MONTH_HAS} days")
        first = first.replace(day=1)
    made = Windows((), first, periods.maybe_day("to"), months, (first.month, first.day))
    _whole(periods, made)
    periods.close()
    return made


def _whole(periods: Table, made: Windows) -> None:
    """The last period has all its days: what is cut short has another limit."""
    last = made.last_on
    if last is None or made.first_on is None:
        return
    if last < made.first_on:
        periods.problem("to", last, "before its first day")
    elif (window := made.on(last)) is not None and window.to_on != last:
        periods.problem("to", last, f"must be the last day of a period, as {window.to_on}")


def _no_clash(table: Table, window: Window, named: Mapping[str, Window]) -> None:
    if window.to_on < window.from_on:
        table.problem("to", window.to_on, "before its first day")
    if (other := _clash(window, named)) is not None:
        table.problem("key", window.key, f"shares days with window {other.key}")


def _clash(window: Window, named: Mapping[str, Window]) -> Window | None:
    """A known window that is another one of this name, or that shares days with it."""
    for other in named.values():
        shares = window.from_on <= other.to_on and other.from_on <= window.to_on
        if other != window and (other.key == window.key or shares):
            return other
    return None


def _limits(top: Table, unit: str) -> Limits:
    found = Limits({}, {}, {})
    name = top.text("limits", "")
    if not name:
        return found
    folder = top.file.rpartition("/")[0]
    path = f"{folder}/{name}" if folder else name
    text = top.book.files.get(path)
    if text is None:
        top.problem("limits", name, "no such file beside this one")
        return found
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        _heading(top.book, path, next(rows, []))
        for row in rows:
            if row:
                _limit_row(_Row(top.book, path, rows.line_num, row), found, unit)
    except csv.Error as broken:
        top.book.add(path, rows.line_num, "", "", f"not CSV: {broken}")
    return found


def _heading(book: Book, path: str, row: list[str]) -> None:
    if tuple(row) != COLUMNS:
        book.add(path, 1, "", ",".join(row), f"the headings must be {','.join(COLUMNS)}")


@dataclass
class _Row:
    book: Book
    file: str
    line: int
    cells: list[str]

    def problem(self, column: str, reason: str) -> None:
        self.book.add(self.file, self.line, column, self.text(column), reason)

    def text(self, column: str) -> str:
        place = COLUMNS.index(column)
        return self.cells[place].strip() if place < len(self.cells) else ""

    def filled(self, column: str) -> str:
        if not self.text(column):
            self.problem(column, "missing")
        return self.text(column)

    def day(self, column: str) -> date:
        try:
            if len(self.text(column)) == len("YYYY-MM-DD"):
                return date.fromisoformat(self.text(column))
        except ValueError:
            pass
        self.problem(column, "must be a day such as 2025-05-15")
        return date.min


def _limit_row(row: _Row, found: Limits, unit: str) -> None:
    if len(row.cells) != len(COLUMNS):
        row.problem("holder", f"has {len(row.cells)} cells, not {len(COLUMNS)}")
        return
    holder, name = row.filled("holder"), row.filled("name")
    window = Window(row.day("from"), row.day("to"), row.filled("window"))
    if (other := _clash(window, found.windows)) is not None:
        row.problem("window", f"shares days or its name with window {other.key}")
    if window.to_on < window.from_on:
        row.problem("to", "before its first day")
    if (holder, window.key) in found.limits:
        row.problem("holder", "has two limits for one window")
    if found.names.get(holder, name) != name:
        row.problem("name", f'has another name above: "{found.names[holder]}"')
    cited = [row.filled(column) for column in ("section", "source", "href")]
    citation = Citation(cited[0], cited[1], cited[2], row.day("published"), row.day("reviewed"))
    found.limits[holder, window.key] = Limit(_milli(row, unit), citation)
    found.names.setdefault(holder, name)
    row.book.named.setdefault(row.file, {}).setdefault(holder, (name, row.line))
    found.windows.setdefault(window.key, window)


def _milli(row: _Row, unit: str) -> int:
    try:
        milli = Tpp.of(row.filled("limit")).milli
    except NotAnAmount as why:
        row.problem("limit", in_unit(why, unit))
        return 0
    if milli < 0:
        row.problem("limit", "must be zero or more")
    return milli
