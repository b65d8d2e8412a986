"""A ledger to play with: made-up companies, real countries and chips, the regime's own limits.

The same seed gives the same files, to the byte. They are imported as a user's would be.
Among them, exactly one each: a country over its allocation, a country at or above the critical
share, a small-order consignee at its yearly limit, a refused application, a shipment under a
licence that is not on file, a return, a National VEU at its ceiling and a Universal VEU close to a
share. What becomes of licences is in demo_life.py.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from ledger.catalogue.reader import read_catalogue
from ledger.policy.reader import read_regime
from ledger.service import demo_life
from ledger.service.demo_data import (
    COUNTRY,
    FILES,
    FIRST_DAY,
    LARGER,
    LAST_DAY,
    LATE,
    NATIONAL,
    PRICE,
    SMALL,
    USUAL_CHIP,
    Cells,
    Maker,
    Party,
    lot,
)
from ledger.service.ledger import Ledger, new_ledger
from ledger.service.outcome import Outcome
from ledger.service.rulebook import Rulebook
from schemas.fields import SHAPES
from schemas.kinds import FileKind, Kind

SEED = 2025
_NOT_ON_FILE = "D9999999"


# Licences, and what was shipped under them


def _licensed(maker: Maker) -> None:
    """Licences for every holder: one country ends over its allocation, one critical."""
    holders = maker.holders()
    over, maker.critical = maker.rng.sample(holders[:10], 2)
    share = maker.rulebook.regime.budgets[COUNTRY].critical_ppm
    for place, country in enumerate(holders):
        limit = maker.limit(COUNTRY, country)
        if country == over:
            _fill(maker, country, limit * 98 // 100)
            _licence_over(maker, country, limit)
        elif country == maker.critical:
            _fill(maker, country, limit * share // 1_000_000 + limit // 33, exact=True)
        elif place < len(LARGER):
            _fill(maker, country, limit * maker.rng.randint(8, 72) // 100)
        elif place % 3:
            _fill(maker, country, limit * maker.rng.randint(2, 60) // 1000)


def _fill(maker: Maker, country: str, target: int, *, exact: bool = False) -> int:
    """License lots to a country up to a target (milli-TPP); `exact`: as near as a chip allows."""
    clients = [maker.local(country, trade) for trade in ("Cloud", "Data", "Telecom")]
    taken = 0
    while taken < target:
        room = target - taken
        chip = maker.chip()
        most = min(maker.rng.choice((64, 128, 256, 512, 1024, 1536)), room // maker.unit(chip))
        if most < (1 if exact else 8):
            break
        taken += _licence(maker, maker.rng.choice(clients), chip, most)
    return taken


def _licence(maker: Maker, client: Party, chip: str, quantity: int) -> int:
    """One licence line and the shipments under it; how much it licenses (milli-TPP)."""
    issued = maker.day(FIRST_DAY, LAST_DAY - timedelta(60))
    row = _issue(maker, client, issued, lot(maker, chip, quantity))
    left = quantity * maker.rng.choice((0, 40, 75, 100, 100)) // 100
    while left > 0:
        sent = min(left, max(8, quantity // maker.rng.randint(1, 4)))
        left -= sent
        day = maker.day(issued + timedelta(5), min(_expiry(maker, issued), LAST_DAY))
        _ship(maker, client, day, lot(maker, chip, sent), {
            "exporter": row["exporter"],
            "authorization": "licence",
            "licence": row["licence"],
            "licence_line": row["line"],
        })  # fmt: skip
    return maker.unit(chip) * quantity


def _issue(maker: Maker, client: Party, issued: date, goods: Cells) -> Cells:
    number = len(maker.rows[FileKind.LICENCES])
    who = {
        "licence": f"D{1_300_000 + number}",
        "line": "1",
        "issued_on": issued,
        "expires_on": _expiry(maker, issued),
        "exporter": maker.rng.choice(maker.exporters),
    }
    return maker.add(FileKind.LICENCES, who, client.cells(), goods)


def _expiry(maker: Maker, issued: date) -> date:
    """The last day of a licence: the regime's usual validity, in years."""
    value = maker.rulebook.regime.number("licence_validity").on(issued)
    assert value is not None
    assert value.amount is not None
    return issued.replace(year=issued.year + int(value.amount)) - timedelta(1)


def _licence_over(maker: Maker, country: str, limit: int) -> None:
    """The licence that should not have been issued: the last in time, over by a twentieth."""
    taken = sum(
        maker.unit(row["chip"]) * int(row["quantity"])
        for row in maker.rows[FileKind.LICENCES]
        if row["destination"] == country
    )
    chip = USUAL_CHIP
    quantity = (limit - taken + limit // 20) // maker.unit(chip)
    client = maker.local(country, "Compute")
    _issue(maker, client, LAST_DAY - timedelta(14), lot(maker, chip, quantity))


def _ship(maker: Maker, client: Party, day: date, goods: Cells, why: Mapping[str, str]) -> Cells:
    """One export; most say when they arrived, some get a receipt of their own later."""
    maker.shipped += 1
    arrived = day + timedelta(maker.rng.randint(3, 24))
    said = "" if arrived > LAST_DAY or maker.rng.random() < 0.1 else str(arrived)
    row = maker.add(
        FileKind.SHIPMENTS,
        {
            "document": f"AES-{day:%y%m}-{maker.shipped:05d}",
            "line": "1",
            "kind": Kind.EXPORT,
            "exported_on": day,
            "received_on": said,
            "exporter": maker.rng.choice(maker.exporters),
        },
        client.cells(),
        goods,
        why,
    )
    if not said and arrived <= LAST_DAY and maker.rng.random() < 0.7:
        _receive(maker, row, arrived)
    return row


def _receive(maker: Maker, shipment: Cells, day: date) -> None:
    number = len(maker.rows[FileKind.RECEIPTS]) + 1
    maker.add(FileKind.RECEIPTS, {
        "document": f"RCT-{number:05d}",
        "line": "1",
        "kind": Kind.RECEIPT,
        "received_on": day,
        "exporter": shipment["exporter"],
        "shipment": shipment["document"],
        "shipment_line": shipment["line"],
    })  # fmt: skip


# Shipments without a licence


def _small_orders(maker: Maker) -> None:
    """LPP: groups with consignees in several countries, and one consignee at its limit."""
    open_to = [code for code in maker.holders() if maker.may("LPP", code)]
    for _ in range(55):
        group, home = next(maker.names), maker.rng.choice(open_to[:30])
        places = {home, *maker.rng.sample(open_to, 2)}
        for code in sorted(places):
            name = f"{group} {maker.rulebook.country_name(code)}"
            client = Party(name, code, f"{group} Holdings", home)
            for _ in range(maker.rng.randint(2, 6)):
                _small(maker, client, maker.chip(), maker.rng.choice((8, 8, 16, 24, 32)))
    _at_the_limit(maker, maker.local(open_to[0], "Research"))


def _small(maker: Maker, client: Party, chip: str, quantity: int) -> None:
    day = maker.day(FIRST_DAY, LAST_DAY - timedelta(25))
    _ship(maker, client, day, lot(maker, chip, quantity), _lpp_papers(day))


def _lpp_papers(day: date) -> Cells:
    return {
        "authorization": "LPP",
        "certificate_on": str(day - timedelta(9)),
        "notice_on": str(day - timedelta(40)),
    }


def _at_the_limit(maker: Maker, client: Party) -> None:
    """Lots of one year that come to the yearly limit exactly, where the chips allow it."""
    first = LAST_DAY.replace(month=1, day=5)
    units = {chip: maker.unit(chip) for chip in PRICE}
    for chip, quantity in lots_summing(maker.limit(SMALL, client.parent), units):
        while quantity > 0:
            sent = min(quantity, 160)
            quantity -= sent
            day = maker.day(first, LAST_DAY - timedelta(30))
            row = _ship(maker, client, day, lot(maker, chip, sent), _lpp_papers(day))
            row["received_on"] = str(day + timedelta(12))


def _received_once(maker: Maker) -> None:
    """Leave out the receipts of shipments that say themselves when they arrived."""
    maker.rows[FileKind.RECEIPTS] = [
        r for r in maker.rows[FileKind.RECEIPTS] if not _received_twice(maker, r)
    ]


def _received_twice(maker: Maker, receipt: Cells) -> bool:
    shipments = maker.rows[FileKind.SHIPMENTS]
    row = shipments[int(receipt["shipment"].rpartition("-")[2]) - 1]
    return bool(row["received_on"])


def lots_summing(total: int, units: Mapping[str, int]) -> list[tuple[str, int]]:
    """Lots of at most two chips whose amounts come to `total`, or as near below as they can."""
    best: list[tuple[str, int]] = []
    left = total + 1
    by_size = sorted(units, key=lambda chip: (-units[chip], chip))
    for large in by_size:
        for count in range(total // units[large], 0, -1):
            rest = total - count * units[large]
            small = min(by_size, key=lambda chip: rest % units[chip])
            if rest % units[small] < left:
                left = rest % units[small]
                best = [(large, count), (small, rest // units[small])]
            if left == 0:
                return [(chip, quantity) for chip, quantity in best if quantity]
    return [(chip, quantity) for chip, quantity in best if quantity]


def _allies(maker: Maker) -> None:
    """AIA: to entities located, headquartered and parented in the listed destinations."""
    home = maker.rulebook.regime.lists["home"].members(LAST_DAY)
    listed = sorted(maker.rulebook.regime.lists["supp5a"].members(LAST_DAY) - home)
    for country in (code for code in listed if maker.may("AIA", code)):
        client = maker.local(country, "Cloud")
        for _ in range(maker.rng.randint(6, 18)):
            day = maker.day(FIRST_DAY, LAST_DAY - timedelta(10))
            goods = lot(maker, maker.chip(), maker.rng.choice((64, 128, 256, 512)))
            papers = {
                "authorization": "AIA",
                "certificate_on": str(day - timedelta(20)),
                "notice_on": str(day - timedelta(2)),
                "eccn": "3A090.a",
            }
            _ship(maker, client, day, goods, papers)


def _validated(maker: Maker) -> None:
    """NVEU: a few validated end users in countries with an allocation."""
    open_to = [code for code in maker.holders()[:25] if maker.may("NVEU", code)]
    for country in maker.rng.sample(open_to, 5):
        client = maker.local(country, "Hyperscale")
        demo_life.authorize(maker, client.parent or client.name, "NVEU", country)
        for _ in range(maker.rng.randint(8, 16)):
            day = maker.day(FIRST_DAY, LAST_DAY - timedelta(10))
            goods = lot(maker, maker.chip(), maker.rng.choice((256, 512, 1024)))
            _ship(maker, client, day, goods, {"authorization": "NVEU"})


def _changed(maker: Maker) -> None:
    """What became of licences, and the end users that are at or close to what they may have."""
    demo_life.lives(maker, _issue, _ship)
    country = next(code for code in maker.holders()[25:] if maker.may("NVEU", code))
    units = {chip: maker.unit(chip) for chip in PRICE}
    ceiling = maker.ceiling(NATIONAL, country)
    client = demo_life.at_its_ceiling(maker, lots_summing(ceiling, units), _ship, country)
    demo_life.authorize(maker, client.parent or client.name, "NVEU", country)
    demo_life.universal(maker, _ship)
    demo_life.came_late(maker)


# The single ones


def _singles(maker: Maker) -> None:
    """A shipment under a licence that is not on file, and a return."""
    under = [r for r in maker.rows[FileKind.SHIPMENTS] if r["authorization"] == "licence"]
    client = maker.local(maker.holders()[12], "Compute")
    papers = {"authorization": "licence", "licence": _NOT_ON_FILE, "licence_line": "1"}
    _ship(maker, client, LAST_DAY - timedelta(45), lot(maker, USUAL_CHIP, 96), papers)
    back = next(r for r in under if r["received_on"] and int(r["quantity"]) >= 64)
    maker.add(FileKind.RETURNS, {
        "document": "RMA-00001",
        "line": "1",
        "kind": Kind.RETURN,
        "returned_on": date.fromisoformat(back["received_on"]) + timedelta(6),
        "exporter": back["exporter"],
        "shipment": back["document"],
        "shipment_line": back["line"],
        "quantity": "16",
    })  # fmt: skip


def _asked(maker: Maker) -> None:
    """Applications under review, and one for a tenth of an allocation that is nearly used up."""
    for country in maker.rng.sample(maker.holders()[len(LARGER) :], 8):
        _apply(maker, country, maker.rng.choice((64, 128, 512)))
    tenth = maker.limit(COUNTRY, maker.critical) // 10
    _apply(maker, maker.critical, tenth // maker.unit(USUAL_CHIP))


def _apply(maker: Maker, country: str, quantity: int) -> None:
    number = len(maker.rows[FileKind.APPLICATIONS])
    who = {
        "application": f"Z{400_000 + number}",
        "line": "1",
        "applied_on": LAST_DAY - timedelta(10 - number),
        "exporter": maker.rng.choice(maker.exporters),
    }
    goods = lot(maker, USUAL_CHIP, quantity)
    maker.add(FileKind.APPLICATIONS, who, maker.local(country, "Data").cells(), goods)


# Files, and the ledger made of them


def write_demo(folder: Path, rulebook: Rulebook, seed: int = SEED) -> dict[str, Path]:
    """Write the demo's import files into a folder, in the order they are to be imported."""
    maker = Maker(Random(seed), rulebook)
    steps = (_licensed, _small_orders, _allies, _validated, _singles, _asked, _changed)
    for step in (*steps, _received_once):
        step(maker)
    return {name: _written(folder, name, maker.rows[name]) for name in FILES}


def _written(folder: Path, name: str, rows: Sequence[Cells]) -> Path:
    shape = SHAPES[FILES[name]]
    day = shape.effective_on
    named = [f.name for f in shape.fields]
    named += sorted({name for row in rows for name in row} - set(named))
    path = folder / f"{name}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, named, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: (row[day], row.get("document", ""))))
    return path


def make_demo(
    url: str,
    *,
    seed: int = SEED,
    keep: Path | None = None,
    close: Callable[[Ledger, str], Outcome] | None = None,
) -> list[Outcome]:
    """Make the demo ledger at a URL: one outcome a file, in the order of FILES, and the lapses.

    `keep`: a folder for the import files, which otherwise are thrown away. `close` closes a
    quarter of the ledger by its name, for which something then comes late.
    Raises StoreError where no ledger can be made there (LedgerExists where one stands).
    """
    rulebook = Rulebook(read_regime("ai_diffusion"), {}, read_catalogue())
    with _folder(keep) as folder, new_ledger(url) as ledger:
        outcomes = []
        for name, path in write_demo(folder, rulebook, seed).items():
            if name == LATE and close is not None:
                close(ledger, demo_life.QUARTER)
            outcomes.append(_imported(ledger, FILES[name], path))
        return [*outcomes, ledger.lapse_due(demo_life.LAPSED_BY)]


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with TemporaryDirectory(prefix="tpp-demo-") as made:
        yield Path(made)


def _imported(ledger: Ledger, kind: FileKind, path: Path) -> Outcome:
    return ledger.import_file(path, kind)
