"""`tpp init`: a new ledger under a regime, or an old one led to this version's tables."""

from __future__ import annotations

import click

from ledger.cli.exits import WrongUse, say
from ledger.cli.settings import ledger_option, ledger_url, settings_of


@click.command()
@click.option(
    "--regime",
    metavar="KEY|DIR",
    help="A built-in regime, or the folder of your own; default ai_diffusion.",
)
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="KEY=VALUE",
    help="A reading of the regime other than its default; `tpp policy list` has them.",
)
@click.option("--upgrade", is_flag=True, help="Lead an older ledger on; a copy is kept beside it.")
@ledger_option
def init(regime: str | None, options: tuple[str, ...], upgrade: bool) -> None:
    """Make a new ledger under a regime, or upgrade an old one.

    The regime's texts, the options and the chip catalogue are kept in the ledger, in full.

    \b
    Examples:
      tpp init
      tpp init --regime ai_diffusion --option lpp_d1_d4=allowed
      tpp init --regime ./our-caps --ledger sqlite:///caps.db
      tpp init --upgrade
    """  # noqa: D301
    if upgrade:
        if regime or options:
            raise WrongUse("--upgrade changes neither regime nor options")
        _upgrade()
    else:
        _make(regime or "ai_diffusion", settings_of(options, "KEY=VALUE"))


def _make(regime: str, options: dict[str, str]) -> None:
    from ledger.service.ledger import new_ledger

    with new_ledger(ledger_url(), regime=regime, options=options) as ledger:
        rules = ledger.rulebook.regime
        place = ledger.store.place
    say(f"made the ledger {place} under {rules.title} ({rules.key})")
    for key, value in options.items():
        say(f"  {key} = {value}: {rules.options[key].sentence(value)}")
    say("next: tpp template licences, tpp import FILE --as licences, tpp report remaining")


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
