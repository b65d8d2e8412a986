"""Regimes that run beside one another in one ledger: read together, and refused where they clash.

Every movement is judged under each. So they must count the same thing in the same unit, and no
budget may go by the same name in two of them: a budget's name says whose it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ledger.catalogue.types import Catalogue
from ledger.policy.reader import read_regime
from ledger.policy.types import Regime
from ledger.service.rulebook import Rulebook
from schemas.problems import Problem, Unusable

# Between a regime's key and its option, where the regime is not the ledger's first.
OF = ":"


def joined(
    catalogue: Catalogue, regimes: Sequence[str | Path], settings: Mapping[str, str]
) -> Rulebook:
    """The rulebook of several regimes, the ledger's own first.

    `settings` are options by key; those of a further regime are named `REGIME:KEY`. Raises
    Unusable for a broken regime or option, and for regimes that cannot stand beside each other.
    """
    first, *others = (read_regime(one) for one in regimes)
    return beside(catalogue, (first, _of(settings, None)), others, settings)


def added(rulebook: Rulebook, regime: str | Path, settings: Mapping[str, str]) -> Rulebook:
    """A rulebook with one more regime beside those it has; `settings` are that regime's.

    Raises Unusable as `joined` does.
    """
    new = read_regime(regime)
    known = {
        f"{one.regime.key}{OF}{k}": v for one in rulebook.beside for k, v in one.options.items()
    }
    known |= {f"{new.key}{OF}{key}": value for key, value in settings.items()}
    others = [*(one.regime for one in rulebook.beside), new]
    return beside(rulebook.catalogue, (rulebook.regime, rulebook.options), others, known)


def beside(
    catalogue: Catalogue,
    first: tuple[Regime, Mapping[str, str]],
    others: Sequence[Regime],
    settings: Mapping[str, str],
) -> Rulebook:
    """A rulebook of regimes that were read; `settings` are those of the others."""
    _refuse((first[0], *others), settings)
    chosen = [(one, _of(settings, one.key)) for one in others]
    return Rulebook(first[0], first[1], catalogue, chosen)


def _of(settings: Mapping[str, str], regime: str | None) -> dict[str, str]:
    if regime is None:
        return {key: value for key, value in settings.items() if OF not in key}
    start = f"{regime}{OF}"
    return {k.removeprefix(start): v for k, v in settings.items() if k.startswith(start)}


def _refuse(regimes: Sequence[Regime], settings: Mapping[str, str]) -> None:
    first, keys = regimes[0], [one.key for one in regimes]
    problems = [
        Problem("options", 0, 0, key, value, "no such regime runs beside", tuple(keys[1:]))
        for key, value in settings.items()
        if OF in key and key.partition(OF)[0] not in keys[1:]
    ]
    for place, other in enumerate(regimes[1:], start=1):
        if other.key in keys[:place]:
            problems.append(_clash(other, "key", other.key, "the ledger has this regime already"))
            continue
        if (other.unit, other.counts) != (first.unit, first.counts):
            counted = f"{other.counts} in {other.unit}"
            reason = f"counts otherwise than {first.key}, which has {first.counts} in {first.unit}"
            problems.append(_clash(other, "counts", counted, reason))
        for before in regimes[:place]:
            for budget in sorted(set(before.budgets) & set(other.budgets)):
                reason = f"{before.key} has a budget of this name: give one another name"
                problems.append(_clash(other, "budgets", budget, reason))
    if problems:
        raise Unusable(*dict.fromkeys(problems))


def _clash(regime: Regime, column: str, value: str, reason: str) -> Problem:
    return Problem(f"regime {regime.key}", 0, 0, column, value, reason)
