"""A chip is found by the names in use, and by no other; a typo gets the nearest names."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.catalogue.reader import catalogue_from_text, read_catalogue
from ledger.catalogue.types import Chip, normal
from tests.catalogue.made_up import CHIP, files

CATALOGUE = read_catalogue()

FOUND = """
    nvidia-h100-sxm            nvidia-h100-sxm
    NVIDIA H100 SXM5 80GB      nvidia-h100-sxm
    nvidia® h100-sxm           nvidia-h100-sxm
    H100                       nvidia-h100-sxm
    NVIDIA A100 SXM4 40 GB     nvidia-a100
    NVIDIA Tesla V100 SXM2     nvidia-v100-sxm2
    NVIDIA GB200               nvidia-gb200
    NVIDIA GB300 (Blackwell Ultra)  nvidia-gb300
    NVIDIA L20 PCle            nvidia-l20
    RTX 4090D                  nvidia-rtx-4090-d
    AMD Radeon Instinct MI250X amd-mi250x
    amd instinct(tm) mi300x    amd-mi300x
    Intel Habana Gaudi3        intel-gaudi-3
    Amazon Trainium2           amazon-trainium2
    Google TPU v6e Trillium    google-tpu-v6e
    Maia 100 (M100)            microsoft-maia-100
    Tesla D1 Dojo              tesla-dojo-d1
    DGX GB200                  nvidia-gb200-nvl72
"""


@pytest.mark.parametrize("line", FOUND.strip("\n").split("\n"))
def test_found(line):
    name, key = line.strip().rsplit(maxsplit=1)
    row = CATALOGUE.find(name)
    assert row is not None
    assert row.key == key


@pytest.mark.parametrize("name", ["", "  ", "®", "NVIDIA", "H", "HGX H20", "GH100", "MI300", "TPU"])
def test_never_a_guess(name):
    assert CATALOGUE.find(name) is None


NEAREST = """
    H1000 SXM       NVIDIA H100 SXM
    MI300           AMD Instinct MI300A
    MI-300-X plat   AMD Instinct MI300X platform
    Nvdia L40       NVIDIA L40
    Gaudi           Intel Gaudi 2
    Trainium        Amazon Trainium1
    HGX H20         NVIDIA HGX H20 8-GPU
"""


@pytest.mark.parametrize("line", NEAREST.strip("\n").split("\n"))
def test_the_nearest_names_come_with_a_miss(line):
    name, nearest = line[:20].strip(), line[20:].strip()
    found = CATALOGUE.nearest(name)
    assert found[0] == nearest
    assert len(set(found)) == len(found) <= 3


EXACT = """
    GB200NVL72      NVIDIA GB200 NVL72
    4090D           NVIDIA GeForce RTX 4090 D
    L40 S           NVIDIA L40S
    l40             NVIDIA L40
    h100            NVIDIA H100 SXM
"""


@pytest.mark.parametrize("line", EXACT.strip("\n").split("\n"))
def test_a_name_that_is_found_stands_first(line):
    """Whatever its blanks; a bare end of a name is nearer than a longer likeness."""
    name, first = line[:20].strip(), line[20:].strip()
    assert CATALOGUE.search(name)[0].name == first


def test_mi300_is_near_both_parts_of_that_name():
    assert {"AMD Instinct MI300A", "AMD Instinct MI300X"} < set(CATALOGUE.nearest("MI300"))


def test_nothing_is_near_to_nonsense():
    assert CATALOGUE.nearest("qqqq") == ()
    assert CATALOGUE.nearest("") == ()


def test_case_blanks_marks_and_accents_make_no_name():
    assert normal("  NVIDIA® H100-SXM (tm) ") == "nvidiah100sxm"


def test_several_dated_rows_of_a_chip_each_hold_from_their_day():
    later = CHIP.replace("2024-01-01", "2025-06-01").replace("tops = 300", "tops = 310")
    catalogue = catalogue_from_text(files(CHIP + later))
    tops = {}
    for day in (date(2023, 1, 1), date(2025, 5, 31), date(2025, 6, 1), None):
        row = catalogue.find("Acme One", day)
        assert isinstance(row, Chip)
        tops[day] = str(row.rates[0].tops)
    assert list(tops.values()) == ["300", "300", "310", "310"]


def test_the_version_follows_every_character_and_the_text_reads_back_the_same():
    again = catalogue_from_text(CATALOGUE.text)
    assert again == CATALOGUE
    assert again.version == CATALOGUE.version
    other = dict(CATALOGUE.text)
    other["amd.toml"] += "# one more line\n"
    assert catalogue_from_text(other).version != CATALOGUE.version
