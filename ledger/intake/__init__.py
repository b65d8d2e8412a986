"""Files in: CSV, Parquet and XLSX become typed rows, or every problem in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.intake.setting import ChipFact, Setting

if TYPE_CHECKING:
    from ledger.intake.hand import typed
    from ledger.intake.mapping import MapFile, load_map
    from ledger.intake.reading import Intake, read

__all__ = ["ChipFact", "Intake", "MapFile", "Setting", "load_map", "read", "typed"]

# Loaded when asked for: a row typed by hand needs no DuckDB.
_HOMES = {
    "Intake": "reading",
    "read": "reading",
    "MapFile": "mapping",
    "load_map": "mapping",
    "typed": "hand",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"ledger.intake.{_HOMES[name]}"), name)
