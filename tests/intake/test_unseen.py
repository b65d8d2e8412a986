"""Characters that nobody sees: blanks of other scripts, line ends, what has no width at all."""

from __future__ import annotations

import csv
import io

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ledger.intake import blocks, cells, typed
from schemas.kinds import FileKind
from schemas.problems import Unusable
from tests.intake.conftest import SHIPMENTS
from tests.intake.settings import small

HEADINGS = [*SHIPMENTS.split(","), "Note"]
ROW = ["S1", "2025-06-01", "Acme", "Bharat DC", "IN", "H100", "8", "n"]


def csv_of(desk, row):
    out = io.StringIO()
    csv.writer(out).writerows([HEADINGS, row])
    return desk.file(out.getvalue())


def xlsx_of(desk, row):
    made = openpyxl.Workbook()
    for cells_ in (HEADINGS, row):
        made.active.append(cells_)
    made.save(desk.folder / "in.xlsx")
    return desk.folder / "in.xlsx"


def parquet_of(desk, row):
    table = pa.Table.from_arrays([pa.array([cell]) for cell in row], HEADINGS)
    pq.write_table(table, desk.folder / "in.parquet")
    return desk.folder / "in.parquet"


def of(**other):
    return [other.get(name, own) for name, own in zip(HEADINGS, ROW, strict=True)]


NOTHING = (
    "\u0085 \u00a0 \u00ad \u1680 \u2003 \u200b \u200c \u200d \u200e \u2028 \u202f \u2060 \u3000"
)
ENDS = [*NOTHING.split(" "), "\ufeff", "\u200b\u00a0\u200b"]


@pytest.mark.parametrize("file_of", [csv_of, xlsx_of, parquet_of])
@pytest.mark.parametrize("end", ENDS)
def test_at_the_ends_of_a_cell_they_are_nothing(desk, file_of, end):
    around = {name: f"{end}{cell}{end}" for name, cell in zip(HEADINGS, ROW, strict=True)}
    del around["exported_on"], around["quantity"]
    found = desk.read(file_of(desk, of(**around)))
    assert [str(p) for p in found.problems()] == []
    given = ("document", "exporter", "consignee", "destination", "chip", "details")
    assert desk.given(found, *given) == [("S1", "Acme", "Bharat DC", "IN", "H100", '{"Note":"n"}')]


@pytest.mark.parametrize("file_of", [csv_of, xlsx_of, parquet_of])
@pytest.mark.parametrize("cell", ["\u200b", "\ufeff \u2060", "\u0085"])
def test_a_cell_of_nothing_else_is_empty(desk, file_of, cell):
    found = desk.read(file_of(desk, of(exporter=cell, Note=cell)))
    assert [(p.column, p.value, p.reason) for p in found.problems()] == [
        ("exporter", "", "is empty")
    ]
    assert desk.read(file_of(desk, [cell] * 8)).filtered == {"empty row": 1}


def test_a_filter_takes_no_notice_of_them(desk):
    mapping = '[[filter]]\nname = "noted"\ncolumn = "Note"\ndrop = ["n"]'
    for cell in ("\u200bn\u3000", "\u00a0n", "n\u2060"):
        assert desk.read(csv_of(desk, of(Note=cell)), mapping=mapping).filtered == {"noted": 1}


UNSEEN = "holds the character U+{}, which nobody sees"
WITHIN = [
    ("exporter", "Ac\u200bme", UNSEEN.format("200B")),
    ("exporter", "Ac\u0085me", UNSEEN.format("0085")),
    ("exporter", "Ac\u00adme", UNSEEN.format("00AD")),
    ("exporter", "Ac\u200dme", UNSEEN.format("200D")),
    ("exporter", "\ufeffAc\u202eme\ufeff", UNSEEN.format("202E")),
    ("document", "S\u20601", UNSEEN.format("2060")),
    ("chip", "H\u200b100", UNSEEN.format("200B")),
    ("destination", "I\ufeffN", UNSEEN.format("FEFF")),
    ("quantity", "8\u200b", "has blanks around the number"),
    ("quantity", "1\u200b0", UNSEEN.format("200B")),
    ("exported_on", "\u200b2025-06-01", "has blanks around the day"),
    ("exporter", "Soci\u0092t\u00e9", "holds the control character U+0092"),
    ("Note", "a\u0092b", "holds the control character U+0092"),
    ("Note", "a\u200bb\u0085c", None),
    ("exporter", "\u0645\u06cc\u200c\u0631\u0648\u062f", None),  # Persian, written so
    ("exporter", "Acme\u2003Ltd", None),
]


@pytest.mark.parametrize("file_of", [csv_of, xlsx_of, parquet_of])
@pytest.mark.parametrize(("heading", "cell", "reason"), WITHIN)
def test_within_a_cell_they_are_told(desk, file_of, heading, cell, reason):
    found = desk.read(file_of(desk, of(**{heading: cell})))
    told = [(p.column, p.value, p.reason) for p in found.problems()]
    assert told == ([(heading, cell, reason)] if reason else [])


def test_by_hand_the_same_is_said():
    row = dict(zip(HEADINGS, ROW, strict=True))
    with pytest.raises(Unusable) as wrong:
        typed(FileKind.SHIPMENTS, row | {"exporter": "Ac\u200bme"}, small())
    assert [p.reason for p in wrong.value.problems] == [UNSEEN.format("200B")]
    assert typed(FileKind.SHIPMENTS, row | {"exporter": "\u200bAcme"}, small()).exporter == "Acme"


def test_around_headings_they_are_nothing(desk):
    headings = SHIPMENTS.replace("exporter,", "\u200bExporter\u00a0,")
    row = ",".join(ROW[:7])
    assert desk.read(f"\ufeff\ufeff{headings}\n{row}\n").good == 1
    mapping = '[columns]\nexporter = "Exporter"'
    assert desk.read(f"{headings}\n{row}\n", mapping=mapping).good == 1


@pytest.mark.parametrize(
    ("mapping", "problem"),
    [
        ('source = "A\u200bES"', f'source "A\u200bES": {UNSEEN.format("200B")}'),
        ('[fixed]\nend_user = "A\u200bB"', f'fixed.end_user "A\u200bB": {UNSEEN.format("200B")}'),
    ],
)
def test_a_mapping_says_none(said, mapping, problem):
    assert said("x", mapping=mapping) == [f"map.toml, {problem}"]


def test_the_scan_of_a_block_finds_all_of_them():
    """What it passes by needs no look at each cell, so it may miss none; that no others are taken
    for odd is for speed.
    """
    import re

    for code in (*range(0x80, 0xD800), *range(0xE000, 0x10200)):
        odd = re.match(cells.ODD, chr(code))
        assert blocks.odd_beyond_ascii(f"é,{chr(code)}a\n".encode()) is bool(odd), hex(code)
