"""The page of what bad input gets, made by trying it: docs/faults.toml lists the faults."""

from __future__ import annotations

import csv
import io
import os
import re
import shlex
import shutil
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import chdir
from functools import cache
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from docs.generate import MADE_BY
from ledger.cli import main

HEADINGS = ("what", "given", "answer", "exit")
FAULTS = Path(__file__).with_name("faults.toml")
_LICENCE = {
    "licence": "D-1",
    "issued_on": "2026-03-02",
    "expires_on": "2027-03-01",
    "exporter": "Acme",
    "ultimate_consignee": "Vistula Cloud",
    "destination": "Poland",
    "chip": "H100 SXM",
    "quantity": "8",
}
_SHIPMENT = {
    "document": "S-1",
    "kind": "export",
    "exported_on": "2026-04-01",
    "exporter": "Acme",
    "ultimate_consignee": "Vistula Cloud",
    "destination": "Poland",
    "authorization": "licence",
    "licence": "D-1",
    "chip": "H100 SXM",
    "quantity": "4",
    "tpp": "",
}
# Lines of an answer that are the same for every fault, or say where files were put.
_USUAL = re.compile(r"rejected:|the rejected rows|nothing was recorded|Try '|$|Usage:")


@cache
def faults_page() -> str:
    """Every fault with the answer it gets, as Markdown."""
    parts = [
        MADE_BY,
        "# What bad input gets",
        "Each of these was tried when this page was made, in a ledger that holds one licence, D-1:"
        " 8 H100 SXM for Vistula Cloud in Poland. Nothing that was understood is lost, and nothing"
        " that was not is guessed.",
    ]
    faults = tomllib.loads(FAULTS.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        base = _base(Path(folder))
        for section in faults["section"]:
            parts += [f"## {section['title']}", section["intro"]]
            parts.append(_table(HEADINGS, _answers(base, section["fault"])))
    besides = [(one["what"], one["comes"]) for one in faults["besides"]]
    parts += ["## What is no message", _table(("what happens", "what comes of it"), besides)]
    return "\n\n".join(parts) + "\n"


def _base(folder: Path) -> Path:
    base = folder / "base"
    base.mkdir()
    with chdir(base):
        (base / "licence.csv").write_bytes(_csv([_LICENCE]))
        for command in ("init", "import licence.csv --as licences"):
            assert _run(command)[0] == 0, command
    return base


def _answers(base: Path, faults: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    for fault in faults:
        folder = base.with_name("tried")
        shutil.copytree(base, folder)
        with chdir(folder):
            code, said = _tried(fault)
        shutil.rmtree(folder)
        yield fault["what"], _given(fault), "<br>".join(_code(line) for line in said), str(code)


def _tried(fault: Mapping[str, Any]) -> tuple[int, list[str]]:
    """Put one fault to `tpp`, in the current folder: exit code and answer."""
    content = _content(fault)
    code, said = 0, [""]
    if content is not None:
        name = fault.get("file", "in.csv")
        Path(name).write_bytes(content)
        for _ in range(2 if fault.get("twice") else 1):
            code, said = _run(f"import {name} --as shipments")
    if "also" in fault:
        code, said = _run(fault["also"])
    return code, [line.strip() for line in said if not _USUAL.match(line.strip())]


def _content(fault: Mapping[str, Any]) -> bytes | None:
    if "text" in fault:
        return str(fault["text"]).encode(fault.get("encoding", "utf-8"))
    rows = fault.get("rows", [fault["cells"]] if "cells" in fault else None)
    return None if rows is None else _csv([{**_SHIPMENT, **row} for row in rows])


def _csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def _run(command: str) -> tuple[int, list[str]]:
    aside = {"TPP_LEDGER": None, "TPP_COPY": None, "TPP_DEBUG": None, "TPP_ACTOR": "ana"}
    done = CliRunner().invoke(main, shlex.split(command), prog_name="tpp", env=aside)
    return done.exit_code, done.output.replace(os.getcwd() + os.sep, "").splitlines()


def _given(fault: Mapping[str, Any]) -> str:
    """What was given, as far as a cell of a table can show it."""
    if "also" in fault:
        return _code(f"tpp {fault['also']}")
    if "text" in fault:
        return _code(_short(str(fault["text"])))
    rows = fault.get("rows", [fault.get("cells", {})])
    given = [", ".join(f"{name}: {value}" for name, value in row.items()) for row in rows]
    return "<br>".join(_code(text) for text in given if text)


def _short(text: str, most: int = 80) -> str:
    line = text.strip().replace("\n", "⏎")
    return line if len(line) <= most else f"{line[:most]} ..."


def _code(text: str) -> str:
    shown = text.replace("\0", "\\0").replace("`", "'")
    return f"`{shown}`" if shown else ""


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(c.replace('|', chr(92) + '|') for c in x)} |" for x in lines)
