"""What a ledger's regime says that reports need: the rows of the copy's table `about`."""

from __future__ import annotations

from datetime import date

from ledger import countries
from ledger.policy.budgets import UNBOUND
from ledger.refusals import REFUSALS
from ledger.service.adoption import every_adoption
from ledger.service.duty_facts import duty_facts
from ledger.service.rulebook import EQUIVALENT, Rulebook
from ledger.storage.store import open_store

# submission, topic, key, from_on, value, sentence: schemas.columnar.ABOUT.
AboutRow = tuple[int, str, str, date | None, str | None, str | None]


def about_rows(url: str) -> list[AboutRow]:
    """The facts of every adoption of the ledger at a URL, in order."""
    with open_store(url, read_only=True) as store:
        return [
            (one.submission, *fact)
            for one in every_adoption(store)
            for fact in _facts(one.rulebook)
        ]


# The same, of an adoption that is known.
_Fact = tuple[str, str, date | None, str | None, str | None]


def _beside(rulebook: Rulebook) -> list[_Fact]:
    """What a regime that runs beside the first says; its options are named with its key."""
    regime = rulebook.regime
    found: list[_Fact] = [("beside", regime.key, None, regime.version, regime.title)]
    for state in regime.states:
        found.append(("beside state", regime.key, state.from_on, None, state.sentence))
    for key, value in sorted(rulebook.options.items()):
        meaning = regime.options[key].sentence(value)
        found.append(("beside option", f"{regime.key}:{key}", None, value, meaning))
    return found


def _facts(rulebook: Rulebook) -> list[_Fact]:
    regime = rulebook.regime
    found: list[_Fact] = [
        ("regime", "key", None, regime.key, None),
        ("regime", "title", None, regime.title, None),
        ("regime", "unit", None, regime.unit, None),
        ("regime", "version", None, regime.version, None),
    ]
    found += [("state", "", state.from_on, None, state.sentence) for state in regime.states]
    for key, value in sorted(rulebook.options.items()):
        found.append(("option", key, None, value, regime.options[key].sentence(value)))
    for one in rulebook.beside:
        found += _beside(one)
    for budget in rulebook.budgets.values():
        found.append(("budget", budget.key, None, None, budget.title))
        found.append(("kind", budget.key, None, budget.kind, None))
        found.append(("critical", budget.key, None, str(budget.critical_ppm), None))
        if budget.kind in UNBOUND:
            found.append(("tally", budget.key, None, budget.kind, None))
    if regime.counts == "chips" and rulebook.catalogue.row(EQUIVALENT) is not None:
        found.append(("h100", EQUIVALENT, None, str(rulebook.unit_mtpp(EQUIVALENT)), None))
    found += [("country", code, None, name, None) for code, name in countries.names().items()]
    found += duty_facts(regime)
    found += [("refusal", r.code, None, str(r.family), r.sentence) for r in REFUSALS.values()]
    return found
