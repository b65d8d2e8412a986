"""Two surroundings to read files in: a small made-up one, and the real catalogue and countries."""

from __future__ import annotations

from difflib import get_close_matches

from ledger import countries
from ledger.catalogue.classing import unit_tpp
from ledger.catalogue.reader import read_catalogue
from ledger.intake import ChipFact, Setting

CHIPS = {"H100": 15_824_000, "MI300X": 20_919_200, "TINY": 1}
COUNTRIES = {"IN": "IN", "India": "IN", "NA": "NA", "Namibia": "NA", "Viet Nam": "VN", "SG": "SG"}
AUTHORIZATIONS = {"licence": "licence", "LPP": "LPP", "NLR": "NLR", "unstated": "unstated"}


def small(counts="chips", **more) -> Setting:
    """Three chips, four countries, four authorizations."""
    return Setting(
        chip=lambda word: ChipFact(word, CHIPS[word]) if word in CHIPS else None,
        nearest_chip=lambda word: get_close_matches(word, CHIPS),
        country=COUNTRIES.get,
        nearest_country=lambda word: get_close_matches(word, COUNTRIES),
        country_refused=lambda word: (
            "the rule names Atlantis nowhere" if word == "Atlantis" else None
        ),
        authorization=AUTHORIZATIONS.get,
        nearest_authorization=lambda word: get_close_matches(word, AUTHORIZATIONS),
        counts=counts,
        **more,
    )


def real() -> Setting:
    """The catalogue and the countries that come with the package."""
    catalogue = read_catalogue()

    def chip(word: str) -> ChipFact | None:
        row = catalogue.find(word)
        return ChipFact(row.key, unit_tpp(row, catalogue).milli) if row else None

    return Setting(
        chip=chip,
        nearest_chip=catalogue.nearest,
        country=countries.find,
        nearest_country=countries.nearest,
        country_refused=lambda word: None,
        authorization=AUTHORIZATIONS.get,
        nearest_authorization=lambda word: (),
    )
