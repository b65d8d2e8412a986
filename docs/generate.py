"""Pages made from the code.

`python -m docs.generate` writes those that are stale; with `--check` it only names them.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click

HOUSE = Path(__file__).parents[1]
MADE_BY = "<!-- Made by `python -m docs.generate`; edit the code it is made from instead. -->"


def refusals_page() -> str:
    """Every reason to refuse or to flag, in order of precedence."""
    reasons = import_module("ledger.refusals").REFUSALS.values()
    rows = [(f"`{r.code}`", r.family, r.sentence, _figures(r.figures), r.citation) for r in reasons]
    heading = ("code", "kind", "what it says", "figures with it", "where it comes from")
    return _page(
        "Reasons to say no, or to flag",
        "A *refusal* refuses a request and flags a fact as a breach; a *breach* is found on facts"
        " only; a *note* flags without accusing anybody. Where several are found, the one that"
        " stands higher here is shown first.",
        _table(heading, rows),
    )


def _figures(template: str) -> str:
    return template.replace("{detail}", "the particulars").replace("{", "*").replace("}", "*")


def cli_page() -> str:
    """Every command of `tpp` with its arguments and options."""
    main = import_module("ledger.cli").main
    sections = [_command(path, command) for path, command in commands(main)]
    return _page(
        "Commands",
        "What `tpp --help` and `tpp COMMAND --help` say, in one place.",
        *sections,
    )


def commands(
    command: click.Command, path: tuple[str, ...] = ("tpp",)
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """The command and all below it that are not hidden, each with the words that lead to it."""
    if command.hidden:
        return
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path[-1])
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is None:
                raise LookupError(f"{' '.join(path)} lists {name} and does not have it")
            yield from commands(child, (*path, name))


def options(command: click.Command) -> list[click.Option]:
    """The options a person may see."""
    return [p for p in command.params if isinstance(p, click.Option) and not p.hidden]


def policy_page() -> str:
    """Every number of the built-in regimes, made by a file of its own."""
    page = import_module("docs.policy_page").policy_page()
    assert isinstance(page, str)
    return page


def faults_page() -> str:
    """What bad input gets, made by a file of its own."""
    page = import_module("docs.faults_page").faults_page()
    assert isinstance(page, str)
    return page


def _command(path: tuple[str, ...], command: click.Command) -> str:
    arguments = [_argument(p) for p in command.params if isinstance(p, click.Argument)]
    if isinstance(command, click.Group):
        arguments.append("COMMAND ...")
    usage = " ".join([*path, "[OPTIONS]", *arguments])
    parts = [f"## {' '.join(path)}", f"```\n{usage}\n```", help_text(command)]
    rows = [(f"`{_option(o)}`", _option_help(o)) for o in options(command)]
    if rows:
        parts.append(_table(("option", "meaning"), rows))
    return "\n\n".join(part for part in parts if part)


def help_text(command: click.Command) -> str:
    """The command's help as prose: click's layout marks left out."""
    shown = inspect.cleandoc(command.help or "").partition("\f")[0]
    return shown.replace("\b\n", "").strip()


def _argument(argument: click.Argument) -> str:
    name = argument.metavar or _choices(argument) or (argument.name or "").upper()
    repeated = "..." if argument.nargs != 1 else ""
    return f"{name}{repeated}" if argument.required else f"[{name}]{repeated}"


def _option(option: click.Option) -> str:
    names = ", ".join([*option.opts, *option.secondary_opts])
    if option.is_flag or option.count:
        return names
    return f"{names} {option.metavar or _choices(option) or option.type.name.upper()}"


def _choices(parameter: click.Parameter) -> str:
    kind = parameter.type
    return "|".join(map(str, kind.choices)) if isinstance(kind, click.Choice) else ""


def _option_help(option: click.Option) -> str:
    required = " (required)" if option.required else ""
    return " ".join((option.help or "").split()) + required


def _table(heading: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heading, ("---",) * len(heading), *rows]
    return "\n".join(f"| {' | '.join(c.replace('|', chr(92) + '|') for c in x)} |" for x in lines)


def _page(title: str, *parts: str) -> str:
    return "\n\n".join([MADE_BY, f"# {title}", *parts]) + "\n"


_ALL: dict[str, tuple[str, Callable[[], str]]] = {
    # page: the module it is made from, and by what
    "docs/cli.md": ("ledger.cli", cli_page),
    "docs/faults.md": ("docs.faults_page", faults_page),
    "docs/policy.md": ("ledger.policy", policy_page),
    "docs/refusals.md": ("ledger.refusals", refusals_page),
}


def _there(module: str) -> bool:
    spec = find_spec(module)
    return spec is not None and spec.origin is not None


PAGES: dict[str, Callable[[], str]] = {
    page: made for page, (module, made) in _ALL.items() if _there(module)
}


def stale(house: Path = HOUSE) -> list[str]:
    """The pages that are missing or no longer what the code says."""
    return [page for page in PAGES if is_stale(page, house)]


def is_stale(page: str, house: Path = HOUSE) -> bool:
    """Whether a page is missing or no longer what the code says."""
    return _on_disk(house / page) != PAGES[page]()


def _on_disk(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main(arguments: list[str]) -> int:
    """Write the stale pages, or with `--check` only name them and return 1."""
    pages = stale()
    for page in pages:
        if "--check" not in arguments:
            (HOUSE / page).write_text(PAGES[page](), encoding="utf-8")
        print(page)
    return 1 if pages and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
