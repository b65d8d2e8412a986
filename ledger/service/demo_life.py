"""What becomes of the demo's licences and end users: every act on a licence once or twice, a
National VEU at its ceiling, a Universal VEU close to a share, and what came late for a quarter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta

from ledger.service.demo_data import (
    FIRST_DAY,
    LAST_DAY,
    LATE,
    REPLACING,
    SMALL_LOT,
    USUAL_CHIP,
    Cells,
    Maker,
    Party,
    lot,
)
from schemas.kinds import FileKind, Kind

# The quarter that the demo closes, and the day by which lapses are posted: later ones are due.
QUARTER, LAPSED_BY = "2025Q4", date(2026, 8, 31)
_MANY = 512
# A licence is drawn on until some weeks after its issue; acts come later.
_ACT_AFTER = 120


def lives(maker: Maker, licensed: Callable[..., Cells], ship: Callable[..., Cells]) -> None:
    """Licences that were changed or ended, one for each act; none is in breach.

    `licensed` and `ship` add a licence and a shipment of the demo's.
    """
    issued = iter(_days(maker))
    for place, (kind, cells) in enumerate(_acts()):
        country = maker.holders()[20 + place]
        client = maker.local(country, "Cloud")
        day = next(issued)
        row = licensed(maker, client, day, lot(maker, USUAL_CHIP, _MANY))
        _draw(maker, client, row, day + timedelta(30), ship)
        on = min(day + timedelta(_ACT_AFTER), LAST_DAY)
        if kind == Kind.LICENCE:
            _replace(maker, client, row, on)
        else:
            act(maker, row["licence"], on, kind, **_dated(cells, day))
        if kind == Kind.LICENCE_TRANSFER:
            heir = {"exporter": str(cells["to_party"])}
            _draw(maker, client, row | heir, on + timedelta(20), ship)
    suspended_for_a_while(maker, licensed)


def _acts() -> Iterator[tuple[Kind, Mapping[str, str]]]:
    yield Kind.LICENCE_AMENDMENT, {"expires_on": "180"}
    yield Kind.LICENCE_AMENDMENT, {"unit_value_usd": "26900.00"}
    yield Kind.LICENCE_TRANSFER, {"to_party": "Onyx Fairwind Semiconductor"}
    yield Kind.LICENCE_SUSPENSION, {"authority": "BIS", "reason": "end use under review"}
    yield Kind.REVOCATION, {"authority": "BIS", "quantity": "128"}
    yield Kind.REVOCATION, {"authority": "BIS", "reason": "false statement in the application"}
    yield Kind.SURRENDER, {}
    yield Kind.LICENCE_CLOSE, {}
    yield Kind.LICENCE, {}


def _days(maker: Maker) -> Iterator[date]:
    while True:
        yield maker.day(date(2025, 11, 3), date(2026, 4, 30))


def _dated(cells: Mapping[str, str], issued: date) -> Cells:
    """The cells of an act; a last day is given as days past the usual year."""
    said = dict(cells)
    if "expires_on" in said:
        said["expires_on"] = str(issued + timedelta(365 + int(said["expires_on"])))
    return said


def act(maker: Maker, licence: str, day: date, kind: Kind, **cells: str) -> None:
    """An act on a licence."""
    number = len(maker.rows[FileKind.ACTS]) + 1
    who = {"document": f"ACT-{number:04d}", "line": "1", "kind": kind, "effective_on": day}
    maker.add(FileKind.ACTS, who, {"licence": licence}, cells)


def _draw(
    maker: Maker, client: Party, licence: Cells, day: date, ship: Callable[..., Cells]
) -> None:
    """A shipment of a quarter of a licence, by whom it belongs to then."""
    under = {"exporter": licence["exporter"], "authorization": "licence"}
    under |= {"licence": licence["licence"], "licence_line": licence["line"]}
    ship(maker, client, min(day, LAST_DAY), lot(maker, USUAL_CHIP, _MANY // 4), under)


def _replace(maker: Maker, client: Party, old: Cells, day: date) -> None:
    """A licence for more in its place, whose rest moves to it; in a file of its own."""
    new = {"licence": f"{old['licence']}-R", "line": "1", "issued_on": day}
    new |= {"supersedes": old["licence"], "exporter": old["exporter"]}
    maker.add(REPLACING, new, client.cells(), lot(maker, USUAL_CHIP, _MANY))


def suspended_for_a_while(maker: Maker, licensed: Callable[..., Cells]) -> None:
    """One that was suspended and reinstated."""
    client, day = maker.local(maker.holders()[29], "Data"), date(2026, 2, 2)
    row = licensed(maker, client, day, lot(maker, USUAL_CHIP, _MANY))
    act(maker, row["licence"], day + timedelta(60), Kind.LICENCE_SUSPENSION, authority="BIS")
    act(maker, row["licence"], day + timedelta(100), Kind.LICENCE_REINSTATEMENT, authority="BIS")


# End users


def authorize(maker: Maker, company: str, status: str, country: str = "") -> None:
    """An authorization of its own that a company holds, for a country or anywhere."""
    number = len(maker.rows[FileKind.DECLARATIONS]) + 1
    who = {"document": f"VEU-{number:03d}", "line": "1", "kind": Kind.OFFICIAL_STATUS}
    said = {"effective_on": FIRST_DAY, "party": company, "country": country}
    maker.add(FileKind.DECLARATIONS, who, said, {"status": status, "authority": "BIS"})


def at_its_ceiling(
    maker: Maker, lots: list[tuple[str, int]], ship: Callable[..., Cells], country: str
) -> Party:
    """A National VEU that comes to the ceiling of the last quarter, where the chips allow it.

    `lots` come to the ceiling; all of them arrive within that quarter.
    """
    client = maker.local(country, "Exascale")
    first = date(LAST_DAY.year, LAST_DAY.month - 2, 1)
    for chip, quantity in lots:
        parts = -(-quantity // 16_384)
        for part in range(parts):
            sent = quantity // parts + (part < quantity % parts)
            day = maker.day(first, LAST_DAY - timedelta(30))
            row = ship(maker, client, day, lot(maker, chip, sent), {"authorization": "NVEU"})
            row["received_on"] = str(day + timedelta(14))
    return client


def universal(maker: Maker, ship: Callable[..., Cells]) -> None:
    """A Universal VEU of a listed destination: its base is declared, and one country is close to
    its share of it.
    """
    home = "DE"
    group = next(maker.names)
    declared = {"kind": Kind.INSTALLED_BASE, "effective_on": date(2025, 7, 31), "line": "1"}
    base = maker.unit(USUAL_CHIP) * 400_000 // 1000
    said = {"document": "BASE-001", "party": f"{group} Holdings", "tpp": base}
    maker.add(FileKind.DECLARATIONS, said, declared)
    authorize(maker, f"{group} Holdings", "UVEU")
    countries = [code for code in maker.holders()[:12] if maker.may("NVEU", code)][:4]
    for place, country in enumerate(countries):
        name = f"{group} {maker.rulebook.country_name(country)}"
        client = Party(name, country, f"{group} Holdings", home)
        for _ in range(4):
            day = maker.day(date(2025, 9, 1), LAST_DAY - timedelta(30))
            quantity = (7_000, 4_000, 2_000, 1_000)[place]
            ship(maker, client, day, lot(maker, USUAL_CHIP, quantity), {"authorization": "UVEU"})


def came_late(maker: Maker) -> None:
    """A small order of the closed quarter that is filed when the quarter is closed already."""
    client = maker.local(maker.holders()[14], "Research")
    day = date(2025, 12, 18)
    papers = {"certificate_on": str(day - timedelta(9)), "authorization": "LPP"}
    who = {"document": "AES-2512-LATE", "line": "1", "kind": Kind.EXPORT, "exported_on": day}
    who |= {"received_on": day + timedelta(6), "exporter": maker.exporters[0]}
    maker.add(LATE, who, client.cells(), lot(maker, USUAL_CHIP, SMALL_LOT), papers)
