"""What is installed is whole: every file that is no code is named by the package's data."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

HOUSE = Path(__file__).parents[2]
DATA = tomllib.loads((HOUSE / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]


def left_out(files: Iterable[PurePosixPath], data: Mapping[str, Sequence[str]]) -> list[str]:
    """The files, named from the house, that an installation would lack."""
    return [
        str(file)
        for file in files
        if not any(
            PurePosixPath(*file.parts[1:]).match(glob) for glob in data.get(file.parts[0], ())
        )
    ]


def test_every_data_file_is_installed():
    files = [
        PurePosixPath(path.relative_to(HOUSE).as_posix())
        for root in DATA
        for path in (HOUSE / root).rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    ]
    assert len(files) > 80
    assert left_out(files, DATA) == []


def test_a_file_that_is_left_out_is_found():
    there = PurePosixPath("ledger/policy/a/numbers/b.toml")
    gone = PurePosixPath("ledger/policy/a/b.json"), PurePosixPath("reports/more/a.sql")
    assert left_out([there, *gone], DATA) == ["ledger/policy/a/b.json", "reports/more/a.sql"]
