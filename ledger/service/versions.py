"""Versions of a regime by name, and the ledger's way from one to the next."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.catalogue.reader import read_catalogue
from ledger.catalogue.types import Catalogue
from ledger.policy.reader import builtin_regimes, read_regime
from ledger.policy.types import Regime
from ledger.service import adoption
from ledger.service.outcome import Outcome
from ledger.service.regimes import OF, beside
from ledger.service.rulebook import Rulebook
from ledger.storage.statements import Cursor
from ledger.storage.store import Store
from schemas import tables as t
from schemas.problems import Problem, Unusable
from schemas.tpp import grouped

if TYPE_CHECKING:
    from ledger.service.ledger import Ledger

ADOPTED = "adopted"
_DIGEST = re.compile(r"[0-9a-f]{6,64}")
_BUDGET = t.budget.columns.keys()


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a regime, by name: its rulebook, and the `key` of the regime that is meant."""

    name: str
    rulebook: Rulebook
    key: str

    def of(self, key: str) -> Rulebook:
        """The rules of one regime of it; its own where it has none of that key."""
        found = {one.regime.key: one for one in self.rulebook.every}
        return found.get(key, found[self.key])


def carried(regime: Regime, before: Mapping[str, str]) -> dict[str, str]:
    """The options of an earlier version that this one still knows and acts on."""
    return {
        key: value
        for key, value in before.items()
        if key in regime.options and value in regime.options[key].obeyed
    }


def version_of(
    text: str, store: Store | None, settings: Mapping[str, str] | None = None
) -> Version:
    """The version a text names: `adopted`, a regime's key, a folder, or the first digits (from 6
    on) of the digest of a version that the ledger adopted.

    A key or folder takes over the ledger's options and catalogue, and stands in the place of the
    regime of that key; `settings` go before them. Raises Unusable with the nearest names.
    """
    adopted = [one.rulebook for one in adoption.every_adoption(store)] if store else []
    if text == ADOPTED and adopted:
        return _placed(text, adopted[-1].regime, adopted[-1], settings)
    known = {one.regime.version: one.regime for book in adopted for one in book.every}
    if _DIGEST.fullmatch(text) and text not in builtin_regimes():
        found = [regime for version, regime in known.items() if version.startswith(text)]
        if len(found) == 1:
            return _placed(text, found[0], adopted[-1], settings)
        if found:
            raise Unusable(_problem(text, "several adopted versions begin so", tuple(known)))
    return _placed(text, read_regime(text), adopted[-1] if adopted else None, settings)


def _placed(
    name: str, regime: Regime, before: Rulebook | None, settings: Mapping[str, str] | None
) -> Version:
    """A regime in the place of the one of its key among those adopted, else alone."""
    keys = [one.regime.key for one in before.every] if before else []
    if before is None or regime.key not in keys:
        options = carried(regime, before.options) if before else {}
        catalogue: Catalogue = before.catalogue if before else read_catalogue()
        book = Rulebook(regime, {**options, **(settings or {})}, catalogue)
    else:
        book = _in_place(regime, before, settings or {}, before.catalogue)
    return Version(name, book, regime.key)


def _in_place(
    regime: Regime, before: Rulebook, settings: Mapping[str, str], catalogue: Catalogue
) -> Rulebook:
    """The rules before, with another version of one of their regimes.

    `settings` name options of the ledger's first regime, those of another as `REGIME:KEY`.
    """
    new = [(regime if one.regime.key == regime.key else one.regime, one) for one in before.every]
    (first, own), *others = new
    chosen = {
        f"{one.key}{OF}{key}": value
        for one, book in others
        for key, value in carried(one, book.options).items()
    }
    options = carried(first, own.options) | {k: v for k, v in settings.items() if OF not in k}
    chosen |= {key: value for key, value in settings.items() if OF in key}
    return beside(catalogue, (first, options), [one for one, _ in others], chosen)


def move(
    ledger: Ledger, where: str, settings: Mapping[str, str], *, note: str | None = None
) -> Outcome:
    """Adopt another version of a regime of the ledger; past rulings stay as they were made.

    Options stay as they are set, but for `settings`. Budgets that are open keep the limit they
    were opened with: where the new version says another, a warning of the outcome names it.
    Raises Unusable where nothing would change, for a regime the ledger does not have, and for one
    that counts otherwise than the books: what stands in them would come to mean something else;
    Outdated where another version was adopted since the ledger was opened.
    """
    from ledger.service.ledger import Ledger as Opened
    from ledger.service.ledger import adopt

    before = ledger.rulebook
    regime = before.regime if where == ADOPTED else read_regime(where)
    keys = tuple(one.regime.key for one in before.every)
    if regime.key not in keys:
        reason = f"this ledger goes by {' and '.join(keys)}, and by no {regime.key}"
        raise Unusable(_problem(where, reason))
    own = next(one for one in before.every if one.regime.key == regime.key)
    _same_measure(own.regime, regime)
    rulebook = _in_place(regime, before, settings, read_catalogue())
    if adoption.texts_of(rulebook) == adoption.texts_of(before):
        raise Unusable(_problem(where, "is what the ledger has adopted already"))
    outcome = adopt(Opened(ledger.store, rulebook, ledger.since), note=note)
    outcome.warnings += _other_limits(ledger.store, rulebook)
    dropped = sorted(set(before.options) - set(rulebook.options))
    outcome.warnings += [f"the option {key} is no more" for key in dropped]
    new = next(one for one in rulebook.every if one.regime.key == regime.key)
    chosen = {key.rpartition(OF)[2] for key in settings if _names(key, regime.key, before)}
    outcome.warnings += _other_readings(own, new, chosen)
    return outcome


def _same_measure(before: Regime, new: Regime) -> None:
    if (before.unit, before.counts) != (new.unit, new.counts):
        reason = (
            f"this ledger's books are kept in {before.counts} in {before.unit}: another measure"
            " needs a ledger of its own"
        )
        said = f"{new.counts} in {new.unit}"
        raise Unusable(Problem(f"regime {new.key}", 0, 0, "counts", said, reason))


def _names(setting: str, key: str, before: Rulebook) -> bool:
    """Whether a setting is of the regime of that key: the ledger's first goes without its name."""
    return (setting.rpartition(OF)[0] or before.regime.key) == key


def _other_readings(before: Rulebook, new: Rulebook, chosen: Collection[str]) -> list[str]:
    """Options whose default is another now, or whose reading is gone, with what is in force."""
    said = []
    for key, option in new.regime.options.items():
        was = before.regime.options.get(key)
        if was is None or key in chosen:
            continue
        held, now = before.options[key], new.options[key]
        if held != now:
            said.append(f"the reading {held} of {key} is no more: {now}, its default, is in force")
        elif was.default != option.default:
            changed = f"the default of {key} is {option.default} now, and was {was.default}"
            said.append(f"{changed}: {now} stays in force, as --option did not say otherwise")
    return said


def _other_limits(store: Store, rulebook: Rulebook) -> list[str]:
    """Open budgets whose limit the rules now say otherwise, counted by the two figures."""
    from datetime import date

    with store.reading() as turn:
        cursor = Cursor(store.raw(turn.connection), store.dialect)
        rules = list(rulebook.budgets)
        rows = [
            dict(zip(_BUDGET, row, strict=True)) for row in cursor.find(t.budget, "rule", rules)
        ]
    counted: dict[tuple[str, str, int, int], int] = {}
    for row in rows:
        day = date.fromisoformat(str(row["from_on"]))
        found = rulebook.account(row["rule"], row["holder"], row["holder_name"], day)
        if found is not None and found[1].limit_mtpp != row["limit_mtpp"]:
            at = (row["rule"], row["window"], row["limit_mtpp"], found[1].limit_mtpp)
            counted[at] = counted.get(at, 0) + 1
    unit = rulebook.regime.unit
    return [
        f"{count:,} open budgets of {rule} {window} keep their limit of {grouped(old)} {unit},"
        f" where this version says {grouped(new)}: record amendments to move them"
        for (rule, window, old, new), count in sorted(counted.items())
    ]


def _problem(value: str, reason: str, nearest: tuple[str, ...] = ()) -> Problem:
    return Problem("", 0, 0, "version", value, reason, nearest)
