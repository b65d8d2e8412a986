"""A mapping file: other headings, words, day forms and numbers; and what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.intake.store import Workspace
from tests.intake.conftest import GOOD, SHIPMENTS
from tests.intake.settings import real

THEIRS = "Ref;Datum;Absender;Empfänger;Konzern;Land;Chip;Menge;Wert;Status;Notiz\n"
MAP = """
source = "Zollamt"
[file]
delimiter = ";"
date_format = ["%d.%m.%Y", "%Y-%m-%d"]
decimal_comma = true
metadata = ["Notiz"]
[columns]
document = { columns = ["Ref", "Chip"], join = "/" }
exported_on = "Datum"
ultimate_consignee = ["Konzern", "Empfänger"]
destination = "Land"
chip = "Chip"
quantity = "Menge"
unit_value_usd = "Wert"
[fixed]
exporter = "Acme"
authorization = "NLR"
[values.destination]
"Indien" = "India"
"?" = ""
[number]
quantity = "round_15_digits"
[[filter]]
name = "planned"
column = "Status"
keep = ["da", "fast da"]
[[filter]]
name = "no chip"
column = "Chip"
empty = false
"""
ROWS = """7;1.6.2025;X;Bharat DC;;Indien;H100;30000,000000000004;20000,5;da;schön
8;02.06.2025;X;Bharat DC;Bharat; Indien ;H100;4,0;;fast da;
9;2025-06-03;X;Bharat DC;;SG;H100;5;;geplant;
10;2025-06-03;X;Bharat DC;;SG;;5;;da;
11;6/3/2025;X;Bharat DC;;?;H100;5,5;1.000,5;da;
"""


def test_a_mapped_file(desk):
    found = desk.read(THEIRS + ROWS, mapping=MAP)
    assert found.filtered == {"planned": 1, "no chip": 1}
    assert (found.rows, found.good, found.rejected) == (5, 2, 1)
    assert desk.given(
        found, "file_line", "source", "document", "effective_on", "consignee", "quantity", "details"
    ) == [
        (2, "Zollamt", "7/H100", _day("2025-06-01"), "Bharat DC", 30000, '{"Notiz":"schön"}'),
        (3, "Zollamt", "8/H100", _day("2025-06-02"), "Bharat", 4, None),
    ]
    assert (
        desk.given(found, "destination", "exporter", "authorization") == [("IN", "Acme", "NLR")] * 2
    )
    assert [str(p) for p in found.problems()] == [
        'in.csv:6, Datum "6/3/2025": is not a day written %d.%m.%Y or %Y-%m-%d, as the mapping '
        "file says",
        'in.csv:6, Land "?": is empty',
        'in.csv:6, Menge "5,5": is not a whole number',
        'in.csv:6, Wert "1.000,5": has a point, where the mapping file says decimal_comma',
    ]


def _day(text):
    from datetime import date

    return date.fromisoformat(text)


def test_decimal_comma(desk):
    headings = THEIRS.replace("Notiz", "Rest")
    mapping = MAP.replace('metadata = ["Notiz"]', "metadata = false").split("[number]")[0]
    found = desk.read(headings + "7;1.6.2025;X;B;;SG;H100;3;20000,50;;\n", mapping=mapping)
    assert desk.given(found, "unit_value_cents", "details") == [(2_000_050, None)]
    found = desk.read(headings + "7;1.6.2025;X;B;;SG;H100;3;20.000;;\n", mapping=mapping)
    assert [p.reason for p in found.problems()] == [
        "has a point, where the mapping file says decimal_comma"
    ]


def test_the_source_asked_for_comes_before_the_mapping_s(desk):
    found = desk.read(THEIRS + "8;02.06.2025;X;B;B;SG;H100;4;;da;\n", mapping=MAP, source="AES")
    assert desk.given(found, "source") == [("AES",)]


def test_a_mapping_that_names_what_is_not_there(said):
    mapping = MAP.replace('"Datum"', '"Dattum"').replace("chip = ", "chips = ")
    assert said(THEIRS + ROWS, mapping=mapping) == [
        "in.csv:1, Dattum: the mapping file (columns.exported_on) names this heading; the file "
        "has none such (nearest: Datum)",
        "in.csv:1, chips: the mapping file names a field that shipments do not have "
        "(nearest: chip)",
        "in.csv:1, chip: this heading is missing",
    ]


@pytest.mark.parametrize("columns", ["", '[columns]\nquantity = ["quantity", "n"]'])
def test_metadata_that_is_a_field_of_ours(said, columns):
    mapping = f'[file]\nmetadata = ["quantity"]\n{columns}'
    assert said(f"{SHIPMENTS},n\n{GOOD},7\n", mapping=mapping) == [
        "in.csv:1, quantity: is kept as what it is; the mapping file names it under metadata too: "
        "list there only other columns"
    ]


def test_metadata_that_the_mapping_takes_from_elsewhere(said):
    mapping = '[columns]\nquantity = "n"'
    assert said(f"{SHIPMENTS},n\n{GOOD},7\n", mapping=mapping) == [
        "in.csv:1, quantity: stands in the file too, and the mapping takes quantity from "
        "elsewhere; list under metadata what else to keep"
    ]


WRONG = [
    (
        "colums = 1",
        ' "colums": no such key; known are source, file, columns, fixed, filter, '
        "values, number (nearest: columns)",
    ),
    (
        '[file]\nsheets = "a"',
        ', file "sheets": no such key; known are delimiter, sheet, '
        "date_format, decimal_comma, metadata (nearest: sheet)",
    ),
    ('[file]\ndelimiter = "::"', ', file.delimiter "::": must be one of "," ";" "\\t" "|"'),
    ("[fixed]\nquantity = 8", ', fixed.quantity "8": must be text in quotes'),
    ('[fixed]\nquantity = ""', ", fixed.quantity: is empty; leave the line out"),
    (
        '[number]\nquantity = "round"',
        ', number.quantity "round": no such rule for numbers; known is round_15_digits',
    ),
    ('[[filter]]\ncolumn = "A"', ', filter "A": must say keep, drop or empty'),
    (
        '[columns]\nchip = "A"\n[fixed]\nchip = "B"',
        ", chip: stands in [columns] and in [fixed]; one of them, not both",
    ),
    ("[columns]\nlicence = []", ', columns.licence: must name their headings: licence = ["..."]'),
    (
        '[columns]\nlicence = { columns = ["A"], join = "\\u0000" }',
        ', columns.licence.join "\\0": holds the control character NUL',
    ),
    (
        '[fixed]\npurchaser = "X"\n[values.purchaser]\n"X " = " "',
        ', fixed.purchaser "X": is made empty by [values.purchaser]',
    ),
    ('[fixed]\nend_user = "   "', ", fixed.end_user: is empty; leave the line out"),
    (
        '[fixed]\nfacility = "x\\u0000y"',
        ', fixed.facility "x\\0y": holds the control character NUL',
    ),
    (
        '[values.facility]\nA = "x\\u0001"',
        ', values.facility "x\\x01": holds the control character U+0001',
    ),
    ('[values.facility]\nA = "x"\n" A" = "y"', ', values.facility "A": stands twice'),
    ('source = "  "', ", source: is empty; leave the line out"),
    ('source = "A\\u0000"', ', source "A\\0": holds the control character NUL'),
    (
        f'source = "{"A" * 501}"',
        f', source "{"A" * 77}...": holds 501 characters; a name may hold 500',
    ),
    (
        '[file]\ndate_format = "%Q"',
        ", file.date_format \"%Q\": is no form of a day: 'Q' is a bad directive in format '%Q'",
    ),
    ('[file]\ndate_format = ""', ", file.date_format: is no form of a day: it has no year"),
    (
        '[file]\ndate_format = "%d/%m"',
        ', file.date_format "%d/%m": is no form of a day: it has no year',
    ),
]


@pytest.mark.parametrize(("text", "problem"), WRONG)
def test_wrong_mapping_files(said, text, problem):
    assert said("x", mapping=text) == [f"map.toml{problem}"]


FORMS = ["%d %d %Y", "%Y-%m-%d %", "%Y\\u0000"]


@pytest.mark.parametrize("form", FORMS)
def test_a_form_of_days_that_python_will_not_read(said, form):
    (problem,) = said("x", mapping=f'[file]\ndate_format = "{form}"')
    assert problem.startswith("map.toml, file.date_format ")
    assert ": is no form of a day: " in problem


@pytest.mark.parametrize("form", ["%Y-%m", "%d.%m.%y", "%d %B %Y", "%Y-%j", "%Y-%m-%dT%H:%M:%S%z"])
def test_a_form_of_days_that_python_reads(desk, form):
    from ledger.intake import load_map

    path = desk.file(f'[file]\ndate_format = "{form}"', "map.toml")
    assert load_map(path).date_formats == (form,)


@pytest.mark.parametrize(
    ("forms", "cell", "day"),
    [
        (["%Y%m%d"], "20250111", "2025-01-11"),
        (["%Y%m%d"], "2025111", None),  # the 11th of January, or the 1st of November
        (["%d%m%Y"], "1122025", None),
        (["%d%m%Y", "%d%m%y"], "111125", "2025-11-11"),  # and not a day of the year 1125
        (["%Y%m%d %H%M%S"], "20250111 093000", "2025-01-11"),
        (["%Y%m%d %H%M%S"], "20250111 93000", None),
        (["%Y%m%d %H:%M"], "20250111 9:30", "2025-01-11"),
        (["%Y%j"], "2025011", "2025-01-11"),
        (["%Y%j"], "202511", None),
        (["%d%b%Y"], "1Jan2025", "2025-01-01"),
        (["%Y%m%d%H%M%S%f"], "202501110930005", "2025-01-11"),
        (["%m/%d/%Y"], "1/11/2025", "2025-01-11"),
    ],
)
def test_numbers_of_a_day_that_run_together_have_all_their_digits(desk, forms, cell, day):
    """Where nothing parts them, a digit that is missing could be missing from any."""
    written = ", ".join(f'"{form}"' for form in forms)
    row = f"S1,{cell},Acme,Bharat DC,IN,H100,8"
    found = desk.shipments(row, mapping=f"[file]\ndate_format = [{written}]")
    assert [str(on) for (on,) in desk.given(found, "effective_on")] == ([day] if day else [])
    said = f'exported_on "{cell}": is not a day written {" or ".join(forms)}'
    assert [str(p) for p in found.problems()] == (
        [] if day else [f"in.csv:2, {said}, as the mapping file says"]
    )


@pytest.mark.parametrize("field", ["document", "exported_on", "destination"])
def test_what_is_no_number_is_not_rounded(desk, said, field):
    """Document 0012 would be 12, and two of more than 15 digits would be one."""
    text = f"{SHIPMENTS}\n{GOOD}\n"
    told = f"in.csv:1, {field}: is no number; [number] of the mapping file is for numbers"
    assert said(text, mapping=f'[number]\n{field} = "round_15_digits"') == [told]
    for number in ("quantity", "unit_value_usd", "tpp"):
        assert said(text, mapping=f'[number]\n{number} = "round_15_digits"') == []


@pytest.mark.parametrize("name", ["", "  "])
def test_a_filter_is_called_something(said, name):
    mapping = f'[[filter]]\nname = "{name}"\ncolumn = "chip"\ndrop = ["H100"]'
    (told,) = said(f"{SHIPMENTS}\n{GOOD}\n", mapping=mapping)
    assert told == "map.toml, filter.name: is empty; leave the line out"


def test_blanks_around_what_a_mapping_says_go(desk):
    mapping = (
        'source = " Zollamt "\n[fixed]\nend_user = " Acme "\n[values.destination]\n" ? " = " IN "'
    )
    found = desk.shipments("S1,2025-06-01,Acme,Bharat DC,?,H100,8", mapping=mapping)
    assert [str(p) for p in found.problems()] == []
    assert desk.given(found, "source", "destination", "details") == [
        ("Zollamt", "IN", '{"end_user":"Acme"}')
    ]


def test_blanks_around_the_words_of_a_filter_go(desk):
    mapping = '[[filter]]\nname = "abroad"\ncolumn = "destination"\nkeep = [" IN "]'
    assert desk.shipments(GOOD, mapping=mapping).good == 1


def test_a_mapping_that_is_no_toml(said):
    (problem,) = said("x", mapping="source = ")
    assert problem.startswith("map.toml: not a TOML file: ")


def test_a_mapping_that_is_nested_without_end(said):
    (problem,) = said("x", mapping=f"source = {'[' * 5000}{']' * 5000}")
    assert problem == "map.toml: not a TOML file: it is nested too deep to be read"


def test_a_fixed_value_is_checked_before_any_row(said):
    mapping = MAP.replace('authorization = "NLR"', 'authorization = "NLRR"')
    assert said(THEIRS + ROWS, mapping=mapping) == [
        'in.csv:1, authorization "NLRR": the mapping file (fixed): no such authorization in this '
        "regime (nearest: NLR)"
    ]


HOUSE = Path(__file__).parents[2]
REAL = HOUSE.parent / "shared" / "data" / "gpu_clusters.2025-11.csv"


@pytest.mark.skipif(not REAL.exists(), reason="the data are not kept with the project")
def test_real_clusters_are_all_accounted_for(desk):
    from ledger.intake import load_map, read
    from schemas.kinds import FileKind

    mapping = load_map(HOUSE / "docs" / "examples" / "gpu_clusters.toml")
    found = read(REAL, FileKind.SHIPMENTS, real(), mapping, workspace=Workspace(desk.workspace))
    desk.open.append(found)
    assert found.rows == 786
    assert found.filtered == {
        "not existing": 177,
        "possible duplicate": 93,
        "no country": 19,
        "no chip": 221,
    }
    assert [(p.line, p.column, p.value, p.reason) for p in found.problems()] == [
        (224, "First Operational Date", "", "is empty"),
        (275, "First Operational Date", "", "is empty"),
        (290, "Chip type (primary)", "PEZY-SC2", "no such chip in the catalogue"),
        (487, "Chip type (primary)", "Google TPU v1", "no such chip in the catalogue"),
        (526, "Chip type (primary)", "PEZY-SC2", "no such chip in the catalogue"),
        (830, "Chip type (primary)", "Cerebras CS-2", "no such chip in the catalogue"),
    ]
    assert (found.good, found.rejected, found.repeated) == (270, 6, 0)
    assert desk.given(found, "document", "consignee", "destination", "chip", "quantity")[0] == (
        "xAI Colossus Memphis Phase 3",
        "xAI",
        "US",
        "nvidia-h100-sxm",
        200_000,
    )


def test_the_mapping_in_the_docs_is_read(desk):
    from ledger.intake import load_map

    text = (HOUSE / "docs" / "import.md").read_text(encoding="utf-8")
    example = text.split("```toml\n")[1].split("```")[0]
    mapping = load_map(desk.file(example, "map.toml"))
    assert mapping.columns["document"].join == "/"
    assert mapping.filters[0].keep == frozenset({"Done"})
