"""Reads a regime: the only file of this room that opens files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path

from ledger.policy import (
    parse_budgets,
    parse_conditions,
    parse_deadlines,
    parse_facts,
    parse_licences,
    parse_rules,
    parse_shares,
    sound,
)
from ledger.policy.budgets import BudgetRule
from ledger.policy.dated import Attached, Change, Citation, CountryList
from ledger.policy.options import near
from ledger.policy.sheet import Book
from ledger.policy.types import Regime
from ledger.policy.weights import Condition
from schemas.problems import Problem, Unusable

BUILT_IN = Path(__file__).parent
FOLDERS = ("numbers", "lists", "deadlines", "budgets")
NEEDED = ("regime.toml", "authorizations.toml")
FILES = (
    *NEEDED,
    "countries.toml",
    "licences.toml",
    "options.toml",
    "preconditions.toml",
    "review.toml",
    "state.toml",
    "conditions.toml",
    "weights.toml",
    "shares.toml",
)
COUNTS = ("chips", "amounts")
ALL_COUNTRIES = "destinations"
_STRAY = "nothing reads it: a file here ends in .toml, or in budgets/ in .csv"
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def builtin_regimes() -> tuple[str, ...]:
    """The keys of the regimes that come with the ledger."""
    return tuple(sorted(path.parent.name for path in BUILT_IN.glob("[!_]*/regime.toml")))


def starter_regime() -> dict[str, str]:
    """The files of a regime to begin with, by name."""
    return _texts(BUILT_IN / "_starter", "_starter")


def read_regime(where: str | Path) -> Regime:
    """A regime by the key of a built-in one, or from a folder of its own.

    Raises Unusable with every problem found in its files.
    """
    folder = BUILT_IN / where if str(where) in builtin_regimes() else Path(where)
    texts, strays = _texts(folder, str(where)), _strays(folder)
    try:
        made = regime_from_text(texts)
    except Unusable as broken:
        raise Unusable(*strays, *broken.problems) from None
    if strays:
        raise Unusable(*strays)
    return made


def _texts(folder: Path, said: str) -> dict[str, str]:
    if not folder.is_dir():
        nearest = near(said, builtin_regimes()) or builtin_regimes()
        raise Unusable(Problem(said, 0, 0, "", "", "no such regime, and no such folder", nearest))
    found, problems = {}, []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and _belongs(name):
            try:
                found[name] = path.read_bytes().decode("utf-8")
            except UnicodeDecodeError as broken:
                problems.append(Problem(name, 0, 0, "", "", f"not UTF-8: {broken}"))
    if problems:
        raise Unusable(*problems)
    return found


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "_")) for part in name.split("/"))


def _strays(folder: Path) -> list[Problem]:
    """A problem for each file in one of the regime's own folders that is none of its files."""
    inside = (path for one in FOLDERS for path in sorted((folder / one).rglob("*")))
    names = [path.relative_to(folder).as_posix() for path in inside if path.is_file()]
    strays = (name for name in names if not (_hidden(name) or _belongs(name)))
    return [Problem(name, 0, 0, "", "", _STRAY) for name in strays]


def _belongs(name: str) -> bool:
    """Every TOML file is the regime's; a CSV only beside its budget: others may be data."""
    if _hidden(name):
        return False
    return name.endswith(".toml") or (name.startswith("budgets/") and name.endswith(".csv"))


def regime_from_text(files: Mapping[str, str], *, adopted: bool = False) -> Regime:
    """A regime from its files by name, as `Regime.text` keeps them.

    Raises Unusable with every problem found in them. What a ledger has `adopted` is taken with
    faults that were no reason to refuse it then (sound.py). The same text is read once a process:
    each ledger keeps its regime in full, and most keep the same.
    """
    return _from_text(tuple(sorted(files.items())), adopted)


@lru_cache(maxsize=8)
def _from_text(files: tuple[tuple[str, str], ...], adopted: bool) -> Regime:
    book = Book(dict(files))
    _known_files(book)
    made = _regime(book) if _readable(book) else None
    if made is not None and not adopted:
        sound.sound(book, made)
    if book.problems or made is None:
        order = sorted(dict.fromkeys(book.problems), key=lambda p: (p.file, p.line))
        raise Unusable(*order)
    return made


def _readable(book: Book) -> bool:
    """Whether every file can be taken apart: of one that cannot, nothing is known to be missing."""
    for name in book.files:
        if name.endswith(".toml"):
            book.table(name)
    return not book.broken and all(name in book.files for name in NEEDED)


def _known_files(book: Book) -> None:
    for name in NEEDED:
        if name not in book.files:
            book.add(name, 0, "", "", "missing: a regime needs this file")
    for name in book.files:
        folder, _, file = name.rpartition("/")
        if folder in FOLDERS:
            if file.endswith(".toml") and not _KEY.fullmatch(file.removesuffix(".toml")):
                book.add(name, 0, "", "", "a file's name is a key: letters, digits, underscores")
        elif name.endswith(".toml") and name not in FILES:
            known = (*FILES, *(f"{one}/" for one in FOLDERS))
            reason = "no file of a regime"
            book.problems.append(Problem(name, 0, 0, "", "", reason, near(name, known)))


@dataclass(frozen=True)
class _Head:
    key: str
    title: str
    unit: str
    counts: str
    first_day: date
    authority: str
    note: str
    citation: Citation


def _head(book: Book) -> _Head:
    top = book.table("regime.toml")
    made = _Head(
        top.text("key"),
        top.text("title"),
        top.text("unit"),
        top.one_of("counts", COUNTS),
        top.day("first_day"),
        top.text("authority"),
        top.text("note", ""),
        top.citation(),
    )
    if made.key and not _KEY.fullmatch(made.key):
        top.problem("key", made.key, "a key is letters, digits, underscores")
    top.close()
    return made


def _regime(book: Book) -> Regime:
    head = _head(book)
    numbers = {n.key: n for n in (parse_facts.number(book, f, head.unit) for f in _in(book, 0))}
    names, attached, lists = _lists(book, head)
    options = {}
    if "options.toml" in book.files:
        options = parse_facts.options(book, "options.toml")
    states = parse_facts.states(book, "state.toml") if "state.toml" in book.files else ()
    known = parse_budgets.Known(numbers, lists, options, names, head.first_day, head.unit)
    budgets = {b.key: b for b in (parse_budgets.budget(book, f, known) for f in _in(book, 3))}
    weighed = {key: budget for key, budget in budgets.items() if budget.weighed}
    _one_meaning(book, lists, budgets)
    named = parse_rules.Named(lists, weighed, options, numbers)
    judging = parse_rules.judging(book, named)
    duties = parse_deadlines.Named(judging, budgets, numbers)
    deadlines = {
        d.key: d for d in (parse_deadlines.deadline(book, f, duties) for f in _in(book, 2))
    }
    shares = parse_shares.shares(
        book, replace(named, codes=tuple(judging.authorizations)), deadlines
    )
    judging = replace(judging, asked=tuple(one.when for one in shares))
    conditions: tuple[Condition, ...] = ()
    if "conditions.toml" in book.files:
        known_codes = tuple(judging.authorizations)
        conditions = parse_conditions.conditions(book, "conditions.toml", known_codes)
    weights = None
    if "weights.toml" in book.files:
        asked = tuple(one.key for one in conditions)
        weights = parse_conditions.weights(book, numbers, lists, asked)
    return Regime(
        key=head.key,
        title=head.title,
        unit=head.unit,
        counts=head.counts,
        first_day=head.first_day,
        authority=head.authority,
        note=head.note,
        text=dict(sorted(book.files.items())),
        version=_version(book.files),
        numbers=numbers,
        lists=lists,
        attached=attached,
        deadlines=deadlines,
        options=options,
        states=states,
        budgets=weighed,
        unweighed={key: budget for key, budget in budgets.items() if not budget.weighed},
        judging=judging,
        shares=shares,
        country_names=names,
        weights=weights,
        conditions=conditions,
        licensing=parse_licences.licensing(book, numbers, weighed, lists),
    )


def _in(book: Book, folder: int) -> list[str]:
    place = f"{FOLDERS[folder]}/"
    return sorted(f for f in book.files if f.startswith(place) and f.endswith(".toml"))


def _lists(
    book: Book, head: _Head
) -> tuple[dict[str, str], dict[str, Attached], dict[str, CountryList]]:
    names: dict[str, str] = {}
    own: dict[str, str] = {}
    attached: dict[str, Attached] = {}
    lists: dict[str, CountryList] = {}
    if "countries.toml" in book.files:
        names, attached, own = parse_facts.countries(book, "countries.toml")
        every = Change(head.first_day, tuple(names), (), head.citation)
        lists[ALL_COUNTRIES] = CountryList(ALL_COUNTRIES, "Every destination", (every,))
    for file in _in(book, 1):
        one = parse_facts.country_list(book, file, (*names, *own))
        lists[one.key] = one
    return names, attached, lists


def _one_meaning(
    book: Book, lists: Mapping[str, CountryList], budgets: Mapping[str, BudgetRule]
) -> None:
    for key in sorted(set(lists) & set(budgets)):
        book.add(f"budgets/{key}.toml", 0, "", key, "is the name of a list too")


def _version(files: Mapping[str, str]) -> str:
    """The SHA-256 over every file: its name, its length and its bytes, in the order of names."""
    digest = hashlib.sha256()
    for name, text in sorted(files.items()):
        body = text.encode()
        digest.update(f"{name}\n{len(body)}\n".encode() + body)
    return digest.hexdigest()
