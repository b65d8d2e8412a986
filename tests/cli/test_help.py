"""What `tpp --help` and the commands' help say."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from docs.generate import commands
from ledger.cli import COMMANDS, main
from ledger.cli.settings import FORMATS
from reports.render import FORMATS as WRITTEN
from schemas.fields import OPTIONAL, SHAPES
from schemas.kinds import FileKind

EVERY = list(commands(main))


def help_of(path: tuple[str, ...]) -> str:
    done = CliRunner().invoke(main, [*path[1:], "--help"], prog_name="tpp")
    assert done.exit_code == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_of_a_command_what_the_command_says(name):
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert COMMANDS[name][2] == inspect.cleandoc(command.help or "").partition("\n\n")[0]


@pytest.mark.parametrize("path", [path for path, _ in EVERY], ids=" ".join)
def test_every_command_has_help(path):
    assert help_of(path).startswith("Usage: " + " ".join(path))


def runs(line: str) -> bool:
    return line.strip().startswith("tpp ")


def test_examples_name_commands_and_options_that_there_are():
    known = dict(EVERY)
    for _, command in EVERY:
        for line in filter(runs, (command.help or "").splitlines()):
            words = line.split()
            path = next(tuple(words[:n]) for n in (3, 2) if tuple(words[:n]) in known)
            assert not isinstance(known[path], click.Group), line
            options = {o for p in known[path].params for o in p.opts}
            assert set(re.findall(r"(?<!\S)--[a-z-]+", line)) <= options, line


HEADED = {
    "apply": FileKind.APPLICATIONS,
    "licence issue": FileKind.LICENCES,
    "ship": FileKind.SHIPMENTS,
    "return": FileKind.RETURNS,
}


@pytest.mark.parametrize("command", HEADED)
def test_every_heading_of_a_file_is_an_option(command):
    known = {" ".join(path[1:]): found for path, found in EVERY}[command]
    names = {parameter.name for parameter in known.params}
    assert names >= {field.name for field in (*SHAPES[HEADED[command]].fields, *OPTIONAL)}


def test_a_form_is_offered_if_it_can_be_written():
    assert FORMATS == WRITTEN


HELP = """
import contextlib, sys
from ledger.cli import COMMANDS, main
with contextlib.redirect_stdout(None), contextlib.suppress(SystemExit):
    main(["--help"])
print(*(n for n in sys.modules if n.partition(".")[0] in ("ledger", "reports", "schemas")))
"""


def test_help_loads_no_command():
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=True)
    ours = {"ledger", "ledger.cli", "ledger.cli.exits"}
    ours |= {"ledger.cli.interrupts", "ledger.cli.settings"}
    ours |= {"ledger.storage", "ledger.storage.interrupts"}  # which load nothing more
    assert set(done.stdout.split()) == ours
