"""Numbers, lists, countries, options and states, from the tables of their files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import PurePosixPath

from ledger.policy.dated import (
    Attached,
    Change,
    CountryList,
    Number,
    State,
    Value,
)
from ledger.policy.options import Option, near
from ledger.policy.sheet import CITATION, Book, Table
from schemas.tpp import NotAnAmount, Tpp

# Units a number may have beside the regime's own.
UNITS = ("TPP", "percent", "day", "month", "year", "GB/s", "operation", "transfer")


def key_of(file: str) -> str:
    """The key of what a file says: its name without folder and ending."""
    return PurePosixPath(file).stem


def number(book: Book, file: str, regime_unit: str) -> Number:
    """A file of `numbers/`."""
    top = book.table(file)
    unit = top.one_of("unit", (*UNITS, regime_unit))
    weighed = unit if unit in ("TPP", regime_unit) else ""
    values = tuple(_value(one, weighed) for one in top.tables("value"))
    _rising(top, "value", [v.from_on for v in values], "two values for one day")
    if not values:
        top.problem("value", None, "a number needs at least one [[value]]")
    made = Number(key_of(file), top.text("title"), unit, values, top.text("note", ""))
    closed(top)
    return made


def _value(table: Table, weighed: str) -> Value:
    """A value; `weighed` is the unit of a number that is held against what is kept, else empty."""
    ends = table.flag("ends")
    amount = None if ends else table.amount("amount")
    if amount is not None and weighed:
        try:
            Tpp.of(amount)
        except NotAnAmount as why:
            table.problem("amount", amount, in_unit(why, weighed))
            amount = Decimal(0)  # what asks for it goes on, and finds no fault that is not there
    made = Value(
        table.day("from"),
        amount,
        table.citation(),
        table.flag("announced"),
        table.text("note", ""),
    )
    if ends and "amount" in table.data:
        table.problem("amount", table.data["amount"], "a value that ends has no amount")
        table.taken.add("amount")
    table.close()
    return made


def in_unit(why: NotAnAmount, unit: str) -> str:
    """Why a figure is no amount, in the unit it is written in: amounts are all kept alike."""
    return str(why).replace("TPP", unit)


def _rising(top: Table, key: str, days: list[date], twice: str) -> None:
    tables = [Table(top.book, top.file, row) for row in top.data.get(key, [])]
    for place in range(1, len(tables)):
        if days[place] <= days[place - 1]:
            why = twice if days[place] == days[place - 1] else "dates must rise"
            start = top._header(f"[[{key}]]", place)
            at = Table(top.book, top.file, tables[place].data, start)
            at.problem("from", days[place], why)


def closed(top: Table) -> None:
    """Refuse what nobody asked for; a citation at the top of a file is its tables'."""
    top.taken.update(CITATION)
    top.close()


def countries(book: Book, file: str) -> tuple[dict[str, str], dict[str, Attached], dict[str, str]]:
    """`countries.toml`: the destinations the rule knows, the territories that follow one, and
    those that only lists may name.
    """
    top = book.table(file)
    names, own = top.texts("names"), top.texts("own")
    attached = {}
    for table in top.tables("attached"):
        one = Attached(
            table.text("code"),
            table.text("name"),
            table.one_of("treated_as", names),
            table.citation(),
        )
        if one.code in names or one.code in attached:
            table.problem("code", one.code, "stands in this file already")
        attached[one.code] = one
        table.close()
    for code in sorted(own.keys() & {*names, *attached}):
        top.problem("own", code, "stands in this file already")
    closed(top)
    return names, attached, own


def country_list(book: Book, file: str, known: Iterable[str]) -> CountryList:
    """A file of `lists/`."""
    top = book.table(file)
    known = tuple(known)
    present: set[str] = set()
    changes = []
    for table in top.tables("change"):
        change = Change(
            table.day("from"),
            table.words("add", known),
            table.words("remove", known),
            table.citation(),
            table.text("note", ""),
        )
        for code in sorted(set(change.add) & present):
            table.problem("add", code, "is on the list already")
        for code in sorted(set(change.remove) - present):
            table.problem("remove", code, "is not on the list")
        present = (present | set(change.add)) - set(change.remove)
        changes.append(change)
        table.close()
    _rising(top, "change", [c.from_on for c in changes], "two changes on one day")
    instead = top.sub("instead")
    option, other = ("", ""), ""
    if instead is not None:
        option = (instead.text("option"), instead.text("value"))
        other = instead.text("list")
        instead.close()
    said = (top.text("title"), tuple(changes), top.text("note", ""))
    made = CountryList(key_of(file), *said, option, other)
    closed(top)
    return made


def options(book: Book, file: str) -> dict[str, Option]:
    """`options.toml`."""
    top = book.table(file)
    found: dict[str, Option] = {}
    for table in top.tables("option"):
        option = _option(table)
        if option.key in found:
            table.problem("key", option.key, "stands twice")
        found[option.key] = option
        table.close()
    closed(top)
    return found


def _option(table: Table) -> Option:
    values = table.texts("values")
    if not values:
        table.problem("values", None, "an option needs its values")
    default = table.one_of("default", values)
    obeyed = table.words("obeyed", values)
    if default not in obeyed:
        table.problem("obeyed", default, "the default must be a reading this version acts on")
    return Option(
        key=table.text("key"),
        number=table.whole("number"),
        title=table.text("title"),
        values=tuple((name, " ".join(said.split())) for name, said in values.items()),
        default=default,
        obeyed=obeyed,
        reason=table.text("reason"),
        citation=table.citation(),
    )


def states(book: Book, file: str) -> tuple[State, ...]:
    """`state.toml`."""
    top = book.table(file)
    found = []
    for table in top.tables("state"):
        from_on, sentence = table.day("from"), table.text("sentence")
        enforced = table.maybe_flag("enforced") is not False
        found.append(State(from_on, sentence, table.citation(), enforced))
        table.close()
    _rising(top, "state", [s.from_on for s in found], "two states from one day")
    closed(top)
    return tuple(found)


def known_name(table: Table, key: str, known: Mapping[str, object], what: str) -> str:
    """A key's text, if it names one of the known; else empty, with the problem kept."""
    name = table.text(key, "")
    if name and name not in known:
        table.problem(key, name, f"the regime has no such {what}", near(name, tuple(known)))
        return ""
    return name
