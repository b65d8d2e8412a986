"""A ledger under the AI Diffusion rule, in chips or in amounts, sound at the end."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from ledger.service import seal
from ledger.service.ledger import Ledger, open_ledger
from ledger.storage import store

pytest.register_assert_rewrite("tests.cases.table", "tests.service.books")

from tests.cases.table import in_amounts  # noqa: E402
from tests.pg_server import Databases  # noqa: E402
from tests.service.books import assert_sound  # noqa: E402
from tests.templates import Templates, Wanted  # noqa: E402

Opener = Callable[..., Ledger]


@pytest.fixture(params=["sqlite", "postgresql"])
def placed(
    request: pytest.FixtureRequest, tmp_path: Path, templates: Templates
) -> Iterator[Callable[[Wanted], str]]:
    """URLs of new ledgers, as many as a case makes, once in each database."""
    with ExitStack() as stack:
        seen: set[str] = set()
        names = (f"ledger{n}.db" for n in itertools.count())

        def another(wanted: Wanted) -> str:
            again = wanted.key() in seen  # two in one case have ids of their own
            seen.add(wanted.key())
            if request.param == "sqlite":
                path = tmp_path / next(names)
                url = f"sqlite:///{path}" if again else templates.file(wanted, path)
            elif again:
                databases: Databases = request.getfixturevalue("databases")
                url = stack.enter_context(databases.lent())
            else:
                url = stack.enter_context(templates.database(wanted))
            if again:
                wanted.made(url)
            return url

        yield another


@pytest.fixture
def opened(placed: Callable[[Wanted], str]) -> Iterator[Opener]:
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
            ledger = open_ledger(placed(Wanted(regime, beside, options)))
            made.append(stack.enter_context(ledger))
            return made[-1]

        yield make
        for ledger in made:
            assert_sound(ledger)


@pytest.fixture
def ledger(opened: Opener) -> Ledger:
    """A ledger under the rule, once in each database; it is checked at the end."""
    return opened()


@pytest.fixture
def amounts(opened: Opener, tmp_path: Path) -> Callable[..., Ledger]:
    """Makes ledgers under the rule that weigh amounts as given."""
    return lambda **options: opened(in_amounts(tmp_path), **options)


@pytest.fixture
def kept(opened: Opener) -> Opener:
    """Makes ledgers under the rule and options, in each database; they are checked at the end."""
    return lambda **options: opened(**options)


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sets the day on which everything is recorded from then on."""

    def say(day: str) -> None:
        noon = datetime.fromisoformat(f"{day}T12:00:00+00:00")
        clock = SimpleNamespace(now=lambda zone: noon)
        monkeypatch.setattr(seal, "datetime", clock)
        monkeypatch.setattr(store, "datetime", clock)

    return say
