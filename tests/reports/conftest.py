"""A copy for the tests of the reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reports.example import example


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the example's copy."""
    return example(tmp_path_factory.mktemp("copy"))
