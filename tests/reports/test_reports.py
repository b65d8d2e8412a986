"""The other reports, how reports are asked for, and what they load."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

import reports
from reports import render
from reports.frame import as_frame
from reports.table import table_lines
from tests.reports.copies import copy_of
from tests.reports.example import example
from tests.reports.golden import AS_OF, HOLDER, rendered

SQL = Path(reports.__file__).parent / "sql"


def rows(name: str, folder: Path, *columns: str, **variables: object) -> list[tuple[object, ...]]:
    """Some columns of a report's rows."""
    with reports.run(name, folder, {"as_of": AS_OF, **variables}) as result:
        at = [[c.name for c in result.columns].index(name) for name in columns]
        return [tuple(row[n] for n in at) for row in result.rows()]


def test_a_statement_runs_from_opening_to_closing(copy):
    found = rows("statement", copy, "kind", "remaining_mtpp", holder="PL", from_on="2025-03-05")
    assert [kind for kind, _ in found] == [
        "opening", "export", "uplift", "export", "reversal", "closing",
    ]  # fmt: skip
    assert found[0][1] == 156_720_000_000
    assert [amount for _, amount in found[-2:]] == [314_720_000_000] * 2


def test_a_statement_closes_with_what_the_report_says_remains(copy):
    for holder, amount in rows("remaining", copy, "holder", "remaining_mtpp"):
        assert rows("statement", copy, "remaining_mtpp", holder=holder)[-1] == (amount,)


@pytest.mark.parametrize(
    ("variables", "seqs"),
    [
        ({}, [3, 5, 6, 7]),
        ({"notes": "yes"}, [3, 5, 6, 6, 7]),
        ({"code": "over_limit"}, [3, 6, 7]),
        ({"kind": "refusal"}, [7]),
        ({"holder": "Kleinhandel"}, [6]),
        ({"as_of": "2025-03-31"}, [3, 5]),
        ({"known_at": "seq:5"}, [3, 5]),
    ],
)
def test_breaches(copy, variables, seqs):
    assert [s for (s,) in rows("breaches", copy, "seq", **variables)] == seqs


def test_a_licence_is_drawn_down_and_a_reversed_draw_is_none(copy):
    found = rows("licences", copy, "drawn_mtpp", "held_mtpp", "returned_mtpp", licence="L-1")
    assert found == [(474_960_000_000, 158_320_000_000, 158_320_000)]
    before = rows("licences", copy, "drawn_mtpp", licence="L-1", known_at="seq:9")
    assert before == [(476_543_200_000,)]


def test_a_licence_expires(copy):
    assert rows("licences", copy, "state", licence="L-2", as_of="2025-12-31") == [("open",)]
    assert rows("licences", copy, "state", licence="L-2", as_of="2026-01-01") == [("overdue",)]


@pytest.mark.parametrize(
    ("variables", "seqs"),
    [
        ({"party": "MEGHA"}, [16, 17]),
        ({"document": "B-2"}, [12, 13]),
        ({"from_on": "2025-06-15", "as_of": "2025-06-19"}, [16]),
        ({"flag": "over_limit"}, [3, 6, 7]),
        ({"kind": "licence", "limit": 2}, [16, 17]),
        ({"authorization": "LPP"}, [6]),
        ({"submission": 4}, [6, 7]),
        ({"party": "nobody"}, []),
    ],
)
def test_movements_are_found(copy, variables, seqs):
    assert [s for (s,) in rows("movements", copy, "seq", **variables)] == seqs


def test_a_reversed_movement_says_by_what(copy):
    found = rows("movements", copy, "reversed_by_seq", document='=H("x")')
    assert found == [(10,), (None,)]


@pytest.mark.parametrize("name", reports.names())
def test_each_report_runs_in_duckdb_alone(copy, name, monkeypatch):
    """As a person would: in the copy's folder, `.read views.sql`, then the report's file."""
    monkeypatch.chdir(copy)
    with duckdb.connect() as connection:
        connection.execute("SET VARIABLE as_of = DATE '2025-07-31'")
        connection.execute("SET VARIABLE holder = 'PL'")
        connection.execute(Path("views.sql").read_text())
        alone = connection.execute((SQL / f"{name}.sql").read_text()).fetchall()
    with reports.run(name, copy, {"as_of": AS_OF} | _holder(name)) as result:
        assert list(result.rows()) == alone


def _holder(name: str) -> dict[str, str]:
    knows = any(v.name == "holder" for v in reports.report(name).variables)
    return {"holder": "PL"} if knows else {}


@pytest.mark.parametrize("name", reports.names())
def test_each_heading_names_what_the_sql_uses(name):
    report = reports.report(name)
    used = set(re.findall(r"getvariable\('(\w+)'\)", report.sql))
    assert used == {v.name for v in report.variables}
    assert report.question.endswith((".", "?"))
    body = re.sub(r"--.*", "", report.sql)
    assert body.count(";") == 1
    assert not re.search(r"\bqualify\b|\bpivot\b|group by all|order by all", body)


@pytest.mark.parametrize("name", reports.names())
def test_each_narrow_table_names_columns_there_are(copy, name):
    with reports.run(name, copy, HOLDER.get(name)) as result:
        assert set(result.report.first) <= {c.name for c in result.columns}


@pytest.mark.parametrize("name", reports.names())
def test_a_copy_of_nothing_is_reported(tmp_path, name):
    folder = copy_of(tmp_path, {})
    with reports.run(name, folder, HOLDER.get(name)) as result:
        assert list(result.rows()) == []
        assert "(nothing)" in list(table_lines(result, 80))


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_a_table_keeps_to_the_terminal(copy, width):
    for name in reports.names():
        with reports.run(name, copy, HOLDER.get(name)) as result:
            assert max(map(len, table_lines(result, width))) <= width


@pytest.mark.parametrize(
    ("name", "variables", "said"),
    [
        ("remainin", {}, 'there is no report "remainin" (nearest: remaining)'),
        ("remaining", {"hodler": "PL"}, 'knows no "hodler" (nearest: holder)'),
        ("remaining", {"as_of": "2025-02-30"}, "is no day"),
        ("remaining", {"as_of": "infinity"}, "is no day"),
        ("remaining", {"as_of": "20250230"}, "is no day"),
        ("remaining", {"known_at": "yesterday"}, "is no instant"),
        ("remaining", {"known_at": "20261128"}, "is no instant; write 2026-11-23"),
        ("remaining", {"known_at": "2026-W48-6"}, "is no instant"),
        ("remaining", {"known_at": "0001-01-01T00:00:00+05:00"}, "is no instant"),
        ("remaining", {"known_at": "9999-12-31T23:00:00-05:00"}, "is no instant"),
        ("remaining", {"known_at": "seq:1", "known_seq": 1}, "say the same"),
        (
            "statement",
            {"holder": "PL", "from_on": date(2028, 1, 1), "as_of": "2026-01-01"},
            "the period begins on 2028-01-01, after its last day, 2026-01-01",
        ),
        ("authorizations", {"from_on": "9999-12-31"}, "begins on 9999-12-31, after its last day"),
        ("remaining", {"known_at": "seq:18"}, "has only 17 movements"),
        ("remaining", {"known_at": "seq:-1"}, "is no whole number"),
        ("movements", {"limit": "1.5"}, "is no whole number"),
        ("statement", {}, "needs: holder"),
        ("licences", {"state": "opn"}, 'no state "opn" (nearest: open'),
        ("licences", {"state": "typo"}, 'no state "typo"; state may be: open, overdue, suspended'),
        ("remaining", {"status": "Over"}, 'no status "Over" (nearest: over'),
        ("remaining", {"budget": "countries"}, 'no budget "countries" (nearest: country)'),
        ("remaining", {"window": "2024"}, 'no window "2024" (nearest: 2025'),
        ("breaches", {"code": "over_limits"}, 'no code "over_limits" (nearest: over_limit)'),
        ("breaches", {"kind": "refusals"}, 'no kind "refusals" (nearest: refusal'),
        ("breaches", {"notes": "all"}, 'no notes "all"; notes may be: yes, no'),
        ("movements", {"flag": "over"}, 'no flag "over"'),
        ("movements", {"destination": "Poland"}, 'no destination "Poland"'),
        ("movements", {"authorization": "LLP"}, 'no authorization "LLP" (nearest: LPP)'),
        ("restatement", {"every": "always", **HOLDER["restatement"]}, 'no every "always"'),
    ],
)
def test_wrong_use_says_what_and_why(copy, name, variables, said):
    with pytest.raises(reports.WrongUse, match=re.escape(said)):
        reports.run(name, copy, variables)


def test_what_a_ledger_knows_and_nothing_was_moved_under_is_an_empty_answer(copy):
    for name, asked in (
        ("movements", {"authorization": "AIA"}),
        ("movements", {"destination": "AU"}),
        ("movements", {"kind": "lapse"}),
        ("licences", {"state": "revoked"}),
        ("remaining", {"status": "future"}),
    ):
        assert rows(name, copy, **asked) == []


CLOSED = [
    (report.name, variable.name)
    for report in reports.reports()
    for variable in report.variables
    if variable.name in ("state", "status")
]


@pytest.mark.parametrize(("name", "column"), CLOSED)
def test_the_states_that_may_be_asked_for_are_those_there_are(name, column):
    """One that the heading leaves out could not be asked for."""
    report = reports.report(name)
    (asked,) = (v for v in report.variables if v.name == column)
    before, told, _ = report.sql.rpartition(f" end as {column}\n")
    before, told, _ = (before, told, _) if told else report.sql.rpartition(f" end as {column},\n")
    cases = before.rpartition("case")[2]
    assert set(asked.words) == set(re.findall(r"(?:then|else) '([^']+)'", cases))


def test_no_copy_is_said(tmp_path):
    with pytest.raises(reports.NoCopy, match="no copy of a ledger"):
        reports.run("remaining", tmp_path)


def test_a_file_is_replaced_whole_and_a_csv_has_its_about_beside_it(copy, tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("before")
    with reports.run("remaining", copy, {"as_of": AS_OF}) as result:
        with pytest.raises(KeyError):
            render.save(result, "docx", path)
        assert path.read_text() == "before"
        render.save(result, "csv", path)
        assert path.read_text().startswith("holder,name,budget")
        about = json.loads((tmp_path / "r.csv.about.json").read_text())
        assert about == result.about
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.csv", "r.csv.about.json"]


def test_json_carries_amounts_as_text(copy):
    out = io.BytesIO()
    with reports.run("remaining", copy, {"holder": "IN", "as_of": AS_OF}) as result:
        render.write(result, "json", out)
    (row,) = json.loads(out.getvalue())["rows"]
    assert (row["remaining_tpp"], row["h100_equivalents"]) == ("-0.125", -1)


def test_a_frame_keeps_every_digit(copy):
    with reports.run("breaches", copy) as result:
        frame = as_frame(result)
    assert str(frame["limit_mtpp"].dtype) == "Int64"
    assert str(frame["seq"].dtype) == "int64"
    assert frame["short_mtpp"].tolist()[0] == 1_600_000_000
    assert frame["limit_mtpp"].isna().tolist() == [False, True, False, False]
    assert frame.attrs["about"]["report"] == "breaches"


def test_a_destination_without_a_budget_has_a_name(tmp_path):
    shipment = {"submission": 1, "kind": "export", "effective_on": date(2025, 3, 1)}
    to = {"destination": "AU", "authorization": "AIA", "quantity": 1, "amount_mtpp": 1}
    about = {"submission": 1, "topic": "country", "key": "AU", "value": "Australia"}
    folder = copy_of(tmp_path, {"movement": [{"seq": 1, **shipment, **to}], "about": [about]})
    assert rows("authorizations", folder, "destination", "name") == [("AU", "Australia")]


def test_the_state_is_that_of_the_day(copy):
    for day, state in [("2025-02-01", "in force"), (AS_OF, "codified; not enforced since")]:
        with reports.run("remaining", copy, {"as_of": day}) as result:
            assert result.about["state"]["sentence"].startswith(state)


def test_only_the_options_that_touch_a_report_are_printed(copy):
    options = {}
    for name in ("remaining", "authorizations"):
        with reports.run(name, copy) as result:
            options[name] = result.about["options"]
    assert options["remaining"] == {"cap_basis": "licensed"}
    assert options["authorizations"] == {"cap_basis": "licensed", "nveu_account": "owner"}


def test_a_report_loads_neither_pandas_nor_sqlalchemy(copy):
    code = (
        "import io, sys, reports; from reports import render; from pathlib import Path\n"
        f"r = reports.run('remaining', Path({str(copy)!r}))\n"
        "for f in render.FORMATS: render.write(r, f, io.BytesIO(), 120)\n"
        "print(*{m.partition('.')[0] for m in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"pandas", "sqlalchemy", "pyarrow", "rich", "ledger"}
    assert "duckdb" in loaded


DOCS = Path(__file__).parents[2] / "docs" / "reports.md"


@pytest.mark.parametrize("name", reports.names())
def test_every_column_is_explained_in_the_docs(copy, name):
    section = DOCS.read_text().split(f"## {name}\n")[1].split("\n## ")[0]
    explained = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    with reports.run(name, copy, HOLDER.get(name)) as result:
        assert explained == [c.name for c in result.columns]


def test_the_docs_name_each_column_whose_text_may_be_empty_and_not_null(tmp_path):
    said = DOCS.read_text().split("Empty text")[1].split("\n\n")[0]
    named = set(re.findall(r"`(\w+)` of `(\w+)`", said))
    found = set()
    for name, content in rendered(example(tmp_path)):
        if name.endswith(".json"):
            report = name.removesuffix(".json")
            cells = [cell for row in json.loads(content)["rows"] for cell in row.items()]
            found |= {(column, report) for column, value in cells if value == ""}
    assert found == {("flags", "movements"), ("facility", "facilities"), ("tally", "late")}
    assert found <= named


def test_a_report_that_needs_more_memory_is_begun_again_with_more(copy, monkeypatch):
    enough = rows("remaining", copy, "holder", "remaining_mtpp")
    monkeypatch.setattr("reports.runner._MEMORY", ("1MB", "256MB"))
    assert rows("remaining", copy, "holder", "remaining_mtpp") == enough
    monkeypatch.setattr("reports.runner._MEMORY", ("1MB", "1MB"))
    with pytest.raises(MemoryError, match="the report remaining: "):
        rows("remaining", copy, "holder")
