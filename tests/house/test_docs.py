"""Pages: links lead somewhere, made pages are what the code says, every command is explained."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path

import click
import pytest

from docs import generate
from tests.house.pages import anchors, broken_links

HOUSE = Path(__file__).parents[2]
WRITTEN = sorted([HOUSE / "README.md", *(HOUSE / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.relative_to(HOUSE).as_posix())
def test_links_lead_somewhere(page: Path):
    assert broken_links(page) == []


TARGET = """# Title
## What `tpp plan` does, and why
```
# no heading
```
## Twice
## Twice
"""


@pytest.mark.parametrize(
    ("link", "leads"),
    [
        ("[a](there.md)", True),
        ("[a](there.md#what-tpp-plan-does-and-why)", True),
        ("[a](there.md#twice-1)", True),
        ("[a](#top)", True),
        ("[a](there.md 'title')", True),
        ("[a](https://example.org/gone)", True),
        ("`[a](gone.md)`", True),
        ("```\n[a](gone.md)\n```", True),
        ("[a](gone.md)", False),
        ("[a](there.md#no-heading)", False),
        ("[a](there.md#twice-2)", False),
        ("[a](#bottom)", False),
        ("![picture](gone.svg)", False),
        ("[a]: gone.md", False),
    ],
)
def test_a_link_that_leads_nowhere_is_found(tmp_path: Path, link: str, leads: bool):
    (tmp_path / "there.md").write_text(TARGET)
    page = tmp_path / "page.md"
    page.write_text(f"# Top\n\n{link}\n")
    assert (broken_links(page) == []) == leads


def test_anchors_are_those_a_reader_sees(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(TARGET)
    assert anchors(page) == {"title", "what-tpp-plan-does-and-why", "twice", "twice-1"}


@pytest.mark.parametrize("page", generate.PAGES)
def test_a_made_page_is_what_the_code_says(page: str):
    assert not generate.is_stale(page), "run: python -m docs.generate"


def test_a_stale_page_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pages = {"fresh.md": lambda: "new", "old.md": lambda: "new", "missing.md": lambda: "new"}
    monkeypatch.setattr(generate, "PAGES", pages)
    (tmp_path / "fresh.md").write_text("new")
    (tmp_path / "old.md").write_text("old")
    assert generate.stale(tmp_path) == ["old.md", "missing.md"]


def unexplained(main: click.Command) -> list[str]:
    """Commands and options without a word of help."""
    found = []
    for path, command in generate.commands(main):
        if not generate.help_text(command):
            found.append(" ".join(path))
        found += [f"{' '.join(path)} {o.opts[0]}" for o in generate.options(command) if not o.help]
    return found


def test_every_command_and_option_is_explained():
    assert unexplained(import_module("ledger.cli").main) == []


@click.group()
def planted():
    """A group."""


@planted.command()
@click.argument("file")
@click.option("--explained", type=click.Choice(["a", "b"]), required=True, help="Which.")
@click.option("--bare", is_flag=True)
def silent(file: str, explained: str, bare: bool):
    pass


def test_what_is_not_explained_is_found():
    assert unexplained(planted) == ["tpp silent", "tpp silent --bare"]


def test_the_page_of_commands_shows_usage_and_options(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(generate, "import_module", lambda _: type("cli", (), {"main": planted}))
    page = generate.cli_page()
    assert "tpp [OPTIONS] COMMAND ..." in page
    assert "## tpp silent\n\n```\ntpp silent [OPTIONS] FILE\n```" in page
    assert "| `--explained a\\|b` | Which. (required) |" in page


def test_every_library_has_its_reason():
    """A dependency without a line in the decision is one nobody weighed."""
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    names = {re.match(r"[\w-]+", line)[0].lower() for line in wanted}  # type: ignore[index]
    page = (HOUSE / "docs/decisions/0001-libraries.md").read_text()
    told = {name.lower() for name in re.findall(r"^\| ([\w-]+)", page, re.MULTILINE)}
    assert told - {"library", "---"} == names


def test_every_kind_of_file_and_every_known_heading_is_on_the_page_of_imports():
    from ledger.intake.rows import required_of
    from schemas.fields import OPTIONAL
    from schemas.kinds import FileKind

    page = (HOUSE / "docs/import.md").read_text(encoding="utf-8")
    usage = re.search(r"tpp import FILE --as ([a-z|\s]+)\n\n", page)
    assert usage
    assert re.sub(r"\s", "", usage[1]).split("|") == [kind.value for kind in FileKind]
    for kind in FileKind:
        (must,) = re.findall(rf"^\| {kind.value} \| ([^|]*) \|", page, re.MULTILINE)
        parties = (
            {"exporter", "ultimate_consignee", "destination"} if "*parties*" in must else set()
        )
        lot = {"chip", "quantity"} if "*lot*" in must else set()
        named = {*re.findall(r"\w+", must)} | parties | lot
        assert {*required_of(kind, "chips")} <= named, kind
    (known,) = re.findall(r"Known in every file beside its own headings: ([^.]*)\.", page)
    assert re.findall(r"\w+", known) == [field.name for field in OPTIONAL]
