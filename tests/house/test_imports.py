"""The import contracts hold, and each is seen to break when somebody imports the wrong way."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((HOUSE / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]
PACKAGES = ("schemas", "ledger", "reports")
LINT = Path(sys.executable).with_name("lint-imports")


def lint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter over the packages that lie in `folder`."""
    command = [str(LINT), "--no-logo", "--no-cache", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_the_house_keeps_its_contracts():
    done = lint(HOUSE)
    assert done.returncode == 0, done.stdout + done.stderr


WRONG = [
    # contract, who imports, what
    ("one-way", "ledger/refusals/planted.py", "ledger.policy.planted"),
    ("one-way", "ledger/catalogue/planted.py", "ledger.countries.planted"),
    ("one-way", "ledger/policy/planted.py", "ledger.storage.planted"),
    ("one-way", "ledger/storage/planted.py", "ledger.rules.planted"),
    ("one-way", "ledger/storage/planted.py", "ledger.publish.planted"),
    ("one-way", "ledger/intake/planted.py", "ledger.service.planted"),
    ("one-way", "ledger/publish/planted.py", "reports.planted"),
    ("one-way", "ledger/service/planted.py", "reports.planted"),
    ("one-way", "ledger/service/planted.py", "ledger.cli.planted"),
    ("one-way", "ledger/rules/planted.py", "ledger"),
    ("one-way", "ledger/service/planted.py", "ledger.asking.planted"),
    ("one-way", "ledger/asking/planted.py", "ledger.cli.planted"),
    ("doors", "ledger/__init__.py", "ledger.cli"),
    ("doors", "ledger/__init__.py", "ledger.cli.planted"),
    ("words", "schemas/planted.py", "ledger.refusals.planted"),
    ("words", "schemas/planted.py", "reports.planted"),
    ("readers", "reports/planted.py", "ledger.refusals.planted"),
    ("readers", "reports/planted.py", "sqlite3"),
    ("pure", "ledger/rules/planted.py", "sqlalchemy"),
    ("pure", "ledger/rules/planted.py", "urllib.request"),
    ("pure", "ledger/rules/planted.py", "ledger.policy.reader"),
    ("product", "ledger/cli/planted.py", "tests.pg_server"),
]


@pytest.fixture(scope="module")
def bare_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house of empty rooms under the real contracts."""
    house = tmp_path_factory.mktemp("house")
    shutil.copy(HOUSE / "pyproject.toml", house)
    rooms = {layer.strip("()") for layer in _layers()} | {"ledger"}
    for room in sorted(rooms):
        folder = house / room.replace(".", "/")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").touch()
        (folder / "planted.py").touch()
    # what an innocent caller must not reach through another file
    (house / "ledger/__init__.py").write_text("def open():\n    import ledger.service.planted\n")
    (house / "ledger/policy/reader.py").write_text("import tomllib\n")
    return house


@pytest.mark.parametrize(("contract", "importer", "imported"), WRONG)
def test_a_wrong_import_breaks_its_contract(
    bare_house: Path, contract: str, importer: str, imported: str
):
    planted = bare_house / importer
    before = planted.read_text()
    planted.write_text(f"{before}import {imported}\n")
    try:
        done = lint(bare_house, "--contract", contract)
    finally:
        planted.write_text(before)
    (name,) = [c["name"] for c in CONTRACTS if c["id"] == contract]
    assert done.returncode == 1
    assert f"{name} BROKEN" in done.stdout


def test_the_bare_house_is_in_order(bare_house: Path):
    assert lint(bare_house).returncode == 0


def test_every_contract_is_seen_to_break():
    assert {c["id"] for c in CONTRACTS} == {contract for contract, _, _ in WRONG}


def _layers() -> list[str]:
    (one_way,) = [c for c in CONTRACTS if c["id"] == "one-way"]
    return [room for layer in one_way["layers"] for room in layer.split(" | ")]


def test_every_room_of_the_ledger_has_its_layer():
    placed = {room.strip("()") for room in _layers()}
    there = {f"ledger.{p.stem}" for p in (HOUSE / "ledger").iterdir() if _is_room(p)}
    assert there - placed == set()


def _is_room(path: Path) -> bool:
    if path.is_dir():
        return any(path.rglob("*.py"))
    return path.suffix == ".py" and path.stem not in ("__init__", "__main__")


def test_the_planner_is_held_as_pure_as_the_rules():
    """A contract cannot name what is not there yet: once there is a planner, it must be named."""
    (pure,) = [c for c in CONTRACTS if c["id"] == "pure"]
    rooms = [f"ledger.{p.stem}" for p in (HOUSE / "ledger").glob("planner*")]
    assert set(rooms) <= set(pure["source_modules"])
