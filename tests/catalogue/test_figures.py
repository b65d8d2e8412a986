"""What the rule makes of the makers' figures: TPP, density and paragraph, chip by chip."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ledger.catalogue import classing
from ledger.catalogue.reader import read_catalogue
from ledger.catalogue.types import Chip
from schemas.tpp import Tpp

CATALOGUE = read_catalogue()

# Published TPP and density (rounded as printed; "-" where none is published), and the class.
PUBLISHED = """
    A100                 4992     6.04   a
    A800                 4992     6.04   a
    H100 SXM            15832    19.45   a
    H800 SXM            15832    19.45   a
    H200 SXM            15832    19.45   a
    H100 NVL            13364    16.42   a
    H200 NVL            13364    16.42   a
    H800 PCIe           12104    14.87   a
    H20                  2368     2.91   none
    B100                28000     17.2   a
    B200                36000     22.1   a
    GB200               40000        -   a
    B300                56000     34.4   a
    GB300               60000        -   a
    B30A                28000     34.4   a
    Rubin              140000        -   a
    MI210                2896     3.67   b
    MI250                5794     3.67   a
    MI250X               6128     3.88   a
    MI300A              15690     15.4   a
    MI300X              20919     20.6   a
    MI325X              20919     20.6   a
    MI350X              36910       36   a
    MI355X              40266       40   a
    MI308                2368        -   none
    L40S                 5864      9.6   a
    L40                  2896      4.8   b
    L4                   1940      6.6   a
    L20                  1912     3.14   none
    L2                   1544        -   none
    A10                  2000        -   none
    A30                  2644        -   b
    RTX 4090             5285      8.7   a
    RTX 4090 D           4707        -   none
    TPU v5p              7344        -   a
    TPU v6e             14688        -   a
    Trainium2           10672        -   a
    Gaudi 2              6912        -   a
    Gaudi 3             29360        -   a
    Ascend 910B          5120        -   a
    Ascend 910C         12032        -   a
    Ascend 950           8000        -   a
"""


def _lines(table: str) -> list[list[str]]:
    lines = (line.strip() for line in table.split("\n"))
    return [line.rsplit(maxsplit=3) for line in lines if line]


def _row(name: str):
    row = CATALOGUE.find(name)
    assert row is not None, name
    return row


def _rounded(value: Fraction, places: int) -> Fraction:
    scaled = value * 10**places
    return Fraction((scaled + Fraction(1, 2)).__floor__(), 10**places)


@pytest.mark.parametrize(
    ("name", "tpp", "density", "class_"),
    _lines(PUBLISHED),
    ids=lambda cell: cell,
)
def test_published_figures_come_out(name, tpp, density, class_):
    row = _row(name)
    exact = Fraction(classing.unit_tpp(row, CATALOGUE).milli, 1000)
    assert _rounded(exact, 0) == int(tpp)
    assert classing.chip_class(row, CATALOGUE) == class_
    if density != "-":
        found = classing.performance_density(row, CATALOGUE)
        assert found is not None
        places = len(density.partition(".")[2])
        assert _rounded(found, places) == Fraction(density)


EXACT = """
    H100         15832      8   1979
    H200 NVL     13364      8   1670.5
    H20           2368      8   296
    MI300X     20919.2      8   2614.9
    A100          4992      4   1248
    A30           2644      4   661
    L40S          5864      4   1466
    L4            1940      8   242.5
    RTX 4090    5284.8      4   1321.2
    Gaudi 3      29360     16   1835
    Maia 100     18000      6   3000
"""


@pytest.mark.parametrize(("name", "tpp", "bits", "tops"), _lines(EXACT))
def test_the_highest_rate_times_bits_decides_to_the_last_digit(name, tpp, bits, tops):
    row = _row(name)
    assert isinstance(row, Chip)
    assert classing.unit_tpp(row, CATALOGUE) == Tpp.of(tpp)
    best = max(classing.figures(row), key=lambda figure: figure.tpp)
    assert (str(best.bits), best.tops) == (bits, tops)


SYSTEMS = """
    DGX A100                    39936    4A090.a
    HGX H100 8-GPU             126656    4A090.a
    DGX H200                   126656    4A090.a
    HGX B200                   288000    4A090.a
    DGX B300                   448000    4A090.a
    GB200 Superchip             80000    4A090.a
    GB200 NVL72               2880000    4A090.a
    GB300 NVL72               4320000    4A090.a
    MI300X platform          167353.6    4A090.a
    MI325X platform          167353.6    4A090.a
    HGX H20 8-GPU               18944    none
"""


@pytest.mark.parametrize(
    ("name", "tpp", "paragraph"),
    [line.strip().rsplit(maxsplit=2) for line in SYSTEMS.strip().split("\n")],
)
def test_a_system_is_the_sum_of_its_chips_and_of_the_class_of_its_highest(name, tpp, paragraph):
    row = _row(name)
    assert str(classing.unit_tpp(row, CATALOGUE)) == tpp
    assert classing.paragraph(row, CATALOGUE) == paragraph
    assert classing.performance_density(row, CATALOGUE) is None


def test_a_only_counts_no_chip_that_is_not_3a090_a():
    h20, h100 = _row("HGX H20 8-GPU"), _row("DGX H100")
    assert classing.unit_tpp(h20, CATALOGUE, system_tpp="a_only") == Tpp(0)
    assert classing.unit_tpp(h100, CATALOGUE, system_tpp="a_only") == Tpp.of(126656)
    # A chip by itself is what it is under either reading.
    assert classing.unit_tpp(_row("H20"), CATALOGUE, system_tpp="a_only") == Tpp.of(2368)
    with pytest.raises(ValueError, match="every_ic"):
        classing.unit_tpp(h20, CATALOGUE, system_tpp="all")


@pytest.mark.parametrize(("bits", "tpp", "class_"), [("19", 3610, "a"), ("32", 6080, "a")])
def test_tf32_counts_with_the_bits_of_the_regime(bits, tpp, class_):
    row = _row("Trainium1")
    assert classing.unit_tpp(row, CATALOGUE, tf32_bits=bits) == Tpp.of(tpp)
    assert classing.chip_class(row, CATALOGUE, tf32_bits=bits) == class_


# By exact figures: the MI300X's 20,919.2 gives a unit or two fewer than its rounded 20,919.
UNITS = """
    A100      641   5388   50681   158253    316506   1014423
    H100      202   1699   15980    49898     99797    319858
    MI300X    152   1285   12094    37764     75528    242074
    B200       88    747    7027    21944     43888    140666
    GB200      80    672    6325    19750     39500    126600
    B300       57    480    4517    14107     28214     90428
    GB300      53    448    4216    13166     26333     84400
"""
AMOUNTS = (3_200_000, 26_900_000, 253_000_000, 790_000_000, 1_580_000_000, 5_064_000_000)


@pytest.mark.parametrize("line", [line.split() for line in UNITS.strip().split("\n")])
def test_whole_units_in_each_published_amount(line):
    name, *counts = line
    unit = classing.unit_tpp(_row(name), CATALOGUE)
    assert [Tpp.of(amount).milli // unit.milli for amount in AMOUNTS] == [int(c) for c in counts]


REMARKS = """
    H100        .z paragraph
    DGX H100    .z paragraph; controlled by the integrated circuits in it
    H20
    RTX 4090    .z paragraph; may use exceptions NAC and ACA
    RTX 4090 D  outside .a and .b
    RTX A6000   outside .a and .b
    TPU v3      .z paragraph; No die area is published
    TPU v6e     .z paragraph
    B30A        .z paragraph; an estimate
"""


@pytest.mark.parametrize("line", REMARKS.strip("\n").split("\n"))
def test_what_is_said_beside_the_paragraph(line):
    name, expected = line[:16].strip(), [part for part in line[16:].split("; ") if part]
    said = classing.remarks(_row(name), CATALOGUE)
    assert len(said) == len(expected)
    assert all(part in text for part, text in zip(expected, said, strict=True))


def test_a_planar_die_has_no_density_and_never_reaches_a_limit_by_it():
    row = _row("Tesla K80")
    assert classing.performance_density(row, CATALOGUE) is None
    assert classing.paragraph(row, CATALOGUE) == "none"
