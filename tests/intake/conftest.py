"""Files made from text, read in a folder that must be empty again afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger.intake import Intake, Setting, load_map, read
from ledger.intake.store import Workspace
from schemas.kinds import FileKind
from schemas.problems import Unusable
from tests.intake.settings import small

SHIPMENTS = "document,exported_on,exporter,ultimate_consignee,destination,chip,quantity"
GOOD = "S1,2025-06-01,Acme,Bharat DC,IN,H100,8"


class Desk:
    """Writes files, reads them and tidies up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workspace = folder / "workspace"
        self.workspace.mkdir()
        self.open: list[Intake] = []

    def file(self, content: str | bytes, name: str = "in.csv") -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def read(
        self,
        content: str | bytes | Path,
        kind: str = "shipments",
        setting: Setting | None = None,
        mapping: str | None = None,
        source: str | None = None,
    ) -> Intake:
        path = content if isinstance(content, Path) else self.file(content)
        mapped = load_map(self.file(mapping, "map.toml")) if mapping is not None else None
        chosen = setting or small()
        found = read(path, FileKind(kind), chosen, mapped, source, Workspace(self.workspace))
        self.open.append(found)
        return found

    def shipments(self, *rows: str, more: str = "", **options) -> Intake:
        """A shipments file of these rows, its headings followed by `more`."""
        return self.read("\n".join([SHIPMENTS + more, *rows, ""]), **options)

    def said(self, *args, **options) -> list[str]:
        """Every problem of a file, as a user reads it; of an unusable file too."""
        try:
            return [str(p) for p in self.read(*args, **options).problems()]
        except Unusable as unusable:
            return [str(p) for p in unusable.problems]

    def given(self, intake: Intake, *columns: str) -> list[tuple]:
        """The good rows in the order of the file."""
        listed = ", ".join(f'"{c}"' for c in columns) or "*"
        return intake.con.execute(f"SELECT {listed} FROM given ORDER BY row").fetchall()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    for intake in desk.open:
        intake.close()
    assert list(desk.workspace.iterdir()) == []


@pytest.fixture
def said(desk: Desk) -> Callable[..., list[str]]:
    return desk.said
