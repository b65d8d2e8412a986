"""`tpp export`, `backup` and `restore`: the ledger outside itself."""

from __future__ import annotations

from pathlib import Path

import click

from ledger.cli.exits import say
from ledger.cli.settings import ledger_option, ledger_url


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="An empty or new folder.",
)
@ledger_option
def export(output: Path) -> None:
    """Write everything as CSV, for an independent verifier.

    One file a table, and the chain's head; docs/chain.md says how to verify them with nothing
    but these files.

    \b
    Example:
      tpp export -o handover
    """  # noqa: D301
    from ledger.cli.progress import bar
    from ledger.storage.export import export as exported
    from ledger.storage.store import open_store

    with open_store(ledger_url()) as store, bar("writing") as shown:
        head = exported(store, output, progress=shown.moved)
    say(f"wrote {output}: seq {head.last_seq:,}, chain head {head.digest}")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@ledger_option
def backup(file: Path) -> None:
    """Copy the ledger to a file, and verify the copy.

    By the database's own means, while others may go on writing.

    \b
    Example:
      tpp backup ledger-2026-11-23.backup
    """  # noqa: D301
    from ledger.storage.backup import backup as backed_up
    from ledger.storage.store import open_store

    with open_store(ledger_url()) as store:
        head = backed_up(store, file)
    say(f"wrote {file}, and verified it: seq {head.last_seq:,}, chain head {head.digest}")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@ledger_option
def restore(file: Path) -> None:
    """Make a ledger again from a backup.

    At the place --ledger names, where no ledger may stand yet.

    \b
    Example:
      tpp restore ledger-2026-11-23.backup --ledger sqlite:///again.db
    """  # noqa: D301
    from ledger.storage.backup import restore as restored
    from ledger.storage.place import place_of

    head = restored(file, ledger_url())
    say(f"restored {place_of(ledger_url())}: seq {head.last_seq:,}, chain head {head.digest}")
