"""A ledger under the AI Diffusion rule, in chips or in amounts, sound at the end."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from ledger.service.ledger import Ledger, new_ledger

pytest.register_assert_rewrite("tests.cases.table", "tests.service.books")

from tests.cases.table import in_amounts  # noqa: E402
from tests.pg_server import Databases  # noqa: E402
from tests.service.books import assert_sound  # noqa: E402

Opener = Callable[..., Ledger]


@pytest.fixture(params=["sqlite", "postgresql"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Iterator[str]]:
    """URLs of empty places for ledgers, as many as a case makes, once in each database."""
    if request.param == "sqlite":
        yield (f"sqlite:///{tmp_path / f'ledger{n}.db'}" for n in itertools.count())
        return
    databases: Databases = request.getfixturevalue("databases")
    with ExitStack() as stack:
        yield (stack.enter_context(databases.lent()) for _ in itertools.count())


@pytest.fixture
def opened(places: Iterator[str]) -> Iterator[Opener]:
    """Makes ledgers under a regime (default: the rule) and options, in each database.

    Each is checked at the end.
    """
    with ExitStack() as stack:
        made: list[Ledger] = []

        def make(
            regime: str | Path = "ai_diffusion",
            beside: Sequence[str | Path] = (),
            **options: str,
        ) -> Ledger:
            ledger = new_ledger(next(places), regime=regime, options=options, beside=beside)
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
def kept(opened: Opener) -> Opener:
    """Makes ledgers under the rule and options, in each database; they are checked at the end."""
    return lambda **options: opened(**options)
