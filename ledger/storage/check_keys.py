"""Checks of the keys: each movement's natural key and content digest, made anew from its fields."""

from __future__ import annotations

from operator import itemgetter

from sqlalchemy import Connection, select

from ledger.storage.chain import (
    CONTENT_FIELDS,
    MOVEMENT_FIELDS,
    OWN_FIELDS,
    US,
    content_kind,
    short_digest,
)
from ledger.storage.check_spoilt import Fail
from ledger.storage.rows import Pairs, streamed
from schemas import tables as t
from schemas.kinds import KEY_CLASS, key_class
from schemas.whole import LARGEST_WHOLE

# Where the fields stand in a leaf text split at US; its first part is the format's name.
_AT = {name: place for place, name in enumerate(MOVEMENT_FIELDS, start=1)}
_PARTIES = tuple(_AT[name] for name in ("exporter_no", "consignee_no", "parent_no"))
_KIND, _CHIP, _AMOUNT = _AT["kind"], _AT["chip"], _AT["amount_mtpp"]
_key_fields = itemgetter(*(_AT[name] for name in ("source", "document", "line", "attempt")))
_content_fields = itemgetter(*(_AT.get(name) or _AT[f"{name}_no"] for name in CONTENT_FIELDS))
# What a movement takes from the one it points at: no part of its own content.
_ANOTHERS = {
    key_class: [_AT.get(n) or _AT[f"{n}_no"] for n in CONTENT_FIELDS if n not in own]
    for key_class, own in OWN_FIELDS.items()
}


class Keys:
    """The stored keys, compared with those that the movements make, in order of seq."""

    def __init__(self, connection: Connection, fail: Fail) -> None:
        self._fail = fail
        k = t.movement_key.c
        self._stored = Pairs(streamed(connection, select(k.seq, k.key, k.content).order_by(k.seq)))
        parties = streamed(connection, select(t.party.c.party_no, t.party.c.name))
        self._names = {str(number): name for number, name in parties}
        self._names[""] = ""
        self._piece: dict[int, tuple[bytes, bytes]] = {}

    def load(self, below: int) -> None:
        """Take the stored keys of the movements below a seq."""
        self._spurious()
        for seq, key, content in self._stored.below(below):
            if seq in self._piece:
                self._fail("keys", f"movement {seq} has two keys")
            self._piece[seq] = key, content

    def compare(self, seq: int, fields: list[str]) -> None:
        """Compare one movement's key and content; `fields` are the parts of its leaf text."""
        kind = fields[_KIND]
        if kind not in KEY_CLASS:
            self._fail("values", f"movement {seq} is of no known kind")
            return
        stored = self._piece.pop(seq, None)
        if stored is None:
            self._fail("keys", f"movement {seq} has no key")
            return
        key = short_digest(US.join((key_class(kind), *_key_fields(fields))))
        if stored[0] != key:
            self._fail("keys", f"movement {seq} has a key that its fields do not make")
        for place in _PARTIES:
            fields[place] = self._names.get(fields[place], "?")
        fields[_KIND] = content_kind(kind)
        for place in _ANOTHERS.get(key_class(kind), ()):
            fields[place] = ""
        if fields[_CHIP]:
            fields[_AMOUNT] = ""
        if stored[1] != short_digest(US.join(_content_fields(fields))):
            self._fail("keys", f"movement {seq} has a content digest that its fields do not make")

    def end(self) -> None:
        """After the last movement no key may be left."""
        self._spurious()
        for seq, _, _ in self._stored.below(LARGEST_WHOLE + 1):
            self._fail("keys", f"a key stands for movement {seq}, which is not there")

    def _spurious(self) -> None:
        for seq in self._piece:
            self._fail("keys", f"a key stands for movement {seq}, which is not there")
        self._piece.clear()
