"""The same key twice in one file, two spellings of one party, and what happens to rejects."""

from __future__ import annotations

import csv

from tests.intake.conftest import GOOD, SHIPMENTS


def test_the_same_row_twice_is_counted_once(desk):
    found = desk.shipments(GOOD, GOOD, GOOD.replace("S1", "S2"), GOOD.replace("Acme", " Acme "))
    assert (found.rows, found.good, found.repeated, found.rejected) == (4, 2, 2, 0)
    assert desk.given(found, "row") == [(1,), (3,)]
    assert found.warnings == [
        "2 rows repeat an earlier row of the file word for word: counted once"
    ]


def test_the_same_key_with_other_content_names_the_field(desk):
    rows = [GOOD, GOOD.replace(",8", ",9"), GOOD.replace("Bharat DC", "Other") + "0"]
    found = desk.shipments(*rows)
    assert [str(p) for p in found.problems()] == [
        'in.csv:3, quantity "9": S1 line 1 stands in line 2 of the file already, there with "8"',
        'in.csv:4, ultimate_consignee "Other": S1 line 1 stands in line 2 of the file already, '
        'there with "Bharat DC"',
    ]
    assert (found.rows, found.good, found.rejected) == (3, 1, 2)
    assert desk.given(found, "quantity") == [(8,)]


def test_other_content_in_a_field_without_a_column(desk):
    found = desk.shipments(f"{GOOD},x", f"{GOOD},y", more=",end_user")
    assert [(p.column, p.value) for p in found.problems()] == [("end_user", "y")]


def test_a_key_is_source_document_and_line(desk):
    rows = [f"{GOOD},1", f"{GOOD},2", f"{GOOD.replace('Acme', 'Other')},1"]
    assert desk.shipments(*rows, more=",line").good == 3
    assert desk.shipments(*rows, more=",line", source="AES").good == 2


def test_two_spellings_of_one_party_are_warned_of(desk):
    rows = [
        "S1,2025-06-01,Acme Ltd,Bharat DC,IN,H100,8",
        "S2,2025-06-01,ACME Limited,Société Générale S.A.,IN,H100,8",
        "S3,2025-06-01,Acme Inc,Societe Generale SA,IN,H100,8",
        "S4,2025-06-01,上海,北京,IN,H100,8",
        "S5,2025-06-01,!!,??,IN,H100,8",
    ]
    join = "If so, write one name, or join them with a declaration of kind party_merged: "
    assert desk.shipments(*rows).warnings == [
        '"ACME Limited" and "Acme Ltd" may be one party. '
        f"{join}party ACME Limited, other_party Acme Ltd",
        '"Societe Generale SA" and "Société Générale S.A." may be one party. '
        f"{join}party Societe Generale SA, other_party Société Générale S.A.",
    ]


REJECTED = '''document,exported_on,exporter,ultimate_consignee,destination,chip,quantity,remark
S1,2025-06-01,Acme,Bharat DC,IN,H100,8,fine
S2,2025-06-01,Acme,"Line
break ""x""",IN,H100,0,"=HYPERLINK(""http://x"")"
S3,2025-06-01,'=A1,Bharat DC,Indja,H1000,-8,+49 30
S4,2025-06-01,Acme,Bharat DC,IN,H100,8,a,b,c
S1,2025-06-01,Acme,Bharat DC,IN,H100,9,@x
'''


def test_rejects_are_the_rows_as_they_were(desk):
    found = desk.read(REJECTED)
    out = desk.folder / "rejects.csv"
    assert found.write_rejects(out) == found.rejected == 4
    rows = list(csv.reader(out.read_text().splitlines(keepends=True)))
    assert rows[0] == ["file_line", "problems", *REJECTED.split("\n")[0].split(",")]
    assert rows[1] == [
        "3",
        'quantity "0": is 0; a count starts at 1',
        *["S2", "2025-06-01", "Acme", 'Line\nbreak "x"', "IN", "H100", "0"],
        '\'=HYPERLINK("http://x")',
    ]
    assert rows[2][1] == (
        'destination "Indja": no such country (nearest: India); '
        'chip "H1000": no such chip in the catalogue (nearest: H100); '
        'quantity "-8": is negative; a count starts at 1'
    )
    assert rows[2][4] == "''=A1"
    assert rows[2][8:] == ["-8", "'+49 30"]
    assert rows[3] == [
        "6",
        "too many columns: 10 cells under 8 headings",
        *["S4", "2025-06-01", "Acme", "Bharat DC", "IN", "H100", "8", "a", "b", "c"],
    ]
    assert rows[4][0] == "7"


def test_mended_rejects_can_be_imported_as_they_are(desk):
    out = desk.folder / "rejects.csv"
    desk.read(REJECTED).write_rejects(out)
    text = out.read_text().replace(",0,", ",7,").replace("Indja", "India").replace("H1000", "H100")
    found = desk.read(text.replace("-8", "6").replace(",8,a,b,c", ",8,a"))
    assert [str(p) for p in found.problems()] == []
    expected = [
        ("S2", "Acme", 7, '{"remark":"=HYPERLINK(\\"http://x\\")"}'),
        ("S3", "'=A1", 6, '{"remark":"+49 30"}'),
        ("S4", "Acme", 8, '{"remark":"a"}'),
        ("S1", "Acme", 9, '{"remark":"@x"}'),
    ]
    assert desk.given(found, "document", "exporter", "quantity", "details") == expected


def test_rejects_of_rejects_are_those_of_the_first_file(desk):
    """Whoever mends only some of them gets the others back as they were, with new reasons."""
    first, second, third = (desk.folder / f"{n}.csv" for n in (1, 2, 3))
    desk.read(REJECTED).write_rejects(first)
    desk.read(first.read_text()).write_rejects(second)
    desk.read(second.read_text()).write_rejects(third)
    rows, once, again = (
        list(csv.reader(path.read_text().splitlines())) for path in (first, second, third)
    )
    assert once == again
    assert once[0] == rows[0]
    assert all(row[2:] in [one[2:] for one in rows] for row in once)
    assert len(once) > 2


def test_a_carriage_return_at_the_end_of_a_rejected_row_stays(desk):
    out = desk.folder / "rejects.csv"
    desk.shipments('S1,2025-06-01,A,B,Narnia,H100,8,"x\ry\r"', more=",remark").write_rejects(out)
    assert out.read_bytes().endswith(b',8,"x\ry\r"\n')


def test_no_rejects_no_rows(desk):
    out = desk.folder / "rejects.csv"
    assert desk.read(f"{SHIPMENTS}\n{GOOD}\n").write_rejects(out) == 0
    assert out.read_text().count("\n") == 1
