"""A copy from a PostgreSQL server under settings and limits that somebody else chose."""

from __future__ import annotations

from urllib.parse import quote

import duckdb
import psycopg
import pytest
from sqlalchemy import insert

from ledger.publish import Copy, refresh
from ledger.storage.errors import StoreUnavailable
from ledger.storage.place import place_of
from ledger.storage.store import open_store
from schemas import tables as t
from schemas.manifest import TABLES, scan
from tests.publish.ledgers import Ledger

SPELT = "Größe Ã© GmbH"


def named(url: str, folder) -> list[str]:
    """The parties in a copy."""
    made = refresh(url, folder=folder)
    files = [str(folder / one.file) for one in made.manifest.of("party")]
    with duckdb.connect() as con:
        found = con.execute(f"SELECT name FROM {scan(files)} ORDER BY party_no").fetchall()
    return [name for (name,) in found]


def test_text_is_the_same_whatever_the_client_is_set_to(pg_url, tmp_path, monkeypatch):
    Ledger.made(pg_url)
    with open_store(pg_url) as store, store.writing() as turn:
        party = {"party_no": 99, "name": SPELT, "name_key": "g", "submission": 1}
        turn.connection.execute(insert(t.party), [party])
    assert SPELT in named(pg_url, tmp_path / "one")
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    assert SPELT in named(pg_url, tmp_path / "two")
    latin = f"{pg_url}{'&' if '?' in pg_url else '?'}client_encoding=latin1"
    assert SPELT in named(latin, tmp_path / "three")


@pytest.mark.parametrize(
    "setting",
    [
        *("quote_all_identifiers=on", "standard_conforming_strings=off", "bytea_output=escape"),
        *("datestyle=German", "extra_float_digits=-15", "transform_null_equals=on"),
    ],
)
def test_a_copy_is_the_same_whatever_the_server_is_set_to(pg_url, tmp_path, setting):
    Ledger.made(pg_url).grow(["licence", "export"])
    plain = refresh(pg_url, folder=tmp_path / "one")
    schema = "search_path=public"  # other options of the user's hold
    under = f"{pg_url}&options={quote(f'-c {setting} -c {schema}')}"
    made = refresh(under, folder=tmp_path / "two")
    assert made.manifest.last_seq > 0
    for table in TABLES:
        assert told(made, table) == told(plain, table), table


def told(made: Copy, table: str) -> list[tuple[object, ...]]:
    """The rows of a table of a copy, with their types."""
    files = [str(made.folder / one.file) for one in made.manifest.of(table)]
    if not files:
        return []
    with duckdb.connect() as con:
        found = con.execute(f"SELECT * FROM {scan(files)} ORDER BY ALL")
        return [tuple(map(str, found.description)), *found.fetchall()]


def test_a_second_connection_that_is_refused_is_no_bug(pg_url, tmp_path):
    """Rows come over a connection of their own."""
    Ledger.made(pg_url)
    place = place_of(pg_url)
    with psycopg.connect(place.conninfo, autocommit=True) as admin:
        admin.execute("CREATE ROLE only_one LOGIN SUPERUSER")
        try:
            admin.execute("ALTER ROLE only_one NOSUPERUSER CONNECTION LIMIT 1")
            admin.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO only_one")
            admin.execute("GRANT USAGE ON SCHEMA public TO only_one")
            theirs = pg_url.replace("postgres@", "only_one@", 1)
            with pytest.raises(StoreUnavailable, match="too many connections for role"):
                refresh(theirs, folder=tmp_path / "copy")
        finally:
            admin.execute("DROP OWNED BY only_one")
            admin.execute("DROP ROLE only_one")
