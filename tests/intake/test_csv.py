"""CSV as it comes: encodings, line ends, delimiters, quotes, and files that are no tables."""

from __future__ import annotations

import gzip
import hashlib
import os
import threading
import zipfile

import pytest

from tests.intake.conftest import GOOD, SHIPMENTS

FILE = f"{SHIPMENTS}\n{GOOD}\nS2,2025-06-02,Åcme,Bharat DC,India,MI300X,3\n"
NO_TABLE = [
    (b"", "is empty"),
    (b"\xef\xbb\xbf \n", "is empty"),
    (FILE.encode("utf-16"), "is UTF-16; save it as UTF-8 (in a spreadsheet: CSV UTF-8)"),
    (FILE.encode("utf-16-le"), "is UTF-16; save it as UTF-8 (in a spreadsheet: CSV UTF-8)"),
    (gzip.compress(FILE.encode()), "is compressed with gzip; unpack it first"),
    (b"\n<!DOCTYPE html><html></html>", "is a web page (HTML), not a table"),
    (b"<?xml version='1.0'?><a/>", "is XML, not a table"),
    (b'{"document": "S1"}', "is JSON, not a table; save it as CSV"),
    (b'[{"document": "S1"}]', "is JSON, not a table; save it as CSV"),
    (b"%PDF-1.7 ", "is a PDF, not a table"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an old Excel workbook (.xls); save it as .xlsx or CSV"),
    (b"PAR1....PAR1", "is a Parquet file, not text; name it .parquet to import it"),
    (
        FILE.replace("\n", "\r").encode(),
        "its lines end in CR alone; save it with LF or CRLF line ends",
    ),
]


@pytest.mark.parametrize(("content", "reason"), NO_TABLE)
def test_no_table(said, content, reason):
    assert said(content) == [f"in.csv: {reason}"]


def test_a_zip_named_csv(desk):
    path = desk.folder / "in.csv"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("data.csv", FILE)
    assert desk.said(path) == ["in.csv: is compressed with zip; unpack it first"]


def test_a_pipe(desk):
    path = desk.folder / "in.csv"
    os.mkfifo(path)
    held = os.open(path, os.O_RDWR)
    os.write(held, FILE.encode())
    assert desk.said(path) == ["in.csv: is a pipe or a device; save what it holds to a file first"]
    os.close(held)


def test_a_pipe_that_nobody_writes_into(desk):
    """It is not waited for."""
    path = desk.folder / "in.csv"
    os.mkfifo(path)
    told = []
    waiting = threading.Thread(target=lambda: told.extend(desk.said(path)), daemon=True)
    waiting.start()
    waiting.join(20)
    assert told == ["in.csv: is a pipe or a device; save what it holds to a file first"]


SAME = {
    "BOM": FILE.encode("utf-8-sig"),
    "CRLF": FILE.replace("\n", "\r\n").encode(),
    "CRLF and LF mixed": FILE.replace("\n", "\r\n", 1).encode(),
    "no line end at the end": FILE.rstrip("\n").encode(),
    "semicolons": FILE.replace(",", ";").encode(),
    "tabs": FILE.replace(",", "\t").encode(),
    "bars": FILE.replace(",", "|").encode(),
    "all quoted": "".join(
        ",".join(f'"{cell}"' for cell in line.split(",")) + "\n" for line in FILE.splitlines()
    ).encode(),
    "capital headings": FILE.replace("exported_on", "Exported On").encode(),
}


@pytest.mark.parametrize("cell", ["\tS1", "S1\t", "\t"])
@pytest.mark.parametrize("mark", [",", "\t"])
def test_tabs_around_a_cell_are_blanks_whatever_parts_the_cells(desk, cell, mark):
    headings, row = [*SHIPMENTS.split(","), "note"], [*GOOD.split(","), f'"{cell}"']
    row[0] = f'"{cell}"' if cell.strip() else "S1"
    found = desk.read(f"{mark.join(headings)}\n{mark.join(row)}\n")
    kept = '{"note":"S1"}' if cell.strip() else None
    assert desk.given(found, "document", "details") == [("S1", kept)]


@pytest.mark.parametrize("name", SAME)
def test_the_same_rows_however_written(desk, name):
    assert desk.given(desk.read(SAME[name])) == desk.given(desk.read(FILE))


def test_the_digest_is_that_of_the_whole_file(desk):
    for content in (FILE.encode(), SAME["BOM"], SAME["CRLF"], b"\n" + FILE.encode()):
        assert desk.read(content).file_digest == hashlib.sha256(content).hexdigest()


def test_windows_1252_bytes(said):
    content = FILE.replace("Åcme", "Société").encode("cp1252")
    assert said(content) == [
        'in.csv:3 "S2,2025-06-02,Société,Bharat DC,India,MI300X,3": is not UTF-8: byte 0xE9 at '
        'position 133 of the file (in Windows-1252 it is "é"); save it as UTF-8'
    ]
    assert content[132] == 0xE9


def test_headings_without_rows(desk):
    found = desk.read(SHIPMENTS + "\n")
    assert (found.rows, found.good, found.problems()) == (0, 0, [])
    assert found.warnings == ["the file holds headings and no rows"]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("S2,2025-06-01,Acme", "too few columns: 3 cells under 7 headings"),
        (GOOD + ",,", "too many columns: 9 cells under 7 headings"),
        (
            'S2,2025-06-01,"Acme "the" best",Bharat DC,IN,H100,8',
            "text stands after the closing quote in exporter; double quotes inside it",
        ),
    ],
)
def test_a_broken_record(desk, record, reason):
    found = desk.read(f"{SHIPMENTS}\n{record}\n{GOOD}\n")
    assert [(p.line, p.row, p.value, p.reason) for p in found.problems()] == [
        (2, 1, record, reason)
    ]
    assert desk.given(found, "row", "file_line", "document") == [(2, 3, "S1")]


def test_swapped_lengths_do_not_hide_one_another(desk):
    found = desk.read(f"{SHIPMENTS}\n{GOOD},\nS2,2025-06-01,Acme,Bharat DC,IN,H100\n")
    assert [p.reason[:8] for p in found.problems()] == ["too many", "too few "]


def test_an_unterminated_quote_that_swallows_the_rest(said):
    rows = [f"S{i},2025-06-01,Acme,Bharat DC,IN,H100,8" for i in range(3000)]
    rows[1000] = 'S1000,2025-06-01,"Acme,Bharat DC,IN,H100,8'
    assert said("\n".join([SHIPMENTS, *rows])) == [
        'in.csv:1002 "S1000,2025-06-01,"Acme,Bharat DC,IN,H100,8": the quote that opens in this '
        "line never closes, so the rows after it cannot be read"
    ]


def test_an_unterminated_quote_that_a_later_quote_ends(said):
    rows = [f"S{i},2025-06-01,Acme,Bharat DC,IN,H100,8" for i in range(30)]
    rows[10] = 'S10,2025-06-01,"Acme,Bharat DC,IN,H100,8'
    rows[20] = 'S20,2025-06-01,"Acme, Inc",Bharat DC,IN,H100,8'
    assert said("\n".join([SHIPMENTS, *rows])) == [
        'in.csv:12 "S10,2025-06-01,"Acme,Bharat DC,IN,H100,8": the quote that opens in this line '
        "runs on to line 22 and text follows its closing quote, so rows cannot be told apart from "
        "there"
    ]


def test_a_quote_within_an_unquoted_cell_is_itself(desk):
    found = desk.shipments('S2,2025-06-01,24" Racks Inc,Bharat DC,IN,H100,8', GOOD)
    assert desk.given(found, "exporter") == [('24" Racks Inc',), ("Acme",)]


def test_lines_are_told_as_an_editor_counts_them(desk):
    found = desk.shipments(
        'S1,2025-06-01,"A\nB\nC",Bharat DC,IN,H100,8',
        "",
        "S2,2025-06-01,Acme,Bharat DC,IN,H100,zero",
        'S3,2025-06-01,"A\r\nB",Bharat DC,IN,H100,8',
        "\r",
        "S4,2025-06-01,Acme,Bharat DC,IN,H100",
        "S5,2025-06-01,Acme,Bharat DC,IN,H100,5",
    )
    assert [(p.row, p.line) for p in found.problems()] == [(2, 6), (4, 10)]
    assert desk.given(found, "row", "file_line") == [(1, 2), (3, 7), (5, 11)]


def test_rows_over_many_blocks_keep_their_lines(desk):
    rows = [f"S{i},2025-06-01,{'A' * 400},Bharat DC,IN,H100,8" for i in range(9000)]
    rows[4321] = "S4321,2025-06-01,Acme,Bharat DC,IN,H100,eight"
    rows[7654] = 'S7654,2025-06-01,"A\nB",Bharat DC,IN,H100,8'
    rows[8999] = "S8999,2025-06-01,Acme,Bharat DC,IN,H100"
    found = desk.shipments(*rows)
    assert [(p.row, p.line) for p in found.problems()] == [(4322, 4323), (9000, 9002)]
    odd = found.con.execute("SELECT count(*) FROM given WHERE document <> 'S' || (row - 1)")
    assert odd.fetchone() == (0,)
    assert (found.rows, found.good, found.rejected) == (9000, 8998, 2)


EMPTY = [
    ",,,,,,",
    " , , , , , , ",
    ",,,,",
    ",,,,,,,,,",
    "   ",
    "\t",
    "\u00a0",
    '"",""',
    '" ",\u200b',
]


@pytest.mark.parametrize("line", EMPTY)
def test_rows_of_nothing_but_commas_are_counted_apart(desk, line):
    found = desk.shipments(GOOD, line, "", "\r", line)
    assert [str(p) for p in found.problems()] == []
    assert (found.rows, found.good, found.filtered) == (3, 1, {"empty row": 2})


@pytest.mark.parametrize("line", ["", "   ", ",,,,,,,", "\t\t", ";;;;", "\u00a0", " \r"])
def test_headings_below_empty_lines(desk, line):
    found = desk.read(f"{line}\n{line}\n{SHIPMENTS}\n{GOOD}\n{GOOD.replace('IN', 'Narnia')}\n")
    assert desk.given(found, "file_line") == [(4,)]
    assert [p.line for p in found.problems()] == [5]


def test_a_file_of_empty_lines(said):
    assert said(",,,\n,,,\n") == ["in.csv: holds no headings"]


def test_one_cell_is_said_to_be_one(desk):
    (problem,) = desk.shipments("S1").problems()
    assert problem.reason == "too few columns: 1 cell under 7 headings"
