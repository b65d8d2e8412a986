"""What a writer knows of the ledger: numbers of parties, budgets and rulings, and the balances.

A Book lives for one transaction, under the head's lock. What it adds becomes part of `Known`, the
cache that outlives it, only after the commit: numbers are never given twice and never taken back,
so what another process added meanwhile is found in the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Table, bindparam, select

from ledger.policy.budgets import AMOUNT, UNBOUND
from ledger.rules.weights import Budgets, Kept, Plain
from ledger.service.day_numbers import days_number
from ledger.storage.memory import Memory
from ledger.storage.statements import Cursor, largest
from schemas import tables as t
from schemas.names import name_key

BALANCES = ("adjustment", "pending", "held", "posted", "lapsed", "safe")
_CHANGED = (*(f"{name}_mtpp" for name in BALANCES), "last_credit_on")
# The columns of balances that moved.
MOVED = (*_CHANGED, "budget_no")

_Rows = list[tuple[Any, ...]]
_AT = {name: place for place, name in enumerate(t.budget.columns.keys())}
_ONE_BUDGET = select(t.budget).where(
    t.budget.c.rule == bindparam("rule"),
    t.budget.c.holder == bindparam("holder"),
    t.budget.c.window == bindparam("window"),
)
# What a submission adds beside its movements, in this order.
_TABLES = {one.name: one for one in (t.party, t.budget, t.budget_step, t.ruling)}
# Holders of one rule looked up at a time.
_HOLDERS = 64
_BUDGETS = select(t.budget).where(
    t.budget.c.rule == bindparam("rule"),
    t.budget.c.holder.in_([bindparam(f"holder{n}") for n in range(_HOLDERS)]),
)


class BudgetKey(NamedTuple):
    """Which allowance: the regime's rule, its holder, and the window's key ("2025-2027")."""

    rule: str
    holder: str
    window: str


class BudgetTerms(NamedTuple):
    """What a budget is opened with; days are ISO text, limits in milli-TPP.

    `steps` are (first day, name, limit) where the limit rises within the window.
    """

    holder_name: str
    from_on: str
    to_on: str
    limit_mtpp: int
    basis: str
    steps: tuple[tuple[str, str, int], ...] = ()


class Opened(NamedTuple):
    """An open budget: its number, base limit, name (rule, holder's name, window) and holder."""

    number: int
    limit_mtpp: int
    name: tuple[str, str, str]
    holder: str


@dataclass(slots=True)
class Known:
    """Numbers already given, kept between transactions.

    Parties by name, their name keys by number; budgets by key and by number. A budget's are its
    number, its base limit, and what it is called (rule, holder's name, window).
    `kinds` are the kinds of the regime's budgets by rule; `memory` what acts and declarations
    come to. All of it holds as of a `submission` of some `digest`, and under the rules of an
    `adoption` by its seq; 0 where nothing is known of that yet (service/current.py).
    """

    parties: dict[str, int] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict)
    budgets: dict[BudgetKey, Opened] = field(default_factory=dict)
    numbered: dict[int, Opened] = field(default_factory=dict)
    rulings: dict[str, int] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    submission: int = 0
    digest: str = ""
    adoption: int = 0


class Book:
    """The numbers and balances of one transaction; `submission` is the one being written."""

    def __init__(self, cursor: Cursor, known: Known, submission: int) -> None:
        self.cursor = cursor
        self.submission = submission
        self._known = known
        self._new = Known()
        self._rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in _TABLES}
        self._sought: set[str] = set()
        self._next: dict[str, int] = {}
        self._written: dict[str, int] = {}
        # The budgets this transaction touches, by place.
        self.numbers: list[int] = []
        self._place: dict[int, int] = {}
        self._names: list[tuple[str, str, str]] = []
        self._holders: list[str] = []
        self._kept = Kept(Plain(), Plain.columns)
        self.last_credit: list[str | None] = []
        self._opened: set[int] = set()
        self._steps: dict[int, tuple[tuple[str, str, int], ...]] = {}

    @property
    def balances(self) -> Budgets:
        """The balances by place, in columns."""
        return self._kept.columns

    @property
    def figures(self) -> Budgets | Plain:
        """The balances by place as they are kept: in plain numbers, or in columns."""
        return self._kept.figures

    # Parties and rulings

    def parties(self, names: Iterable[str]) -> dict[str, int]:
        """The number of each spelling; a new one is given the next number."""
        wanted = set(names)
        known, new = self._known.parties, self._new.parties
        missing = [n for n in wanted if n not in known and n not in new]
        if missing:
            self._find_parties(missing)
        return {n: known[n] if n in known else new[n] for n in wanted}

    def _find_parties(self, names: Sequence[str]) -> None:
        """Look spellings up; those that are not on record are given numbers."""
        known, new = self._known, self._new
        for row in self.cursor.find(t.party, "name", names):
            known.parties[row[1]] = row[0]
            known.keys[row[0]] = row[2]
        for name in sorted([n for n in names if n not in known.parties]):
            number = self._number("party", t.party.c.party_no)
            new.parties[name] = number
            key = new.keys[number] = name_key(name)
            self._rows["party"].append((number, name, key, self.submission))

    def party(self, name: str) -> int:
        """The number of one spelling."""
        number = self._known.parties.get(name) or self._new.parties.get(name)
        return self.parties([name])[name] if number is None else number

    def party_key(self, number: int) -> str:
        """The name key of a party by its number: one for all its spellings."""
        key = self._known.keys.get(number) or self._new.keys.get(number)
        if key is None:
            key = self._known.keys[number] = str(
                self.cursor.find(t.party, "party_no", [number])[0][2]
            )
        return key

    def ruling(self, digest: str, body: str) -> int:
        """The number of a ruling, by the digest of its body."""
        known, new = self._known.rulings, self._new.rulings
        number = known.get(digest) or new.get(digest)
        if number is None and digest not in self._sought:
            self.find_rulings([digest])
            number = known.get(digest)
        if number is None:
            number = new[digest] = self._number("ruling", t.ruling.c.ruling_no)
            self._rows["ruling"].append((number, digest, body, self.submission))
        return number

    def find_rulings(self, digests: Iterable[str]) -> None:
        """Look up together which rulings are on record."""
        known = self._known.rulings
        missing = [digest for digest in digests if digest not in known]
        self._sought.update(missing)
        for row in self.cursor.find(t.ruling, "digest", missing):
            known[row[1]] = int(row[0])

    def _number(self, table: str, column: Any) -> int:
        if table not in self._next:
            found = self.cursor.recall(table, lambda: self.cursor.read(largest(column))[0][0])
            self._next[table] = int(found or 0)
        self._next[table] += 1
        return self._next[table]

    # Budgets

    def budget(self, key: BudgetKey) -> int | None:
        """The place of a budget that is open, its balances loaded; None where it is not open."""
        opened = self._known.budgets.get(key) or self._new.budgets.get(key)
        if opened is None:
            found = self.cursor.read(_ONE_BUDGET, key.rule, key.holder, key.window)
            if not found:
                return None
            opened = self._known.budgets[key] = _opened(found[0])
        return self._load([opened])[0]

    def budgets(self, keys: Iterable[BudgetKey]) -> dict[BudgetKey, int]:
        """The places of those budgets that are open, their balances loaded, found together."""
        known, wanted = self._known.budgets, list(keys)
        self._find_budgets(wanted)
        opened = {key: known.get(key) or self._new.budgets.get(key) for key in wanted}
        found = {key: one for key, one in opened.items() if one is not None}
        return dict(zip(found, self._load(list(found.values())), strict=True))

    def _find_budgets(self, keys: Iterable[BudgetKey]) -> None:
        """Look up together which budgets are open."""
        known = self._known.budgets
        missing: dict[str, dict[str, None]] = {}
        for key in keys:
            if key not in known and key not in self._new.budgets:
                missing.setdefault(key.rule, {})[key.holder] = None
        for rule, named in missing.items():
            holders = list(named)
            for start in range(0, len(holders), _HOLDERS):
                part = holders[start : start + _HOLDERS]
                part += part[-1:] * (_HOLDERS - len(part))
                for row in self.cursor.read(_BUDGETS, rule, *part):
                    known[_budget_key(row)] = _opened(row)

    def open_budgets(self, opening: Sequence[tuple[BudgetKey, BudgetTerms]]) -> None:
        """Open those of some budgets that are not open yet."""
        self._find_budgets(key for key, _ in opening)
        for key, terms in opening:
            if key not in self._known.budgets and key not in self._new.budgets:
                self.open_budget(key, terms)

    def open_budget(self, key: BudgetKey, terms: BudgetTerms) -> int:
        """Open a budget that is not open yet; its place."""
        number = self._number("budget", t.budget.c.budget_no)
        name = (key.rule, terms.holder_name, key.window)
        opened = Opened(number, terms.limit_mtpp, name, key.holder)
        self._new.budgets[key] = opened
        self._rows["budget"].append(
            (
                number,
                key.rule,
                key.holder,
                terms.holder_name,
                key.window,
                terms.from_on,
                terms.to_on,
                terms.limit_mtpp,
                terms.basis,
                self.submission,
            )
        )
        self._rows["budget_step"] += [(number, *step, self.submission) for step in terms.steps]
        self._steps[number] = terms.steps
        self._opened.add(number)
        return self._append(opened, (0,) * len(BALANCES), None)

    def places(self, numbers: Iterable[int]) -> list[int]:
        """The places of budgets known by number, their balances loaded."""
        wanted = list(numbers)
        known, missing = self._known.numbered, sorted({n for n in wanted if n not in self._place})
        for row in self.cursor.find(t.budget, "budget_no", [n for n in missing if n not in known]):
            known[row[0]] = _opened(row)
        self._load([known[n] for n in missing])
        return [self._place[n] for n in wanted]

    def named(self, place: int) -> tuple[str, str, str]:
        """What the budget at a place is called: rule, holder's name, window."""
        return self._names[place]

    def holder(self, place: int) -> str:
        """The key of who holds the budget at a place."""
        return self._holders[place]

    def _load(self, budgets: Sequence[Opened]) -> list[int]:
        missing = {b.number: b for b in budgets if b.number not in self._place}
        for row in self.cursor.find(t.balance, "budget_no", missing) if missing else ():
            credit = None if row[-1] is None else str(row[-1])
            self._append(missing[row[0]], row[1:-1], credit)
        return [self._place[b.number] for b in budgets]

    def _append(self, opened: Opened, balances: Sequence[int], credit: str | None) -> int:
        place = len(self.numbers)
        self.numbers.append(opened.number)
        self._place[opened.number] = place
        self._names.append(opened.name)
        self._holders.append(opened.holder)
        self.last_credit.append(credit)
        unbound = int(self.kind(place) in UNBOUND)
        return self._kept.add(opened.limit_mtpp, *balances, unbound)

    def is_new(self, place: int) -> bool:
        """Whether this transaction opened the budget at a place: nothing of it is on record."""
        return self.numbers[place] in self._opened

    def kind(self, place: int) -> str:
        """The kind of the budget at a place (policy KINDS)."""
        return self._known.kinds.get(self._names[place][0], AMOUNT)

    def steps(self, place: int) -> list[tuple[int, ...]]:
        """The steps of a budget this transaction opened: first day as a number, and limit."""
        return [
            (days_number(date.fromisoformat(on)), limit)
            for on, _, limit in self._steps.get(self.numbers[place], ())
        ]

    def credited(self, place: int, day: str) -> None:
        """A limit changed or room came back on a day (ISO text): later totals decide from it on."""
        self.last_credit[place] = max(self.last_credit[place] or day, day)

    # Writing

    def write(self) -> None:
        """Write new parties, budgets and rulings, and the balances as they now stand.

        What was written before is not written again.
        """
        new, moved = self.unwritten()
        for table, rows in new.items():
            self.cursor.add(table, rows)
        self.cursor.change(t.balance, _CHANGED, moved)

    def unwritten(self) -> tuple[dict[Table, _Rows], _Rows]:
        """The rows that are not in their tables yet, with the balances of new budgets; and those of
        budgets that were open before, as MOVED. Taken once: whoever takes them writes them.
        """
        found = {}
        for name, rows in self._rows.items():
            written = self._written.get(name, 0)
            if len(rows) > written:
                found[_TABLES[name]] = rows[written:]
                self._written[name] = len(rows)
        columns = self._kept.listed(BALANCES)
        stand = list(zip(*columns, self.last_credit, self.numbers, strict=True))
        opened = [(row[-1], *row[:-1]) for row in stand if row[-1] in self._opened]
        if opened:
            found[t.balance] = opened
            stand = [row for row in stand if row[-1] not in self._opened]
            self._opened.clear()
        return found, stand

    def annex_rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """The rows this submission adds beside its movements, by table, in order of number."""
        return self._rows

    def keep(self, head: str = "", *, acts: bool = True) -> None:
        """After the commit: what was added is known from now on.

        `head` is the chain's from now on; `acts` where acts or declarations were recorded.
        """
        self._known.memory.moved_to(head, self._next, acts=acts)
        if head:
            self._known.submission, self._known.digest = self.submission, head
        self._known.parties |= self._new.parties
        self._known.keys |= self._new.keys
        self._known.budgets |= self._new.budgets
        self._known.rulings |= self._new.rulings


def _budget_key(row: Sequence[Any]) -> BudgetKey:
    named = dict(zip(t.budget.columns.keys(), row, strict=True))
    return BudgetKey(named["rule"], named["holder"], named["window"])


def _opened(row: Sequence[Any]) -> Opened:
    name = (row[_AT["rule"]], row[_AT["holder_name"]], row[_AT["window"]])
    return Opened(row[_AT["budget_no"]], row[_AT["limit_mtpp"]], name, row[_AT["holder"]])
