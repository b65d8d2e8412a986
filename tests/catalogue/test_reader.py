"""The loader refuses what it does not know, names the place, and names all that is wrong."""

from __future__ import annotations

import pytest

from ledger.catalogue import classing
from ledger.catalogue.reader import THRESHOLDS_FILE, catalogue_from_text, read_catalogue
from schemas.problems import Problem, Unusable
from tests.catalogue.made_up import CHIP, HEAD, SYSTEM, files


def _problems(texts) -> tuple[Problem, ...]:
    with pytest.raises(Unusable) as caught:
        catalogue_from_text(texts)
    return caught.value.problems


def test_the_made_up_catalogue_is_good():
    assert len(catalogue_from_text(files()).rows) == 2


RATE = '{ format = "fp16", bits = 16, tops = 300 }'
# What is written instead of what, the column named, and words of the reason.
BROKEN = [
    ("datacentre = true", "datacenter = true", "datacenter", "unknown key"),
    ("die_area_mm2 = 800", "die_area = 800", "die_area", "unknown key"),
    ("datacentre = true", "", "datacentre", "missing"),
    ("datacentre = true", "datacentre = 1", "datacentre", "true or false"),
    ('key = "acme-one"', "", "key", "missing"),
    ('name = "Acme One"', 'name = " "', "name", "not empty"),
    ("from = 2024-01-01\ndata", "from = '2024-01-01'\ndata", "from", "must be a date"),
    ("from = 2024-01-01\ndata", "from = 2024-01-01T00:00:00\ndata", "from", "must be a date"),
    ('non_planar = true\nsources = ["sheet"]', "non_planar = true", "sources", "missing"),
    ('true\nsources = ["sheet"]', 'true\nsources = ["shet"]', "sources", "no [source.shet]"),
    (RATE, "", "rates", "missing"),
    (RATE, f"{RATE}, {RATE}", "rates", "two rates of one format"),
    (RATE, RATE.replace("300", "3e2"), "tops", "plain number"),
    (RATE, RATE.replace("300", "inf"), "tops", "plain number"),
    (RATE, RATE.replace("300", "nan"), "tops", "plain number"),
    (RATE, RATE.replace("300", "-300.5"), "tops", "plain number"),
    (RATE, RATE.replace("300", "0"), "tops", "plain number"),
    (RATE, RATE.replace("300", "true"), "tops", "plain number"),
    (RATE, RATE.replace("300", '"300"'), "tops", "plain number"),
    (RATE, RATE.replace("300", "0.0001234567890123456"), "tops", "digits"),
    (RATE, RATE.replace("300", "300.00001"), "tops", "finer than 0.001 TPP"),
    (RATE, RATE.replace("16,", "8,"), "bits", "does not agree"),
    (RATE, RATE.replace("16,", "16.5,"), "bits", "whole number"),
    (RATE, RATE.replace("fp16", "sixteen"), "format", "bit length"),
    (RATE, RATE.replace("fp16", "tf32"), "bits", "tf32_bits decides"),
    (RATE, RATE.replace(" }", ", sparse = 600 }"), "sparse", "sparse figures do not count"),
    ("dense = true", "dense = false", "dense", "sparse figures do not count"),
    ("dense = true", "dense = true\nsparse = true", "sparse", "sparse figures do not count"),
    ("dense = true", "", "dense", "missing"),
    ("die_area_mm2 = 800\n", "", "die_area_mm2", "die_area_unknown = true"),
    ("die_area_mm2", "die_area_unknown = true\ndie_area_mm2", "die_area_unknown", "beside it"),
    ('chip = "acme-one"', 'chip = "acme-oen"', "components", 'no chip of the key "acme-oen"'),
    ("count = 8", "count = 0", "count", "whole number from 1"),
    ('aliases = ["One 80GB"]', 'aliases = "One"', "aliases", "list of texts"),
    ('["One 80GB"]', '["One 80GB", "one-80 gb"]', "aliases", "stands twice"),
    ('["One 80GB"]', '["Acme Box"]', "aliases", "already names acme-one"),
    ('published = "2024-01"', 'published = "lately"', "published", "day, month or year"),
    ("reviewed = 2025-01-31", "", "reviewed", "missing"),
    ('href = "https://example.org/one.pdf"', "", "href", "missing"),
]


@pytest.mark.parametrize(("good", "bad", "column", "reason"), BROKEN)
def test_each_fault_is_named_with_its_column(good, bad, column, reason):
    text = HEAD + CHIP + SYSTEM
    assert good in text
    broken = {**files(), "acme.toml": text.replace(good, bad, 1)}
    found = [p for p in _problems(broken) if p.column == column and reason in p.reason]
    assert found
    assert found[0].file.startswith("acme.toml")


def test_an_unknown_key_gets_the_nearest_one_and_its_line():
    text = HEAD + CHIP.replace("non_planar", "non_plannar")
    problem, missing = _problems({**files(), "acme.toml": text})
    assert problem.nearest[0] == "non_planar"
    assert text.splitlines()[problem.line - 1] == "[[chip]]"
    assert (missing.column, missing.reason) == ("non_planar", "missing")


def test_a_sparse_figure_would_double_the_tpp_and_is_refused_with_a_sentence():
    sparse = CHIP.replace("300", "600").replace("dense = true", "dense = false")
    (problem,) = _problems(files(sparse))
    assert str(problem) == (
        'acme.toml:10, dense "false": sparse figures do not count: '
        "give the dense rate (3A090, technical note 3)"
    )


def test_all_faults_come_at_once():
    text = CHIP.replace("dense = true", "dense = false").replace("300", "1e3")
    other = "maker = 7\n[[chip]]\n"
    problems = _problems({**files(text), "other.toml": other})
    assert {p.file for p in problems} == {"acme.toml", "other.toml"}
    assert len(problems) > 8


@pytest.mark.parametrize(
    ("tables", "reason"),
    [
        (CHIP + CHIP, "must be later than the row of that key before it"),
        (CHIP + CHIP.replace("acme-one", "acme-two"), "already names acme-one"),
        (CHIP + SYSTEM.replace("acme-box", "acme-one"), "both a chip and a system"),
    ],
)
def test_rows_agree_with_each_other(tables, reason):
    assert any(reason in p.reason for p in _problems(files(tables)))


def test_one_name_for_two_makers_is_refused():
    other = (HEAD + CHIP).replace("Acme", "Bcme").replace("acme", "bcme")
    problems = _problems({**files(), "bcme.toml": other})
    assert any(p.file == "bcme.toml" and "already names acme-one" in p.reason for p in problems)


def test_what_is_not_toml_is_told_with_its_line():
    (problem,) = _problems({**files(), "acme.toml": 'maker = "Acme"\nkey = \n'})
    assert (problem.file, problem.line) == ("acme.toml", 2)


@pytest.mark.parametrize(
    ("good", "bad", "reason"),
    [
        ('name = "b2_density"', 'name = "b3_density"', "no threshold of that name"),
        ("value = 5.92", "value = 5.92e0", "plain number"),
        ("value = 5.92", "", "missing"),
        ('source = "acs"', "", "missing"),
        ('section = "3A090.a.2"', "", "missing"),
        ('name = "z"', 'name = "zz"', "chips cannot be classed without it"),
        ('name = "a2_tpp"', 'name = "a1_tpp"', "must be later"),
    ],
)
def test_the_limits_are_read_as_strictly(good, bad, reason):
    text = files()[THRESHOLDS_FILE]
    assert good in text
    broken = {**files(), THRESHOLDS_FILE: text.replace(good, bad, 1)}
    assert any(reason in p.reason for p in _problems(broken))


def test_without_limits_there_is_no_catalogue():
    (problem,) = _problems({"acme.toml": HEAD + CHIP})
    assert problem.file == THRESHOLDS_FILE


def test_a_limit_of_the_law_decides_and_not_the_code():
    raised = files()[THRESHOLDS_FILE].replace("value = 4800", "value = 4801", 1)
    chip = CHIP.replace("die_area_mm2 = 800", "die_area_mm2 = 1000")
    for text, paragraph in ((None, "3A090.a"), (raised, "3A090.b")):
        texts = {**files(chip), **({THRESHOLDS_FILE: text} if text else {})}
        catalogue = catalogue_from_text(texts)
        assert classing.paragraph(catalogue.rows[0], catalogue) == paragraph


# Rates of 16 bits around the limits on a die of 1000 mm2: TOPS, area, datacentre, class.
LIMITS = """
    300        1000   true    a
    299.9375   1000   true    b
    100         270   true    a
    100         271   true    b
    99.9375     270   true    none
    150        1500   true    b
    150        1501   true    none
    149.9375   1000   true    none
    100         500   true    b
    100         501   true    none
    300        1000   false   a
    299.9375    270   false   none
"""


@pytest.mark.parametrize("line", [line.split() for line in LIMITS.strip().split("\n")])
def test_each_limit_is_met_at_equality_and_missed_just_below(line):
    tops, area, datacentre, class_ = line
    chip = CHIP.replace("300", tops).replace("= 800", f"= {area}")
    catalogue = catalogue_from_text(files(chip.replace("centre = true", f"centre = {datacentre}")))
    assert classing.chip_class(catalogue.rows[0], catalogue) == class_


def test_a_folder_is_read_as_the_package_is(tmp_path):
    for name, text in files().items():
        (tmp_path / name).write_text(text)
    assert [row.key for row in read_catalogue(tmp_path).rows] == ["acme-one", "acme-box"]


def test_an_empty_folder_and_a_file_that_is_not_text_are_problems(tmp_path):
    with pytest.raises(Unusable, match="no catalogue files"):
        read_catalogue(tmp_path)
    (tmp_path / "acme.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(Unusable, match=r"acme\.toml: cannot be read"):
        read_catalogue(tmp_path)
