"""Cells that name something: a kind, a country, a chip, an authorization."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from ledger.intake.cells import BLANKS, Wrong
from ledger.intake.setting import ChipFact, Setting
from schemas.fields import Type
from schemas.kinds import FILE_MOVEMENTS, FileKind

T = TypeVar("T")
_MOST_KEPT = 50_000
_NEAREST = 3


class Words:
    """The look-ups of one setting for one file kind, with what was answered kept.

    Every method takes a cell's text without outer blanks and raises Wrong, with the nearest known
    words, where it names nothing.
    """

    def __init__(self, file_kind: FileKind, setting: Setting) -> None:
        self._kinds = tuple(kind.value for kind in FILE_MOVEMENTS[file_kind])
        self._setting = setting
        self.chip = remembered(_trimmed(self._chip))
        self.country = remembered(_trimmed(self._country))
        self.authorization = remembered(_trimmed(self._authorization))
        self.kind = remembered(_trimmed(self._kind))

    def of(self, type_: Type) -> Callable[[str], str]:
        """The look-up of a cell of that type: country, authorization or kind."""
        by_type = {
            Type.COUNTRY: self.country,
            Type.AUTHORIZATION: self.authorization,
            Type.KIND: self.kind,
        }
        return by_type[type_]

    def _chip(self, word: str) -> ChipFact:
        if fact := self._setting.chip(word):
            return fact
        raise Wrong("no such chip in the catalogue", _first(self._setting.nearest_chip(word)))

    def _country(self, word: str) -> str:
        if code := self._setting.country(word):
            return code
        if sentence := self._setting.country_refused(word):
            raise Wrong(sentence)
        raise Wrong(self._setting.no_place, _first(self._setting.nearest_country(word)))

    def _authorization(self, word: str) -> str:
        if code := self._setting.authorization(word):
            return code
        nearest = _first(self._setting.nearest_authorization(word))
        raise Wrong("no such authorization in this regime", nearest)

    def _kind(self, word: str) -> str:
        code = word.lower().replace(" ", "_").replace("-", "_")
        if code in self._kinds:
            return code
        raise Wrong(f"no such kind here; one of {', '.join(self._kinds)}", near(code, self._kinds))


def near(word: str, known: tuple[str, ...] | list[str], most: int = _NEAREST) -> tuple[str, ...]:
    """The known words most like a word, best first; none where nothing is like it."""
    from difflib import get_close_matches

    by_lower = {k.lower(): k for k in known}
    return tuple(by_lower[m] for m in get_close_matches(word.lower(), by_lower, most, 0.6))


def remembered(look_up: Callable[[str], T]) -> Callable[[str], T]:
    """The same look-up, which asks once for each word, a wrong one included."""
    kept: dict[str, T] = {}
    refused: dict[str, Wrong] = {}

    def answer(cell: str) -> T:
        try:
            return kept[cell]
        except KeyError:
            pass
        if wrong := refused.get(cell):
            raise wrong.with_traceback(None)
        if len(kept) + len(refused) >= _MOST_KEPT:
            kept.clear()
            refused.clear()
        try:
            kept[cell] = value = look_up(cell)
        except Wrong as wrong:
            refused[cell] = wrong
            raise
        return value

    return answer


def _trimmed(look_up: Callable[[str], T]) -> Callable[[str], T]:
    return lambda cell: look_up(cell.strip(BLANKS))


def _first(nearest: Sequence[str]) -> tuple[str, ...]:
    return tuple(nearest[:_NEAREST])
