"""How authorizations are judged, from `authorizations.toml` and `review.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ledger.policy.budgets import CLOSED, HOLDER_SOURCES, TALLY, BudgetRule
from ledger.policy.dated import CountryList, Number
from ledger.policy.judging import (
    CHIP_CLASSES,
    CHIP_FIGURES,
    COMPARED,
    EFFECTS,
    LIMIT_STATES,
    MOVES,
    PAPERS,
    ROLES,
    SUPPLIERS,
    Authorization,
    ChipLimit,
    DrawRule,
    Entry,
    Flag,
    Judging,
    Outside,
    Precondition,
    Review,
    When,
)
from ledger.policy.options import Option, near
from ledger.policy.parse_facts import known_name
from ledger.policy.sheet import CITATION, Book, Table
from ledger.refusals import REFUSALS
from schemas.kinds import SHIPMENTS, Kind

JUDGED = (Kind.APPLICATION, Kind.LICENCE, *SHIPMENTS)


@dataclass(frozen=True)
class Named:
    """What a rule may name: the regime's lists, budgets, options, numbers, authorizations."""

    lists: Mapping[str, CountryList]
    budgets: Mapping[str, BudgetRule]
    options: Mapping[str, Option]
    numbers: Mapping[str, Number]
    codes: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()

    @property
    def places(self) -> tuple[str, ...]:
        """What a condition on a country may name."""
        held = [key for key, budget in self.budgets.items() if budget.holder_kind != "party"]
        closed = (f"{key}{CLOSED}" for key in held if self.budgets[key].holders.closing)
        return (*self.lists, *held, *closed)


def judging(book: Book, named: Named) -> Judging:
    """The rules on authorizations; `review.toml` may be left out."""
    top = book.table("authorizations.toml")
    tables = top.tables("authorization")
    codes = tuple(str(one.data.get("code", "")) for one in tables)
    entries = tuple(_entry(one) for one in top.tables("entry"))
    named = replace(named, codes=codes, entries=tuple(entry.key for entry in entries))
    if not tables:
        top.problem("authorization", None, "a regime needs at least one [[authorization]]")
    authorizations = {}
    for table in tables:
        one = _authorization(table, named)
        if one.code in authorizations:
            table.problem("code", one.code, "stands twice")
        authorizations[one.code] = one
    made = Judging(
        authorizations=authorizations,
        unstated=top.one_of("unstated", codes),
        licensed=top.one_of("licensed", codes),
        outside=tuple(_outside(one, named) for one in top.tables("outside")),
        flags=tuple(_flag(one, named) for one in top.tables("flag")),
        reviews=_reviews(book, named),
        safe_side=top.words("safe_side", named.budgets),
        preconditions=_preconditions(book, named),
        other=top.one_of("other", codes, default=""),
        entries=entries,
        counts=tuple(draw for one in top.tables("count") for draw in _draws(one, named)),
        draws=tuple(draw for one in top.tables("draw") for draw in _draws(one, named)),
        chip_limits=tuple(_chip_limit(one, named) for one in top.tables("chip_limit")),
    )
    top.taken.update(CITATION)
    top.close()
    return made


def _entry(table: Table) -> Entry:
    made = Entry(table.text("key"), table.words("begins"))
    table.close()
    return made


def _chip_limit(table: Table, named: Named) -> ChipLimit:
    made = ChipLimit(
        figure=table.one_of("figure", CHIP_FIGURES),
        title=table.text("title"),
        below=table.one_of("below", named.numbers),
    )
    table.close()
    return made


def _authorization(table: Table, named: Named) -> Authorization:
    made = Authorization(
        code=table.text("code"),
        title=table.text("title"),
        aliases=table.words("aliases"),
        draws=tuple(draw for one in table.tables("draw") for draw in _draws(one, named)),
        citation=table.citation(),
    )
    table.close()
    return made


def _draws(table: Table, named: Named) -> tuple[DrawRule, ...]:
    """One draw, or one for each value of the options that its holder or effect goes by."""
    made = DrawRule(
        budget=table.one_of("budget", named.budgets),
        when=when_of(table, named),
        official=table.maybe_flag("official") is not False,
        before=table.flag("before_regime"),
        effect="",
        sentence=table.text("sentence"),
        citation=table.citation(),
        only_authorized=table.flag("only_authorized"),
        only_available=table.flag("only_available"),
    )
    holders = _by_option(table, "holder", HOLDER_SOURCES, named)
    effects = _by_option(table, "effect", EFFECTS, named)
    table.close()
    return tuple(
        replace(
            made,
            when=replace(made.when, options=tuple(sorted({*made.when.options, *of, *at}))),
            holder=holder,
            effect=effect,
        )
        for of, holder in holders
        for at, effect in effects
    )


def _by_option(
    table: Table, key: str, known: tuple[str, ...], named: Named
) -> list[tuple[tuple[tuple[str, str], ...], str]]:
    """A word, or `{ option = { value = [words] } }`: each word with the setting it goes by."""
    if not isinstance(table.data.get(key), dict):
        return [((), table.one_of(key, known, default=""))]
    found: list[tuple[tuple[tuple[str, str], ...], str]] = []
    by_key = table.sub(key)
    for option in by_key.data if by_key else ():
        values = by_key.sub(option) if by_key else None
        if option not in named.options:
            nearest = near(option, tuple(named.options))
            table.problem(key, option, "the regime has no such option", nearest)
        for value in values.data if values else ():
            if option in named.options and value not in named.options[option].names:
                nearest = near(value, named.options[option].names)
                table.problem(key, value, f"{option} has no such value", nearest)
            words = values.words(value, known) if values else ()
            found += [(((option, value),), word) for word in words]
    return found


def _outside(table: Table, named: Named) -> Outside:
    made = Outside(when_of(table, named), table.text("sentence"), table.citation())
    table.close()
    return made


def _flag(table: Table, named: Named) -> Flag:
    made = Flag(
        when=when_of(table, named),
        code=table.one_of("code", REFUSALS, default=""),
        safe_side=table.flag("safe_side"),
        enforced=table.flag("enforced"),
        sentence=table.text("sentence"),
        citation=table.citation(),
    )
    table.close()
    return made


def _reviews(book: Book, named: Named) -> tuple[Review, ...]:
    if "review.toml" not in book.files:
        return ()
    top = book.table("review.toml")
    found = []
    for table in top.tables("review"):
        policy = table.text("policy")
        found.append(Review(when_of(table, named), policy, table.flag("denial"), table.citation()))
        table.close()
    top.taken.update(CITATION)
    top.close()
    return tuple(found)


def _preconditions(book: Book, named: Named) -> tuple[Precondition, ...]:
    if "preconditions.toml" not in book.files:
        return ()
    top = book.table("preconditions.toml")
    found = tuple(_precondition(table, named) for table in top.tables("precondition"))
    for one, table in zip(found, top.tables("precondition"), strict=True):
        if sum(other.key == one.key for other in found) > 1:
            table.problem("key", one.key, "stands twice")
    top.taken.update(CITATION)
    top.close()
    return found


def _precondition(table: Table, named: Named) -> Precondition:
    tallies = {key: budget for key, budget in named.budgets.items() if budget.kind == TALLY}
    made = Precondition(
        key=table.text("key"),
        when=when_of(table, named),
        asks=table.one_of("asks", PAPERS),
        days_ahead=table.whole("days_ahead", 0),
        days_number=known_name(table, "days_number", named.numbers, "number"),
        threshold=known_name(table, "threshold", named.numbers, "number"),
        compared=table.one_of("compared", COMPARED, default=COMPARED[0]),
        sentence=table.text("sentence"),
        citation=table.citation(),
        tally=known_name(table, "tally", tallies, "tally"),
        suppliers=table.one_of("suppliers", SUPPLIERS, default=SUPPLIERS[0]),
    )
    table.close()
    return made


def when_of(table: Table, named: Named) -> When:
    """The condition a table states."""
    made = When(
        kinds=frozenset(table.words("kinds", (str(kind) for kind in JUDGED))),
        authorizations=frozenset(table.words("authorizations", named.codes)),
        chips=frozenset(table.words("chips", CHIP_CLASSES)),
        datacentre=table.maybe_flag("datacentre"),
        where=table.words("where", ROLES),
        among=frozenset(table.words("in", named.places)),
        apart=frozenset(table.words("not_in", named.places)),
        every=table.flag("every"),
        from_on=table.maybe_day("from"),
        to_on=table.maybe_day("to"),
        options=_settings(table, named.options),
        entries=frozenset(table.words("entries", named.entries)),
        not_entries=frozenset(table.words("not_entries", named.entries)),
        moves=frozenset(table.words("moves", MOVES)),
        chip_limits=frozenset(table.words("chip_limits", LIMIT_STATES)),
    )
    if bool(made.where) != bool(made.among or made.apart):
        table.problem("where", None, "`where` goes with `in` or `not_in`, and they with it")
    return made


def _settings(table: Table, options: Mapping[str, Option]) -> tuple[tuple[str, str], ...]:
    settings = table.texts("option")
    for key, value in settings.items():
        if key not in options:
            nearest = near(key, tuple(options))
            table.problem("option", key, "the regime has no such option", nearest)
        elif value not in options[key].names:
            nearest = near(value, options[key].names)
            table.problem("option", value, f"{key} has no such value", nearest)
    return tuple(sorted(settings.items()))
