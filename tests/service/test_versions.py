"""Another version of the law: what it says otherwise, what it would change, and its adoption."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import ledger as tpp
from ledger.policy.differences import differences
from ledger.policy.reader import _from_text, read_regime, starter_regime
from ledger.service.ledger import open_ledger
from schemas.problems import Unusable
from tests.cases.own_regimes import written
from tests.cases.table import LAW, play
from tests.service.books import assert_sound, rows, whole

SHIPPED = """
act     | no | day        | to      | by   | parent | units | under | says
ship    | S1 | 2025-06-01 | Namibia | LPP  | P      | 10    |       |
ship    | S2 | 2026-06-01 | Namibia | LPP  | P      | 20    |       |
licence | L1 | 2025-06-01 | Namibia |      |        | 100   |       |
ship    | S3 | 2025-07-01 | Namibia |      |        | 60    | L1    |
apply   | A1 | 2025-07-02 | Namibia |      |        | 49898 |       | refused:over_limit
"""
UNIT = 15_832_000
STAYS = [
    "the default of lpp_year is exported now, and was received: received stays in force,"
    " as --option did not say otherwise"
]


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """The rule with a larger allocation, and Namibia in Group D:1 from 2026 on."""
    folder = tmp_path / "draft"
    shutil.copytree(LAW, folder, ignore=shutil.ignore_patterns("__pycache__"))
    cap = folder / "numbers/country_cap.toml"
    cap.write_text(cap.read_text().replace("790_000_000", "800_000_000"))
    group = folder / "lists/d1.toml"
    change = '\n[[change]]\nfrom = 2026-01-01\nadd = ["NA"]\nsection = "made up"\n'
    group.write_text(group.read_text() + change)
    return folder


@pytest.fixture
def books(ledger_url: str) -> Iterator[tpp.Ledger]:
    with tpp.create(ledger_url) as made:
        play(made.service, SHIPPED)
        yield made
        assert_sound(made.service)


def test_what_another_version_says_otherwise(draft):
    one, other = read_regime("ai_diffusion"), read_regime(draft)
    found = {
        (d.kind, d.key, d.fact): (d.before, d.after)
        for d in differences(one, other, date(2026, 6, 1), ({}, {"lpp_year": "exported"}))
    }
    assert found["number", "country_cap", "value"] == ("790,000,000", "800,000,000")
    assert found["list", "d1", "members, Namibia"] == ("", "yes")
    assert found["list", "d1", "history, 2026-01-01, joined, Namibia"] == ("", "yes")
    assert found["option", "lpp_year", "in force"] == ("received", "exported")
    assert found["budget", "country_allocation", "value"] == ("790,000,000 TPP", "800,000,000 TPP")
    assert {kind for kind, _, _ in found} == {"number", "list", "option", "budget"}
    assert differences(one, one, date(2026, 6, 1)) == []
    earlier = differences(one, other, date(2025, 6, 1))
    assert ("d1", "members, Namibia") not in {(d.key, d.fact) for d in earlier}


def test_a_whole_entry_more_or_less():
    one, other = read_regime("ai_diffusion"), read_regime("china_case_by_case")
    found = differences(one, other, date(2026, 6, 1))
    gone = next(d for d in found if (d.kind, d.key) == ("number", "country_cap"))
    assert (gone.fact, gone.after) == ("", "")
    assert gone.before.endswith("790,000,000")
    assert any(d.fact == "" and d.before == "" for d in found)


def test_what_a_draft_would_change(books, draft):
    service = books.service
    before = whole(books.url)
    found = service.replay(books.refresh(), service.version("adopted"), service.version(str(draft)))
    assert (found.movements, found.changed) == (5, 1)
    assert [(m.seq, m.document) for m in found.first] == [(3, "S2")]
    ways = {c.what: (c.before, c.after, c.movements) for c in found.changes}
    assert ways["flags"] == ("", "authorization_unavailable", 1)
    totals = {(t.rule, t.holder, t.window, t.official): t for t in found.totals}
    country = totals["country_allocation", "NA", "2025-2027", True]
    assert (country.before_mtpp, country.after_mtpp) == (100 * UNIT, 100 * UNIT)
    assert country.limit_before_mtpp == 790_000_000_000
    assert country.limit_after_mtpp == 800_000_000_000
    assert whole(books.url) == before


def test_what_another_reading_would_change(books):
    service = books.service
    both = service.version("adopted"), service.version("adopted", {"lpp_year": "exported"})
    found = service.replay(books.refresh(), *both, first=1)
    assert (found.changed, len(found.first)) == (2, 1)
    (way,) = found.changes
    assert (way.what, way.movements) == ("draws", 2)
    assert found.totals == []


def test_what_was_reversed_is_not_ruled(books, draft):
    books.reverse(3, "never left")
    service = books.service
    found = service.replay(books.refresh(), service.version("adopted"), service.version(str(draft)))
    assert (found.movements, found.changed) == (4, 0)


def test_a_new_version_is_adopted_and_the_past_stays(books, draft):
    outcome = books.service.adopt(str(draft), note="as amended")
    assert (outcome.count, outcome.breaches) == (1, 0)
    assert outcome.warnings == [
        "157 open budgets of country_allocation 2025-2027 keep their limit of 790,000,000 TPP,"
        " where this version says 800,000,000: record amendments to move them"
    ]
    with open_ledger(books.url) as after:
        again = "act|no|day|to|by|parent|units|says\nship|S4|2026-06-02|Namibia|LPP|P|1|"
        play(after, again + "authorization_unavailable")
        with pytest.raises(Unusable, match="is what the ledger has adopted already"):
            after.adopt(str(draft))
        assert after.adopt("adopted", {"lpp_year": "exported"}).count == 1
        versions = [m for m in rows(books.url, "movement") if m["kind"] == "adoption"]
        assert [m["line"] for m in versions] == ["1", "7", "9"]
        first = after.version("adopted").rulebook.regime.version
        assert after.version(first[:8]).rulebook.regime.version == first
    with open_ledger(books.url) as last:
        assert last.rulebook.options["lpp_year"] == "exported"
        assert last.rulebook.regime.version == first
    with tpp.open(books.url) as told:
        assert told.explain(3).findings == ()
        assert told.report("remaining", known_at="seq:2").attrs["about"]["options"]["lpp_year"] == (
            "received"
        )
        assert told.report("remaining").attrs["about"]["options"]["lpp_year"] == "exported"


def test_what_cannot_be_adopted(books, tmp_path):
    head = rows(books.url, "head")
    for where, options, reason in (
        (
            "china_case_by_case",
            {},
            "this ledger goes by ai_diffusion, and by no china_case_by_case",
        ),
        ("nowhere", {}, "no such regime, and no such folder"),
        ("adopted", {"lpp_year": "never"}, "the option has no such value"),
        ("adopted", {}, "is what the ledger has adopted already"),
    ):
        with pytest.raises(Unusable, match=reason):
            books.service.adopt(where, options)
    assert rows(books.url, "head") == head


@pytest.mark.parametrize(
    ("found", "put", "said"),
    [
        ('unit = "TPP"', 'unit = "kg"', 'counts "chips in kg": this ledger\'s books are kept in'),
        ('counts = "chips"', 'counts = "amounts"', "are kept in chips in TPP: another measure"),
    ],
)
def test_a_version_that_counts_otherwise_cannot_be_adopted(tmp_path, found, put, said):
    mine, other = tmp_path / "mine", tmp_path / "other"
    for folder in (mine, other):
        written(starter_regime(), folder)
    own = other / "regime.toml"
    own.write_text(own.read_text().replace(found, put))
    with tpp.create(str(tmp_path / "books.db"), regime=str(mine)) as made:
        head = rows(made.url, "head")
        with pytest.raises(Unusable, match=said):
            made.service.adopt(str(other))
        assert rows(made.url, "head") == head


def test_what_was_adopted_is_read_though_it_would_be_refused_now(tmp_path, monkeypatch):
    folder = written(starter_regime(), tmp_path / "older")
    (folder / "budgets/unused.csv").write_text("of an earlier draft")
    with monkeypatch.context() as before:
        before.setattr("ledger.policy.sound.sound", lambda book, regime: None)
        tpp.create(str(tmp_path / "books.db"), regime=str(folder)).close()
    _from_text.cache_clear()
    with pytest.raises(Unusable, match="no budget names it"):
        read_regime(folder)
    with open_ledger(str(tmp_path / "books.db")) as ledger:
        assert ledger.rulebook.regime.key == "my_regime"


READINGS = [
    # what the new version says, what --option says, what the adoption says
    (('default = "received"', 'default = "exported"'), {}, STAYS),
    (('default = "received"', 'default = "exported"'), {"lpp_year": "both"}, []),
    (
        (
            'default = "received"\nobeyed = ["received", "exported", "both"]',
            'default = "exported"\nobeyed = ["exported", "both"]',
        ),
        {},
        ["the reading received of lpp_year is no more: exported, its default, is in force"],
    ),
]


@pytest.mark.parametrize(("change", "options", "said"), READINGS)
def test_a_changed_default_is_told(books, tmp_path, change, options, said):
    draft = tmp_path / "readings"
    shutil.copytree(LAW, draft, ignore=shutil.ignore_patterns("__pycache__"))
    text = (draft / "options.toml").read_text()
    head, key, rest = text.partition('key = "lpp_year"')
    assert change[0] in rest
    (draft / "options.toml").write_text(head + key + rest.replace(*change, 1))
    assert books.service.adopt(str(draft), options).warnings == said


def test_a_move_is_ruled_again_as_a_move(books):
    """As what it is in law, from where and whose: the same version changes nothing of it."""
    service = books.service
    play(
        service,
        """
        act  | no | day        | from  | to      | by   | to_owner | noticed    | says
        move | M1 | 2025-06-01 | India | Namibia | none | B        | 2025-03-01 | no_authorization
        move | M2 | 2025-06-01 | India | India   | none |          |            |
        move | M3 | 2025-06-01 | India | Namibia | UVEU |          | 2025-03-01 | share_undeclared
        """,
    )
    adopted = service.version("adopted")
    same = service.replay(books.refresh(), adopted, adopted)
    assert (same.movements, same.changed, same.totals) == (8, 0, [])
    counted = service.version("adopted", {"exceptions_count_uveu": "yes"})
    found = service.replay(books.refresh(), adopted, counted)
    assert [(m.document, m.kind) for m in found.first] == [("M3", "transfer_out")]


def test_a_declared_parent_is_the_parent_when_it_is_ruled_again(books):
    """By the headquarters it was ruled by; where only rows count, by none."""
    service = books.service
    play(
        service,
        """
        act       | no | day        | party | other_party | country | says
        ownership | N1 | 2025-06-01 | C     | Holding     | Macau   | parent_in_doubt
        """,
    )
    barred = "act|no|day|to|by|says\nship|S9|2025-07-01|Kenya|LPP|authorization_unavailable"
    play(service, barred)
    adopted = service.version("adopted")
    same = service.replay(books.refresh(), adopted, adopted)
    assert (same.movements, same.changed, same.totals) == (6, 0, [])
    by_row = service.version("adopted", {"parent_stated": "row"})
    found = service.replay(books.refresh(), adopted, by_row)
    assert [m.document for m in found.first] == ["S9"]
    ways = {c.what: (c.before, c.after) for c in found.changes}
    assert ways["flags"] == ("authorization_unavailable", "")
