"""Chips, the systems built of them, and the catalogue that finds them by name. No I/O."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256

from schemas.tpp import Tpp

TF32 = "tf32"
NEAREST_FROM = 55  # similarity, of 100, below which a name is no help to a reader


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure comes from. `published` is a day, a month or a year, as far as known."""

    key: str
    title: str
    href: str
    published: str
    reviewed: date


@dataclass(frozen=True, slots=True)
class Rate:
    """A dense peak rate: `tops` tera-operations a second, one multiply-accumulate being two.

    `bits` is the larger input width of the multiplication; None for TF32, whose width is a
    reading of the regime (`tf32_bits`).
    """

    format: str
    tops: Decimal
    bits: int | None

    def width(self, tf32_bits: int | str) -> int:
        """The bit length the rate counts with."""
        return int(tf32_bits) if self.bits is None else self.bits

    def tpp(self, tf32_bits: int | str) -> Tpp:
        """Rate times bit length. Raises NotAnAmount where that is finer than 0.001 TPP."""
        return Tpp.of(self.tops * self.width(tf32_bits))


@dataclass(frozen=True, slots=True)
class Chip:
    """One integrated circuit (or card with one) as its maker states it from `since` on.

    `die_area_mm2` is the sum of the logic dies; None where nobody has published it.
    `estimate`: the figures are not the maker's own.
    """

    key: str
    name: str
    aliases: tuple[str, ...]
    maker: str
    since: date
    sources: tuple[Source, ...]
    note: str
    rates: tuple[Rate, ...]
    datacentre: bool
    die_area_mm2: Decimal | None
    non_planar: bool
    memory_bandwidth_gbs: Decimal | None
    estimate: bool

    @property
    def applicable_area(self) -> Fraction | None:
        """Square millimetres of logic dies on non-planar transistors; None where unknown or 0."""
        if self.die_area_mm2 is None or not self.non_planar:
            return None
        return Fraction(self.die_area_mm2)


@dataclass(frozen=True, slots=True)
class Component:
    """`count` units of the chip of that key in one unit of a system."""

    chip: str
    count: int


@dataclass(frozen=True, slots=True)
class System:
    """A server, board or rack: so many chips of each kind."""

    key: str
    name: str
    aliases: tuple[str, ...]
    maker: str
    since: date
    sources: tuple[Source, ...]
    note: str
    components: tuple[Component, ...]


CatalogueRow = Chip | System


@dataclass(frozen=True, slots=True)
class Threshold:
    """A limit of ECCN 3A090 with the day from which it is law."""

    name: str
    value: Decimal
    unit: str
    section: str
    since: date
    source: Source


@dataclass(frozen=True, slots=True)
class Remark:
    """What the entry says besides its limits, in our words, with its paragraph."""

    name: str
    text: str
    section: str
    source: Source


@dataclass(frozen=True)
class Catalogue:
    """All rows, found by key, name or alias; several dated rows may share a key.

    `index` maps each normalised name to its key; `text` holds the files it was read from.
    """

    rows: tuple[CatalogueRow, ...]
    thresholds: tuple[Threshold, ...]
    remarks: Mapping[str, Remark]
    index: Mapping[str, str]
    text: Mapping[str, str]

    @property
    def version(self) -> str:
        """SHA-256 (hex) of the files, names and contents, in order of name."""
        digest = sha256()
        for name in sorted(self.text):
            digest.update(name.encode() + b"\0" + self.text[name].encode() + b"\0")
        return digest.hexdigest()

    def row(self, key: str, on: date | None = None) -> CatalogueRow | None:
        """The row of that key in force `on` that day (None: the newest), or None.

        A day before the first row gives the first: the chip is what it is, whenever it left.
        """
        dated = [row for row in self.rows if row.key == key]
        if not dated:
            return None
        started = [row for row in dated if on is None or row.since <= on]
        return max(started, key=_since) if started else min(dated, key=_since)

    def find(self, name: str, on: date | None = None) -> CatalogueRow | None:
        """The row a name means, whatever its case, blanks and punctuation; None: no such name."""
        key = self.index.get(normal(name))
        return self.row(key, on) if key else None

    def nearest(self, name: str, limit: int = 3) -> tuple[str, ...]:
        """Up to `limit` names of rows that look most like it, best first."""
        return tuple(row.name for row in self.search(name, limit))

    def search(self, text: str, limit: int = 10) -> tuple[CatalogueRow, ...]:
        """Up to `limit` rows whose name or alias looks like the text, best first.

        The row that the text means by itself (`find`) comes before all others; then those of which
        it is the end of a name ("4090D").
        """
        from rapidfuzz import fuzz, process, utils

        spelled = list(self._spellings())
        alike = process.extract(
            text,
            [spelling for spelling, _ in spelled],
            scorer=fuzz.WRatio,
            processor=utils.default_process,
            limit=None,
            score_cutoff=NEAREST_FROM,
        )
        # WRatio forgives parts left out, so "L40" is as like "L40S" as "L40": length decides.
        whole, plain = utils.default_process(text), normal(text)

        def rank(hit: tuple[str, float, int]) -> tuple[bool, float, float]:
            length = fuzz.ratio(whole, utils.default_process(hit[0]))
            return not normal(hit[0]).endswith(plain), -hit[1], -length

        meant = [self.index[plain]] if plain in self.index else []
        ranked = [spelled[place][1] for _, _, place in sorted(alike, key=rank)]
        keys = dict.fromkeys([*meant, *ranked])
        found = (self.row(key) for key in list(keys)[:limit])
        return tuple(row for row in found if row is not None)

    def threshold(self, name: str, on: date | None = None) -> Fraction:
        """The limit of that name in force `on` that day (None: the newest; before all: the first).

        Raises KeyError for a name the thresholds file does not have.
        """
        dated = [limit for limit in self.thresholds if limit.name == name]
        if not dated:
            raise KeyError(name)
        started = [limit for limit in dated if on is None or limit.since <= on]
        limit = max(started, key=_since) if started else min(dated, key=_since)
        return Fraction(limit.value)

    def _spellings(self) -> Iterator[tuple[str, str]]:
        for row in self.rows:
            for spelling in (row.name, *row.aliases):
                yield spelling, row.key


def _since(row: CatalogueRow | Threshold) -> date:
    return row.since


_MARKS = re.compile(r"\((?:r|tm|c)\)|[®™©]", re.IGNORECASE)


def normal(name: str) -> str:
    """Letters and digits alone, in lower case: "NVIDIA® H100-SXM" becomes "nvidiah100sxm"."""
    plain = unicodedata.normalize("NFKD", _MARKS.sub("", name)).casefold()
    return "".join(c for c in plain if c.isalnum())


def spellings(row: CatalogueRow) -> frozenset[str]:
    """Every normalised name of a row, with and without its maker before it."""
    maker = normal(row.maker)
    plain = {normal(text) for text in (row.key, row.name, *row.aliases)}
    bare = {text.removeprefix(maker) for text in plain}
    return frozenset(text for text in plain | bare | {maker + b for b in bare} if text != maker)
