"""`tpp check`: a sound ledger passes every invariant, and each one is seen to fail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from ledger.storage import append_only
from ledger.storage.chain import GS, RS, US, ZERO
from ledger.storage.check import SENTENCES, Invariant, check, check_turn
from ledger.storage.head import HEAD_SQL, Head
from ledger.storage.store import Store, Turn, create
from schemas import tables as t
from tests.storage.scribe import small_ledger


def failing(store: Store, against: str | None = None) -> dict[str, str]:
    """The invariants that do not hold, each with its failures joined."""
    return words(check(store, against))


def words(found: Iterable[Invariant]) -> dict[str, str]:
    """Each failing invariant with its failures joined."""
    return {one.name: "; ".join(one.failures) for one in found if not one.holds}


@pytest.fixture(scope="module")
def kept(module_url: str) -> Iterator[Store]:
    """One small ledger in each database; the tests change it and take the change back."""
    with create(module_url) as store:
        small_ledger(store)
        yield store


def failing_after(store: Store, statement: str) -> dict[str, str]:
    """What check finds once somebody with the file in hand ran a statement; then undone."""
    with pytest.raises(TakenBack), store.writing() as turn:  # noqa: PT012
        unguarded(store, turn)
        turn.connection.exec_driver_sql(statement)
        append_only.guard(turn.connection)
        now = Turn(turn.connection, Head(*turn.connection.exec_driver_sql(HEAD_SQL).one()))
        found = words(check_turn(store, now))
        raise TakenBack
    return found


def unguarded(store: Store, turn: Turn) -> None:
    """Take the triggers away, as somebody with the file in hand can."""
    run = turn.connection.exec_driver_sql
    for table in t.APPEND_ONLY:
        if store.dialect == "postgresql":
            run(f"DROP TRIGGER {table.name}_append_only ON {table.name}")
        else:
            run(f"DROP TRIGGER {table.name}_no_update")
            run(f"DROP TRIGGER {table.name}_no_delete")


class TakenBack(Exception):
    """Undoes a transaction."""


def test_an_empty_ledger_passes(led: Store) -> None:
    assert failing(led, ZERO) == {}


def test_a_sound_ledger_passes_every_invariant_by_name(led: Store) -> None:
    digests = small_ledger(led)
    done: list[tuple[int, int]] = []
    found = check(led, digests[0], progress=lambda *so_far: done.append(so_far))
    assert {one.name for one in found} == SENTENCES.keys()
    assert [one for one in found if not one.holds] == []
    assert done[-1] == (9, 9)


def test_a_head_noted_earlier_is_known_and_another_is_not(led: Store) -> None:
    for digest in small_ledger(led):
        assert failing(led, digest.upper()) == {}
    assert failing(led, "ab" * 32).keys() == {"known head"}


CHANGES = """
UPDATE movement SET quantity = 5 WHERE seq = 3 | chain: submission 2: the movements 2 to 4
UPDATE movement SET quantity = 5 WHERE seq = 3 | keys: movement 3 has a content digest
UPDATE movement SET quantity = 5 WHERE seq = 8 | licence lines: licence line 2: used_quantity is 4
UPDATE movement SET document = 'E9' WHERE seq = 3 | keys: movement 3 has a key
UPDATE movement SET details = '' WHERE seq = 1 | values: movement 1
UPDATE movement SET kind = 'gift' WHERE seq = 5 | values: movement 5 is of no known kind
UPDATE movement SET submission = 1 WHERE seq = 7 | submissions: movement 7 says submission 1
UPDATE movement SET target_seq = 7 WHERE seq = 3 | references: movement 3 points at one
UPDATE movement SET ruling_no = 9 WHERE seq = 2 | references: movement 2: ruling_no 9
UPDATE movement SET effective_on = '2025-06-03' WHERE seq = 7 | reversals: movement 7 is not dated
DELETE FROM movement WHERE seq = 4 | seq: movement 5 follows 3
DELETE FROM movement WHERE seq = 9 | seq: the head is at movement 9, the last
UPDATE entry SET posted_mtpp = 1 WHERE seq = 4 | chain: submission 2
UPDATE entry SET posted_mtpp = 1 WHERE seq = 4 | balances: budget 2: posted_mtpp is 15824000
UPDATE entry SET posted_mtpp = 1 WHERE seq = 4 | days: budget 2, 2025-06-02
UPDATE entry SET posted_mtpp = 1 WHERE seq = 7 | reversals: movement 7 is not the opposite
UPDATE entry SET held_mtpp = 1 WHERE seq = 7 | licence lines: licence line 2 holds 94944000
UPDATE entry SET held_mtpp = -158240001 WHERE seq = 3 | not negative: budget 1: held_mtpp was -1
UPDATE entry SET budget_no = 8 WHERE seq = 5 | references: entry 5/8/1: budget_no 8
UPDATE entry SET seq = 10 WHERE seq = 5 | references: entry 10/1/1: seq 10 is no movement
DELETE FROM entry WHERE seq = 5 | chain: submission 3
UPDATE finding SET detail = 'none' WHERE seq = 4 AND ordinal = 1 | chain: submission 2
UPDATE finding SET ordinal = 3 WHERE seq = 4 AND ordinal = 2 | seq: finding 3 of movement 4
DELETE FROM movement_key WHERE seq = 6 | keys: movement 6 has no key
UPDATE movement_key SET seq = 4 WHERE seq = 6 | keys: movement 4 has two keys
UPDATE party SET name = 'Acne' WHERE party_no = 1 | chain: submission 2: parties
UPDATE party SET submission = 9 WHERE party_no = 1 | references: party 1 belongs to submission 9
UPDATE budget SET limit_mtpp = 1 WHERE budget_no = 2 | chain: submission 1: parties
UPDATE ruling SET body = '{}' WHERE ruling_no = 2 | chain: submission 1: parties
DELETE FROM text WHERE digest = 'd2' | chain: submission 1: parties
UPDATE submission SET note = 'other' WHERE number = 1 | chain: submission 1: its digest
UPDATE submission SET recorded_at = '2020' WHERE number = 2 | recorded_at: submission 2
UPDATE submission SET count = 2 WHERE number = 2 | submissions: movement 4 says submission 2
DELETE FROM submission WHERE number = 3 | submissions: the head is at 3
DELETE FROM submission WHERE number = 2 | submissions: submission 3 follows 1
UPDATE head SET digest = 'ab' | chain: the head's digest
UPDATE head SET last_seq = 10 | seq: the head is at movement 10
UPDATE head SET last_recorded_at = '2030' | recorded_at: the head's last instant
UPDATE balance SET safe_mtpp = 0 WHERE budget_no = 1 | balances: budget 1: safe_mtpp is 0
UPDATE balance SET last_credit_on = NULL WHERE budget_no = 1 | balances: budget 1: last_credit_on
UPDATE balance SET last_credit_on = '2025-06-01' WHERE budget_no = 1 | balances: budget 1: last
UPDATE balance SET last_credit_on = '2025-06-03' WHERE budget_no = 1 | balances: budget 1: last
DELETE FROM balance WHERE budget_no = 2 | balances: budget 2: posted_mtpp is 0
UPDATE balance_day SET taken_mtpp = 3 WHERE budget_no = 2 | days: budget 2
UPDATE balance_day SET pending_mtpp = 3 WHERE budget_no = 2 | days: budget 2
UPDATE balance_day SET adjustment_mtpp = 3 WHERE budget_no = 2 | days: budget 2
UPDATE licence_line SET used_quantity = 9 | licence lines: licence line 2: used_quantity is 9
UPDATE licence_line SET live = 0 | licence lines: licence line 2: live is 0
UPDATE licence_line SET licence = 'D9' | licence lines: licence line 2 names another
DELETE FROM licence_line | licence lines: licence line 2 is gone
INSERT INTO standing VALUES (5, 'block', '1', NULL, '2025-06-02', NULL, 1) | standing: the standing
"""
ROWS = [tuple(part.strip() for part in row.split("|")) for row in CHANGES.strip().splitlines()]


@pytest.mark.parametrize(("statement", "expected"), ROWS)
def test_each_change_is_found_and_named(kept: Store, statement: str, expected: str) -> None:
    name, _, said = expected.partition(": ")
    found = failing_after(kept, statement)
    assert name in found, found
    assert said in found[name]


def test_nothing_of_these_changes_stayed(kept: Store) -> None:
    assert failing(kept) == {}


def test_a_missing_trigger_is_found(led: Store) -> None:
    name = "movement_no_update" if led.dialect == "sqlite" else "movement_append_only ON movement"
    with led.writing() as turn:
        turn.connection.exec_driver_sql(f"DROP TRIGGER {name}")
    assert failing(led).keys() == {"append-only"}


SHIFTED = """
UPDATE movement SET source = 'books{US}regime', document = '1', line = '1{US}' | movement 1
UPDATE party SET name = 'Acme{US}acme', name_key = '' WHERE party_no = 1       | party 1
UPDATE submission SET note = 'init{US}x' WHERE number = 1                      | submission 1
UPDATE submission SET note = 'init{RS}x' WHERE number = 1                      | submission 1
UPDATE submission SET actor = 'a{GS}b' WHERE number = 1                        | submission 1
UPDATE budget SET holder_name = 'Po{GS}land' WHERE budget_no = 1               | budget 1
UPDATE finding SET detail = 'x{GS}y' WHERE seq = 4 AND ordinal = 1             | finding 1
"""


@pytest.mark.parametrize("row", SHIFTED.strip().splitlines())
def test_separators_within_a_field_are_found(kept: Store, row: str) -> None:
    """They could make two different rows read alike, byte by byte."""
    statement, said = (part.strip() for part in row.format(US=US, RS=RS, GS=GS).split("|"))
    assert f"{said} holds a separator" in failing_after(kept, statement)["values"] or (
        f"{said} of movement 4 holds a separator" in failing_after(kept, statement)["values"]
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE movement SET quantity = '4 ' || 'x' WHERE seq = 3",
        "UPDATE movement SET chip = CAST(chip AS BLOB) WHERE seq = 3",
        "UPDATE movement SET amount_mtpp = amount_mtpp + 0.5 WHERE seq = 3",
        "UPDATE movement SET effective_on = '2025-6-2' WHERE seq = 3",
        "UPDATE movement SET chip = CAST(X'6869FF' AS TEXT) WHERE seq = 3",
        "UPDATE submission SET count = 'three' WHERE number = 2",
    ],
)
def test_sqlite_values_of_another_kind_are_found(tmp_path: Path, statement: str) -> None:
    with create(str(tmp_path / "ledger.db")) as store:
        small_ledger(store)
        found = failing_after(store, statement)
    if "FF" in statement:
        assert "movement 3" in found["keys"]
    elif "submission" in statement:
        assert "submission 2" in found["values"]
        assert found["chain"].startswith("not to be recomputed")
    else:
        assert "movement 3" in found["values"]
