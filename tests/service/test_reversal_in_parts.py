"""A whole file taken back part by part: the same to the byte as all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

import pytest

from ledger.service import dependents, goods, known_rows
from ledger.service.ledger import Ledger
from ledger.service.outcome import Outcome
from tests.service import nasty
from tests.service.books import assert_sound, rows, write_csv
from tests.service.both import assert_same, filled, shipped

pytestmark = [pytest.mark.usefixtures("frozen"), pytest.mark.slow]


@contextmanager
def in_parts() -> Iterator[None]:
    """Few movements are read at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dependents, "AT_ONCE", 7)
        patch.setattr(goods, "_AT_ONCE", 5)
        patch.setattr(known_rows, "_AT_ONCE", 3)
        yield


def both(ledgers: Sequence[Ledger], act: Callable[[Ledger], Outcome]) -> Outcome:
    """Do the same in one ledger at once, in the other by parts."""
    one, other = ledgers
    at_once = act(one)
    with in_parts():
        by_parts = act(other)
    assert replace(at_once, repeated=()) == replace(by_parts, repeated=())
    assert_same((one, other))
    return at_once


def imported(ledger: Ledger, kind: str, path: Path) -> Outcome:
    return ledger.import_file(path, kind)


def test_a_file_is_reversed_and_restored_by_parts(ledger_url: str, tmp_path: Path):
    with filled(ledger_url, tmp_path) as (one, other, lines):
        ledgers = (one, other)
        random = Random(31)
        files = [("shipments", shipped(tmp_path, lines))]
        for kind, made in (
            ("receipts", nasty.receipts(random, 60, lines)),
            ("returns", nasty.returns(random, 40, lines)),
        ):
            files.append((kind, write_csv(tmp_path / f"{kind}.csv", made)))
        sent = [both(ledgers, partial(imported, kind=kind, path=path)) for kind, path in files]
        for ledger in ledgers:
            nasty.act_on(ledger)
        number = sent[0].submission
        assert number is not None
        told = both(
            ledgers, lambda led: led.reverse_submission(number, "no", dry_run=True, cascade=True)
        )
        gone = both(ledgers, lambda led: led.reverse_submission(number, "wrong", cascade=True))
        assert gone.count == told.count > sent[0].count
        assert len(told.warnings) == told.count
        undoing = gone.submission
        assert undoing is not None
        back = both(ledgers, lambda led: led.reverse_submission(undoing, "right after all"))
        assert back.count == gone.count
        live = [m["attempt"] for m in rows(one.url, "movement")]
        assert set(live) == {1}
        assert_sound(other)


def test_licences_go_with_the_acts_on_them_by_parts(ledger_url: str, tmp_path: Path):
    with filled(ledger_url, tmp_path) as (one, other, lines):
        for ledger in (one, other):
            ledger.import_file(shipped(tmp_path, lines), "shipments")
            nasty.act_on(ledger)
        licences = [m["seq"] for m in rows(one.url, "movement") if m["kind"] == "licence"]
        live = sum(act["live"] for act in rows(one.url, "standing"))
        gone = both((one, other), lambda led: led.reverse(licences, "wrong", cascade=True))
        fell = live - sum(act["live"] for act in rows(one.url, "standing"))
        assert gone.count > len(licences)
        assert fell > 3
        assert_sound(other)


def test_what_is_in_the_way_is_named_alike(ledger_url: str, tmp_path: Path):
    with filled(ledger_url, tmp_path) as (one, other, lines):
        for ledger in (one, other):
            ledger.import_file(shipped(tmp_path, lines), "shipments")
        at_once = standing_in_the_way(one)
        with in_parts():
            assert standing_in_the_way(other) == at_once
        assert "live movements point at" in at_once


def standing_in_the_way(ledger: Ledger) -> str:
    """Why the licences cannot be reversed."""
    seqs = [m["seq"] for m in rows(ledger.url, "movement") if m["kind"] == "licence"]
    with pytest.raises(dependents.Standing) as standing:
        ledger.reverse(seqs, "wrong")
    return str(standing.value)
