"""The one file that reads the catalogue: TOML in, rows or every problem out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from ledger.catalogue.fields import Table, number
from ledger.catalogue.types import (
    TF32,
    Catalogue,
    CatalogueRow,
    Chip,
    Component,
    Rate,
    Remark,
    Source,
    System,
    Threshold,
    normal,
    spellings,
)
from schemas.problems import Problem, Unusable
from schemas.tpp import NotAnAmount

THRESHOLDS_FILE = "thresholds.toml"
THRESHOLDS = (
    "a1_tpp",
    "a2_tpp",
    "a2_density",
    "b1_tpp",
    "b1_density",
    "b2_tpp",
    "b2_density",
    "outside_tpp",
)
REMARKS = ("z", "system", "outside", "not_datacentre", "area_unknown", "estimate")
TF32_BITS = (19, 32)

_SOURCE = frozenset({"title", "href", "published", "reviewed"})
_ROW = frozenset({"key", "name", "aliases", "from", "sources", "note"})
_CHIP = _ROW | {"datacentre", "dense", "rates", "die_area_mm2", "die_area_unknown", "non_planar"}
_CHIP |= {"memory_bandwidth_gbs", "estimate"}
_SYSTEM = _ROW | {"components"}
_RATE = frozenset({"format", "bits", "tops"})
_COMPONENT = frozenset({"chip", "count"})
_THRESHOLD = frozenset({"name", "value", "unit", "section", "from", "source"})
_REMARK = frozenset({"name", "text", "section", "source"})
_FORMAT = re.compile(r"([a-z]+)([0-9]+)")
_SPARSE = "sparse figures do not count: give the dense rate (3A090, technical note 3)"


def read_catalogue(path: Path | None = None) -> Catalogue:
    """The catalogue in a folder of TOML files; without a path the one that comes with the package.

    Raises Unusable with every problem found.
    """
    return _read(path) if path else _own()


@cache
def _own() -> Catalogue:
    return _read(Path(__file__).parent)


def _read(folder: Path) -> Catalogue:
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise Unusable(Problem(str(folder), 0, 0, "", "", "no catalogue files (*.toml) here"))
    problems, texts = [], {}
    for file in files:
        try:
            texts[file.name] = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as fault:
            problems.append(Problem(file.name, 0, 0, "", "", f"cannot be read: {fault}"))
    if problems:
        raise Unusable(*problems)
    return catalogue_from_text(texts)


def catalogue_from_text(files: Mapping[str, str]) -> Catalogue:
    """A catalogue from its files' texts, as a ledger keeps them. Raises Unusable as above.

    The same texts are read once a process, however many ledgers keep them.
    """
    return _from_text(tuple(sorted(files.items())))


@lru_cache(maxsize=8)
def _from_text(texts: tuple[tuple[str, str], ...]) -> Catalogue:
    files = dict(texts)
    problems: list[Problem] = []
    rows: list[tuple[CatalogueRow, Table]] = []
    thresholds: list[Threshold] = []
    remarks: dict[str, Remark] = {}
    for name in files:
        top = _parse(name, files[name], problems)
        if top is None:
            continue
        if name == THRESHOLDS_FILE:
            _limits(top, files[name], thresholds, remarks)
        else:
            rows += _rows(top, files[name])
    _complete(files, thresholds, remarks, problems)
    _related(rows)
    index = _index(rows)
    if problems:
        raise Unusable(*problems)
    found = tuple(row for row, _ in rows)
    return Catalogue(found, tuple(thresholds), remarks, index, files)


def _parse(name: str, text: str, problems: list[Problem]) -> Table | None:
    try:
        values: dict[str, Any] = tomllib.loads(text, parse_float=number)
    except tomllib.TOMLDecodeError as fault:
        problems.append(Problem(name, _line_in(str(fault)), 0, "", "", f"not TOML: {fault}"))
        return None
    return Table(name, 0, 0, values, problems)


def _line_in(message: str) -> int:
    found = re.search(r"line (\d+)", message)
    return int(found.group(1)) if found else 0


def _tables(top: Table, text: str, key: str) -> Iterable[Table]:
    """Every `[[key]]` of a file with the line it begins on."""
    heading = re.compile(rf"\s*\[\[\s*{key}\s*\]\]")
    lines = [n for n, line in enumerate(text.splitlines(), 1) if heading.match(line)]
    values = top.values.get(key, [])
    if not isinstance(values, list) or not all(isinstance(v, dict) for v in values):
        top.fault(key, f"must be written as [[{key}]]")
        return
    for row, value in enumerate(values, 1):
        line = lines[row - 1] if len(lines) == len(values) else 0
        yield Table(top.file, line, row, value, top.problems)


def _sources(top: Table) -> dict[str, Source]:
    found = {}
    tables = top.values.get("source", {})
    for key, values in tables.items() if isinstance(tables, dict) else ():
        values = values if isinstance(values, dict) else {}
        table = Table(f"{top.file} [source.{key}]", 0, 0, values, top.problems)
        table.only(_SOURCE)
        found[key] = Source(
            key,
            table.text("title"),
            table.text("href"),
            table.published("published"),
            table.day("reviewed"),
        )
    return found


def _cited(table: Table, key: str, sources: Mapping[str, Source]) -> tuple[Source, ...]:
    names = table.texts(key, required=True) if key == "sources" else (table.text(key),)
    for name in names:
        if name and name not in sources:
            table.fault(key, f"no [source.{name}] in this file: every figure has a source")
    return tuple(sources[name] for name in names if name in sources)


def _rows(top: Table, text: str) -> list[tuple[CatalogueRow, Table]]:
    top.only(frozenset({"maker", "source", "chip", "system"}))
    maker, sources = top.text("maker"), _sources(top)
    rows: list[tuple[CatalogueRow, Table]] = []
    for table in _tables(top, text, "chip"):
        rows.append((_chip(table, maker, sources), table))
    for table in _tables(top, text, "system"):
        rows.append((_system(table, maker, sources), table))
    return rows


def _chip(table: Table, maker: str, sources: Mapping[str, Source]) -> Chip:
    if any("sparse" in key or "sparsity" in key for key in table.values):
        table.fault("sparse", _SPARSE)
    table.only(_CHIP | {key for key in table.values if "spars" in key})
    if not table.flag("dense") and table.values.get("dense") is False:
        table.fault("dense", _SPARSE)
    return Chip(
        key=table.text("key"),
        name=table.text("name"),
        aliases=table.texts("aliases"),
        maker=maker,
        since=table.day("from"),
        sources=_cited(table, "sources", sources),
        note=table.text("note", ""),
        rates=_rates(table),
        datacentre=table.flag("datacentre"),
        die_area_mm2=_area(table),
        non_planar=table.flag("non_planar"),
        memory_bandwidth_gbs=table.figure("memory_bandwidth_gbs", required=False),
        estimate=table.flag("estimate", False),
    )


def _area(table: Table) -> Decimal | None:
    unknown = table.flag("die_area_unknown", False)
    area = table.figure("die_area_mm2", required=False)
    if unknown and "die_area_mm2" in table.values:
        table.fault("die_area_unknown", "a die area is given beside it")
    if not unknown and "die_area_mm2" not in table.values:
        table.fault("die_area_mm2", "missing: where none is published, die_area_unknown = true")
    return area


def _rates(table: Table) -> tuple[Rate, ...]:
    values = table.values.get("rates", [])
    if not isinstance(values, list) or not values:
        table.fault("rates", "missing: at least one { format, bits, tops }")
        return ()
    rates = []
    for value in values:
        value = value if isinstance(value, dict) else {}
        rates.append(_rate(Table(table.file, table.line, table.row, value, table.problems)))
    if len({rate.format for rate in rates}) < len(rates):
        table.fault("rates", "two rates of one format")
    return tuple(rates)


def _rate(table: Table) -> Rate:
    name = table.text("format")
    if any("spars" in key for key in table.values) or "spars" in name:
        table.fault("sparse", _SPARSE)
    table.only(_RATE | {key for key in table.values if "spars" in key})
    tops = table.figure("tops") or Decimal(1)
    rate = Rate(name, tops, None if name == TF32 else table.count("bits"))
    if name == TF32 and "bits" in table.values:
        table.fault("bits", "TF32 has none here: the regime's option tf32_bits decides")
    width = _FORMAT.fullmatch(name)
    if not width:
        table.fault("format", 'must be letters and a bit length, such as "fp16"')
    elif rate.bits is not None and rate.bits != int(width.group(2)):
        table.fault("bits", f"does not agree with the format {name}")
    for bits in TF32_BITS if rate.bits is None else (rate.bits,):
        try:
            rate.tpp(bits)
        except NotAnAmount as fault:
            table.fault("tops", f"at {bits} bits the TPP is {fault}")
    return rate


def _system(table: Table, maker: str, sources: Mapping[str, Source]) -> System:
    table.only(_SYSTEM)
    values = table.values.get("components", [])
    if not isinstance(values, list) or not values:
        table.fault("components", "missing: at least one { chip, count }")
        values = []
    parts = []
    for value in values:
        value = value if isinstance(value, dict) else {}
        part = Table(table.file, table.line, table.row, value, table.problems)
        part.only(_COMPONENT)
        parts.append(Component(part.text("chip"), part.count("count")))
    return System(
        key=table.text("key"),
        name=table.text("name"),
        aliases=table.texts("aliases"),
        maker=maker,
        since=table.day("from"),
        sources=_cited(table, "sources", sources),
        note=table.text("note", ""),
        components=tuple(parts),
    )


def _limits(top: Table, text: str, thresholds: list[Threshold], remarks: dict[str, Remark]) -> None:
    top.only(frozenset({"source", "threshold", "remark"}))
    sources = _sources(top)
    for table in _tables(top, text, "threshold"):
        table.only(_THRESHOLD)
        name, value = table.text("name"), table.figure("value") or Decimal(1)
        unit, section, since = table.text("unit"), table.text("section"), table.day("from")
        if name not in THRESHOLDS:
            table.fault("name", "no threshold of that name is used", THRESHOLDS)
        for earlier in thresholds:
            if earlier.name == name and earlier.since >= since:
                table.fault("from", "must be later than the row of that name before it")
        for source in _cited(table, "source", sources):
            thresholds.append(Threshold(name, value, unit, section, since, source))
    for table in _tables(top, text, "remark"):
        table.only(_REMARK)
        name, said, section = table.text("name"), table.text("text"), table.text("section")
        if name in remarks:
            table.fault("name", "two remarks of one name")
        for source in _cited(table, "source", sources):
            remarks[name] = Remark(name, said, section, source)


def _complete(
    files: Mapping[str, str],
    thresholds: Iterable[Threshold],
    remarks: Mapping[str, Remark],
    problems: list[Problem],
) -> None:
    reason = "missing: chips cannot be classed without it"
    if THRESHOLDS_FILE not in files:
        problems.append(Problem(THRESHOLDS_FILE, 0, 0, "", "", reason))
        return
    there = {limit.name for limit in thresholds} | set(remarks)
    for name in (name for name in (*THRESHOLDS, *REMARKS) if name not in there):
        problems.append(Problem(THRESHOLDS_FILE, 0, 0, "name", name, reason))


def _related(rows: Iterable[tuple[CatalogueRow, Table]]) -> None:
    """Dated rows of a key rise in date and stay of one kind; components name chips."""
    chips = {row.key for row, _ in rows if isinstance(row, Chip)}
    last: dict[str, CatalogueRow] = {}
    for row, table in rows:
        before = last.get(row.key)
        if before is not None and before.since >= row.since:
            table.fault("from", "must be later than the row of that key before it")
        if before is not None and type(before) is not type(row):
            table.fault("key", "is both a chip and a system")
        last[row.key] = row
        for part in row.components if isinstance(row, System) else ():
            if part.chip not in chips:
                reason = f'no chip of the key "{part.chip}"'
                table.fault("components", reason, _close(part.chip, chips))


def _close(key: str, known: Iterable[str]) -> tuple[str, ...]:
    from difflib import get_close_matches

    return tuple(get_close_matches(key, sorted(known), n=3))


def _index(rows: Iterable[tuple[CatalogueRow, Table]]) -> dict[str, str]:
    index: dict[str, str] = {}
    for row, table in rows:
        seen: set[str] = set()
        for alias in row.aliases:
            if normal(alias) in seen:
                table.fault("aliases", f'"{alias}" stands twice')
            seen.add(normal(alias))
        for spelling in sorted(spellings(row)):
            other = index.setdefault(spelling, row.key)
            if other != row.key:
                table.fault("aliases", f'"{spelling}" already names {other}')
    return index
