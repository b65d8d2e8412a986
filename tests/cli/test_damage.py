"""A copy that took damage: whoever reads it gets the answer it would have had."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import ledger
from ledger import asking
from ledger.cli import main
from ledger.publish import from_sqlite
from ledger.storage.errors import StoreUnavailable
from tests.cli.conftest import APPLY, ISSUE, SHIP
from tests.publish.harm import HARMS, another_figure, flipped, unreadable

Harm = Callable[[Path], None]
Answer = tuple[int, str, str]


@pytest.fixture(scope="module")
def kept(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with a licence, a shipment, a refusal and a closed quarter, to be copied."""
    from click.testing import CliRunner

    path = tmp_path_factory.mktemp("kept") / "tpp-ledger.db"
    shutil.copy(made, path)
    where = ["--ledger", str(path)]
    for line in (ISSUE + "46000", SHIP + "100", APPLY + "9000", "quarter close 2025Q3"):
        CliRunner().invoke(main, [*line.split(), *where], prog_name="tpp")
    shutil.rmtree(f"{path}.copy")
    return path


@pytest.fixture
def books(empty: Path, kept: Path) -> Path:
    """That ledger in the current folder; where its copy will stand."""
    shutil.copy(kept, empty / "tpp-ledger.db")
    return empty / "tpp-ledger.db.copy"


READERS = """\
report remaining
report statement India
report breaches --format json
report quarters --format table
status --as-of 2026-06-30
status India --as-of 2026-06-30
movements
movements --party bharat
due --as-of 2026-06-30
due --format ics --as-of 2026-06-30
quarter list
quarter report 2025Q3
quarter report 2026Q1
policy replay adopted adopted
""".splitlines()


def assert_answered(tpp, books: Path, harm: Harm, commands: list[str]) -> None:
    """Over a copy that takes damage before each command, every answer is that of a sound one."""

    def answer(command: str) -> Answer:
        done = tpp(command)
        return done.exit_code, done.stdout, done.stderr

    sound = {command: answer(command) for command in commands}
    assert {code for code, _, _ in sound.values()} == {0}
    for command in commands:
        harm(books)
        assert answer(command) == sound[command], command


def test_every_command_answers_over_a_copy_that_cannot_be_read(books, tpp):
    assert_answered(tpp, books, unreadable, READERS)


@pytest.mark.parametrize("harm", HARMS, ids=[harm.__name__ for harm in HARMS])
def test_every_harm_is_mended(books, tpp, harm):
    commands = ["report remaining", "quarter report 2025Q3", "policy replay adopted adopted"]
    assert_answered(tpp, books, harm, commands)


def test_a_folder_of_quarter_reports_is_what_a_sound_copy_gives(books, tpp):
    tpp("quarter report 2025Q3 -o sound")
    unreadable(books)
    done = tpp("quarter report 2025Q3 -o again")
    assert done.exit_code == 0, done.stderr
    for path in Path("sound").iterdir():
        assert (Path("again") / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("harm", [unreadable, flipped])
def test_a_quarter_is_closed_with_the_report_of_a_sound_copy(books, tpp, harm, kept):
    def digest() -> str:
        return tpp("quarter close 2026Q1").stdout.split()[-1]

    tpp("report remaining")
    sound = digest()
    shutil.rmtree(books)
    shutil.copy(kept, "tpp-ledger.db")
    tpp("report remaining")
    harm(books)
    assert digest() == sound
    assert tpp("quarter report 2026Q1").exit_code == 0


def test_a_quarter_is_verified_over_a_sound_copy(books, tpp):
    tpp("report remaining")
    flipped(books)
    assert "verified" in tpp("quarter report 2025Q3").stderr


def test_the_demo_is_shown_over_a_damaged_copy(empty, tpp):
    shown = tpp("demo")
    unreadable(empty / "tpp-demo.db.copy")
    again = tpp("demo")
    assert (again.exit_code, again.stdout) == (0, shown.stdout)


def test_a_duty_is_done_over_a_damaged_copy(empty, tpp):
    tpp("demo")
    with ledger.open("tpp-demo.db") as opened:
        one, other, third, *_ = opened.due()["id"]
        unreadable(empty / "tpp-demo.db.copy")
        assert opened.done(one, "R-1", on="2026-06-30").count == 1
    unreadable(empty / "tpp-demo.db.copy")
    done = tpp(f"done {other} --reference R-2 --on 2026-06-30 --ledger tpp-demo.db")
    assert (done.exit_code, "bug" in done.stderr) == (0, False)
    unreadable(empty / "tpp-demo.db.copy")
    said = f"record declarations kind=duty_done party=ledger document={third} reference=R-3"
    told = tpp(f"{said} status={third} effective_on=2026-06-30 --ledger tpp-demo.db")
    assert (told.exit_code, "bug" in told.stderr) == (0, False), told.stderr


VERBS: list[Callable[[ledger.Ledger], pd.DataFrame]] = [
    lambda books: books.report("remaining"),
    lambda books: books.report("statement", holder="India"),
    lambda books: books.status("India"),
    lambda books: books.due(),
    lambda books: books.movements(party="bharat"),
]


@pytest.mark.parametrize("harm", [unreadable, another_figure])
def test_every_verb_answers_as_over_a_sound_copy(books, harm):
    with ledger.open("tpp-ledger.db") as opened:
        for verb in VERBS:
            sound = verb(opened)
            harm(books)
            assert verb(opened).equals(sound)


@pytest.mark.parametrize("harm", [unreadable, flipped])
def test_a_quarter_is_closed_from_python_over_a_damaged_copy(books, harm):
    with ledger.open("tpp-ledger.db") as opened:
        opened.refresh()
        harm(books)
        assert opened.close_quarter("2026Q1").count == 1
        (details,) = opened.movements(kind="quarter_close", document="2026Q1")["details"]
    with ledger.open("tpp-ledger.db") as opened:
        shutil.rmtree(books)
        opened.reverse(6, "once more")
        again = opened.close_quarter("2026Q1").first_seq
        frame = opened.movements(kind="quarter_close", document="2026Q1")
    (other,) = frame.loc[frame["seq"] == again, "details"]
    assert json.loads(details)["report"] == json.loads(other)["report"]


def test_check_tells_of_a_file_that_is_not_as_it_was_written(books, tpp):
    tpp("report remaining")
    assert "ok    copy: " in tpp("check").stdout
    flipped(books)
    done = tpp("check")
    assert done.exit_code == 4
    assert "FAIL  copy: " in done.stdout
    assert "is not as it was written" in done.stdout
    assert done.stderr.splitlines()[-1] == "1 of 18 invariants fail: copy"
    with ledger.open("tpp-ledger.db") as opened:
        assert [one.name for one in opened.check() if not one.holds] == ["copy"]
    shutil.rmtree(books)
    assert tpp("check").exit_code == 0
    assert not os.path.exists(books)


@pytest.mark.parametrize("what", ["the folder", "a file", "the manifest"])
def test_a_copy_that_is_deleted_meanwhile_is_built_again(books, monkeypatch, what):
    """Between its being brought up to date and its being read: it may be deleted at any time."""
    with ledger.open("tpp-ledger.db") as opened:
        sound = opened.report("remaining", as_of="2026-06-30")
        fresh = asking.fresh_copy
        asked: list[Path] = []

        def deleted(url: str) -> Path:
            folder = fresh(url)
            if not asked:
                if what == "the folder":
                    shutil.rmtree(folder)
                elif what == "a file":
                    next(folder.glob("budget-*.parquet")).unlink()
                else:
                    (folder / "manifest.json").unlink()
            asked.append(folder)
            return folder

        monkeypatch.setattr(asking, "fresh_copy", deleted)
        pd.testing.assert_frame_equal(opened.report("remaining", as_of="2026-06-30"), sound)
    assert len(asked) == 2


def test_what_was_staged_and_is_gone_is_no_bug(books, monkeypatch):
    def gone(*_: int) -> int:
        shutil.rmtree(books)
        return 1

    monkeypatch.setattr(from_sqlite, "_batch_rows", gone)
    with ledger.open("tpp-ledger.db") as opened, pytest.raises(StoreUnavailable, match="try again"):
        opened.report("remaining")
