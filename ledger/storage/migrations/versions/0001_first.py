"""The first tables, written out: what they were stays readable when schemas.tables moves on."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "whole": _WHOLE,
    "big": sa.BigInteger(),
    "int": sa.Integer(),
    "small": sa.SmallInteger(),
    "text": sa.Text(),
    "day": sa.Date(),
    "digest": sa.LargeBinary(16),
}

# Columns as "name type"; "?" may be NULL, "=0" is NOT NULL with that default.
_TABLES: dict[str, str] = {
    "head": "id small, ledger_id text, schema_version int, created_at text, last_seq big,"
    " last_submission big, last_recorded_at text, digest text",
    "submission": "number whole, first_seq big, count big, recorded_at text, actor text,"
    " verb text, file_name text?, file_digest text?, note text?, root text, annex text,"
    " digest text",
    "movement": "seq whole, submission big, kind text, effective_on day, expires_on day?,"
    " source text, document text, line text, attempt int, exporter_no big?, consignee_no big?,"
    " parent_no big?, consignee_hq text?, parent_hq text?, destination text?,"
    " authorization text?, licence text?, licence_line text?, chip text?, quantity big?,"
    " unit_mtpp big?, amount_mtpp big?, unit_value_cents big?, ruling_no big?, target_seq big?,"
    " details text?",
    "entry": "seq big, budget_no big, official small, adjustment_mtpp big=0, pending_mtpp big=0,"
    " held_mtpp big=0, posted_mtpp big=0, lapsed_mtpp big=0",
    "finding": "seq big, ordinal small, code text, budget_no big?, limit_mtpp big?,"
    " taken_mtpp big?, asked_mtpp big?, short_mtpp big?, detail text?",
    "movement_key": "key digest, content digest, seq big",
    "party": "party_no whole, name text, name_key text, submission big",
    "budget": "budget_no whole, rule text, holder text, holder_name text, window text,"
    " from_on day, to_on day, limit_mtpp big, basis text, submission big",
    "ruling": "ruling_no whole, digest text, body text, submission big",
    "text": "digest text, body text, submission big",
    "balance": "budget_no whole, adjustment_mtpp big=0, pending_mtpp big=0, held_mtpp big=0,"
    " posted_mtpp big=0, lapsed_mtpp big=0, safe_mtpp big=0, last_credit_on day?",
    "balance_day": "budget_no big, on_day day, taken_mtpp big=0",
    "licence_line": "seq whole, licence text, line text, budget_no big?, quantity big?,"
    " amount_mtpp big, value_cents big?, used_quantity big=0, used_mtpp big=0,"
    " used_value_cents big=0, held_mtpp big=0, live small=1, chip text?, destination text?,"
    " consignee_no big?, expires_on day?",
    "standing": "seq whole, kind text, subject text, object text?, from_on day, until_on day?,"
    " live small=1",
}
# Tables whose key is more than the first column; all of them are kept in key order on SQLite.
_KEYS = {
    "entry": ("seq", "budget_no", "official"),
    "finding": ("seq", "ordinal"),
    "movement_key": ("key",),
    "balance_day": ("budget_no", "on_day"),
}
_UNIQUE = {"party": ("name",), "budget": ("rule", "holder", "window"), "ruling": ("digest",)}
_CHECKS = {
    "head": {"one": "id = 1"},
    "balance": {
        "held": "held_mtpp >= 0",
        "lapsed": "lapsed_mtpp >= 0",
        "pending": "pending_mtpp >= 0",
    },
    "licence_line": {"held": "held_mtpp >= 0"},
}


def upgrade() -> None:
    """Make every table and index."""
    for table, columns in _TABLES.items():
        _create(table, columns)
    only = sa.text("target_seq IS NOT NULL")
    op.create_index(
        "ix_movement_target",
        "movement",
        ["target_seq"],
        sqlite_where=only,
        postgresql_where=only,
    )
    op.create_index("ix_party_name_key", "party", ["name_key"])
    op.create_index("ix_licence_line_licence", "licence_line", ["licence", "line"])


def _create(table: str, columns: str) -> None:
    made = [_column(spec) for spec in columns.split(", ")]
    key = _KEYS.get(table, (made[0].name,))
    rules: list[sa.Constraint] = [sa.PrimaryKeyConstraint(*key, name=f"pk_{table}")]
    if unique := _UNIQUE.get(table):
        rules.append(sa.UniqueConstraint(*unique, name=f"uq_{table}_{unique[0]}"))
    for name, condition in _CHECKS.get(table, {}).items():
        rules.append(sa.CheckConstraint(condition, name=f"ck_{table}_{name}"))
    options: dict[str, Any] = {"sqlite_with_rowid": False} if table in _KEYS else {}
    op.create_table(table, *made, *rules, **options)


def _column(spec: str) -> sa.Column[Any]:
    name, kind = spec.split(" ")
    plain, _, default = kind.rstrip("?").partition("=")
    return sa.Column(
        name,
        _TYPES[plain],
        nullable=kind.endswith("?"),
        server_default=default or None,
        autoincrement=False if plain == "whole" or name != "id" else "auto",
    )
