"""What rules a ledger, kept in the ledger: regime, options and catalogue adopted in full.

An adoption is a movement whose details name three texts by digest. Rulings of the past stay
readable and can be made again whatever package is installed later.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from sqlalchemy import bindparam, select

from ledger.catalogue.reader import catalogue_from_text
from ledger.policy.reader import regime_from_text
from ledger.service.rows import Row, row_of
from ledger.service.rulebook import Rulebook
from ledger.storage.errors import NotALedger
from ledger.storage.statements import Cursor
from ledger.storage.store import Store
from schemas import tables as t
from schemas.canonical import canonical
from schemas.kinds import Kind
from schemas.records import Given

_ADOPTIONS = (
    select(t.standing.c.seq)
    .where(t.standing.c.kind == bindparam("kind"))
    .order_by(t.standing.c.seq)
)
_BESIDE = "beside"
_DETAILS = t.movement.columns.keys().index("details")


def package_version() -> str:
    """The version of this software, or "0" where it is not installed."""
    try:
        return version("tpp-ledger")
    except PackageNotFoundError:
        return "0"


def texts_of(rulebook: Rulebook) -> dict[str, str]:
    """What is adopted, each as one canonical text: regime, options, catalogue.

    Of each regime beside it the same two, named `KEY regime` and `KEY options`.
    """
    beside = {
        f"{one.regime.key} {name}": body
        for one in rulebook.beside
        for name, body in _texts(one).items()
    }
    return {**_texts(rulebook), "catalogue": canonical(dict(rulebook.catalogue.text)), **beside}


def _texts(rulebook: Rulebook) -> dict[str, str]:
    return {
        "regime": canonical(dict(rulebook.regime.text)),
        "options": canonical(rulebook.options),
    }


def adoption_row(rulebook: Rulebook, day: date, number: int) -> tuple[Row, dict[str, str]]:
    """The movement that adopts a rulebook, and the texts it names, by digest."""
    texts = texts_of(rulebook)
    digests = {name: sha256(body.encode()).hexdigest() for name, body in texts.items()}
    said = {**digests, "regime_key": rulebook.regime.key, "tpp": package_version()}
    if rulebook.beside:
        said[_BESIDE] = " ".join(one.regime.key for one in rulebook.beside)
    details = canonical(said)
    given = Given(
        row=1,
        file_line=1,
        kind=Kind.ADOPTION,
        effective_on=day,
        source="ledger",
        document="adoption",
        line=str(number),
        details=details,
    )
    return row_of(given, None), {digests[name]: body for name, body in texts.items()}


@dataclass(frozen=True, slots=True)
class Adopted:
    """A rulebook, its adoption's seq, and the submission from which it is in force."""

    seq: int
    submission: int
    rulebook: Rulebook


def adopted(store: Store) -> Adopted:
    """What the ledger last adopted. Raises NotALedger where it adopted nothing."""
    return _adoptions(store, last=True)[0]


def every_adoption(store: Store) -> list[Adopted]:
    """Every rulebook the ledger adopted, in order."""
    return _adoptions(store, last=False)


def _adoptions(store: Store, *, last: bool) -> list[Adopted]:
    with store.reading() as turn:
        cursor = Cursor(store.raw(turn.connection), store.dialect)
        seqs = [seq for (seq,) in cursor.read(_ADOPTIONS, str(Kind.ADOPTION))]
        if not seqs:
            raise NotALedger(f"the ledger {store.place} was never given a regime: run `tpp init`")
        movements = cursor.find(t.movement, "seq", seqs[-1:] if last else seqs)
        return [_adopted(cursor, movement) for movement in sorted(movements)]


def _adopted(cursor: Cursor, movement: tuple[Any, ...]) -> Adopted:
    details: Mapping[str, str] = json.loads(movement[_DETAILS])
    beside = details.get(_BESIDE, "").split()
    names = [f"{key} {name}" for key in beside for name in ("regime", "options")]
    wanted = {name: details[name] for name in ("regime", "options", "catalogue", *names)}
    bodies = dict(row[:2] for row in cursor.find(t.text, "digest", wanted.values()))
    texts = {name: json.loads(bodies[digest]) for name, digest in wanted.items()}
    rulebook = Rulebook(
        regime_from_text(texts["regime"], adopted=True),
        texts["options"],
        catalogue_from_text(texts["catalogue"]),
        [
            (regime_from_text(texts[f"{k} regime"], adopted=True), texts[f"{k} options"])
            for k in beside
        ],
    )
    return Adopted(movement[0], movement[1], rulebook)
