"""A file of receipts or returns as columns: what columns.py is for shipments.

What such a row leaves open is its shipment's, so it is made ready under the lock, once the
shipments are looked up (bulk_targets.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ledger.rules.admission import Ints
from ledger.rules.judge import ruling_from_body
from ledger.service.book import Book
from ledger.service.bulk_targets import NONE, Targets
from ledger.service.columns import Prepared, numbered, place_column
from ledger.service.followers import BOTH_YEARS, LATER, TRANSIT
from ledger.service.holders import LEFT, asked_of
from ledger.service.known_rows import ByRows
from ledger.service.rulebook import Ruled
from ledger.service.texts import Texts
from ledger.storage.bulk import Staging
from schemas import tables as t
from schemas.names import name_key
from schemas.tpp import LARGEST_MTPP

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

# Draws of a shipment that wait for what comes behind it.
WAITING = (*LATER, TRANSIT, BOTH_YEARS)
_COUNTRIES = ("destination", "consignee_hq", "parent_hq")


@dataclass(slots=True)
class Followed(Prepared):
    """As Prepared, of rows that point at shipments.

    `at` are the places of what the shipments name, by column of a frame (`consignee_at` and the
    like), -1 for none; `authorizations` the texts that `authorization_at` refers to.
    """

    targets: Targets | None = None
    at: dict[str, Ints] | None = None
    authorizations: tuple[str, ...] = ()

    @property
    def movements(self) -> str:
        """The SQL of the file's movements, in no order, without what is their shipments'."""
        return _STREAM

    def completed(self, rows: pa.Table) -> pa.Table:
        """The movements with what is their shipments'. Raises ByRows for amounts beyond 64 bits."""
        import pyarrow as pa

        assert self.targets is not None
        assert self.at is not None
        count = rows.num_rows
        no = rows.column("target_no").to_numpy()
        made = {name: rows.column(name) for name in rows.column_names}
        made |= {name: _known(column[no]) for name, column in self.at.items()}
        named = {"destination": self.countries, "chip": self.chips}
        named["authorization"] = list(self.authorizations)
        for name, values in named.items():
            made[name] = pa.array(values, pa.string()).take(made[f"{name}_at"])
        quantity, unit, amount = self._figures(rows, no)
        made |= {"quantity": quantity, "unit_mtpp": unit, "amount_mtpp": amount}
        made["target_seq"] = pa.array(self.targets.seq[no])
        none = dict.fromkeys(("expires_text", "consignee_hq", "parent_hq"), pa.string())
        none |= dict.fromkeys(("licence", "licence_line"), pa.string())
        none |= dict.fromkeys(("unit_value_cents", "line_at"), pa.int64())
        made |= {name: pa.nulls(count, type_) for name, type_ in none.items()}
        return pa.table(made)

    def _figures(self, rows: pa.Table, no: Ints) -> tuple[Any, Any, Any]:
        """Units, TPP of one and the amount: the row's own, or its shipment's (parts.py)."""
        assert self.targets is not None
        own, said = (_whole(rows.column(name)) for name in ("own_quantity", "own_amount"))
        sent, unit, whole = (
            self.targets.whole[name][no] for name in ("quantity", "unit_mtpp", "amount_mtpp")
        )
        counted = (own >= 0) & (unit >= 0)
        come_to = products(own, unit, counted)
        amount = np.where(said >= 0, said, np.where(counted, come_to, whole))
        each = np.maximum(unit, 1)
        units = np.where((unit > 0) & (said % each == 0), said // each, NONE)
        quantity = np.where((said < 0) | (said == whole), sent, units)
        return _known(np.where(own >= 0, own, quantity)), _known(unit), _known(amount)


def products(one: Ints, other: Ints, where: NDArray[np.bool_]) -> Ints:
    """Products of whole numbers of which those outside `where` count as 0.

    Raises ByRows where one is beyond 64 bits.
    """
    one, other = np.where(where, one, 0), np.where(where, other, 0)
    if (one > LARGEST_MTPP // np.maximum(other, 1)).any():
        raise ByRows
    return one * other


def _known(values: Ints) -> Any:
    """Whole numbers of which those below 0 stand for none."""
    import pyarrow as pa

    return pa.array(values, mask=values < 0)


def _whole(column: Any) -> Ints:
    found: Ints = column.combine_chunks().fill_null(NONE).to_numpy(zero_copy_only=False)
    return found


def prepare(con: duckdb.DuckDBPyConnection, staging: Staging, book: Book) -> Followed:
    """Look up what the rows of `given` point at; the lock is held. Raises ByRows."""
    targets = Targets(con, staging, book)
    whole, text = targets.whole, targets.text
    numbers = np.unique(np.concatenate([whole["consignee_no"], whole["parent_no"]]))
    rows = book.cursor.find(t.party, "party_no", numbers[numbers >= 0].tolist())
    names: dict[int, str] = {number: name for number, name, *_ in rows}
    parties = numbered(con, "party", ("exporter",), names.values())
    place = {name: n for n, name in enumerate(parties)}
    of_number = {number: place[name] for number, name in names.items()}
    ruled = _rulings(book, whole["ruling_no"])
    draws = {draw for one in ruled.values() for draw in one.ruling.draws}
    fields = asked_of({draw.holder_from for draw in draws if draw.effect in WAITING})
    said = targets.said(fields)
    named, countries = _together(said.values()), _together(text[name] for name in _COUNTRIES)
    at = {
        "ruling_at": _placed(whole["ruling_no"], {no: n for n, no in enumerate(ruled)}),
        "consignee_at": _placed(whole["consignee_no"], of_number),
        "parent_at": _placed(whole["parent_no"], of_number),
        "chip_at": text["chip"].codes.astype(np.int64),
        "authorization_at": text["authorization"].codes.astype(np.int64),
        **{f"{name}_at": text[name].places(countries) for name in _COUNTRIES},
        **{f"{name}_at": column.places(named) for name, column in said.items()},
    }
    _lines(con)
    return Followed(
        parties=parties,
        party_keys=[name_key(name) for name in parties],
        countries=countries,
        chips=text["chip"].texts,
        ruled=list(ruled.values()),
        fields=fields,
        named=named,
        named_keys=[name_key(name) for name in named],
        left=tuple(said[LEFT].texts) if LEFT in said else (),
        targets=targets,
        at=at,
        authorizations=tuple(text["authorization"].texts),
    )


def _lines(con: duckdb.DuckDBPyConnection) -> None:
    """No row draws on a licence line: the table `d_line` is empty."""
    con.execute("CREATE OR REPLACE TABLE d_line (on_licence VARCHAR, on_line VARCHAR, no BIGINT)")


def _rulings(book: Book, numbers: Ints) -> dict[int, Ruled]:
    """The rulings of some numbers."""
    asked = np.unique(numbers[numbers >= 0]).tolist()
    found = sorted(book.cursor.find(t.ruling, "ruling_no", asked))
    return {no: Ruled(ruling_from_body(body), body, digest) for no, digest, body, _ in found}


def _together(columns: Iterable[Texts]) -> list[str]:
    """The texts of several columns."""
    return sorted({text for column in columns for text in column.texts})


def _placed(numbers: Ints, place: dict[int, int]) -> Ints:
    """The place of each number, -1 for none."""
    each, which = np.unique(numbers, return_inverse=True)
    found: Ints = place_column([place.get(number) for number in each.tolist()])[which]
    return found


_STREAM = """
    SELECT g.row, 1 AS behind, g.kind, g.source, g.document, g.line, g.details,
        ex.no::INTEGER AS exporter_at, g.effective_on::VARCHAR AS day_text,
        (g.effective_on - DATE '1970-01-01')::INTEGER AS day_no,
        g.quantity AS own_quantity, g.amount_mtpp AS own_amount, a.no AS target_no,
        g.target_document, g.target_line
    FROM given g
    JOIN d_asked a ON a.source = g.source AND a.document = g.target_document
        AND a.line = g.target_line
    LEFT JOIN d_party ex ON ex.value = g.exporter
    WHERE NOT EXISTS (SELECT 1 FROM known n WHERE n.row = g.row)
"""
