"""Door 1, the command line: `tpp`. A command's file is loaded when the command is used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from ledger.cli.exits import guarded, of_system
from ledger.cli.settings import ledger_option, nearest

# Each command: its module, its object there, its line in `tpp --help` (kept equal to the
# command's own by a test, so that the list loads no command).
COMMANDS: dict[str, tuple[str, str, str]] = {
    "demo": ("demo", "demo", "Make a ledger to play with and show what remains."),
    "init": ("init", "init", "Make a new ledger under a regime, or upgrade an old one."),
    "status": ("status", "status", "Say how the ledger, or one holder, stands."),
    "report": ("report", "report", "Print a report, or list the reports there are."),
    "import": ("files", "import_", "Record a file: all of it in one submission."),
    "template": ("files", "template", "Write an empty file with the headings explained."),
    "apply": ("typed", "apply", "Weigh an application; refused where it would exceed."),
    "licence": (
        "licence",
        "licence",
        "Licences: issue, change and end them, and see how one stands.",
    ),
    "ship": ("typed", "ship", "Record a shipment that took place."),
    "return": ("typed", "return_", "Record goods that came back or were lost."),
    "transfer": (
        "typed",
        "transfer",
        "Record a move between data centres, as two movements that stand and fall together.",
    ),
    "record": ("typed", "record", "Record one movement of any kind, given as HEADING=VALUE."),
    "due": ("due", "due", "Say what must be filed, by whom, when and why."),
    "done": ("due", "done", "Mark what was due as done."),
    "weights": ("weights", "weights", "Rule a transfer of model weights, and record it."),
    "conditions": (
        "weights",
        "conditions",
        "Say which conditions of an authorization are open, met or breached.",
    ),
    "movements": ("movements", "movements", "Find movements by party, document, day or flag."),
    "explain": ("explain", "explain", "Say why a movement drew on what it drew on."),
    "reverse": ("reverse", "reverse", "Reverse movements, or a whole submission."),
    "parties": ("parties", "parties", "Parties on record."),
    "quarter": (
        "quarter",
        "quarter",
        "Close a quarter, and report it as first reported and as restated.",
    ),
    "check": ("check", "check", "Recompute every invariant of the ledger."),
    "export": ("keeping", "export", "Write everything as CSV, for an independent verifier."),
    "backup": ("keeping", "backup", "Copy the ledger to a file, and verify the copy."),
    "restore": ("keeping", "restore", "Make a ledger again from a backup."),
    "policy": (
        "policy",
        "policy",
        "The law as data: every number, list, deadline, reading, budget and authorization.",
    ),
    "chips": ("chips", "chips", "Chips and systems: TPP, density, control paragraph and source."),
}


class _Root(click.Group):
    """A group that knows its commands' names, and loads each where it is used."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Every command, in the order of first use."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, its file loaded now."""
        if cmd_name not in COMMANDS:
            return None
        module, name, _ = COMMANDS[cmd_name]
        command = getattr(import_module(f"ledger.cli.{module}"), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without loading one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command named, or a usage error with the nearest names."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f'there is no command "{args[0]}"{nearest(args[0], COMMANDS)}')
        return super().resolve_command(ctx, args)

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """The context of a run. `--help` and `--version` answer here, before any guard."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except BrokenPipeError:
            raise  # click's own: nobody reads any more
        except OSError as error:
            code = of_system(error)
            if code is None:
                raise
            raise SystemExit(code) from None

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; whatever it raises ends the run with its exit code."""
        with guarded(ctx):
            return super().invoke(ctx)


@click.group(cls=_Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tpp-ledger", prog_name="tpp")
@ledger_option
def main() -> None:
    """A ledger of compute allowances: what a regime grants, what was drawn, what remains.

    Amounts are in TPP (total processing performance). Data goes to stdout, talk to stderr.

    \b
    Start:
      tpp demo                                   a ledger to play with
      tpp init                                   a ledger of your own
      tpp import licences.csv --as licences      a file of licences
      tpp report remaining                       what remains of each allowance

    \b
    Exit codes:
      0 done                  4 a check failed
      1 a bug in tpp          5 done, with rejects, refusals or breaches in this run
      2 wrong use             6 the ledger is unavailable
      3 refused               130 interrupted
    """  # noqa: D301
