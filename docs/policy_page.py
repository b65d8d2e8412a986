"""The page of every number, list, reading and authorization, made from the regimes' own files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from docs.generate import MADE_BY
from ledger.policy.cards import figure, said_of
from ledger.policy.dated import Citation
from ledger.policy.reader import builtin_regimes, read_regime
from ledger.policy.types import Regime


def policy_page() -> str:
    """Every number of the built-in regimes with its history and citation, as Markdown."""
    parts = [
        MADE_BY,
        "# The law as data",
        "Every figure the ledger goes by, where it stands, and since when. `tpp policy show KEY`"
        " prints one with its full history; `docs/regimes.md` says how to write a regime of"
        " your own.",
    ]
    for key in builtin_regimes():
        parts += _regime(read_regime(key))
    return "\n\n".join(parts) + "\n"


def _regime(regime: Regime) -> list[str]:
    parts = [f"## {regime.title}", f"`{regime.key}`. {regime.note}".strip()]
    for title, heading, rows in (
        ("State", ("from", "sentence", "where it stands"), _states(regime)),
        ("Numbers", ("key", "from", "value", "unit", "what", "where it stands"), _numbers(regime)),
        ("Lists", ("key", "from", "change", "where it stands"), _lists(regime)),
        ("Territories", ("territory", "treated as", "where it stands"), _attached(regime)),
        ("Deadlines", ("key", "due", "covers, or why", "where it stands"), _deadlines(regime)),
        ("Budgets", ("key", "title", "basis", "weighed", "where it stands"), _budgets(regime)),
        ("Options", ("no.", "key", "readings", "why the default", "on"), _options(regime)),
        ("Before a shipment leaves", ("key", "what", "when", "on"), _preconditions(regime)),
        ("Authorizations", ("code", "title", "also", "where it stands"), _codes(regime)),
        ("Conditions", ("key", "what", "of", "kept by", "where it stands"), _conditions(regime)),
        ("Model weights", ("key", "what a ruling says", "where it stands"), _weights(regime)),
    ):
        table = list(rows)
        if table:
            parts += [f"### {title}", _table(heading, table)]
    return parts


def _states(regime: Regime) -> Iterable[Sequence[str]]:
    return ((_day(s.from_on), s.sentence, _where(s.citation)) for s in regime.states)


def _numbers(regime: Regime) -> Iterable[Sequence[str]]:
    for number in regime.numbers.values():
        for value in number.values:
            amount = "ends" if value.amount is None else figure(value.amount)
            said = f"{amount} (announced)" if value.announced else amount
            where = _where(value.citation)
            yield (f"`{number.key}`", _day(value.from_on), said, number.unit, number.title, where)


def _lists(regime: Regime) -> Iterable[Sequence[str]]:
    for one in regime.lists.values():
        for change in one.changes:
            said = [
                *(f"joined: {_names(regime, change.add)}" for _ in change.add[:1]),
                *(f"left: {_names(regime, change.remove)}" for _ in change.remove[:1]),
                change.note,
            ]
            text = "; ".join(s for s in said if s) or "no entries"
            yield f"`{one.key}`: {one.title}", _day(change.from_on), text, _where(change.citation)


def _names(regime: Regime, codes: Sequence[str]) -> str:
    return ", ".join(sorted(regime.country_names.get(code, code) for code in codes))


def _attached(regime: Regime) -> Iterable[Sequence[str]]:
    for one in regime.attached.values():
        yield one.name, regime.country_names[one.treated_as], _where(one.citation)


def _deadlines(regime: Regime) -> Iterable[Sequence[str]]:
    for one in regime.deadlines.values():
        if one.citation is not None:
            yield f"`{one.key}`: {one.title}", said_of(one), one.why, _where(one.citation)
        for due in one.dues:
            day = f"{due.month:02d}-{due.day:02d}"
            yield f"`{one.key}`: {one.title}", day, due.covers, _where(due.citation)


def _budgets(regime: Regime) -> Iterable[Sequence[str]]:
    for one in (*regime.budgets.values(), *regime.unweighed.values()):
        weighed = "yes" if one.weighed else "declared only"
        yield f"`{one.key}`", one.title, one.basis, weighed, _where(one.citation)


def _options(regime: Regime) -> Iterable[Sequence[str]]:
    for option in regime.options.values():
        readings = "<br>".join(
            f"{_mark(name, option.default)}: {said}"
            + ("" if name in option.obeyed else " *(not acted on yet)*")
            for name, said in option.values
        )
        about = f"`{option.key}`: {option.title}"
        yield str(option.number), about, readings, option.reason, option.citation.section


def _mark(name: str, default: str) -> str:
    return f"**`{name}`**" if name == default else f"`{name}`"


def _codes(regime: Regime) -> Iterable[Sequence[str]]:
    for one in regime.authorizations.values():
        yield f"`{one.code}`", one.title, ", ".join(one.aliases), _where(one.citation)


def _preconditions(regime: Regime) -> Iterable[Sequence[str]]:
    for one in regime.judging.preconditions:
        days = f"the days of `{one.days_number}`" if one.days_number else str(one.days_ahead)
        when = "on its day or before" if days == "0" else f"days ahead: {days}"
        if one.threshold:
            when += f"; {one.compared.replace('_', ' ')} `{one.threshold}`"
        options = (f"{key} = {value}" for key, value in one.when.options)
        about = "; ".join([one.sentence, *options])
        yield f"`{one.key}`", about, when, _where(one.citation)


def _conditions(regime: Regime) -> Iterable[Sequence[str]]:
    for one in regime.conditions:
        codes = ", ".join(one.authorizations)
        bound = f"{one.scope}, from {_day(one.from_on)}"
        yield f"`{one.key}`", one.title, codes, bound, _where(one.citation)


def _weights(regime: Regime) -> Iterable[Sequence[str]]:
    if regime.weights is not None:
        for key, said in regime.weights.sayings.items():
            yield f"`{key}`", said.sentence, _where(said.citation)


def _day(day: date) -> str:
    return day.isoformat()


def _where(citation: Citation) -> str:
    return f"[{citation.section}]({citation.href}), {citation.source}"


def _table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(c.replace('|', chr(92) + '|') for c in x)} |" for x in lines)
