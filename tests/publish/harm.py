"""Ways in which a columnar copy is damaged, each of its folder; a copy stands there already."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import duckdb

from schemas.manifest import MANIFEST, Manifest, scan


def _files(folder: Path) -> list[Path]:
    """The Parquet files in use, oldest first."""
    manifest = Manifest.read((folder / MANIFEST).read_text())
    return [folder / segment.file for segment in manifest.segments]


def _footer(content: bytes | bytearray) -> int:
    """How many bytes a Parquet file's footer has."""
    return int.from_bytes(content[-8:-4], "little") + 8


def unreadable(folder: Path) -> None:
    """Every file of its size and with its footer, and nothing in it that can be read."""
    for path in _files(folder):
        content = path.read_bytes()
        footer = _footer(content)
        path.write_bytes(content[:4] + b"\xff" * (len(content) - 4 - footer) + content[-footer:])


def flipped(folder: Path) -> None:
    """A bit of the entries, and of their roll-up, that makes another sum; both can be read."""
    for path in _files(folder):
        if path.name.startswith("entry"):
            _flip_an_amount(path)


def _flip_an_amount(path: Path) -> None:
    content = bytearray(path.read_bytes())
    with duckdb.connect() as connection:
        sound = _sums(connection, path)
        ask = "SELECT data_page_offset, total_compressed_size FROM parquet_metadata($1)"
        column = "WHERE path_in_schema = 'held_mtpp'"
        ((first, size),) = connection.execute(f"{ask} {column}", [str(path)]).fetchall()
        for place in reversed(range(first, first + size)):
            content[place] ^= 1
            path.write_bytes(content)
            if _sums(connection, path) not in (sound, None):
                return
            content[place] ^= 1
    raise AssertionError("no bit of an amount is found")


def _sums(connection: duckdb.DuckDBPyConnection, path: Path) -> object:
    """What amounts come to, None where the file cannot be read."""
    ask = "SELECT sum(held_mtpp + posted_mtpp), bit_xor(hash(COLUMNS(*))) FROM "
    try:
        return connection.execute(ask + scan([str(path)])).fetchall()[0][0]
    except duckdb.Error:
        return None


def cut_short(folder: Path) -> None:
    """Half of each file."""
    for path in _files(folder):
        os.truncate(path, path.stat().st_size // 2)


def emptied(folder: Path) -> None:
    """Files without a byte."""
    for path in _files(folder):
        os.truncate(path, 0)


def one_gone(folder: Path) -> None:
    """One file less."""
    _files(folder)[0].unlink()


def swapped(folder: Path) -> None:
    """One file with the content of another."""
    first, second, *_ = _files(folder)
    first.write_bytes(second.read_bytes())


def half_a_manifest(folder: Path) -> None:
    """A manifest that breaks off."""
    path = folder / MANIFEST
    os.truncate(path, path.stat().st_size // 2)


def another_figure(folder: Path) -> None:
    """A manifest that can be read, of which one figure is another."""
    path = folder / MANIFEST
    said, _, rest = path.read_text().partition('"last_seq": ')
    figure, _, rest = rest.partition(",")
    path.write_text(f'{said}"last_seq": {int(figure) - 1},{rest}')


HARMS: list[Callable[[Path], None]] = [
    unreadable, cut_short, emptied, one_gone, swapped, half_a_manifest, another_figure,
]  # fmt: skip
