"""`tpp due` and `tpp done`, as a person uses them."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
from icalendar import Calendar

SHIP = (
    "ship --exported-on 2025-06-02 --exporter Acme --ultimate-consignee Bharat"
    " --destination Poland --authorization LPP --chip nvidia-h100-sxm --quantity 5"
    " --certificate-on 2025-06-01 --document "
)
ASKED = "due --duty lpp_certificate_copy --as-of 2025-06-20"


@pytest.fixture
def shipped(folder, tpp):
    """Two small orders of one day."""
    for document in ("S-1", "S-2"):
        assert tpp(SHIP + document).exit_code == 0
    return folder


def rows(text):
    """The rows of a CSV by heading."""
    return list(csv.DictReader(io.StringIO(text)))


def test_what_is_due_is_said_with_its_reason_and_done_with_its_reference(shipped, tpp):
    first, second = rows(tpp(ASKED).stdout)
    assert first["state"] == "open"
    assert first["why"].startswith("shipment S-")
    done = tpp(f"done {first['id']} --reference EAR-7 --on 2025-06-10")
    assert (done.exit_code, done.stdout) == (0, "recorded, seq 4\n")
    again = tpp(f"done {first['id']} --reference EAR-7 --on 2025-06-10")
    assert (again.exit_code, again.stdout) == (0, "already recorded, seq 4\n")
    left, filed = rows(tpp(ASKED).stdout)
    assert (left["id"], left["state"]) == (second["id"], "open")
    assert (filed["state"], filed["done_on"], filed["reference"]) == (
        "done",
        "2025-06-10",
        "EAR-7",
    )
    assert [row["id"] for row in rows(tpp(f"{ASKED} --state open").stdout)] == [second["id"]]
    tpp("reverse", "4", "--reason", "not filed")
    assert {row["state"] for row in rows(tpp(ASKED).stdout)} == {"open"}


def test_a_slip_in_the_id_is_a_problem_that_names_the_nearest(shipped, tpp):
    one = rows(tpp(ASKED).stdout)[0]["id"]
    slip = one[:-1] + ("0" if one[-1] != "0" else "1")
    done = tpp(f"done {slip} --reference EAR-7")
    assert (done.exit_code, done.stdout) == (2, "")
    assert f'status "{slip}": there is no such duty (nearest: {one}' in done.stderr


def test_a_file_marks_many_and_rejects_what_is_no_duty(shipped, tpp):
    ids = [row["id"] for row in rows(tpp(ASKED).stdout)]
    lines = [f"D{n},duty_done,2025-06-11,Acme,{one},EAR-{n}" for n, one in enumerate(ids)]
    lines.append("D9,duty_done,2025-06-11,Acme,lpp_certificate_copy-0,EAR-9")
    head = "document,kind,effective_on,party,status,reference"
    (shipped / "filed.csv").write_text("\n".join([head, *lines]) + "\n")
    done = tpp("import filed.csv --as declarations")
    assert done.exit_code == 5
    assert "there is no such duty" in done.stderr
    assert [row["reference"] for row in rows(tpp(ASKED).stdout)] == ["EAR-0", "EAR-1"]


def test_a_calendar_has_an_all_day_entry_and_an_alarm_for_each(shipped, tpp):
    told = tpp(f"{ASKED} -o due.ics")
    assert told.stderr == "wrote due.ics (2 entries)\n"
    written = (shipped / "due.ics").read_bytes()
    assert tpp(f"{ASKED} --format ics").stdout_bytes == written
    events = Calendar.from_ical(written).walk("VEVENT")
    ids = {row["id"] for row in rows(tpp(ASKED).stdout)}
    assert {str(event["uid"]).partition("@")[0] for event in events} == ids
    for event in events:
        assert event.decoded("dtstart") == date(2025, 7, 2)
        assert event.decoded("dtend") == date(2025, 7, 3)
        (alarm,) = event.walk("VALARM")
        assert alarm.decoded("trigger") == timedelta(days=-7)
        assert "15 CFR 740.29(g)(1)" in str(event["description"])
    assert max(map(len, written.split(b"\r\n"))) <= 75


def test_what_is_done_stays_in_the_calendar_without_an_alarm(shipped, tpp):
    for row in rows(tpp(ASKED).stdout):
        tpp(f"done {row['id']} --reference EAR-7 --on 2025-06-10")
    calendar = Calendar.from_ical(tpp(f"{ASKED} --format ics").stdout_bytes)
    assert [str(e["summary"])[:6] for e in calendar.walk("VEVENT")] == ["Done: ", "Done: "]
    assert calendar.walk("VALARM") == []


def test_only_whom_and_until_when_it_is_asked_for(shipped, tpp):
    assert rows(tpp(f"{ASKED} --for nobody").stdout) == []
    assert rows(tpp(f"{ASKED} --by 2025-07-01").stdout) == []
    assert len(rows(tpp(f"{ASKED} --by 2025-07-02 --for acme").stdout)) == 2


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("due --duty lpp_certificate_cpy", 'there is no duty "lpp_certificate_cpy" (nearest: '),
        ("due --by tomorrow", 'by: "tomorrow" is no day; write it as 2026-11-23'),
        ("due -o no/due.ics", "there is no folder no"),
    ],
)
def test_a_wrong_question(shipped, tpp, command, sentence):
    done = tpp(command)
    assert (done.exit_code, done.stdout) == (2, "")
    assert sentence in done.stderr
