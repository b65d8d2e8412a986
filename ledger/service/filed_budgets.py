"""The budgets of parties that are on record, for adjustments that do not say which is meant."""

from __future__ import annotations

from functools import cached_property

from sqlalchemy import select

from ledger.policy.budgets import UNBOUND, BudgetRule
from ledger.service.named_budgets import budget_of
from ledger.service.rulebook import Rulebook
from ledger.storage.statements import Cursor
from ledger.storage.store import Store
from schemas import tables as t

_BUDGETS = select(t.budget.c.rule, t.budget.c.holder, t.budget.c.holder_name).order_by(
    t.budget.c.budget_no
)


class FiledBudgets:
    """Answers what a party holds, as far as something was drawn on it; read when first asked.

    Budgets without a limit are no matter of adjustments, and left out.
    """

    def __init__(self, store: Store, rulebook: Rulebook) -> None:
        self._store, self._rulebook = store, rulebook

    def of(self, holder: str) -> list[tuple[BudgetRule, str, str]]:
        """Each kind of budget on record of a party, or of a company in a country, as said by a
        person, with its key and the name it was opened under.
        """
        found = []
        for rule in self._rules:
            meant = budget_of(self._rulebook, holder, rule.key)
            name = None if meant is None else self._names.get((rule.key, meant[1]))
            if meant is not None and name is not None:
                found.append((rule, meant[1], name))
        return found

    @cached_property
    def _rules(self) -> list[BudgetRule]:
        every = self._rulebook.budgets.values()
        return [one for one in every if one.holder_kind == "party" and one.kind not in UNBOUND]

    @property
    def names(self) -> list[str]:
        """What their holders are called, each name once."""
        return list(dict.fromkeys(self._names.values()))

    @cached_property
    def _names(self) -> dict[tuple[str, str], str]:
        """The name of each holder, by the kind of budget and the key."""
        kinds = {rule.key for rule in self._rules}
        with self._store.reading() as turn:
            cursor = Cursor(self._store.raw(turn.connection), self._store.dialect)
            rows = cursor.read(_BUDGETS)
        return {(rule, holder): name for rule, holder, name in reversed(rows) if rule in kinds}
