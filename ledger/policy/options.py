"""Where the rule is silent or says two things: a named option, its readings and its default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from ledger.policy.dated import Citation
from schemas.problems import Problem, Unusable

# The options that the ledger itself asks for, with the readings it knows. A regime need not have
# them; the others are asked for by the conditions of the regime's own data.
_CREDIT = ("none", "credit")
READ_BY_THE_LEDGER: dict[str, tuple[str, ...]] = {
    "queue": ("issue_date", "application_date", "pro_rata"),
    "straddle": ("deny_whole", "grant_remaining"),
    "unused_licence_lapse": _CREDIT,
    "unused_licence_surrender": _CREDIT,
    "unused_licence_revocation": _CREDIT,
    "return_or_loss_credit": ("none", "on_proven_return", "return_and_loss"),
    "in_country_transfer": ("no_second_debit", "debit_again"),
    "nveu_conversion": ("no_credit", "credit"),
    "aia_certificate": ("at_threshold", "always"),
    "aia_certificate_scope": ("all_suppliers", "own"),
    "group_change_entering": ("full_limit", "from_entry"),
    "group_change_joining_d5": ("closed_by_act", "closed_at_once"),
    "enforcement_view": ("codified", "as_enforced"),
    "parent_rule": ("declared", "majority", "each_joint_venturer"),
    "parent_stated": ("stricter", "row", "declared"),
    "system_tpp": ("every_ic", "a_only"),
    "tf32_bits": ("19", "32"),
}


@dataclass(frozen=True, slots=True)
class Option:
    """One open reading. `values` are (value, sentence); `obeyed` those this version acts on."""

    key: str
    number: int
    title: str
    values: tuple[tuple[str, str], ...]
    default: str
    obeyed: tuple[str, ...]
    reason: str
    citation: Citation

    @property
    def names(self) -> tuple[str, ...]:
        """The values without their sentences."""
        return tuple(name for name, _ in self.values)

    def sentence(self, value: str) -> str:
        """What a value means. Raises KeyError for a value the option does not have."""
        return dict(self.values)[value]


def choose(options: Mapping[str, Option], settings: Mapping[str, str]) -> dict[str, str]:
    """Every option with its value: as set, else the default.

    Raises Unusable with every unknown key, unknown value and value this version does not obey.
    """
    problems = [p for key, value in settings.items() if (p := _problem(options, key, value))]
    if problems:
        raise Unusable(*problems)
    return {key: settings.get(key, option.default) for key, option in options.items()}


def _problem(options: Mapping[str, Option], key: str, value: str) -> Problem | None:
    if key not in options:
        return _said("", key, "the regime has no such option", near(key, options))
    option = options[key]
    if value not in option.names:
        known = near(value, option.names) or option.names
        return _said(key, value, "the option has no such value", known)
    if value not in option.obeyed:
        reason = f"a reading this version does not act on; it acts on {_or(option.obeyed)}"
        return _said(key, value, reason)
    return None


def _said(column: str, value: str, reason: str, nearest: tuple[str, ...] = ()) -> Problem:
    return Problem("options", 0, 0, column, value, reason, nearest)


def _or(values: tuple[str, ...]) -> str:
    return " or ".join(f'"{value}"' for value in values)


def near(word: str, known: Mapping[str, object] | tuple[str, ...]) -> tuple[str, ...]:
    """The known words closest to one, nearest first; at most three."""
    folded = {name.casefold(): name for name in known}
    close = get_close_matches(word.casefold(), list(folded), n=3)
    return tuple(folded[name] for name in close)
