"""A ledger under the AI Diffusion rule, in chips or in amounts, sound at the end."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from ledger.service.ledger import Ledger, new_ledger

pytest.register_assert_rewrite("tests.cases.table", "tests.service.books")

from tests.cases.table import in_amounts  # noqa: E402
from tests.pg_server import fresh_database  # noqa: E402
from tests.service.books import assert_sound  # noqa: E402

Opener = Callable[..., Ledger]
# Whose cases make several ledgers each and hang on what the two databases do not do alike: days,
# steps, and sums over them. The other cases that make several run on SQLite alone.
BOTH = ("test_748_15_nveu", "test_748_supp10_6_uveu")
_numbers = itertools.count(1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the cases of some files in each database."""
    both = metafunc.module.__name__.rpartition(".")[2] in BOTH
    if both and "opened" in metafunc.fixturenames:
        metafunc.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """The kind of database that `opened` makes its ledgers in."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def opened(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Makes ledgers under a regime (default: the rule) and options; each is checked at the end."""
    with ExitStack() as stack:
        made: list[Ledger] = []

        def place() -> str:
            if database == "sqlite":
                return f"sqlite:///{tmp_path / f'ledger{len(made)}.db'}"
            server = request.getfixturevalue("pg_server")
            name = f"tpp_case_{os.getpid()}_{next(_numbers)}"
            return stack.enter_context(fresh_database(server, name))

        def make(
            regime: str | Path = "ai_diffusion",
            beside: Sequence[str | Path] = (),
            **options: str,
        ) -> Ledger:
            ledger = new_ledger(place(), regime=regime, options=options, beside=beside)
            made.append(stack.enter_context(ledger))
            return made[-1]

        yield make
        for ledger in made:
            assert_sound(ledger)


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """A ledger under the rule, once in each database; it is checked at the end."""
    with new_ledger(ledger_url) as made:
        yield made
        assert_sound(made)


@pytest.fixture
def amounts(opened: Opener, tmp_path: Path) -> Callable[..., Ledger]:
    """Makes ledgers under the rule that weigh amounts as given."""
    return lambda **options: opened(in_amounts(tmp_path), **options)


@pytest.fixture
def kept(ledger_url: str) -> Iterator[Opener]:
    """Makes one ledger under the rule and options, in each database; it is checked at the end."""
    with ExitStack() as stack:
        made: list[Ledger] = []

        def make(**options: str) -> Ledger:
            made.append(stack.enter_context(new_ledger(ledger_url, options=options)))
            return made[-1]

        yield make
        for ledger in made:
            assert_sound(ledger)
