"""What one cell may say: each pattern and bound once, for the rows of a file and for a typed one.

The patterns hold for Python's `re` and for DuckDB's RE2 alike. A reader returns the value, or
raises Wrong with the reason a person reads.
"""

from __future__ import annotations

import re
from datetime import date

# Characters of no width, in ranges. The two joiners are apart: some scripts are written with them.
_UNSEEN = "\u00ad\u200b\u200e-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
_JOINERS = "\u200c-\u200d"
_SPACES = "\u1680\u2000-\u200a\u2028-\u2029\u202f\u205f\u3000"


def _each(ranges: str) -> str:
    """The characters of such ranges."""
    spans = re.findall("(.)(?:-(.))?", ranges)
    return "".join(chr(n) for a, b in spans for n in range(ord(a), ord(b or a) + 1))


# What is nothing at either end of a cell, and of that what is usual.
USUAL_BLANKS = " \t\r\n\u00a0"
BLANKS = USUAL_BLANKS + "\u0085" + _each(_SPACES + _UNSEEN + _JOINERS)
LONGEST_CELL = 65_536  # characters
LONGEST_NAME = 500  # characters of a party, a document number, a line

EARLIEST = date(1950, 1, 1)
LATEST = date(2199, 12, 31)

_CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"
CONTROL = f"[{_CONTROLS}]"
# A cell without any of these needs no look at its characters, and has but usual blanks around it.
ODD = (
    f"[{_CONTROLS}\u0085{_UNSEEN}{_JOINERS}]"
    f"|^[{USUAL_BLANKS}]*[{_SPACES}]|[{_SPACES}][{USUAL_BLANKS}]*$"
)
# In the midst of a name; a joiner where it has a letter of ours beside it, and so no work to do.
UNSEEN = f"[\u0085{_UNSEEN}]|[A-Za-z0-9][{_JOINERS}]|[{_JOINERS}][A-Za-z0-9]"
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
COUNT = r"[1-9][0-9]{0,17}"
AMOUNT = r"[0-9]{1,15}(?:\.[0-9]{1,3}0*)?"
SIGNED_AMOUNT = "-?" + AMOUNT
MONEY = r"[0-9]{1,15}(?:\.[0-9]{1,2}0*)?"
PERCENT = r"-?[0-9]{1,6}(?:\.[0-9]{1,6}0*)?"

_control = re.compile(CONTROL)
_unseen = re.compile(UNSEEN)
_day = re.compile(DAY)
_count = re.compile(COUNT)
_amount = re.compile(AMOUNT)
_signed_amount = re.compile(SIGNED_AMOUNT)
_money = re.compile(MONEY)
_percent = re.compile(PERCENT)
_plain = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


class Wrong(Exception):
    """A cell that will not do: `reason` is what a person reads, `nearest` the closest words."""

    def __init__(self, reason: str, nearest: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.nearest = nearest


def checked(cell: str) -> str:
    """The cell itself. Raises Wrong for a control character or more text than a cell may hold."""
    if len(cell) > LONGEST_CELL:
        raise Wrong(f"holds {len(cell):,} characters; a cell may hold {LONGEST_CELL:,}")
    if not cell.isprintable() and (found := _control.search(cell)):
        code = ord(found.group())
        name = "NUL" if code == 0 else f"U+{code:04X}"
        raise Wrong(f"holds the control character {name}")
    return cell


def visible(cell: str) -> str:
    """The cell itself. Raises Wrong for a character within that nobody sees."""
    if not cell.isprintable() and (found := _unseen.search(cell.strip(BLANKS))):
        code = max(map(ord, found.group()))
        raise Wrong(f"holds the character U+{code:04X}, which nobody sees")
    return cell


def name_of(cell: str) -> str:
    """A party, a document number or a line: as given, outer blanks off, not too long."""
    if len(cell) > LONGEST_NAME:
        raise Wrong(f"holds {len(cell):,} characters; a name may hold {LONGEST_NAME}")
    return cell


def source_of(text: str | None) -> str | None:
    """The source that is asked for or mapped, as a cell would say it; None where it is blank."""
    return name_of(visible(checked((text or "").strip(BLANKS)))) or None


def day_of(cell: str) -> date:
    """A day written YYYY-MM-DD that is in the calendar and within living memory."""
    if not _day.fullmatch(cell):
        raise Wrong(_why_no_day(cell))
    try:
        day = date.fromisoformat(cell)
    except ValueError:
        raise Wrong("there is no such day in the calendar") from None
    if not EARLIEST <= day <= LATEST:
        raise Wrong(f"a day must be within {EARLIEST} and {LATEST}")
    return day


def count_of(cell: str) -> int:
    """A whole number of units, from 1, below 10^18."""
    if not _count.fullmatch(cell):
        raise Wrong(_why_no_count(cell))
    return int(cell)


def amount_of(cell: str, signed: bool = False) -> int:
    """Milli-TPP of a plain decimal with at most 3 places, below 10^15."""
    if not (_signed_amount if signed else _amount).fullmatch(cell):
        raise Wrong(_why_no_decimal(cell, "finer than 0.001", signed))
    return _scaled(cell, 3)


def cents_of(cell: str) -> int:
    """Cents of a plain decimal with at most 2 places, below 10^15 dollars."""
    if not _money.fullmatch(cell):
        raise Wrong(_why_no_decimal(cell, "finer than a cent", False))
    return _scaled(cell, 2)


def money_of(cell: str) -> str:
    """A plain decimal with at most 2 places, below 10^15 dollars, kept as its own text."""
    cents_of(cell)
    return cell


def percent_of(cell: str) -> str:
    """A plain signed decimal, kept as its own text."""
    if not _percent.fullmatch(cell):
        raise Wrong(_why_no_decimal(cell, "finer than 0.000001", True, 6))
    return cell


def _scaled(cell: str, places: int) -> int:
    whole, _, part = cell.partition(".")
    return int(whole + part[:places].ljust(places, "0"))


_DAY_SHAPES = (
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ].+", "has a time beside the day; write YYYY-MM-DD alone"),
    (r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", "write month and day with two digits, YYYY-MM-DD"),
    (
        r"[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}",
        "write YYYY-MM-DD, or say how days are written in the mapping file (date_format)",
    ),
    (r"[0-9]{4}", "a year alone is not a day; write YYYY-MM-DD"),
    (r"[0-9.]+", "a number, not a day; in a spreadsheet, format the column as a date"),
)

_NUMBER_SHAPES = (
    (r"(?i)[+-]?(?:inf|infinity|nan)", "is not a number"),
    (r"(?i)[+-]?[0-9.]+e[+-]?[0-9]+", "write the number out, without an exponent"),
    (r"(?i)[+-]?0[xbo][0-9a-f]+", "write the number in plain decimal digits"),
    (r"[+-]?[0-9]+(?:_[0-9]+)+", "write the number without underscores"),
    (
        r"[+-]?[0-9]{1,3}(?:[,' \u00a0\u202f.][0-9]{3})+(?:[.,][0-9]+)?",
        "write the number without thousands separators",
    ),
    (
        r"[+-]?[0-9]+,[0-9]+",
        "write a decimal point, or say decimal_comma = true in the mapping file",
    ),
    (r".+%", "write the number alone, without the % sign"),
    (r"\+.*", "write the number without a plus sign"),
)


def _why_no_day(cell: str) -> str:
    if cell != cell.strip(BLANKS):
        return "has blanks around the day"
    for shape, reason in _DAY_SHAPES:
        if re.fullmatch(shape, cell, re.DOTALL):
            return reason
    return "is not a day; write YYYY-MM-DD"


def _why_no_number(cell: str) -> str | None:
    if cell != cell.strip(BLANKS):
        return "has blanks around the number"
    if _plain.fullmatch(cell):
        return None
    for shape, reason in _NUMBER_SHAPES:
        if re.fullmatch(shape, cell, re.DOTALL):
            return reason
    return "is not a number"


def _why_no_count(cell: str) -> str:
    if reason := _why_no_number(cell):
        return reason
    whole, _, part = cell.lstrip("-").partition(".")
    if part:
        if len(whole + part) > 15:
            return (
                "is not a whole number; it looks like a computed figure with a rounding error "
                '(a mapping file may allow "round_15_digits")'
            )
        return "is not a whole number"
    if cell.startswith("-"):
        return "is negative; a count starts at 1"
    if not cell.strip("0"):
        return "is 0; a count starts at 1"
    if cell.startswith("0"):
        return "write the count without leading zeros"
    return "is larger than the ledger can hold (10^18)"


def _why_no_decimal(cell: str, finer: str, signed: bool, digits: int = 15) -> str:
    if reason := _why_no_number(cell):
        return reason
    if cell.startswith("-") and not signed:
        return "is negative"
    whole = cell.lstrip("-").partition(".")[0]
    if len(whole.lstrip("0")) > digits:
        return f"is larger than the ledger can hold (10^{digits})"
    if len(whole) > digits:
        return "write the number without leading zeros"
    return f"is {finer}"
