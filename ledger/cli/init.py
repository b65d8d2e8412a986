"""`tpp init`: a new ledger under a regime, or an old one led to this version's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ledger.cli.exits import WrongUse, say
from ledger.cli.settings import ledger_option, ledger_url, opened, settings_of

if TYPE_CHECKING:
    from ledger.service.rulebook import Rulebook


@click.command()
@click.option(
    "--regime",
    metavar="KEY|DIR",
    help="A built-in regime, or the folder of your own; default ai_diffusion.",
)
@click.option(
    "--beside",
    multiple=True,
    metavar="KEY|DIR",
    help="A further regime that judges the same movements; may be given several times.",
)
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="KEY=VALUE",
    help="A reading of the regime other than its default; `tpp policy list` has them. Of a regime"
    " beside: REGIME:KEY=VALUE.",
)
@click.option(
    "--add",
    metavar="KEY|DIR",
    help="Run one more regime beside those of a ledger that is there.",
)
@click.option("--upgrade", is_flag=True, help="Lead an older ledger on; a copy is kept beside it.")
@ledger_option
def init(
    regime: str | None,
    beside: tuple[str, ...],
    options: tuple[str, ...],
    add: str | None,
    upgrade: bool,
) -> None:
    """Make a new ledger under a regime, or upgrade an old one.

    The regime's texts, the options and the chip catalogue are kept in the ledger, in full. A
    regime that is added later judges what is recorded from then on.

    \b
    Examples:
      tpp init
      tpp init --regime ai_diffusion --option lpp_d1_d4=allowed
      tpp init --regime ./our-caps --ledger sqlite:///caps.db
      tpp init --regime ai_diffusion --beside china_case_by_case
      tpp init --add ./our-caps
      tpp init --upgrade
    """  # noqa: D301
    if upgrade:
        if regime or options or beside or add:
            raise WrongUse("--upgrade changes neither regime nor options")
        _upgrade()
    elif add:
        if regime or beside:
            raise WrongUse("--add is for a ledger that is there: name one regime, with its options")
        _add(add, settings_of(options, "KEY=VALUE"))
    else:
        _make(regime or "ai_diffusion", beside, settings_of(options, "KEY=VALUE"))


def _make(regime: str, beside: tuple[str, ...], options: dict[str, str]) -> None:
    from ledger.service.ledger import new_ledger

    with new_ledger(ledger_url(), regime=regime, options=options, beside=beside) as ledger:
        first, *others = ledger.rulebook.every
        place = ledger.store.place
    say(f"made the ledger {place} under {_named(first)}")
    for other in others:
        say(f"  beside it {_named(other)}")
    for key, value in options.items():
        of, _, own = key.rpartition(":")
        rules = next((one.regime for one in others if one.regime.key == of), first.regime)
        say(f"  {key} = {value}: {rules.options[own].sentence(value)}")
    say("next: tpp template licences, tpp import FILE --as licences, tpp report remaining")


def _add(regime: str, options: dict[str, str]) -> None:
    with opened() as ledger:
        ledger.add_regime(regime, options)
        added = ledger.rulebook.beside[-1]
        place = ledger.store.place
    say(f"the ledger {place} is from now on judged under {_named(added)} too")
    for key, value in options.items():
        say(f"  {key} = {value}: {added.regime.options[key].sentence(value)}")


def _named(rulebook: Rulebook) -> str:
    return f"{rulebook.regime.title} ({rulebook.regime.key})"


def _upgrade() -> None:
    from ledger.storage.head import SCHEMA_VERSION
    from ledger.storage.place import place_of
    from ledger.storage.upgrade import upgrade

    place = place_of(ledger_url())
    before = upgrade(ledger_url())
    if before == SCHEMA_VERSION:
        say(f"the ledger {place} has tables of version {before} already; nothing was changed")
        return
    kept = f"; the copy before is {place.path}.v{before}" if place.path else ""
    say(f"the ledger {place} was led from tables of version {before} to {SCHEMA_VERSION}{kept}")
