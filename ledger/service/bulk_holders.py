"""Who holds the budgets that columns of movements draw on: the same as holders.py, at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ledger.policy.budgets import ATTRIBUTED, COUNTRIES
from ledger.rules.admission import Ints
from ledger.service.batches import Frame
from ledger.service.columns import Prepared, place_column
from ledger.service.day_numbers import day_of
from ledger.service.draws import Drawer
from ledger.service.holders import (
    ALONE,
    BY_EXPORTER,
    CHIP_IN_COUNTRY,
    IN_COUNTRY,
    LEFT,
    OTHER,
    PARTIES,
    SITES,
    account_key,
    nth_of,
    supplied,
    supplied_key,
    supplied_name,
    turn_of,
)
from ledger.service.rulebook import Rulebook

NONE = -1


class BulkHolders:
    """Numbers holders: countries by their place in `codes`, all others by that in `keys`.

    Countries are followed as one regime of the ledger has it, that of `rulebook`.
    """

    def __init__(self, drawer: Drawer, rulebook: Rulebook, prepared: Prepared) -> None:
        self.drawer, self.rulebook, self.prepared = drawer, rulebook, prepared
        followed = [self.rulebook.followed(code) or code for code in prepared.countries]
        left = {code: self.rulebook.followed(code) or code for code in prepared.left}
        self.codes = sorted({*followed, *left.values()})
        place = {code: n for n, code in enumerate(self.codes)}
        self._country = place_column([place[code] for code in followed])
        named = (left.get(text) for text in prepared.named)
        self._left = place_column([None if code is None else place[code] for code in named])
        self.keys = sorted({*prepared.party_keys, *prepared.named_keys})
        self._place = {key: n for n, key in enumerate(self.keys)}
        self._party_key = place_column([self._place[key] for key in prepared.party_keys])
        self._named_key = place_column([self._place[key] for key in prepared.named_keys])
        self._key_of_named = dict(zip(prepared.named, prepared.named_keys, strict=True))
        self._chip_key: Ints | None = None
        self._accounts: dict[int, int] = {}
        self._supplies: dict[int, int] = {}

    def of(self, source: str, frame: Frame, rows: Ints, day: Ints) -> Ints:
        """Who holds on each row's own day, -1 for nobody."""
        if source in COUNTRIES:
            places = self._left if source == LEFT else self._country
            return self._at(places, frame, f"{source}_at", rows)
        if source == "chip":
            return self._at(self._chips(), frame, "chip_at", rows)
        if source == CHIP_IN_COUNTRY:
            country = self._at(self._country, frame, "destination_at", rows)
            return self._account(self._at(self._chips(), frame, "chip_at", rows), country)
        if source in SITES:
            return self._at(self._named_key, frame, f"{source}_at", rows)
        if source in ALONE:
            return self._merged(self._at(self._party_key, frame, f"{source}_at", rows), day)
        if source == BY_EXPORTER:
            return self._supplied(frame, rows, day)
        party = self._party(source, frame, rows, day)
        if source == OTHER:
            owner = self._party("owner", frame, rows, day)
            party = np.where(party != owner, party, NONE)
        if source in IN_COUNTRY:
            country = self._at(self._country, frame, "destination_at", rows)
            return self._account(party, country)
        return party

    def named(self, source: str, frame: Frame, row: int, holder: int) -> tuple[str, str]:
        """The key and name of the holder of one row's draw."""
        if source in COUNTRIES:
            code = self.codes[holder]
            return code, self.rulebook.country_name(code)
        key = self.keys[holder]
        if source in SITES:
            return key, self._said(frame, f"{source}_at", row) or key
        if source == CHIP_IN_COUNTRY:
            chip, _, code = key.rpartition("@")
            return key, f"{chip}, {self.rulebook.country_name(code)}"
        if source in ALONE:
            said = self._party_said(frame, f"{source}_at", row, key)
            return key, said or self.drawer.relations.name(key)
        if source == BY_EXPORTER:
            return key, self._supplied_name(frame, row, *supplied(key))
        if source not in PARTIES:
            return key, key
        party, _, code = key.rpartition("@") if source in IN_COUNTRY else (key, "", "")
        name = self._name(source, frame, row, party)
        return key, f"{name}, {self.rulebook.country_name(code)}" if code else name

    def _supplied_name(self, frame: Frame, row: int, receiver: str, exporter: str) -> str:
        owner = self._said(frame, "owner_at", row)
        if owner is None:
            received = self._party_said(frame, "consignee_at", row, receiver)
        else:
            received = owner if self._key_of_named[owner] == receiver else None
        sent = self._party_said(frame, "exporter_at", row, exporter)
        declared = self.drawer.relations.name
        return supplied_name(received or declared(receiver), sent or declared(exporter))

    def _party_said(self, frame: Frame, column: str, row: int, key: str) -> str | None:
        """A party as a row spells it, if it is the one of that key."""
        at = int(frame.ints(column, NONE)[row])
        known = at >= 0 and self.prepared.party_keys[at] == key
        return self.prepared.parties[at] if known else None

    def _name(self, source: str, frame: Frame, row: int, key: str) -> str:
        """What a party is called by the movement that opens its budget."""
        for field in PARTIES[source]:
            said = self._said(frame, f"{field}_at", row)
            if said is not None and self._key_of_named[said] == key:
                return said
        for column in ("parent_at", "consignee_at"):
            said = self._party_said(frame, column, row, key)
            if said is not None:
                return said
        return self.drawer.relations.name(key)

    def _said(self, frame: Frame, column: str, row: int) -> str | None:
        if not frame.has(column):
            return None
        at = int(frame.ints(column, NONE)[row])
        return None if at < 0 else self.prepared.named[at]

    @staticmethod
    def _at(places: Ints, frame: Frame, column: str, rows: Ints) -> Ints:
        if not len(places) or not frame.has(column):
            return np.full(len(rows), NONE, np.int64)
        at = frame.ints(column, NONE)[rows]
        found: Ints = np.where(at >= 0, places[at], NONE)
        return found

    def _party(self, source: str, frame: Frame, rows: Ints, day: Ints) -> Ints:
        fields = PARTIES[source]
        parent = self._at(self._party_key, frame, "parent_at", rows)
        consignee = self._at(self._party_key, frame, "consignee_at", rows)
        said = np.full(len(rows), NONE, np.int64)
        for field in reversed(fields):
            at = self._at(self._named_key, frame, f"{field}_at", rows)
            said = np.where(at >= 0, at, said)
        holder = np.where(said >= 0, said, np.where(parent >= 0, parent, consignee))
        if turn_of(source):
            holder = np.full(len(rows), NONE, np.int64)
        if self.drawer.relations:
            self._relate(source, holder, (said, parent, consignee), day)
        return holder

    def _relate(
        self, source: str, holder: Ints, parties: tuple[Ints, Ints, Ints], day: Ints
    ) -> None:
        """Where something was declared of a party, ask who holds for it on the day."""
        relations = self.drawer.relations
        declared = np.array([relations.touches(key) for key in self.keys] + [False], bool)
        said, parent, consignee = parties
        ask = declared[said] | declared[parent] | declared[consignee]
        for at in np.flatnonzero(ask).tolist():
            on = day_of(int(day[at]))
            own = self._key(said[at])
            if own is not None and source not in ATTRIBUTED:
                key: str | None = relations.merged(own, on)
            else:
                asked = (self._key(consignee[at]), self._key(parent[at]))
                named = asked if own is None else (own, None)
                key = nth_of(relations.holders(*named, on), source)
            holder[at] = NONE if key is None else self._place_of(key)

    def _account(self, party: Ints, country: Ints) -> Ints:
        """The account of each party in each country."""
        return self._paired(
            (party, country), self._accounts, lambda a, b: account_key(self.keys[a], self.codes[b])
        )

    def _supplied(self, frame: Frame, rows: Ints, day: Ints) -> Ints:
        """The account of what each exporter sent to each receiver."""
        consignee = self._at(self._party_key, frame, "consignee_at", rows)
        owner = self._at(self._named_key, frame, "owner_at", rows)
        exporter = self._at(self._party_key, frame, "exporter_at", rows)
        if (exporter < 0).any():
            exporter = np.where(exporter >= 0, exporter, self._place_of(""))
        receiver = self._merged(np.where(owner >= 0, owner, consignee), day)
        return self._paired(
            (receiver, self._merged(exporter, day)),
            self._supplies,
            lambda a, b: supplied_key(self.keys[a], self.keys[b]),
        )

    def _merged(self, party: Ints, day: Ints) -> Ints:
        """Each party after the mergers on record on its day."""
        relations = self.drawer.relations
        if not relations:
            return party
        declared = np.array([relations.touches(key) for key in self.keys] + [False], bool)
        found = party.copy()
        for at in np.flatnonzero(declared[party]).tolist():
            key = relations.merged(self.keys[party[at]], day_of(int(day[at])))
            found[at] = self._place_of(key)
        return found

    def _paired(
        self, both: tuple[Ints, Ints], known: dict[int, int], key: Callable[[int, int], str]
    ) -> Ints:
        """The holder of each pair, -1 where one of the two is not known."""
        first, second = both
        found = np.full(len(first), NONE, np.int64)
        has = np.flatnonzero((first >= 0) & (second >= 0))
        if not len(has):
            return found
        pairs, inverse = np.unique(first[has] << 32 | second[has], return_inverse=True)
        for pair in pairs.tolist():
            if pair not in known:
                known[pair] = self._place_of(key(pair >> 32, pair & 0xFFFFFFFF))
        found[has] = np.array([known[pair] for pair in pairs.tolist()])[inverse]
        return found

    def _chips(self) -> Ints:
        if self._chip_key is None:
            self._chip_key = place_column([self._place_of(key) for key in self.prepared.chips])
        return self._chip_key

    def _key(self, place: int) -> str | None:
        return self.keys[place] if place >= 0 else None

    def _place_of(self, key: str) -> int:
        if key not in self._place:
            self._place[key] = len(self.keys)
            self.keys.append(key)
        return self._place[key]
