"""The shipments that acts name by source, document and line, found by their keys for the checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, select

from ledger.storage.chain import key_digest
from ledger.storage.statements import CHUNKS, parts_of
from schemas import tables as t
from schemas.kinds import Kind


class Named(NamedTuple):
    """A shipment as a movement of a submission names it."""

    submission: int
    source: str
    document: str
    line: str

    def key(self, attempt: int) -> bytes:
        """The natural key of one attempt."""
        return key_digest(Kind.EXPORT, self.source, self.document, self.line, attempt)


def shipments_of(connection: Connection, named: Mapping[int, Named]) -> dict[int, int]:
    """The seq of the shipment each movement names, by the seq of that movement.

    It is the first attempt that stood when the movement was recorded, or came before it in the
    same submission; a movement whose shipment was not on file is left out.
    """
    found: dict[int, int] = {}
    left, attempt = dict(named), 1
    undone = _Undone(connection)
    while left:
        keys = {seq: one.key(attempt) for seq, one in left.items()}
        known = _known(connection, set(keys.values()))
        left = {seq: one for seq, one in left.items() if keys[seq] in known}
        for seq, one in list(left.items()):
            shipment, submission = known[keys[seq]]
            beside = submission == one.submission
            if shipment < seq and (beside or not undone.before(seq, shipment)):
                found[seq] = shipment
                del left[seq]
        attempt += 1
    return found


def _known(connection: Connection, keys: set[bytes]) -> dict[bytes, tuple[int, int]]:
    """The seq and submission of the movements of some keys."""
    k, m = t.movement_key.c, t.movement.c
    query = select(k.key, k.seq, m.submission).join(t.movement, m.seq == k.seq)
    known: dict[bytes, tuple[int, int]] = {}
    for part in parts_of(sorted(keys), CHUNKS[-1]):
        for key, seq, submission in connection.execute(query.where(k.key.in_(part))):
            known[bytes(key)] = seq, submission
    return known


class _Undone:
    """Which movements were reversed before another one was recorded."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._targets: set[int] | None = None

    def before(self, seq: int, shipment: int) -> bool:
        """Whether a movement stood reversed when movement `seq` was recorded."""
        m = t.movement.c
        reversal = m.kind == Kind.REVERSAL
        if self._targets is None:
            every = self._connection.execute(select(m.target_seq).where(reversal))
            self._targets = {target for (target,) in every}
        if shipment not in self._targets:
            return False
        by = select(m.seq).where(reversal, m.target_seq == shipment, m.seq < seq, m.seq > shipment)
        return any(not self.before(seq, one) for (one,) in self._connection.execute(by))
