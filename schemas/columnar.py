"""The published columnar schema: what a report may read, as Parquet.

A copy is a folder; `manifest.json` in it names the files in use, and `views.sql` makes one DuckDB
view a table over them, so that every `reports/sql/*.sql` runs in DuckDB alone. Tables in SEGMENTS
grow by `seq` (or, where a table has none, by `submission`) and are written once.
"""

from __future__ import annotations

# Goes up when a column or what `about` tells changes; a copy of another version is rebuilt.
COLUMNAR_VERSION = 9

_AMOUNTS = {
    "adjustment_mtpp": "BIGINT",
    "pending_mtpp": "BIGINT",
    "held_mtpp": "BIGINT",
    "posted_mtpp": "BIGINT",
    "lapsed_mtpp": "BIGINT",
}

SEGMENTS: dict[str, dict[str, str]] = {
    "movement": {
        "seq": "BIGINT",
        "submission": "BIGINT",
        "kind": "VARCHAR",
        "effective_on": "DATE",
        "expires_on": "DATE",
        "source": "VARCHAR",
        "document": "VARCHAR",
        "line": "VARCHAR",
        "attempt": "INTEGER",
        "exporter_no": "BIGINT",
        "consignee_no": "BIGINT",
        "parent_no": "BIGINT",
        "consignee_hq": "VARCHAR",
        "parent_hq": "VARCHAR",
        "destination": "VARCHAR",
        "authorization": "VARCHAR",
        "licence": "VARCHAR",
        "licence_line": "VARCHAR",
        "chip": "VARCHAR",
        "quantity": "BIGINT",
        "unit_mtpp": "BIGINT",
        "amount_mtpp": "BIGINT",
        "unit_value_cents": "BIGINT",
        "ruling_no": "BIGINT",
        "target_seq": "BIGINT",
        "details": "VARCHAR",
    },
    # `as_kind` is the kind of the movement or, for a reversal, of the one it reverses (through
    # any number of reversals); `effective_on` is the movement's.
    "entry": {
        "seq": "BIGINT",
        "submission": "BIGINT",
        "budget_no": "BIGINT",
        "official": "SMALLINT",
        "kind": "VARCHAR",
        "as_kind": "VARCHAR",
        "effective_on": "DATE",
        **_AMOUNTS,
    },
    "finding": {
        "seq": "BIGINT",
        "submission": "BIGINT",
        "ordinal": "SMALLINT",
        "code": "VARCHAR",
        "budget_no": "BIGINT",
        "limit_mtpp": "BIGINT",
        "taken_mtpp": "BIGINT",
        "asked_mtpp": "BIGINT",
        "short_mtpp": "BIGINT",
        "detail": "VARCHAR",
    },
    # Whom a declaration is about, by the keys of their names (schemas/names.py), which no SQL makes
    # of every name: `subject` is the party, `object` the other party of an ownership or a merger;
    # of a paper authorization, exporter and shipment it is for, apart by US (0x1f).
    "about_party": {
        "seq": "BIGINT",
        "subject": "VARCHAR",
        "object": "VARCHAR",
    },
    "party": {
        "party_no": "BIGINT",
        "name": "VARCHAR",
        "name_key": "VARCHAR",
        "submission": "BIGINT",
    },
    "budget": {
        "budget_no": "BIGINT",
        "rule": "VARCHAR",
        "holder": "VARCHAR",
        "holder_name": "VARCHAR",
        "window": "VARCHAR",
        "from_on": "DATE",
        "to_on": "DATE",
        "limit_mtpp": "BIGINT",
        "basis": "VARCHAR",
        "submission": "BIGINT",
    },
    "budget_step": {
        "budget_no": "BIGINT",
        "from_on": "DATE",
        "step": "VARCHAR",
        "limit_mtpp": "BIGINT",
        "submission": "BIGINT",
    },
    # The rulings in full, as canonical JSON: see docs/chain.md.
    "ruling": {
        "ruling_no": "BIGINT",
        "body": "VARCHAR",
        "submission": "BIGINT",
    },
    "submission": {
        "submission": "BIGINT",
        "first_seq": "BIGINT",
        "count": "BIGINT",
        "recorded_at": "VARCHAR",
        "actor": "VARCHAR",
        "verb": "VARCHAR",
        "file_name": "VARCHAR",
        "note": "VARCHAR",
        "digest": "VARCHAR",
    },
}

# Entries added up, so that a report need not read each: by budget, tally, kind and day, of the
# entries above the roll-up before and up to `last_seq`. Together the roll-ups hold every entry
# once; one that a `known_seq` cuts is left out, and its entries read instead. A roll-up whose sums
# would pass 64 bits has a row an entry.
ROLLUPS: dict[str, dict[str, str]] = {
    "entry_day": {
        "last_seq": "BIGINT",
        "budget_no": "BIGINT",
        "official": "SMALLINT",
        "as_kind": "VARCHAR",
        "effective_on": "DATE",
        **_AMOUNTS,
    },
}
AMOUNTS = tuple(_AMOUNTS)

# Small, written whole at each adoption: what the regime says that a report needs. One row a fact:
# (topic, key, from_on, value, sentence). Topics: `regime` (key, title, unit), `state` (dated
# sentences), `option` (key, value in force), `critical` (share in ppm of limit + adjustments),
# `h100` (milli-TPP of one H100 SXM in the adopted catalogue, for equivalents), `budget` (a rule's
# key, its title), `kind` (a rule's key, what kind of budget it is), `country` (code, name),
# `refusal` (code, sentence), `duty` and `need` (what must be filed, and what must exist before a
# shipment: key, figures as JSON, title; see ledger/service/duty_facts.py), `last day` (calendar,
# holiday, the last day of use of a licence that ends on it), `in doubt` (a country where a parent's
# headquarters put licences in doubt, from when, the last day); of each regime that
# runs beside: `beside` (key, its version, its
# title), `beside state` (key, dated sentences), `beside option` (REGIME:KEY, value); `tally` (the
# key of a budget that has no limit, its kind); `authorization` (code, the regime that knows it).
ABOUT: dict[str, str] = {
    "submission": "BIGINT",
    "topic": "VARCHAR",
    "key": "VARCHAR",
    "from_on": "DATE",
    "value": "VARCHAR",
    "sentence": "VARCHAR",
}
