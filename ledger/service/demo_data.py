"""What the demo is drawn from: names made up of two words, markets, chips, and the rows so far."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random

from ledger.service.rulebook import Rulebook
from schemas.kinds import FileKind, Kind
from schemas.records import Given

FIRST_DAY, LAST_DAY = date(2025, 6, 2), date(2026, 9, 30)
COUNTRY, SMALL, NATIONAL = "country_allocation", "lpp", "nveu"
# Files beside one of each kind: licences that replace others, and what came late for a quarter.
REPLACING, LATE = "replacements", "late"
# The files in the order they are imported in; a request is weighed against what stands by then.
FILES: dict[str, FileKind] = {
    FileKind.DECLARATIONS: FileKind.DECLARATIONS,
    FileKind.LICENCES: FileKind.LICENCES,
    FileKind.ACTS: FileKind.ACTS,
    FileKind.SHIPMENTS: FileKind.SHIPMENTS,
    FileKind.RECEIPTS: FileKind.RECEIPTS,
    FileKind.RETURNS: FileKind.RETURNS,
    REPLACING: FileKind.LICENCES,
    LATE: FileKind.SHIPMENTS,
    FileKind.APPLICATIONS: FileKind.APPLICATIONS,
}
SMALL_LOT = 16
_STOCK = tomllib.loads(Path(__file__).with_name("demo.toml").read_text(encoding="utf-8"))
LARGER: list[str] = _STOCK["larger"].split()
PRICE: dict[str, int] = {chip["key"]: chip["usd"] for chip in _STOCK["chips"]}
USUAL_CHIP = next(iter(PRICE))
_WEIGHTS = [chip["weight"] for chip in _STOCK["chips"]]

Cells = dict[str, str]


@dataclass(frozen=True, slots=True)
class Party:
    """A made-up consignee: its name, where it is, and who ultimately owns it, where."""

    name: str
    country: str
    parent: str
    parent_country: str

    def cells(self) -> Cells:
        """The headings that name it in an import file."""
        return {
            "ultimate_consignee": self.name,
            "ultimate_parent": self.parent,
            "consignee_hq": self.country,
            "parent_hq": self.parent_country,
            "destination": self.country,
        }


@dataclass(slots=True)
class Maker:
    """What the files are drawn from, and the rows so far."""

    rng: Random
    rulebook: Rulebook
    rows: dict[str, list[Cells]] = field(default_factory=lambda: {name: [] for name in FILES})
    names: Iterator[str] = field(init=False)
    exporters: list[str] = field(init=False)
    shipped: int = 0
    critical: str = ""

    def __post_init__(self) -> None:
        first, second = _STOCK["first"].split(), _STOCK["second"].split()
        every = [f"{one} {two}" for one in first for two in second]
        self.rng.shuffle(every)
        self.names = iter(every)
        self.exporters = [f"{next(self.names)} Semiconductor" for _ in range(14)]

    def add(self, kind: str, *parts: Mapping[str, object]) -> Cells:
        """A row of a file, put together from its parts."""
        row = {name: str(value) for part in parts for name, value in part.items()}
        self.rows[kind].append(row)
        return row

    def unit(self, chip: str) -> int:
        """Milli-TPP of one chip."""
        return self.rulebook.unit_mtpp(chip)

    def chip(self) -> str:
        """A chip, the usual ones more often."""
        return self.rng.choices(list(PRICE), _WEIGHTS)[0]

    def day(self, first: date, last: date) -> date:
        """A day from `first` to `last`, both included."""
        return first + timedelta(self.rng.randint(0, max((last - first).days, 0)))

    def limit(self, rule: str, holder: str) -> int:
        """What the regime grants a holder over the window of the last day, in milli-TPP."""
        account = self.rulebook.account(rule, holder, holder, LAST_DAY)
        assert account is not None, (rule, holder)
        return account[1].limit_mtpp

    def ceiling(self, rule: str, country: str) -> int:
        """The step of a stepped limit on the last day, for any company in a country."""
        account = self.rulebook.account(rule, f"any@{country}", country, LAST_DAY)
        assert account is not None, (rule, country)
        steps = account[1].steps
        return [limit for first, _, limit in steps if first <= LAST_DAY.isoformat()][-1]

    def holders(self) -> list[str]:
        """The countries with an allocation, those with larger markets first."""
        known = dict(self.rulebook.regime.budgets[COUNTRY].known_holders(LAST_DAY))
        larger = [code for code in LARGER if code in known]
        return larger + [code for code in known if code not in larger]

    def may(self, authorization: str, country: str) -> bool:
        """Whether an exception is open, throughout, to somebody who is wholly in a country."""
        return all(self._may(authorization, country, day) for day in (FIRST_DAY, LAST_DAY))

    def _may(self, authorization: str, country: str, day: date) -> bool:
        given = Given(
            row=1,
            file_line=1,
            kind=Kind.EXPORT,
            effective_on=day,
            source="",
            document="",
            line="1",
            consignee_hq=country,
            parent_hq=country,
            destination=country,
            authorization=authorization,
            chip=USUAL_CHIP,
        )
        ruled = self.rulebook.rule(given)
        return ruled is not None and not ruled.ruling.findings

    def local(self, country: str, trade: str) -> Party:
        """A new company wholly in one country."""
        place = self.rulebook.country_name(country)
        group = next(self.names)
        return Party(f"{group} {trade} {place}", country, f"{group} Group", country)


def lot(maker: Maker, chip: str, quantity: int) -> Cells:
    """The headings of a lot, its total included."""
    milli = maker.unit(chip) * quantity
    total = f"{milli // 1000}.{milli % 1000:03d}".rstrip("0").rstrip(".")
    return {
        "chip": chip,
        "quantity": str(quantity),
        "unit_value_usd": f"{PRICE[chip]}.00",
        "tpp": total,
    }
