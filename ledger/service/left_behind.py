"""What stands on a company's accounts, country by country, when it becomes part of another.

The accounts stay as they are: what comes later counts on those of whom it belongs to then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from functools import cached_property

from ledger.policy.budgets import STEPPED
from ledger.service.book import Book
from ledger.service.on_record import relation_of
from ledger.service.relations import Relation, Relations
from ledger.service.rows import Flag, Row
from ledger.service.rulebook import Rulebook
from schemas import tables as t

_BUDGET = {name: place for place, name in enumerate(t.budget.columns.keys())}
_BALANCE = {name: place for place, name in enumerate(t.balance.columns.keys())}


class LeftBehind:
    """The accounts with a ceiling on record, as a transaction finds them."""

    def __init__(self, rulebook: Rulebook, book: Book, relations: Callable[[], Relations]) -> None:
        self.rulebook, self.book, self.relations = rulebook, book, relations

    def flags(self, row: Row) -> Iterator[Flag]:
        """A note for each account of a company that a declaration gives a new parent."""
        day = row.given.effective_on
        relation = relation_of(row.kind, day, row.details())
        of = relation.subject
        own = self._accounts.get(of)
        if own is None or not self._is_new(relation, day):
            return
        for balance in sorted(self.book.cursor.find(t.balance, "budget_no", own)):
            posted = balance[_BALANCE["posted_mtpp"]]
            if posted > 0:
                (place,) = self.book.places([balance[0]])
                yield Flag("base_stays_apart", place, asked=posted, detail=own[balance[0]])

    def _is_new(self, relation: Relation, day: date) -> bool:
        """Whether a declaration changes who holds for a company on its day."""
        before = self.relations()
        after = before.copy()
        after.add(relation)
        of = relation.subject
        return after.holders(of, None, day) != before.holders(of, None, day)

    @cached_property
    def _accounts(self) -> dict[str, dict[int, str]]:
        """Of each company its accounts: what they are called, by number. Read once: a file may
        declare thousands of owners.
        """
        found: dict[str, dict[int, str]] = defaultdict(dict)
        rules = [rule.key for rule in self.rulebook.budgets.values() if rule.kind == STEPPED]
        for budget in self.book.cursor.find(t.budget, "rule", rules) if rules else ():
            company = budget[_BUDGET["holder"]].rpartition("@")[0]
            found[company][budget[0]] = budget[_BUDGET["holder_name"]]
        return found
