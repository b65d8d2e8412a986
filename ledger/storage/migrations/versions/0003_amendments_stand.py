"""What an amendment of a licence says stands among the acts, where later movements look it up.

The tables stay as they are. Ledgers in which amendments were recorded before have no such row of
them, and `tpp check` makes each anew.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

# Between the parts of what a row says (docs/chain.md).
_US = "\x1f"
_REVERSALS = "SELECT seq, target_seq FROM movement WHERE kind = 'reversal' ORDER BY seq DESC"
# One that says neither the last day nor a value changes neither.
_AMENDMENTS = (
    "SELECT seq, licence, coalesce(licence_line, '1') AS line, effective_on, expires_on,"
    " unit_value_cents FROM movement m WHERE kind = 'licence_amendment'"
    " AND (expires_on IS NOT NULL OR unit_value_cents IS NOT NULL)"
    " AND NOT EXISTS (SELECT 1 FROM standing s WHERE s.seq = m.seq) ORDER BY seq"
)
_standing = sa.table(
    "standing",
    *(sa.column(name) for name in ("seq", "kind", "subject", "object")),
    sa.column("from_on", sa.Date()),
    sa.column("live"),
)
_days = {"effective_on": sa.Date(), "expires_on": sa.Date()}


def upgrade() -> None:
    """Add a row for each amendment that has none."""
    run = op.get_bind().execute
    taken_back: set[int] = set()
    for seq, target in run(sa.text(_REVERSALS)):
        if seq not in taken_back:
            taken_back.add(target)
    rows = [
        {
            "seq": one.seq,
            "kind": "licence_amendment",
            "subject": f"{one.licence}{_US}{one.line}",
            "object": f"{one.expires_on or ''}{_US}{_text(one.unit_value_cents)}",
            "from_on": one.effective_on,
            "live": int(one.seq not in taken_back),
        }
        for one in run(sa.text(_AMENDMENTS).columns(**_days))
    ]
    if rows:
        op.bulk_insert(_standing, rows)


def _text(value: int | None) -> str:
    return "" if value is None else str(value)
