"""Licences of a file that name several countries: few, found at once and told one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ledger.service.batches import Frame
from ledger.service.bulk_findings import Gathered
from ledger.service.columns import Prepared
from ledger.service.given_tables import staged
from ledger.service.one_country import Countries
from ledger.service.rulebook import Rulebook
from ledger.storage.bulk import Staging
from ledger.storage.statements import Cursor

if TYPE_CHECKING:
    import duckdb

# A file holds licences, or none.
_LICENCES = "SELECT 1 FROM given WHERE kind = 'licence' LIMIT 1"
_NEW = """
    FROM given g WHERE g.kind = 'licence'
    AND NOT EXISTS (SELECT 1 FROM known n WHERE n.row = g.row AND n.behind = 0)
"""
_IN_FILE = f"""
    SELECT g.document {_NEW} GROUP BY g.document HAVING min(g.destination) <> max(g.destination)
"""
_NAMED = f"SELECT DISTINCT g.document AS licence, g.destination {_NEW} ORDER BY ALL"
_ON_RECORD = """
    SELECT DISTINCT n.licence FROM {named} n JOIN licence_line l ON l.licence = n.licence
    WHERE l.live = 1 AND l.destination <> n.destination
"""


class BulkCountries:
    """Flags the licences of a file that name a second country."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        staging: Staging,
        prepared: Prepared,
        rulebook: Rulebook,
        cursor: Cursor,
    ) -> None:
        self.countries = Countries(rulebook)
        self._alone = np.array([ruled.ruling.alone for ruled in prepared.ruled], bool)
        self._several: list[str] = []
        if self.countries.asked and con.execute(_LICENCES).fetchall():
            self._several = sorted({*_in_file(con), *_on_record(con, staging)})
            self.countries.load(cursor, self._several)

    def flag(self, frame: Frame, flags: Gathered) -> None:
        """Flag those of a batch."""
        if not self._several:
            return
        import pyarrow as pa
        import pyarrow.compute as pc

        documents = frame.table.column("document")
        asked = pc.is_in(documents, value_set=pa.array(self._several))
        ruling = frame.ints("ruling_at")
        for at in np.flatnonzero(asked.to_numpy()).tolist():
            found = self.countries.flag(
                ("", documents[at].as_py()),
                frame.value("destination", at),
                frame.first_seq + at,
                alone=bool(self._alone[ruling[at]]),
            )
            if found is not None:
                flags.add(at, found)


def _in_file(con: duckdb.DuckDBPyConnection) -> list[str]:
    return [licence for (licence,) in con.execute(_IN_FILE).fetchall()]


def _on_record(con: duckdb.DuckDBPyConnection, staging: Staging) -> list[str]:
    if not staging.query("SELECT 1 FROM licence_line LIMIT 1"):
        return []
    named = staged(con, staging, "named", _NAMED)
    return [licence for (licence,) in staging.query(_ON_RECORD.format(named=named))]
