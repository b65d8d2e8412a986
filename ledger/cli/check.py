"""`tpp check`: every invariant by name, recomputed."""

from __future__ import annotations

import re

import click

from ledger.cli.exits import Exit, WrongUse, say
from ledger.cli.settings import ledger_option, ledger_url


@click.command()
@click.option(
    "--against",
    metavar="HEAD",
    help="A chain head noted earlier: its past must be part of this ledger's.",
)
@ledger_option
def check(against: str | None) -> None:
    """Recompute every invariant of the ledger.

    Each is named with what it says, and, where it fails, what speaks against it (exit code 4).
    Note the chain head that is printed: given to --against later, it proves that nothing before
    it was rewritten.

    \b
    Examples:
      tpp check
      tpp check --against 5e1f...
    """  # noqa: D301
    from ledger.cli.progress import bar
    from ledger.publish.check import check_copy
    from ledger.storage import check as checking
    from ledger.storage.head import head_of
    from ledger.storage.store import open_store
    from schemas.problems import printable

    if against is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", against.strip()):
        raise WrongUse(f'"{against}" is no chain head: 64 hexadecimal digits')
    head = head_of(ledger_url())
    with open_store(ledger_url()) as store, bar("checking") as shown:
        invariants = checking.check(store, against, progress=shown.moved)
        invariants.append(check_copy(ledger_url()))
    for one in invariants:
        click.echo(f"{'ok  ' if one.holds else 'FAIL'}  {one.name}: {one.sentence}")
        for failure in one.failures:
            click.echo(f"        {printable(failure)}")
        if one.count > len(one.failures):
            click.echo(f"        ... and {one.count - len(one.failures):,} more")
    failed = [one.name for one in invariants if not one.holds]
    seq = f"{head.last_seq:,}" if isinstance(head.last_seq, int) else "unknown"
    say(f"seq {seq}, chain head {head.digest}")
    if failed:
        say(f"{len(failed)} of {len(invariants)} invariants fail: {', '.join(failed)}")
    else:
        say(f"all {len(invariants)} invariants hold")
    click.get_current_context().exit(Exit.FAILED if failed else Exit.DONE)
