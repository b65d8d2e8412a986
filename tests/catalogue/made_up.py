"""A small made-up catalogue, good as it is, for tests to break one thing of."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.catalogue.reader import THRESHOLDS_FILE, read_catalogue

HEAD = """
maker = "Acme"

[source.sheet]
title = "Acme One data sheet"
href = "https://example.org/one.pdf"
published = "2024-01"
reviewed = 2025-01-31
"""

CHIP = """
[[chip]]
key = "acme-one"
name = "Acme One"
aliases = ["One 80GB"]
from = 2024-01-01
datacentre = true
dense = true
rates = [{ format = "fp16", bits = 16, tops = 300 }]
die_area_mm2 = 800
non_planar = true
sources = ["sheet"]
"""

SYSTEM = """
[[system]]
key = "acme-box"
name = "Acme Box"
from = 2024-01-01
components = [{ chip = "acme-one", count = 8 }]
sources = ["sheet"]
"""


def files(tables: str = CHIP + SYSTEM, *, head: str = HEAD) -> Mapping[str, str]:
    """The files of a catalogue of one maker, with the real thresholds."""
    return {"acme.toml": head + tables, THRESHOLDS_FILE: read_catalogue().text[THRESHOLDS_FILE]}
