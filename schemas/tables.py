"""The ledger's tables, for SQLite and PostgreSQL alike.

Every `_mtpp` column counts thousandths of the regime's unit (TPP). Days are ISO dates; instants
are text in UTC with microseconds ("2026-11-23T18:00:00.000000Z"), so that both databases keep and
compare the same characters. `''` is never stored: what is empty is NULL.

APPEND_ONLY tables are guarded by triggers in both databases; the others hold what can be
recomputed from them (`tpp check` does), save the head, which the chain itself proves.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

# Goes up when a table changes; the migrations lead from one to the next.
SCHEMA_VERSION = 3

# A 64-bit whole number that on SQLite is the rowid itself, where it is the primary key.
Whole = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _amount(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, default=0, server_default="0")


# One row. Every writer locks it first, so there is one writer at a time.
head = Table(
    "head",
    metadata,
    Column("id", SmallInteger, primary_key=True),
    Column("ledger_id", Text, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("last_submission", BigInteger, nullable=False),
    Column("last_recorded_at", Text, nullable=False),
    Column("digest", Text, nullable=False),
    CheckConstraint("id = 1", name="one"),
)

# One atomic batch of movements and its place in the chain (docs/chain.md).
submission = Table(
    "submission",
    metadata,
    Column("number", Whole, primary_key=True, autoincrement=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("file_name", Text),
    Column("file_digest", Text),
    Column("note", Text),
    Column("root", Text, nullable=False),
    Column("annex", Text, nullable=False),
    Column("digest", Text, nullable=False),
)

movement = Table(
    "movement",
    metadata,
    Column("seq", Whole, primary_key=True, autoincrement=False),
    Column("submission", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("expires_on", Date),
    Column("source", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("exporter_no", BigInteger),
    Column("consignee_no", BigInteger),
    Column("parent_no", BigInteger),
    Column("consignee_hq", Text),
    Column("parent_hq", Text),
    Column("destination", Text),
    Column("authorization", Text),
    Column("licence", Text),
    Column("licence_line", Text),
    Column("chip", Text),
    Column("quantity", BigInteger),
    Column("unit_mtpp", BigInteger),
    Column("amount_mtpp", BigInteger),
    Column("unit_value_cents", BigInteger),
    Column("ruling_no", BigInteger),
    Column("target_seq", BigInteger),
    Column("details", Text),
)
Index(
    "ix_movement_target",
    movement.c.target_seq,
    sqlite_where=movement.c.target_seq.is_not(None),
    postgresql_where=movement.c.target_seq.is_not(None),
)

# A movement's effect on one budget, signed. `official` 1 counts in the regime's own tally;
# 0 on the safe side only.
entry = Table(
    "entry",
    metadata,
    Column("seq", BigInteger, primary_key=True),
    Column("budget_no", BigInteger, primary_key=True),
    Column("official", SmallInteger, primary_key=True),
    _amount("adjustment_mtpp"),
    _amount("pending_mtpp"),
    _amount("held_mtpp"),
    _amount("posted_mtpp"),
    _amount("lapsed_mtpp"),
    sqlite_with_rowid=False,
)

# A breach, or the reason of a refusal, with the figures of the moment it was recorded.
finding = Table(
    "finding",
    metadata,
    Column("seq", BigInteger, primary_key=True),
    Column("ordinal", SmallInteger, primary_key=True),
    Column("code", Text, nullable=False),
    Column("budget_no", BigInteger),
    Column("limit_mtpp", BigInteger),
    Column("taken_mtpp", BigInteger),
    Column("asked_mtpp", BigInteger),
    Column("short_mtpp", BigInteger),
    Column("detail", Text),
    sqlite_with_rowid=False,
)

# The natural key (class, source, document, line, attempt) and the content, each as the first
# 16 bytes of a SHA-256: see docs/chain.md.
movement_key = Table(
    "movement_key",
    metadata,
    Column("key", LargeBinary(16), primary_key=True),
    Column("content", LargeBinary(16), nullable=False),
    Column("seq", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Each spelling of a party once. `name_key` folds case and blanks: equal keys are one party.
party = Table(
    "party",
    metadata,
    Column("party_no", Whole, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
    Column("name_key", Text, nullable=False, index=True),
    Column("submission", BigInteger, nullable=False),
)

# One holder's allowance over one window; `limit_mtpp` is what the regime grants on its first day.
budget = Table(
    "budget",
    metadata,
    Column("budget_no", Whole, primary_key=True, autoincrement=False),
    Column("rule", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("holder_name", Text, nullable=False),
    Column("window", Text, nullable=False),
    Column("from_on", Date, nullable=False),
    Column("to_on", Date, nullable=False),
    Column("limit_mtpp", BigInteger, nullable=False),
    Column("basis", Text, nullable=False),
    Column("submission", BigInteger, nullable=False),
    UniqueConstraint("rule", "holder", "window"),
)

# The steps of a budget whose limit rises within its window: from a day on, the limit is this.
budget_step = Table(
    "budget_step",
    metadata,
    Column("budget_no", BigInteger, primary_key=True),
    Column("from_on", Date, primary_key=True),
    Column("step", Text, nullable=False),
    Column("limit_mtpp", BigInteger, nullable=False),
    Column("submission", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# What the rules say of one case, in full, as canonical JSON.
ruling = Table(
    "ruling",
    metadata,
    Column("ruling_no", Whole, primary_key=True, autoincrement=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("body", Text, nullable=False),
    Column("submission", BigInteger, nullable=False),
)

# Texts adopted in full (regime files, options, catalogue), by the SHA-256 of their UTF-8 bytes.
text = Table(
    "text",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("submission", BigInteger, nullable=False),
)

# Derived, moved in the same transaction, recomputed by `tpp check`.
balance = Table(
    "balance",
    metadata,
    Column("budget_no", Whole, primary_key=True, autoincrement=False),
    _amount("adjustment_mtpp"),
    _amount("pending_mtpp"),
    _amount("held_mtpp"),
    _amount("posted_mtpp"),
    _amount("lapsed_mtpp"),
    _amount("safe_mtpp"),
    # The last day on which a limit changed or room came back; NULL where none did. From that
    # day on the totals above decide, before it the days do.
    Column("last_credit_on", Date),
    CheckConstraint("held_mtpp >= 0", name="held"),
    CheckConstraint("lapsed_mtpp >= 0", name="lapsed"),
    CheckConstraint("pending_mtpp >= 0", name="pending"),
)

# The official tally by day: room taken (pending, held, posted, lapsed) less adjustments; and how
# much of that is pending, and by how much the limit moved.
balance_day = Table(
    "balance_day",
    metadata,
    Column("budget_no", BigInteger, primary_key=True),
    Column("on_day", Date, primary_key=True),
    _amount("taken_mtpp"),
    _amount("pending_mtpp"),
    _amount("adjustment_mtpp"),
    sqlite_with_rowid=False,
)

# A licence's line and how far it is drawn down. `seq` is the licence movement's.
licence_line = Table(
    "licence_line",
    metadata,
    Column("seq", Whole, primary_key=True, autoincrement=False),
    Column("licence", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("budget_no", BigInteger),
    Column("quantity", BigInteger),
    Column("amount_mtpp", BigInteger, nullable=False),
    Column("value_cents", BigInteger),
    _amount("used_quantity"),
    _amount("used_mtpp"),
    _amount("used_value_cents"),
    _amount("held_mtpp"),
    Column("live", SmallInteger, nullable=False, default=1, server_default="1"),
    Column("chip", Text),
    Column("destination", Text),
    Column("consignee_no", BigInteger),
    Column("expires_on", Date),
    Column("exporter_no", BigInteger),
    # What ended unused: counted on (lapsed), or given back to the budget or to another licence;
    # and how many units went that way. Drawn (up to what was licensed), held, lapsed and given
    # back always make the licensed amount.
    _amount("lapsed_mtpp"),
    _amount("back_mtpp"),
    _amount("gone_quantity"),
    # open, lapsed, surrendered, revoked, replaced or closed; the last four from `closed_on` on.
    Column("state", Text, nullable=False, default="open", server_default="open"),
    Column("closed_on", Date),
    CheckConstraint("held_mtpp >= 0", name="held"),
    CheckConstraint("lapsed_mtpp >= 0", name="lapsed"),
    CheckConstraint("back_mtpp >= 0", name="back"),
)
Index("ix_licence_line_licence", licence_line.c.licence, licence_line.c.line)

# Dated acts and declarations a later movement is judged by, for quick look-up: who owns or was
# merged into whom (`subject`, `object` are name keys), which budgets are blocked or suspended
# (`subject` is the budget's number), which licences are suspended, handed on (`object` is the new
# exporter's name key), amended (`object` is the last day, US, the cents of a unit) or ended in part
# (`subject` is the number, US, the line), which shipment was assigned (`subject` is its seq), what
# was adopted. `live` 0 once reversed.
standing = Table(
    "standing",
    metadata,
    Column("seq", Whole, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("object", Text),
    Column("from_on", Date, nullable=False),
    Column("until_on", Date),
    Column("live", SmallInteger, nullable=False, default=1, server_default="1"),
)
# Licences and papers are looked up by whom they are of.
Index("ix_standing_subject", standing.c.subject)

APPEND_ONLY = (
    submission,
    movement,
    entry,
    finding,
    movement_key,
    party,
    budget,
    budget_step,
    ruling,
    text,
)
DERIVED = (balance, balance_day, licence_line, standing)
