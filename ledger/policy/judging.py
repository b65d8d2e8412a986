"""How authorizations are judged, as data: conditions, and what follows where they hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import compress

from ledger.policy.dated import Citation

# The countries of a movement that a condition may ask about.
ROLES = ("destination", "consignee_hq", "parent_hq")
CHIP_CLASSES = ("a", "b", "none", "amount")
# The figures of a chip that a limit may be set on: TPP; the DRAM bandwidth, all memory together.
TOTAL_PROCESSING, DRAM_BANDWIDTH = CHIP_FIGURES = ("tpp", "dram_bandwidth")
# How a chip stands to a regime's limits: below all; at or above one; not known of one, and none
# reached that is known.
WITHIN, REACHED, UNKNOWN = LIMIT_STATES = ("within", "reached", "unknown")
# A move between facilities: the goods stay with their owner, with its group, or change hands.
MOVES = ("same_owner", "same_parent", "other_owner")
# What a shipment has to show; the first two also by a declaration.
PAPERS = ("certificate", "notice", "test", "eccn")
COMPARED = ("at_least", "exactly")
# Whose shipments a running total is made of, and whose papers will do for one.
SUPPLIERS = ("own", "all")
# What a draw does to its budget: see ledger/rules/rulings.py.
EFFECTS = (
    *("pend", "hold", "post", "hold_until_received", "post_both_years"),
    *("release", "post_if_licensed_before", "credit_what_is_debited"),
    *("count", "count_declared"),
    *("post_on_receipt", "post_on_installation", "give_back"),
)


@dataclass(frozen=True, slots=True)
class When:
    """A condition: all that is filled must hold. Empty holds always.

    The place holds where the country of some role in `where` (of every one, and known, if
    `every`) is in one of `among`, if any are named, and in none of `apart`. Both name lists, or
    budgets for the countries that hold one. A country that is not known is in nothing and matches
    nothing; of a parent that is not, the consignee's headquarters are asked. `entries` and
    `not_entries` go by the item's entry, where one was given. `moves`: only moves between
    facilities, of those MOVES. `chip_limits`: chips that stand so to the regime's limits on the
    day (LIMIT_STATES).
    """

    kinds: frozenset[str] = frozenset()
    authorizations: frozenset[str] = frozenset()
    chips: frozenset[str] = frozenset()
    datacentre: bool | None = None
    where: tuple[str, ...] = ()
    among: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()
    every: bool = False
    from_on: date | None = None
    to_on: date | None = None
    options: tuple[tuple[str, str], ...] = ()
    entries: frozenset[str] = frozenset()
    not_entries: frozenset[str] = frozenset()
    moves: frozenset[str] = frozenset()
    chip_limits: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """Entries of the control list that some condition tells apart, by how their numbers begin."""

    key: str
    begins: tuple[str, ...]

    def covers(self, eccn: str) -> bool:
        """Whether a classification number is of it: the number itself, or a paragraph of it.

        Points are often left out ("5A002z1a"): letters and figures taking turns tell paragraphs.
        """
        return any(_is_within(_plain(eccn), _plain(begun)) for begun in self.begins)


def _plain(eccn: str) -> str:
    return "".join(c for c in eccn if c.isalnum()).casefold()


def _is_within(number: str, begun: str) -> bool:
    rest = number.removeprefix(begun)
    return number == begun or (rest != number and rest[0].isdigit() != begun[-1].isdigit())


@dataclass(frozen=True, slots=True)
class ChipLimit:
    """A figure of a chip (CHIP_FIGURES) and the number below which it must be, by its key."""

    figure: str
    title: str
    below: str


@dataclass(frozen=True, slots=True)
class Outside:
    """What the regime does not weigh: it is recorded and draws nothing."""

    when: When
    sentence: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class Flag:
    """What a condition says of a movement.

    `code` is a reason of ledger/refusals, or empty for a step that only explains.
    `safe_side` True: the movement then counts on the safe side of the regime's budgets that
    have one, unless it draws on them officially. `enforced` True: it holds on days too on which
    the rest of the regime is not enforced.
    """

    when: When
    code: str
    safe_side: bool
    sentence: str
    citation: Citation
    enforced: bool = False


@dataclass(frozen=True, slots=True)
class DrawRule:
    """A draw on a budget. `effect` empty: what the kind does (pend, hold, post); `holder` empty:
    the field that the budget itself says names its holder. `before` True: of movements dated
    before the regime, weighed as on its first day; the others draw then nothing.
    `only_authorized`: only where that holder is known to hold the budget's authorization.
    `only_available`: only where nothing bars the authorization.
    """

    budget: str
    when: When
    official: bool
    effect: str
    sentence: str
    citation: Citation
    holder: str = ""
    before: bool = False
    only_authorized: bool = False
    only_available: bool = False


@dataclass(frozen=True, slots=True)
class Authorization:
    """Why a shipment may go, and what it then draws on."""

    code: str
    title: str
    aliases: tuple[str, ...]
    draws: tuple[DrawRule, ...]
    citation: Citation


@dataclass(frozen=True, slots=True)
class Review:
    """The policy an application is reviewed under; the first whose condition holds applies."""

    when: When
    policy: str
    denial: bool
    citation: Citation


@dataclass(frozen=True, slots=True)
class Precondition:
    """What must be on record before a shipment leaves.

    `asks` is one of PAPERS; it is dated at least `days_ahead` days before the shipment, or the
    days of the number `days_number`. Where `threshold` names a number, only shipments whose
    amount is `at_least` or `exactly` that number ask for it. Where `tally` names a budget, that
    amount is the running total there with the lot itself: of this exporter's shipments to the
    consignee, or of those of `all` suppliers.
    """

    key: str
    when: When
    asks: str
    days_ahead: int
    days_number: str
    threshold: str
    compared: str
    sentence: str
    citation: Citation
    tally: str = ""
    suppliers: str = SUPPLIERS[0]


@dataclass(frozen=True)
class Judging:
    """All of a regime's rules on authorizations.

    `unstated` is the authorization of a shipment that names none, `licensed` that of licences
    and applications, `other` that of one named in another regime's words (empty: as unstated),
    `safe_side` the budgets that carry a safe side, `draws` those of several authorizations.
    `counts` are draws on tallies that hang on no
    authorization: what is outside the regime, or drawn under a licence, may count there too; of
    several for one tally the first that holds. `asked` are conditions of the regime's other rules,
    `chip_limits` what a condition's `chip_limits` goes by.
    """

    authorizations: dict[str, Authorization]
    unstated: str
    licensed: str
    outside: tuple[Outside, ...] = ()
    flags: tuple[Flag, ...] = ()
    reviews: tuple[Review, ...] = ()
    safe_side: tuple[str, ...] = ()
    preconditions: tuple[Precondition, ...] = ()
    other: str = ""
    draws: tuple[DrawRule, ...] = ()
    entries: tuple[Entry, ...] = ()
    counts: tuple[DrawRule, ...] = ()
    asked: tuple[When, ...] = ()
    chip_limits: tuple[ChipLimit, ...] = ()

    @cached_property
    def _flags_under(self) -> dict[str, tuple[Flag, ...]]:
        return {}

    def flags_under(self, authorization: str) -> tuple[Flag, ...]:
        """The flags that may be raised under an authorization, in their order; most name some."""
        found = self._flags_under.get(authorization)
        if found is None:
            named = (flag.when.authorizations for flag in self.flags)
            fits = (not codes or authorization in codes for codes in named)
            found = tuple(compress(self.flags, fits))
            self._flags_under[authorization] = found
        return found

    def entry(self, eccn: str | None) -> str:
        """The entry that a classification number is of, the first that covers it; else empty."""
        return next((one.key for one in self.entries if eccn and one.covers(eccn)), "")

    def asks_entry(self) -> frozenset[str]:
        """The authorizations for which the item's entry may matter."""
        asking = (w for w in self.conditions() if w.entries or w.not_entries)
        return frozenset().union(*(w.authorizations for w in asking))

    def conditions(self) -> tuple[When, ...]:
        """Every condition in the regime."""
        return (
            *(draw.when for one in self.authorizations.values() for draw in one.draws),
            *(draw.when for draw in self.draws),
            *(outside.when for outside in self.outside),
            *(flag.when for flag in self.flags),
            *(review.when for review in self.reviews),
            *(one.when for one in self.preconditions),
            *(one.when for one in self.counts),
            *self.asked,
        )
