"""What a regime that reads well still cannot mean, looked for in texts that are given anew.

A text that a ledger adopted is not held to this: it goes on being read as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from ledger.policy.budgets import STEPPED, UNBOUND, BudgetRule
from ledger.policy.dated import Number, Value
from ledger.policy.options import READ_BY_THE_LEDGER
from ledger.policy.sheet import Book, Table, is_day
from ledger.policy.types import Regime, folded

FOLLOWS = "follows"
# Shares that are taken on the regime's first day and hold on all of them.
_FIXED = {"uplift": "the largest uplift", "critical": "a running total's critical share"}


def sound(book: Book, regime: Regime) -> None:
    """Keep a problem for each name that means two things, and for what can never work."""
    for name in book.files:
        if name.endswith(".toml"):
            _spans(book.table(name))
    _authorizations(book)
    _countries(book)
    if "options.toml" in book.files:
        _options(book)
    stated = {_stated(book, key): key for key in _budget_keys(book)}
    for name in book.files:
        if name.endswith(".csv") and name not in stated:
            book.add(name, 0, "", "", "no budget names it in `limits`: nothing reads it")
    for file, key in stated.items():
        if file in book.files and file.endswith(".csv"):
            _one_name(book, file, key)
            _every_window(book, file, regime.budgets.get(key))
    for rule in regime.budgets.values():
        _budget(book, regime, rule)


def notes(regime: Regime) -> Iterator[str]:
    """What is no fault and may still surprise: limits that change within a window."""
    for rule in regime.budgets.values():
        if rule.kind == STEPPED or rule.kind in UNBOUND or rule.limit_number is None:
            continue
        for value in rule.limit_number.values:
            window = rule.window_on(value.from_on)
            limit = None if window is None else rule.limit("", window)
            if window is None or limit is None or value.announced or value.amount is None:
                continue
            if value.from_on > max(window.from_on, rule.first_day) and value.milli != limit.milli:
                yield (
                    f"budgets/{rule.key}.toml: limit {rule.limit_number.key} changes on"
                    f" {value.from_on}, within window {window.key}, which keeps the limit of its"
                    ' first day; kind = "stepped" has it step'
                )


def _spans(table: Table) -> None:
    """Refuse, here and in every table inside, what ends before it begins."""
    days = [table.data.get(key) for key in ("from", "to")]
    begun, end = (day if is_day(day) else None for day in days)
    if begun is not None and end is not None and end < begun:
        table.problem("to", end, "before its first day")
    for key, value in table.data.items():
        if isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
            for one in table.tables(key):
                _spans(one)
        elif isinstance(value, dict) and (inner := table.sub(key)) is not None:
            _spans(inner)


def _authorizations(book: Book) -> None:
    """Refuse a spelling that means two authorizations: shipments are read by any of them."""
    meant: dict[str, tuple[str, str, str]] = {}
    for table in book.table("authorizations.toml").tables("authorization"):
        code = table.data.get("code")
        for key, word in _spellings(table.data):
            other, there, said = meant.setdefault(folded(word), (str(code), key, word))
            if other != code:
                reason = f'names what "{said}", {_SAID[there]} of {other}, names already{_ALIKE}'
                table.problem(key, word, reason)


_SAID = {"code": "the code", "title": "the title", "aliases": "an alias"}
_ALIKE = ": case, hyphens and underscores tell no names apart"


def _spellings(data: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for key in _SAID:
        value = data.get(key)
        for word in value if isinstance(value, list) else [value]:
            if isinstance(word, str) and word:
                yield key, word


def _countries(book: Book) -> None:
    if "countries.toml" in book.files:
        top = book.table("countries.toml")
        _twins(top, top.texts("names").items())


def _twins(table: Table, names: Iterable[tuple[str, str]]) -> None:
    meant: dict[str, tuple[str, str]] = {}
    for code, name in names:
        other, said = meant.setdefault(folded(name), (code, name))
        if other != code:
            table.problem(code, name, _twin(other, said))


def _twin(other: str, name: str) -> str:
    return f'is the name of {other} too ("{name}"){_ALIKE}'


def _budget_keys(book: Book) -> list[str]:
    files = (f for f in book.files if f.startswith("budgets/") and f.endswith(".toml"))
    return sorted(file.removeprefix("budgets/").removesuffix(".toml") for file in files)


def _stated(book: Book, key: str) -> str:
    """The CSV of limits that a budget names; its own file where it names none."""
    limits = book.table(f"budgets/{key}.toml").data.get("limits")
    return f"budgets/{limits}" if limits and isinstance(limits, str) else f"budgets/{key}.toml"


def _one_name(book: Book, file: str, key: str) -> None:
    """Refuse two holders of one name among a CSV's, and those its budget names beside it."""
    top = book.table(f"budgets/{key}.toml").sub("holders")
    meant = {
        folded(name): (code, name) for code, name in (top.texts("names") if top else {}).items()
    }
    for code, (name, line) in book.named.get(file, {}).items():
        other, said = meant.setdefault(folded(name), (code, name))
        if name and other != code:
            book.add(file, line, "name", name, f"of holder {code} {_twin(other, said)}")


def _every_window(book: Book, file: str, rule: BudgetRule | None) -> None:
    """Refuse a holder without a limit for a window that others have: it would draw on nothing."""
    limits = {} if rule is None else rule.limits
    windows = list(dict.fromkeys(window for _, window in limits))
    for holder in dict.fromkeys(holder for holder, _ in limits):
        for window in windows:
            if (holder, window) not in limits:
                reason = (
                    f"has no row for window {window}: give it the limit 0 where nothing is granted"
                )
                book.add(file, 0, "holder", holder, reason)


def _budget(book: Book, regime: Regime, rule: BudgetRule) -> None:
    top = book.table(f"budgets/{rule.key}.toml")
    holders = top.sub("holders")
    if holders is not None and holders.data.get("kind") == "named":
        _twins(holders, holders.texts("names").items())
    fixed = _FIXED if rule.kind in UNBOUND else {"uplift": _FIXED["uplift"]}
    for key, whose in fixed.items():
        number = regime.numbers.get(str(top.data.get(key, "")))
        first = None if number is None else number.on(regime.first_day)
        if number is not None and first is not None:
            for value in _changes(number, first, regime.first_day):
                reason = (
                    f"is {value.amount} from {value.from_on} on, and {whose} is one for all days,"
                    f" that of the regime's first ({first.amount}): it may not change"
                )
                top.problem(key, number.key, reason)
    option = regime.options.get(rule.acquired_option)
    if option is not None and FOLLOWS not in option.names:
        reason = f'needs the reading "{FOLLOWS}", which this option has not'
        top.problem("acquired_option", option.key, reason, option.names)


def _changes(number: Number, first: Value, first_day: date) -> Iterator[Value]:
    later = (v for v in number.values if v.from_on > first_day and not v.announced)
    return (v for v in later if v.amount is not None and v.amount != first.amount)


def _options(book: Book) -> None:
    """Refuse readings of an option that the ledger itself asks for, where it knows none such."""
    for table in book.table("options.toml").tables("option"):
        known = READ_BY_THE_LEDGER.get(str(table.data.get("key")), ())
        for value in table.words("obeyed") if known else ():
            if value not in known:
                words = ", ".join(known)
                reason = f"the ledger itself goes by this option, and knows only {words}"
                table.problem("obeyed", value, reason)
