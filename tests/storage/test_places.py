"""What names a ledger: read by libpq alone, and shown without its password."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from ledger.storage.check import check
from ledger.storage.errors import StoreError
from ledger.storage.head import head_of
from ledger.storage.place import place_of
from ledger.storage.store import create
from tests.storage.scribe import small_ledger

SHOWN = """
postgresql://own:SECRET@h/odb                           | postgresql+psycopg://own:***@h/odb
postgresql://own@/odb?host=/run&password=SECRET         | ...own@/odb?host=/run&password=***
postgresql://own@/odb?password=SECRET&host=/run         | ...own@/odb?password=***&host=/run
postgresql://own@/odb?sslpassword=SECRET&user=x         | ...own@/odb?sslpassword=***&user=x
postgresql://own:SEC?RET@/odb                           | ...own:***@/odb
postgresql://own:SEC#RET@/odb                           | ...own:***@/odb
"""
WRONG = """
postgresql://own:SE/CRET@/odb       | own:***@/odb: not the URL of a database ... %2F
postgresql://own:12/SECRET@/odb     | own:***@/odb: not the URL of a database ... %2F
postgresql://own:SECRET@x@h/odb     | own:***@h/odb: not the URL of a database ... %40
postgresql://own:SE%CRET@/odb       | own:***@/odb: not the URL of a database ... %25
postgresql://h/odb?nosuch=1         | invalid URI query parameter: "nosuch"
postgresql://h:54x/odb              | not the URL of a database
mysql://own:SECRET@h/odb            | mysql://own:***@h/odb: a ledger is kept in
sqlite://own:SECRET@h/odb           | sqlite://own:***@h/odb: write sqlite:///PATH
"""


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


@pytest.mark.parametrize(("url", "shown"), rows(SHOWN))
def test_no_password_is_shown(url: str, shown: str) -> None:
    place = place_of(url)
    assert str(place).endswith(shown.removeprefix("..."))
    assert "SEC" not in str(place)
    assert place_of(place.url) == place


@pytest.mark.parametrize(("url", "said"), rows(WRONG))
def test_what_names_no_ledger_is_said_without_the_password(url: str, said: str) -> None:
    with pytest.raises(StoreError) as wrong:
        place_of(url)
    assert all(words in str(wrong.value) for words in said.split(" ... "))
    assert "CRET" not in str(wrong.value)
    assert wrong.value.__cause__ is None


def test_a_socket_named_as_a_host_serves_every_reader(pg_url: str) -> None:
    parts = urlsplit(pg_url)
    (folder,) = parse_qs(parts.query)["host"]
    url = f"postgresql://{parts.netloc}{quote(folder, safe='')}{parts.path}"
    with create(url) as store:
        small_ledger(store)
        assert all(one.holds for one in check(store))
    assert head_of(url).last_seq == 9


def test_a_path_that_is_no_text_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError, match=r"l\\udce9\.db' is not text in UTF-8"):
        place_of("l\udce9.db")
    odd = tmp_path / "d\udce9"
    odd.mkdir()
    monkeypatch.chdir(odd)
    with pytest.raises(StoreError, match="not text in UTF-8"):
        place_of("tpp-ledger.db")
