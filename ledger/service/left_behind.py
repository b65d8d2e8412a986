"""What stands on a company's accounts, country by country, when it becomes part of another.

The accounts stay as they are: what comes later counts on those of whom it belongs to then.
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.policy.budgets import STEPPED
from ledger.service.book import Book
from ledger.service.on_record import relation_of
from ledger.service.relations import Relations
from ledger.service.rows import Flag, Row
from ledger.service.rulebook import Rulebook
from schemas import tables as t

_BUDGET = {name: place for place, name in enumerate(t.budget.columns.keys())}
_BALANCE = {name: place for place, name in enumerate(t.balance.columns.keys())}


def flags(rulebook: Rulebook, book: Book, relations: Relations, row: Row) -> Iterator[Flag]:
    """A note for each account with a ceiling of a company that a declaration gives a new parent."""
    rules = [rule.key for rule in rulebook.budgets.values() if rule.kind == STEPPED]
    if not rules:
        return
    day = row.given.effective_on
    relation = relation_of(row.kind, day, row.details())
    after = relations.copy()
    after.add(relation)
    of = relation.subject
    if after.holders(of, None, day) == relations.holders(of, None, day):
        return
    known = book.cursor.find(t.budget, "rule", rules)
    own = {b[0]: b for b in known if b[_BUDGET["holder"]].rpartition("@")[0] == of}
    for balance in sorted(book.cursor.find(t.balance, "budget_no", own)):
        posted = balance[_BALANCE["posted_mtpp"]]
        if posted > 0:
            (place,) = book.places([balance[0]])
            name = own[balance[0]][_BUDGET["holder_name"]]
            yield Flag("base_stays_apart", place, asked=posted, detail=name)
