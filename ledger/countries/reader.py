"""The one file that reads country names: three TOML files of the law, and ISO through pycountry."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from ledger.countries.types import Attachment, Countries, normal
from schemas.problems import Problem, Unusable

DESTINATIONS, ALIASES, ATTACHED = "destinations.toml", "aliases.toml", "attached.toml"
_CITATION = frozenset({"title", "href", "published", "reviewed"})


@cache
def read_countries() -> Countries:
    """The countries of this package, read once. Raises Unusable with every problem."""
    folder = Path(__file__).parent
    names = (DESTINATIONS, ALIASES, ATTACHED)
    return countries_from_text(
        {name: (folder / name).read_text(encoding="utf-8") for name in names}
    )


def countries_from_text(files: Mapping[str, str]) -> Countries:
    """Countries from the texts of the three files. Raises Unusable with every problem."""
    return _Reading(files).countries()


class _Reading:
    """One pass over the files; gathers names, codes and problems."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files
        self.problems: list[Problem] = []
        self.names: dict[str, str] = {}
        self.codes: dict[str, str] = {}
        self.spellings: dict[str, str] = {}

    def countries(self) -> Countries:
        named = self._parse(DESTINATIONS)
        aliases, attached = self._parse(ALIASES), self._parse(ATTACHED)
        self._iso()
        destinations = self._destinations(named)
        own = self._own(attached)
        follows = self._attached(attached, destinations)
        self._aliases(aliases)
        unclear = self._unclear(aliases)
        if self.problems:
            raise Unusable(*self.problems)
        return Countries(
            names=self.names,
            codes=self.codes,
            spellings={s: c for s, c in self.spellings.items() if s not in unclear},
            unclear=unclear,
            destinations=destinations,
            own=own,
            attached=follows,
            text=dict(sorted(self.files.items())),
        )

    def fault(self, file: str, column: str, value: object, reason: str) -> None:
        self.problems.append(Problem(file, 0, 0, column, str(value), reason))

    def _parse(self, name: str) -> dict[str, Any]:
        try:
            return tomllib.loads(self.files[name])
        except KeyError:
            self.fault(name, "", "", "missing")
        except tomllib.TOMLDecodeError as fault:
            self.fault(name, "", "", f"not TOML: {fault}")
        return {}

    def _iso(self) -> None:
        import pycountry

        for country in pycountry.countries:
            code: str = country.alpha_2
            self.codes[code] = self.codes[country.alpha_3] = code
            common: str | None = getattr(country, "common_name", None)
            self.names[code] = common or country.name
            for name in (country.name, common, getattr(country, "official_name", None)):
                if name:
                    self._spell(name, code, "pycountry")

    def _spell(self, name: str, code: str, file: str) -> None:
        spelling = normal(name)
        if code not in self.names:
            self.fault(file, name, code, "no such code")
        elif not spelling or self.spellings.setdefault(spelling, code) != code:
            self.fault(file, name, code, f"already means {self.spellings.get(spelling)}")

    def _add(self, code: str, name: str, file: str) -> None:
        self.codes[code] = code
        self.names[code] = name
        self._spell(name, code, file)

    def _destinations(self, file: dict[str, Any]) -> frozenset[str]:
        self._known(DESTINATIONS, file, {"source", "names"})
        self._cited(DESTINATIONS, file.get("source", {}), {"section"})
        named: dict[str, str] = file.get("names", {})
        for code, name in named.items():
            self._add(code, name, DESTINATIONS)
        return frozenset(named)

    def _own(self, file: dict[str, Any]) -> frozenset[str]:
        found = set()
        for table in self._tables(ATTACHED, file, "own", {"code", "name", "section", "source"}):
            self._add(table["code"], table["name"], ATTACHED)
            found.add(table["code"])
        return frozenset(found)

    def _attached(
        self, file: dict[str, Any], destinations: frozenset[str]
    ) -> dict[str, Attachment]:
        self._known(ATTACHED, file, {"source", "attached", "own"})
        for source in file.get("source", {}).values():
            self._cited(ATTACHED, source, set())
        keys = {"codes", "to", "from", "status", "section", "source"}
        found: dict[str, Attachment] = {}
        for table in self._tables(ATTACHED, file, "attached", keys):
            to, since = table["to"], table["from"]
            if to not in destinations:
                self.fault(ATTACHED, "to", to, "not a destination of the supplement")
            if type(since) is not date:
                self.fault(ATTACHED, "from", since, "must be a date such as 2020-12-23")
            for code in table["codes"]:
                if code in destinations or code in found or code not in self.names:
                    self.fault(ATTACHED, "codes", code, "no code, or placed already")
                found[code] = Attachment(code, to, since, table["status"], table["section"])
        return found

    def _aliases(self, file: dict[str, Any]) -> None:
        self._known(ALIASES, file, {"list", "ambiguous"})
        for table in file.get("list", []):
            self._cited(ALIASES, table, {"names"})
            for name, code in table.get("names", {}).items():
                self._spell(name, code, ALIASES)

    def _unclear(self, file: dict[str, Any]) -> dict[str, tuple[str, ...]]:
        found = {}
        for table in self._tables(ALIASES, file, "ambiguous", {"name", "could_be", "reason"}):
            for code in table["could_be"]:
                if code not in self.names:
                    self.fault(ALIASES, "could_be", code, "no such code")
            found[normal(table["name"])] = tuple(table["could_be"])
        return found

    def _tables(
        self, name: str, file: dict[str, Any], key: str, keys: set[str]
    ) -> Iterator[dict[str, Any]]:
        """The complete tables of that key; of an incomplete one, the problem instead."""
        sources = file.get("source", {})
        for table in file.get(key, []):
            self._known(name, table, keys)
            absent = sorted(keys - set(table))
            for column in absent:
                self.fault(name, column, "", f"missing in a [[{key}]]")
            if "source" in table and table["source"] not in sources:
                self.fault(name, "source", table["source"], "no such source in this file")
            if not absent:
                yield table

    def _known(self, name: str, table: Mapping[str, Any], keys: Iterable[str]) -> None:
        from difflib import get_close_matches

        for key in table:
            if key not in keys:
                near = tuple(get_close_matches(key, sorted(keys), n=3))
                self.problems.append(Problem(name, 0, 0, key, "", "unknown key", near))

    def _cited(self, name: str, table: Mapping[str, Any], more: set[str]) -> None:
        self._known(name, table, _CITATION | more)
        for key in sorted(_CITATION - set(table)):
            self.fault(name, key, table.get("title", ""), "missing: every list has its source")
