"""What a role in PostgreSQL must be granted to read a ledger, and to record in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

import ledger as tpp
from ledger.storage.errors import NotAllowed
from tests.cases.table import play
from tests.service.books import assert_sound, write_csv
from tests.storage.test_servers import under

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
LOT = {"exporter": "X", "ultimate_consignee": "C", "destination": "India", "quantity": "1"}
LOT |= {"exported_on": "2025-09-30", "chip": "nvidia-h100-sxm", "authorization": "none"}


@pytest.fixture
def roles(pg_url: str) -> Iterator[tuple[str, str]]:
    """A ledger's URL for a role that reads, and for one that records, granted as the page says."""
    names = f"reader_{os.getpid()}", f"writer_{os.getpid()}"
    tpp.create(pg_url).close()
    server = urlunsplit(urlsplit(pg_url)._replace(scheme="postgresql"))
    text = PAGE.read_text(encoding="utf-8")
    (grants,) = re.findall(r"```sql\n(GRANT .*?)```", text, re.DOTALL)
    for said, name in zip(("reader", "writer"), names, strict=True):
        grants = re.sub(rf"\b{said}\b", name, grants)
    with psycopg.connect(server, autocommit=True) as admin:
        for name in names:
            admin.execute(f"CREATE ROLE {name}")
        try:
            admin.execute(grants)
            reader, writer = (under(pg_url, f"role={name}") for name in names)
            yield reader, writer
        finally:
            for name in names:
                admin.execute(f"DROP OWNED BY {name}")
                admin.execute(f"DROP ROLE {name}")


def test_the_grants_on_the_page_are_enough(roles, tmp_path):
    reader, writer = roles
    with tpp.open(writer) as books:
        play(
            books.service,
            """
            act     | no | day        | to    | units | under | says
            licence | L1 | 2025-07-01 | India | 100   |       |
            ship    | S1 | 2025-09-30 | India | 60    | L1    |
            """,
        )
        books.reverse([3], "typed twice")
        lines = [{"document": f"D{number}", **LOT} for number in range(600)]
        assert books.import_file(write_csv(tmp_path / "a.csv", lines), "shipments").count == 600
    with tpp.open(reader) as books:
        assert_sound(books.service)
        assert len(books.movements()) == 604
        with pytest.raises(NotAllowed, match="does not let this user do that"):
            books.reverse([2], "never issued")
