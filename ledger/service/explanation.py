"""What an explanation holds: plain values, ready to be shown. Amounts are whole milli-TPP."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cited:
    """A sentence, and where it stands."""

    sentence: str
    citation: str


@dataclass(frozen=True, slots=True)
class Pointer:
    """Another movement this one points at, or that points at this one."""

    seq: int
    kind: str
    effective_on: str
    document: str
    line: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What the movement did to one budget, in milli-TPP, signed.

    `official` False: on the safe side only.
    """

    rule: str
    title: str
    holder: str
    window: str
    official: bool
    adjustment_mtpp: int
    pending_mtpp: int
    held_mtpp: int
    posted_mtpp: int
    lapsed_mtpp: int


@dataclass(frozen=True, slots=True)
class Flagged:
    """A finding on the movement, with the figures of the moment it was recorded."""

    code: str
    family: str
    sentence: str
    budget: str
    citation: str


@dataclass(frozen=True, slots=True)
class OptionTaken:
    """A reading that touched the ruling."""

    key: str
    value: str
    meaning: str
    citation: str


@dataclass(frozen=True, slots=True)
class BesideWhy:
    """What a regime that runs beside the first says of the movement; its draws are among all."""

    regime: str
    why: tuple[Cited, ...]
    review: str
    options: tuple[OptionTaken, ...]


@dataclass(frozen=True, slots=True)
class Lot:
    """What moved: units, the TPP of one as recorded, and the catalogue row it came from."""

    chip: str | None
    name: str
    paragraph: str
    quantity: int | None
    unit_mtpp: int | None
    amount_mtpp: int | None
    sources: tuple[str, ...]
    catalogue: str


@dataclass(frozen=True, slots=True)
class ConditionKept:
    """How a condition of the authorization stood on the movement's day; `seq` declared it."""

    key: str
    title: str
    state: str
    since: str
    evidence: str
    seq: int | None


@dataclass(frozen=True, slots=True)
class Submitted:
    """Who recorded it, when, and from which file."""

    number: int
    recorded_at: str
    actor: str
    verb: str
    file_name: str | None
    file_digest: str | None
    note: str | None
    first_seq: int
    count: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is on record about one movement.

    `given` are its fields as (heading, value) in the words of the files; `unit` is the regime's.
    """

    seq: int
    kind: str
    effective_on: str
    document: str
    line: str
    source: str
    attempt: int
    unit: str
    given: tuple[tuple[str, str], ...]
    lot: Lot | None
    regime: str
    why: tuple[Cited, ...]
    review: str
    draws: tuple[Effect, ...]
    findings: tuple[Flagged, ...]
    options: tuple[OptionTaken, ...]
    conditions: tuple[ConditionKept, ...]
    beside: tuple[BesideWhy, ...]
    points_at: Pointer | None
    pointed_at_by: tuple[Pointer, ...]
    reversed_by: int | None
    submission: Submitted
