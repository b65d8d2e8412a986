"""Each bench runs, very small; and what measures is itself measured."""

from __future__ import annotations

import csv
import json
import sys
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from bench import data, processes
from bench.__main__ import NAMES, main
from bench.result import Figure, Result, Size, as_json, table

HOUSE = Path(__file__).parents[2]
IN_PROCESSES = "first_copy"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Size:
    work = tmp_path_factory.mktemp("bench")
    return Size(work, rows=200, large=400, little=200, single=5, rounds=1, full=False)


def within(function: str, /, **arguments: Any) -> processes.Run:
    """What `child` does, in this very process: its memory is not told."""
    module, _, name = function.partition(":")
    began = perf_counter()
    value = getattr(import_module(module), name)(**json.loads(json.dumps(arguments)))
    took = perf_counter() - began
    return processes.Run(took, took, 1, json.loads(json.dumps(value)))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_bench_runs(name: str, tiny: Size, monkeypatch: pytest.MonkeyPatch):
    """One of them in processes of its own, as all are run; a start is most of so small a bench."""
    for module in ("ledgers", *NAMES):
        if name != IN_PROCESSES and hasattr(import_module(f"bench.{module}"), "child"):
            monkeypatch.setattr(f"bench.{module}.child", within)
    result: Result = import_module(f"bench.{name}").run(tiny)
    assert result.name == name
    assert all(figure.measured > 0 for figure in result.figures)
    assert as_json([result], tiny, {})


def test_every_bench_is_listed():
    found = {
        p.stem for p in (HOUSE / "bench").glob("*.py") if "def run(size: Size)" in p.read_text()
    }
    assert found == set(NAMES)


def test_an_unknown_bench_is_refused(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["nonsense"])
    assert "no bench is called nonsense" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("figure", "ratio", "verdict"),
    [
        (Figure("import", 5.0, 2.0, 2.5), "2.50 x", "within"),
        (Figure("import", 5.1, 2.0, 2.5), "2.55 x", "OVER"),
        (Figure("memory", 999.0, None, 1000, "MB"), "-", "within"),
        (Figure("memory", 1001.0, None, 1000, "MB"), "-", "OVER"),
    ],
)
def test_a_figure_is_judged_by_its_limit(figure: Figure, ratio: str, verdict: str):
    assert figure.cells()[3] == ratio
    assert figure.cells()[-1] == verdict


def test_the_table_holds_every_figure_and_note():
    results = [
        Result("a", (Figure("one", 1.0, 1.0, 2), Figure("two", 3.0, 1.0, 2)), ("a note",)),
    ]
    assert table(results).splitlines() == [
        "| claim | measured | raw limit | ratio  | at most | verdict |",
        "|-------|----------|-----------|--------|---------|---------|",
        "| one   | 1 s      | 1 s       | 1.00 x | 2 x     | within  |",
        "| two   | 3 s      | 1 s       | 3.00 x | 2 x     | OVER    |",
        "",
        "a: a note",
    ]


def hold(megabytes: int, below: int) -> int:
    """Hold memory for a while, in this process and in one started by it."""
    held = bytearray(b"x" * (megabytes * 1_000_000))
    if below:
        processes.child("tests.bench.test_bench:hold", megabytes=below, below=0)
    else:
        import time

        time.sleep(0.2)
    return len(held)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="memory is read from /proc")
def test_memory_is_summed_over_processes():
    alone = processes.child("tests.bench.test_bench:hold", megabytes=40, below=0).peak_mb
    both = processes.child("tests.bench.test_bench:hold", megabytes=40, below=60).peak_mb
    assert 40 < alone < 140
    assert both > alone + 50


def test_a_process_that_fails_is_an_error_that_tells_why():
    with pytest.raises(processes.Failed, match=r"exited 3(.|\n)*it broke"):
        processes.run([sys.executable, "-c", "import sys; print('it broke'); sys.exit(3)"])


def test_made_up_files_are_the_same_each_time(tmp_path: Path):
    one, other = (data.files(tmp_path / name, 300) for name in ("one", "other"))
    assert one.shipments.read_bytes() == other.shipments.read_bytes()
    assert one.licences.read_bytes() == other.licences.read_bytes()


def test_made_up_shipments_agree_with_their_licences(tmp_path: Path):
    files = data.files(tmp_path, 2_000)
    lines = {(row["licence"], row["line"]): row for row in _rows(files.licences)}
    under = [row for row in _rows(files.shipments) if row["authorization"] == "licence"]
    assert 0.4 < len(under) / 2_000 < 0.55
    same = ("exporter", "ultimate_consignee", "ultimate_parent", "consignee_hq", "chip")
    for row in under:
        line = lines[row["licence"], row["licence_line"]]
        assert [row[name] for name in same] == [line[name] for name in same]
        assert line["issued_on"] <= row["exported_on"] <= line["expires_on"]


def test_further_shipments_have_numbers_of_their_own(tmp_path: Path):
    files = data.files(tmp_path, 300)
    further = data.more(tmp_path, 300, 300, 50)
    numbers = [row["document"] for path in (files.shipments, further) for row in _rows(path)]
    assert len(set(numbers)) == 350


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
