"""The chain's bytes: the tree against RFC 6962, and the worked example of docs/chain.md."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.storage import chain
from schemas import tables as t

PAGE = Path(__file__).parents[2] / "docs" / "chain.md"

LICENCE = (
    *("licence", date(2025, 6, 2), date(2029, 6, 1), "books", "D-1", "1", 1, 1, None, None),
    *(None, None, "PL", "licence", "D-1", "1", "nvidia/h100", 2, 15_824_000, 31_648_000),
    *(3_000_000, 1, None, None),
)
ENTRY = (1, 1, 0, 0, 31_648_000, 0, 0)
FINDING = ("parent_unknown", None, None, None, None, None, None)
POLAND = ("country", "PL", "Poland", "2025-2027", date(2025, 1, 1), date(2027, 12, 31))
ANNEX = (
    ("party", 1, "Größe GmbH", "größe gmbh"),
    ("budget", 1, *POLAND, 790_000_000_000, "shipped"),
    ("ruling", 1, "aa", "{}"),
)


def worked_example() -> dict[str, str]:
    """Every step of the example in docs/chain.md, computed."""
    leaf = chain.leaf_text(LICENCE, [ENTRY], [FINDING])
    tree = chain.Tree()
    tree.add(chain.leaf_digest(leaf))
    annex = chain.annex_digest(ANNEX)
    facts = (1, 1, 1, "2025-06-02T08:00:00.000000Z", "ana", "import", None, None, None)
    header = (*facts, tree.root().hex(), annex)
    ledger = "0" * 31 + "1"
    digest = chain.submission_digest(ledger, header, chain.ZERO)
    parties = ("Größe GmbH", None, None)
    content = ("licence", *LICENCE[1:3], *parties, *LICENCE[10:18], *LICENCE[19:21], None)
    return {
        "leaf text": visible(leaf),
        "leaf = root": tree.root().hex(),
        "annex text": visible(chain.RS.join(map(joined, ANNEX))),
        "annex": annex,
        "digest text": visible(joined((chain.FORMAT, ledger, *header, chain.ZERO))),
        "digest": digest,
        "key": chain.key_digest("licence", "books", "D-1", "1", 1).hex(),
        "content": chain.content_digest(content).hex(),
    }


def joined(values: Iterable[object]) -> str:
    """The values' texts between US, nothing for None."""
    return chain.US.join("" if value is None else str(value) for value in values)


def visible(text: str) -> str:
    """The separators as the pictures Unicode has for them."""
    return text.translate({0x1F: "␟", 0x1E: "␞", 0x1D: "␝"})


def test_the_page_shows_the_example_as_it_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    shown = dict(re.findall(r"^([a-z =]+):\n\n    (.+)$", page, re.MULTILINE))
    assert shown == worked_example()


def test_the_examples_bytes_are_frozen() -> None:
    """Changing any of these breaks every ledger there is."""
    frozen = worked_example()
    assert frozen["digest"] == "9092505a323d72b7fce7e130a0722876abf2c7a0ba97080b2332f648efae6540"
    assert frozen["key"] == "23280b8a252624aac0863310b9cab54e"
    assert frozen["content"] == "486111e824a8b82b786bb96d0da210cc"


def test_the_fields_are_the_tables_columns_in_order() -> None:
    def columns(table: str, *without: str) -> tuple[str, ...]:
        names = t.metadata.tables[table].columns.keys()
        return tuple(name for name in names if name not in without)

    assert columns("movement", "seq", "submission") == chain.MOVEMENT_FIELDS
    assert columns("entry", "seq") == chain.ENTRY_FIELDS
    assert columns("finding", "seq", "ordinal") == chain.FINDING_FIELDS
    assert columns("submission", "digest") == chain.HEADER_FIELDS
    for table, fields in chain.ANNEX_FIELDS.items():
        assert columns(table, "submission") == fields


def rfc6962(leaves: list[bytes]) -> bytes:
    """The tree hash as section 2.1 of RFC 6962 defines it, by recursion."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << ((len(leaves) - 1).bit_length() - 1)
    return sha256(b"\1" + rfc6962(leaves[:half]) + rfc6962(leaves[half:])).digest()


@given(st.lists(st.integers(1, 40), max_size=12))
def test_the_tree_is_rfc_6962s_however_the_leaves_come(sizes: list[int]) -> None:
    leaves = [sha256(str(n).encode()).digest() for n in range(sum(sizes))]
    tree, at = chain.Tree(), 0
    for size in sizes:
        tree.add_many(leaves[at : at + size])
        at += size
        assert tree.root() == rfc6962(leaves[:at])
    assert tree.count == len(leaves)
    one_by_one = chain.Tree()
    for leaf in leaves:
        one_by_one.add(leaf)
    assert one_by_one.root() == rfc6962(leaves)


def test_the_known_roots_of_rfc_6962() -> None:
    """Test vectors published with Certificate Transparency's reference implementations."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
    inputs.append("606162636465666768696a6b6c6d6e6f")
    leaves = [sha256(b"\0" + bytes.fromhex(text)).digest() for text in inputs]
    tree = chain.Tree()
    assert tree.root().hex()[:16] == "e3b0c44298fc1c14"
    tree.add(leaves[0])
    assert tree.root().hex()[:16] == "6e340b9cffb37a98"
    tree.add_many(leaves[1:])
    assert tree.root().hex()[:16] == "5dc9da79a70659a9"


def test_a_copy_of_a_tree_grows_on_its_own() -> None:
    tree = chain.Tree()
    tree.add_many([bytes(32)] * 3)
    before, twin = tree.root(), tree.copy()
    twin.add(bytes(32))
    assert tree.root() == before != twin.root()
    assert (tree.count, twin.count) == (3, 4)


def test_what_is_empty_counts_as_nothing() -> None:
    assert chain.leaf_text((None, "a", 0)) == "tpp-ledger/1\x1f\x1fa\x1f0"
    assert chain.annex_digest([]) == sha256().hexdigest()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("export", "reexport", True),
        ("application", "refusal", True),
        ("export", "licence", False),
        ("receipt", "return", False),
    ],
)
def test_a_key_counts_the_class_of_a_kind(one: str, other: str, same: bool) -> None:
    keys = [chain.key_digest(kind, "s", "d", "1", 1) for kind in (one, other)]
    assert (keys[0] == keys[1]) is same
    assert keys[0] != chain.key_digest(one, "s", "d", "1", 2)


def content(**fields: object) -> bytes:
    values = {"kind": "export", "chip": "nvidia/h100", "quantity": 2, "amount_mtpp": 7} | fields
    return chain.content_digest([values.get(name) for name in chain.CONTENT_FIELDS])


def test_an_amount_that_follows_from_the_chip_is_no_content() -> None:
    assert content() == content(amount_mtpp=9)
    assert content(chip=None) != content(chip=None, amount_mtpp=9)
    assert content() != content(quantity=3)


def test_a_refusals_content_is_the_application_it_answers() -> None:
    assert content(kind="refusal") == content(kind="application") != content()


def test_a_receipts_content_is_its_own_fields() -> None:
    """The others are the shipment's."""
    assert content(kind="receipt") == content(kind="receipt", quantity=3, chip=None)
    assert content(kind="receipt") != content(kind="receipt", details="{}")
    assert content(kind="receipt") != content(kind="return")
