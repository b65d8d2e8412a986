"""A ledger of one's own in an empty folder, and `tpp` run in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ledger.cli import main

Tpp = Callable[..., Result]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new, empty ledger under the default regime, to be copied."""
    path = tmp_path_factory.mktemp("made") / "tpp-ledger.db"
    done = CliRunner().invoke(main, ["init", "--ledger", str(path)], prog_name="tpp")
    assert done.exit_code == 0, done.stderr
    return path


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TPP_ACTOR", "ana")
    return tmp_path


@pytest.fixture
def folder(empty: Path, made: Path) -> Path:
    """A folder with a ledger at the default place, and the current one."""
    shutil.copy(made, empty / "tpp-ledger.db")
    return empty


@pytest.fixture
def tpp() -> Tpp:
    """Run `tpp` as from a shell: `tpp("status India")`, or word by word where words hold blanks."""

    def run(*words: str) -> Result:
        every = words[0].split() if len(words) == 1 else list(words)
        return CliRunner().invoke(main, every, prog_name="tpp")

    return run


APPLY = (
    "apply --application A-17 --applied-on 2026-03-02 --exporter Acme --ultimate-consignee Bharat"
    " --destination India --chip nvidia-h100-sxm --quantity "
)
ISSUE = (
    "licence issue --licence D1 --issued-on 2026-03-20 --exporter Acme --ultimate-consignee Bharat"
    " --destination India --chip nvidia-h100-sxm --quantity "
)
SHIP = (
    "ship --document S-1 --exported-on 2026-04-01 --exporter Acme --ultimate-consignee Bharat"
    " --destination India --authorization licence --licence D1 --chip nvidia-h100-sxm --quantity "
)
