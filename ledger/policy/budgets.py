"""A budget as the regime grants it: who holds it, over which windows, up to which limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from ledger.policy.dated import Citation, CountryList, Number
from ledger.policy.windows import Window, Windows

# An amount a window; an amount whose limit rises by steps within its one window; a running total;
# an account that goes in and out. A `stock` or a `share` is declared and not weighed.
AMOUNT, STEPPED, TALLY, ACCOUNT = "amount", "stepped", "tally", "account"
WEIGHED = (AMOUNT, STEPPED, TALLY, ACCOUNT)
KINDS = (*WEIGHED, "stock", "share")
# Kinds without a limit, and what stands in its place: more than a ledger holds.
UNBOUND = (TALLY, ACCOUNT)
NO_LIMIT = 2**61
# Kinds whose days always decide; those that must not fall below nothing.
DATED = (STEPPED, ACCOUNT)
FLOOR = (ACCOUNT,)

GIVES_BACK = ("always", "never")
# Behind the name of a budget: the countries whose budget is closed, as a place conditions name.
CLOSED = "_closed"

# The countries of a movement that may hold a budget: the destination, the consignee's and the
# ultimate parent's headquarters, and where the goods left from.
COUNTRIES = ("destination", "consignee_hq", "parent_hq", "from_country")
# The ultimate parent, and the further ones of a joint venture; and the same of the entity that a
# shipment is counted for where the budget lets it (15 CFR 740.29(a)).
PARENTS = ("parent", *(f"parent_{n}" for n in range(2, 7)))
ATTRIBUTED = tuple(name.replace("parent", "attributed") for name in PARENTS)
# What of a movement may name the holder of a budget: one of those countries; the ultimate
# parent; the exporter or the ultimate consignee itself, whoever owns it; the owner or the operator
# of the items, or that company in the country of destination
# (`other_operator_country`: only where the operator is another than the owner); the site they
# come to or leave; the chip; the ultimate parent, or the chip, in the country of destination; the
# owner that is stated, else the ultimate consignee, with each exporter's shipments apart.
HOLDER_SOURCES = (
    *COUNTRIES,
    *PARENTS,
    *ATTRIBUTED,
    "exporter",
    "consignee",
    "owner",
    "operator",
    "facility",
    "from_facility",
    "company_country",
    "operator_country",
    "other_operator_country",
    "parent_country",
    "chip",
    "chip_country",
    "consignee_exporter",
)
# Those whose budget is of what its holder has in one place: what moves comes off one and goes on
# the other.
PLACED = (
    "facility",
    "company_country",
    "operator_country",
    "other_operator_country",
    "parent_country",
    "chip_country",
)


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit in thousandths of the regime's unit."""

    milli: int
    citation: Citation


@dataclass(frozen=True, slots=True)
class Step:
    """What a stepped budget's limit is from a day on; `key` names the days ("2025Q1", "2027")."""

    from_on: date
    key: str
    limit: Limit


@dataclass(frozen=True, slots=True)
class Holders:
    """Who may hold: all of a list but those of others (countries), named ones, or any party.

    `source` is the field of a movement that names the holder, one of HOLDER_SOURCES. Where an
    `option` chooses among several, `read_as` has the fields by its value. Where one of the
    countries `attributed_where` is on a list of `attributed_in`, a movement may name another
    entity whose budget it counts on. A holder that joins a list of `closing` loses its budget
    from that day.
    """

    kind: str
    source: str
    every: CountryList | None = None
    excepted: tuple[CountryList, ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    option: str = ""
    read_as: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    attributed_where: tuple[str, ...] = ()
    attributed_in: frozenset[str] = frozenset()
    closing: tuple[CountryList, ...] = ()

    def sources(self, options: Mapping[str, str]) -> tuple[str, ...]:
        """The fields that name the holders, each drawn on in full."""
        return self.read_as.get(options.get(self.option, ""), (self.source,))

    @property
    def in_country_columns(self) -> bool:
        """Whether a column that names a country may name the holder."""
        read = (source for sources in self.read_as.values() for source in sources)
        return bool({self.source, *read} & {*COUNTRIES})

    def name(self, code: str) -> str:
        """What a country or a named holder is called; its code where it has no name."""
        return next((name for key, name in self.names if key == code), code)

    def with_lists(self, swapped: Mapping[str, CountryList]) -> Holders:
        """The same where other lists stand for some, by key."""
        every = None if self.every is None else swapped.get(self.every.key, self.every)
        excepted = tuple(swapped.get(one.key, one) for one in self.excepted)
        closing = tuple(swapped.get(one.key, one) for one in self.closing)
        return replace(self, every=every, excepted=excepted, closing=closing)

    def on(self, day: date) -> frozenset[str]:
        """The holders of a day; empty for parties, who are not listed."""
        if self.every is None:
            return frozenset(code for code, _ in self.names)
        out = frozenset[str]().union(*(one.members(day) for one in self.excepted))
        return self.every.members(day) - out

    def closures(self, first_day: date) -> dict[str, tuple[tuple[date, date], ...]]:
        """Each holder that ever joins a closing list, with the days on it, both ends included.

        A country that was on one from the regime's first day had nothing to lose.
        """
        if not self.closing:
            return {}
        turns = sorted({first_day, *(day for one in self.closing for day in one.days)})
        ends = [*(day - timedelta(1) for day in turns[1:]), date.max]
        closed = [
            frozenset[str]().union(*(one.members(begun) for one in self.closing)) for begun in turns
        ]
        spans = [span for span in zip(turns, ends, closed, strict=True) if span[0] >= first_day]
        held = [(day, self.on(day)) for day in sorted({first_day, *self.days}) if day >= first_day]
        each = ((code, _stretches(code, spans)) for code, _ in self.names)
        found = {
            code: tuple(
                (begun, end)
                for begun, end in stretches
                if any(day < begun and code in holders for day, holders in held)
            )
            for code, stretches in each
        }
        return {code: stretches for code, stretches in found.items() if stretches}

    @property
    def days(self) -> tuple[date, ...]:
        """The days on which the holders may change."""
        lists = (*self.excepted, *self.closing, *(() if self.every is None else (self.every,)))
        return tuple(day for one in lists for day in one.days)


def _stretches(
    code: str, spans: Sequence[tuple[date, date, frozenset[str]]]
) -> list[tuple[date, date]]:
    """The days on which a holder is among those of the spans, neighbours put together."""
    found: list[tuple[date, date]] = []
    for begun, end, members in spans:
        if code not in members:
            continue
        if found and found[-1][1] == begun - timedelta(1):
            found[-1] = (found[-1][0], end)
        else:
            found.append((begun, end))
    return found


@dataclass(frozen=True, slots=True)
class BudgetRule:
    """One kind of budget.

    `largest_uplift_ppm` is the most a limit may be raised by, as a share of the base limit in
    parts in a million (None: no uplift is provided for); `uplift_list` names who may be raised.
    `gives_back` says whether what comes back or is lost makes room: `always`, `never`, or (empty)
    as the regime's option on returns says. Holders of a budget of an `authorization` hold one of
    their own, each country apart where `authorized_by_country`; where they are groups
    (`of_groups`), one company's is that of all. `acquired_option` says whether what
    an entity received follows it to a new parent. `critical` are shares in parts in a million, each
    from a day on, the first from the regime's first day.
    """

    key: str
    title: str
    holders: Holders
    windows: Windows
    basis: str
    critical: tuple[tuple[date, int], ...]
    citation: Citation
    limit_number: Number | None = None
    limits: Mapping[tuple[str, str], Limit] = field(default_factory=dict)
    largest_uplift_ppm: int | None = None
    uplift_list: CountryList | None = None
    basis_option: str = ""
    first_day: date = date.min
    note: str = ""
    kind: str = AMOUNT
    gives_back: str = ""
    authorization: str = ""
    authorized_by_country: bool = False
    acquired_option: str = ""

    def closed_on(self, day: date) -> frozenset[str]:
        """The holders whose budget is closed on a day, since they joined a list that closes it."""
        each = self.closings.items()
        return frozenset(
            code for code, spans in each if any(begun <= day <= end for begun, end in spans)
        )

    @property
    def closings(self) -> dict[str, tuple[tuple[date, date], ...]]:
        """Every holder that ever loses its budget so, with the days, both ends included."""
        return self.holders.closures(self.first_day)

    @property
    def critical_ppm(self) -> int:
        """The share at which it is critical on the regime's first day; a tally's on every day."""
        return self.critical[0][1]

    @property
    def of_groups(self) -> bool:
        """Whether a holder stands for all companies that have one ultimate parent."""
        return self.holders.source in (*PARENTS, "parent_country")

    @property
    def weighed(self) -> bool:
        """False: declared by the regime, but this version keeps no tally of it."""
        return self.kind in WEIGHED

    @property
    def holder_kind(self) -> str:
        """`country`, `party` or `named`."""
        return self.holders.kind

    def known_holders(self, day: date | None = None) -> tuple[tuple[str, str], ...]:
        """Who holds it on a day (default: the regime's first), as (holder, name), by name.

        Empty for parties: theirs are opened by the first movement that draws on one.
        """
        present = self.holders.on(day or self.first_day)
        return tuple(pair for pair in self.holders.names if pair[0] in present)

    def has_holder(self, holder: str, day: date | None = None) -> bool:
        """Whether a holder has this budget on a day; without a day, whether ever. Any party has."""
        if self.holder_kind == "party":
            return True
        days = (self.first_day, *self.holders.days) if day is None else (day,)
        return any(holder in self.holders.on(one) for one in days)

    def window_on(self, day: date) -> Window | None:
        """The window that covers a day; None where none does."""
        return self.windows.on(day)

    def windows_known(self, by: date = date.min) -> tuple[Window, ...]:
        """The windows to open by a day; periods without an end open as their days come."""
        return self.windows.known(by)

    def limit(self, holder: str, window: Window) -> Limit | None:
        """What the regime grants a holder on a window's first day; None where it grants nothing."""
        if self.limit_number is None and self.kind in UNBOUND:
            return Limit(NO_LIMIT, self.citation)
        if self.limit_number is None:
            return self.limits.get((holder, window.key))
        value = self.limit_number.on(max(window.from_on, self.first_day))
        return None if value is None else Limit(value.milli, value.citation)

    def steps(self, window: Window) -> tuple[Step, ...]:
        """The steps of a stepped budget's limit within a window; none of any other kind."""
        first = self.limit("", window) if self.kind == STEPPED else None
        if first is None or self.limit_number is None:
            return ()
        begun = window.from_on
        found = [(begun, first)]
        for value in self.limit_number.values:
            later = max(begun, self.first_day) < value.from_on <= window.to_on
            if later and value.amount is not None and not value.announced:
                found.append((value.from_on, Limit(value.milli, value.citation)))
        ends = [*(on - timedelta(1) for on, _ in found[1:]), window.to_on]
        return tuple(
            Step(on, _named(on, end), limit) for (on, limit), end in zip(found, ends, strict=True)
        )

    def basis_under(self, options: Mapping[str, str]) -> str:
        """The basis in words, under the options in force: licensed, received, ..."""
        return options.get(self.basis_option, self.basis).replace("_", " ")

    def uplift_listed(self, holder: str, day: date) -> bool:
        """Whether a holder's limit may be raised on a day, as far as a list says."""
        return self.uplift_list is None or holder in self.uplift_list.members(day)


def _named(first: date, last: date) -> str:
    """A name for the days of a step: a year, a quarter, or the first of them."""
    if first == date(first.year, 1, 1) and last == date(first.year, 12, 31):
        return str(first.year)
    quarter = (first.month - 1) // 3 + 1
    ends = date(first.year + quarter // 4, quarter % 4 * 3 + 1, 1) - timedelta(1)
    if first.day == 1 and first.month == quarter * 3 - 2 and last == ends:
        return f"{first.year}Q{quarter}"
    return f"from {first}"
