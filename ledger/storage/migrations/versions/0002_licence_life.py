"""Licence lines know each way their amount went; budgets may have steps, their days tell what is
pending; acts have an index.

`licence_line` is made anew and filled from the old one: SQLite cannot add a checked column in
its place. The exporter of a line is that of the licence movement that opened it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BEFORE = (
    "seq, licence, line, budget_no, quantity, amount_mtpp, value_cents, used_quantity, used_mtpp,"
    " used_value_cents, held_mtpp, live, chip, destination, consignee_no, expires_on"
)


def upgrade() -> None:
    """Make the table of steps, and the licence lines anew with their rows."""
    _steps()
    _days()
    op.execute("CREATE TABLE licence_line_before AS SELECT * FROM licence_line")
    op.drop_table("licence_line")
    _lines()
    before = ", ".join(f"b.{name.strip()}" for name in _BEFORE.split(","))
    op.execute(
        f"INSERT INTO licence_line ({_BEFORE}, exporter_no)"  # noqa: S608
        f" SELECT {before}, m.exporter_no FROM licence_line_before b"
        " JOIN movement m ON m.seq = b.seq ORDER BY b.seq"
    )
    op.drop_table("licence_line_before")
    op.create_index("ix_licence_line_licence", "licence_line", ["licence", "line"])
    op.create_index("ix_standing_subject", "standing", ["subject"])


def _days() -> None:
    """Days tell what of them is pending, and by how much the limit moved."""
    op.execute("CREATE TABLE balance_day_before AS SELECT * FROM balance_day")
    op.drop_table("balance_day")
    amounts = ("taken_mtpp", "pending_mtpp", "adjustment_mtpp")
    op.create_table(
        "balance_day",
        sa.Column("budget_no", sa.BigInteger(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        *(sa.Column(n, sa.BigInteger(), nullable=False, server_default="0") for n in amounts),
        sa.PrimaryKeyConstraint("budget_no", "on_day", name="pk_balance_day"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO balance_day SELECT budget_no, on_day, sum(taken_mtpp), sum(pending_mtpp),"
        " sum(adjustment_mtpp) FROM ("
        " SELECT budget_no, on_day, taken_mtpp, 0 AS pending_mtpp, 0 AS adjustment_mtpp"
        " FROM balance_day_before UNION ALL"
        " SELECT e.budget_no, m.effective_on, 0, e.pending_mtpp, e.adjustment_mtpp"
        " FROM entry e JOIN movement m ON m.seq = e.seq WHERE e.official = 1"
        " AND (e.pending_mtpp <> 0 OR e.adjustment_mtpp <> 0)"
        ") AS each_day GROUP BY budget_no, on_day"
    )
    op.drop_table("balance_day_before")


def _steps() -> None:
    op.create_table(
        "budget_step",
        sa.Column("budget_no", sa.BigInteger(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("limit_mtpp", sa.BigInteger(), nullable=False),
        sa.Column("submission", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("budget_no", "from_on", name="pk_budget_step"),
        sqlite_with_rowid=False,
    )


def _lines() -> None:
    def amount(name: str) -> sa.Column[int]:
        return sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")

    def text(name: str, *, empty: bool = True) -> sa.Column[str]:
        return sa.Column(name, sa.Text(), nullable=empty)

    op.create_table(
        "licence_line",
        sa.Column("seq", _WHOLE, nullable=False, autoincrement=False),
        text("licence", empty=False),
        text("line", empty=False),
        sa.Column("budget_no", sa.BigInteger()),
        sa.Column("quantity", sa.BigInteger()),
        sa.Column("amount_mtpp", sa.BigInteger(), nullable=False),
        sa.Column("value_cents", sa.BigInteger()),
        *(amount(f"used_{name}") for name in ("quantity", "mtpp", "value_cents")),
        amount("held_mtpp"),
        sa.Column("live", sa.SmallInteger(), nullable=False, server_default="1"),
        text("chip"),
        text("destination"),
        sa.Column("consignee_no", sa.BigInteger()),
        sa.Column("expires_on", sa.Date()),
        sa.Column("exporter_no", sa.BigInteger()),
        *(amount(name) for name in ("lapsed_mtpp", "back_mtpp", "gone_quantity")),
        sa.Column("state", sa.Text(), nullable=False, server_default="open"),
        sa.Column("closed_on", sa.Date()),
        sa.PrimaryKeyConstraint("seq", name="pk_licence_line"),
        sa.CheckConstraint("held_mtpp >= 0", name="ck_licence_line_held"),
        sa.CheckConstraint("lapsed_mtpp >= 0", name="ck_licence_line_lapsed"),
        sa.CheckConstraint("back_mtpp >= 0", name="ck_licence_line_back"),
    )
