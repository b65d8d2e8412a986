"""The SQL that decides a million rows and the Python that defines a good one say the same."""

from __future__ import annotations

import csv
import io
from dataclasses import astuple, replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ledger.intake import Intake, typed
from ledger.intake.cells import BLANKS
from schemas.fields import OPTIONAL, SHAPES, Type
from schemas.kinds import FileKind
from schemas.problems import Unusable
from schemas.records import GIVEN_TYPES
from tests.examples import at_most
from tests.intake.conftest import Desk
from tests.intake.settings import small

NASTY = [
    "",
    " ",
    "\u00a0",
    "\t",
    "NULL",
    "'",
    '"',
    '""',
    "\\",
    "\\n",
    "a,b",
    "a;b",
    "a\nb",
    "a\r\nb",
    " a ",
    "\u2028",
    "\u0085",
    "\ufeff",
    "\u200b",
    "a\u200bb",
    "\u200ba\u2060",
    "a\u200db",
    "\u0645\u06cc\u200c\u0631",
    "\u3000a\u00ad",
    "a\u0085b",
    "a\u0092b",
    "8\u200b",
    "é",
    "😀",
    "/",
    "<&>",
    "=1",
    "\x1f",
    "\x00",
    "x" * 501,
    "é" * 300,
    "%",
    "{}",
    "null",
]
DAYS = ["2025-06-01", "2025-05-31", "2024-02-29", "2025-02-29", "1950-01-01", "1949-12-31"]
DAYS += ["2199-12-31", "2200-01-01", "infinity", "2025-6-1", "2025-06-01 00:00", "20250601"]
NUMBERS = ["1", "8", "0", "-1", "08", "8.5", "8.0", "1e3", "0x10", "1_0", "+1", ".5", "5.", "-0"]
NUMBERS += ["126592", "126592.0", "15824.000", "0.001", "0.0005", "9" * 15, "9" * 16, "9" * 18]
NUMBERS += ["9" * 19, "9" * 15 + ".99", "9" * 15 + ".999", "0.100000", "0." + "0" * 60, "440931402"]
NUMBERS += ["583045666", "440924", "440925", "\uff19", "1,5"]
WORDS = {
    Type.KIND: ["export", "Re-export", "reexport ", "uplift", "block", "ownership", "return"],
    Type.COUNTRY: ["IN", "India", " NA", "in", "Narnia", "Atlantis"],
    Type.CHIP: ["H100", "MI300X", " TINY", "H1000"],
    Type.AUTHORIZATION: ["LPP", "licence", "lpp", " NLR "],
    Type.DATE: DAYS,
}
NUMERIC = (Type.COUNT, Type.AMOUNT, Type.MONEY, Type.PERCENT)


def cell_of(type_: Type) -> st.SearchStrategy[str]:
    """Mostly what belongs into such a cell; sometimes anything at all."""
    own = NUMBERS if type_ in NUMERIC else WORDS.get(type_, ["Acme", "S1", "S2", "1", "2"])
    anything = st.text(st.characters(codec="utf-8"), max_size=6)
    return st.one_of(st.sampled_from(own), st.sampled_from(own), st.sampled_from(NASTY), anything)


def rows_of(kind: FileKind) -> st.SearchStrategy[list[tuple[dict[str, str], int]]]:
    """Rows, each with how much of it stays as generated: 0 for all, else so many times 3 cells."""
    fields = {f.name: f.type for f in (*SHAPES[kind].fields, *OPTIONAL[:6])}
    cells = {name: cell_of(type_) for name, type_ in fields.items()} | {"née": cell_of(Type.TEXT)}
    # A file costs the same, of one row or of thirty: few files, and many rows in each.
    row = st.tuples(st.fixed_dictionaries(cells), st.integers(0, 3))
    return st.lists(row, min_size=6, max_size=30)


def plain_row(kind: FileKind) -> dict[str, str]:
    """A good row of each kind, for the generated cells to be put into."""
    good = {Type.DATE: "2025-06-01", Type.COUNTRY: "IN", Type.CHIP: "H100", Type.COUNT: "8"}
    row = {f.name: good.get(f.type, "S") for f in SHAPES[kind].fields if f.required}
    if "kind" in row:
        kinds = {"adjustments": "uplift", "declarations": "ownership", "acts": "surrender"}
        row["kind"] = kinds[kind.value]
    if kind is FileKind.ACTS:
        row["licence"] = "L1"
    if SHAPES[kind].field("chip"):
        row |= {"chip": "H100", "quantity": "8"}
    return row


def by_file(desk: Desk, kind: FileKind, rows, setting) -> Intake:
    names = list(rows[0])
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    writer.writerows([row[name] for name in names] for row in rows)
    return desk.read(out.getvalue(), kind=kind.value, setting=setting)


def by_hand(kind: FileKind, rows, setting):
    """The rows one by one: what is good, and which problems the others have."""
    good, problems = [], []
    for number, row in enumerate(rows, start=1):
        if not any(cell.strip(BLANKS) for cell in row.values()):
            continue
        try:
            given = typed(kind, row, setting)
            if kind is FileKind.CORRECTIONS:  # known by its row, of which a hand has but one
                given = replace(given, document=str(number))
            good.append((number, *astuple(given)[2:]))
        except Unusable as unusable:
            problems += [(number, p.column, p.value[:500], p.reason) for p in unusable.problems]
    return good, problems


KEY = [list(GIVEN_TYPES).index(name) - 1 for name in ("source", "document", "line")]


CASES = [(kind, "chips") for kind in FileKind]
CASES += [(kind, "amounts") for kind in FileKind if SHAPES[kind].field("chip")]


@pytest.mark.parametrize(("kind", "counts"), CASES)
def test_both_readers_agree(kind, counts, tmp_path_factory):
    setting = small(counts=counts)

    @settings(max_examples=at_most(7), suppress_health_check=list(HealthCheck))
    @given(made=rows_of(kind))
    def agree(made):
        # Rows that are wrong everywhere tell little: most keep good cells but for a few.
        for row, spoil in made:
            for name in list(row)[spoil * 3 :] if spoil else ():
                row[name] = plain_row(kind).get(name, "")
        rows = [row for row, _ in made]
        desk = Desk(tmp_path_factory.mktemp("two"))
        found = by_file(desk, kind, rows, setting)
        good, problems = by_hand(kind, rows, setting)
        first = {tuple(row[i] for i in KEY): row for row in reversed(good)}
        names = [name for name in GIVEN_TYPES if name != "file_line"]
        assert desk.given(found, *names) == sorted(first.values(), key=lambda row: row[0])
        told = [(p.row, p.column, p.value, p.reason) for p in found.problems()]
        known = [t for t in told if "of the file already" not in t[3]]
        assert sorted(known) == sorted(problems)
        assert found.good + found.rejected + found.repeated + sum(found.filtered.values()) == len(
            rows
        )
        found.close()

    agree()


ODD = st.one_of(st.sampled_from(NASTY + DAYS + NUMBERS), st.text(max_size=8))


@settings(max_examples=at_most(10))
@example(cells=["126592"])
@given(cells=st.lists(ODD, min_size=1, max_size=8))
def test_one_odd_cell_in_any_place(cells, tmp_path_factory):
    kind, setting = FileKind.SHIPMENTS, small()
    names = [f.name for f in SHAPES[kind].fields]
    base = dict.fromkeys(names, "") | plain_row(kind)
    odd = [(name, cell) for cell in cells if _is_text(cell) for name in names if name != "line"]
    rows = [base | {name: cell, "line": str(i)} for i, (name, cell) in enumerate(odd)]
    if not rows:
        return
    desk = Desk(tmp_path_factory.mktemp("odd"))
    found = by_file(desk, kind, rows, setting)
    good, problems = by_hand(kind, rows, setting)
    listed = [name for name in GIVEN_TYPES if name != "file_line"]
    assert desk.given(found, *listed) == good
    told = [(p.row, p.column, p.value, p.reason) for p in found.problems()]
    assert sorted(told) == sorted(problems)
    found.close()


def _is_text(cell: str) -> bool:
    """Whether it can stand in a file: half a surrogate pair cannot."""
    try:
        cell.encode()
    except UnicodeEncodeError:
        return False
    return True
