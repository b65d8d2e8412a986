"""Countries and territories: found by name, and the destination each is treated as. No I/O."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

NEAREST_FROM = 60  # similarity, of 100, below which a name is no help to a reader


@dataclass(frozen=True, slots=True)
class Attachment:
    """A place, the destination `to` whose status it takes from the day `since`, and why."""

    code: str
    to: str
    since: date
    status: str
    section: str


@dataclass(frozen=True)
class Countries:
    """ISO 3166-1 alpha-2 codes, and the few the law needs beside them, with their names.

    `names`: one name a code, the law's own where it has one. `codes`: whatever is a code when
    written in capitals. `spellings`: each normalised name to its code; `unclear`: names of
    several places. `destinations`: what the Country Group supplement names. `own`:
    destinations of their own beside it (15 CFR part 746).
    """

    names: Mapping[str, str]
    codes: Mapping[str, str]
    spellings: Mapping[str, str]
    unclear: Mapping[str, tuple[str, ...]]
    destinations: frozenset[str]
    own: frozenset[str]
    attached: Mapping[str, Attachment]
    text: Mapping[str, str]

    @property
    def version(self) -> str:
        """SHA-256 (hex) of the law's files, names and contents, in order of name."""
        digest = sha256()
        for name in sorted(self.text):
            digest.update(name.encode() + b"\0" + self.text[name].encode() + b"\0")
        return digest.hexdigest()

    def find(self, text: str) -> str | None:
        """The code a code in capitals or a name means; None where none or several are meant.

        Only capitals make a code: "NA" is Namibia, "na" and "n/a" are not.
        """
        code = self.codes.get(text.strip())
        return code or self.spellings.get(normal(text))

    def name(self, code: str) -> str:
        """The name of a code. Raises KeyError for what is no code."""
        return self.names[code]

    def nearest(self, text: str, limit: int = 3) -> tuple[str, ...]:
        """Up to `limit` names most like the text; of an unclear name, the places it could mean."""
        wanted = normal(text)
        if wanted in self.unclear:
            return tuple(self.names[code] for code in self.unclear[wanted][:limit])
        ranked = sorted(((_alike(wanted, s), s) for s in self.spellings), reverse=True)
        near = [spelling for score, spelling in ranked if score >= NEAREST_FROM]
        found = dict.fromkeys(self.spellings[spelling] for spelling in near)
        return tuple(self.names[code] for code in list(found)[:limit])

    def treated_as(self, code: str, on: date | None = None) -> str | None:
        """The destination whose status a code takes `on` that day (None: today's law).

        Itself for a destination; the sovereign for what 15 CFR 738.3(b) attaches; None where
        the law names it nowhere, so that nobody may guess.
        """
        if code in self.destinations or code in self.own:
            return code
        attached = self.attached.get(code)
        if attached is None or (on is not None and on < attached.since):
            return None
        return attached.to


def _alike(one: str, other: str) -> float:
    from rapidfuzz import fuzz

    # The set of words forgives words left out, the whole text does not: near-misses come first.
    return max(fuzz.token_sort_ratio(one, other), 0.9 * fuzz.token_set_ratio(one, other))


_APART = re.compile(r"[^a-z0-9]+")
_SAINT = re.compile(r"\bst\b")
_ARTICLE = re.compile(r"\bthe\b")


def normal(text: str) -> str:
    """Lower case, no accents or punctuation, "&" as "and", "St." as "saint", without "the"."""
    split = unicodedata.normalize("NFKD", text.replace("\u2019", "'"))
    plain = "".join(c for c in split if not unicodedata.combining(c)).casefold()
    plain = plain.replace("&", " and ").replace("'", "").replace(".", "")
    words = _SAINT.sub("saint", _APART.sub(" ", plain))
    return " ".join(_ARTICLE.sub(" ", words).split())
