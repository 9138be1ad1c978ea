"""One cell at a time: text in, a clean value or the fault with it out."""

import re
import unicodedata
from datetime import date
from typing import Final

from msgspec import Struct
from nhs_number.validate import calculate_checksum

from ingest import faults
from ingest.faults import Fault

TEST_RANGE: Final = (9_990_000_000, 9_999_999_999)
"""NHS numbers that are never issued: 909,091 of them have a fitting check digit."""
LOAD_RANGE: Final = (9_000_000_000, 9_989_999_999)
"""The rest of the synthetic numbers, for loads that need more people than the test range has."""

EARLIEST_BIRTH: Final = date(1900, 1, 1)
LONGEST_TEXT: Final = 100


class Rules(Struct, frozen=True):
    """What a stack accepts: the latest possible birthday, and which made-up numbers are allowed.

    Ranges of NHS numbers include both ends. With `any_uk_mobile` a mobile need not be one of the
    made-up 07700 900xxx.
    """

    today: date
    allowed_ranges: tuple[tuple[int, int], ...] = (TEST_RANGE,)
    any_uk_mobile: bool = False


# Invisible characters come with text copied from web pages and letters. Line ends and tabs inside a
# cell count as spaces; formatting and control characters count as nothing.
_CLEANED: Final[dict[int, str]] = {
    code: " " if chr(code) in "\t\n\v\f\r" else ""
    for code in (*range(0x10000), *range(0xE0000, 0xE0080))
    if unicodedata.category(chr(code)) in {"Cc", "Cf"}
}

# Files for spreadsheets, ours among them, put an apostrophe before what would run as a formula.
_GUARDED: Final = re.compile(r"' ?[=+@-]")

_WRAPPING: Final = "=\"'`‘’“” "  # noqa: RUF001 - the curly quotes are meant.
_SEPARATORS: Final = str.maketrans("", "", " -‐‑‒–—−")  # noqa: RUF001 - the dashes are meant.
_ROUNDED: Final = re.compile(r"[0-9](?:[.,][0-9]+)?E\+?[0-9]{1,2}", re.IGNORECASE)
_NATIONAL_INSURANCE: Final = re.compile(r"[A-Z]{2}[0-9]{6}[A-D]?", re.IGNORECASE)

_DAY_FIRST: Final = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_YEAR_FIRST: Final = re.compile(r"([0-9]{4})(-?)([0-9]{2})\2([0-9]{2})")
_SHORT_DATE: Final = re.compile(r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-](?:[0-9]{2}|[0-9]{4})")
_SERIAL: Final = re.compile(r"[0-9]{4,5}(?:\.[0-9]+)?")
_DATE_TIME: Final = re.compile(
    r"(?:[0-9]{2}/[0-9]{2}/[0-9]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2})[T ][0-9:.,+Z-]+"
)

_PLAIN_MOBILE: Final = re.compile(r"(?:\+44|0)(7[1-57-9][0-9]{8})")
_MOBILE_CHARACTERS: Final = re.compile(r"[0-9 ().+/‐‑‒–—−-]+")  # noqa: RUF001 - the dashes are meant.
_NATIONAL_MOBILE: Final = re.compile(r"7(?:[1-57-9][0-9]{8}|624[0-9]{6})")
_NATIONAL_LENGTH: Final = 10
_NHS_DIGITS: Final = 10
_TEST_MOBILES: Final = "+447700900"

_POSTCODE: Final = re.compile(r"([A-Z]{1,2}[0-9][0-9A-Z]?)([0-9][A-BD-HJLNP-UW-Z]{2})")


def clean(cell: str) -> str:
    """Drop invisible characters, make every run of spaces one space, and trim the ends."""
    if not cell.isprintable():
        cell = cell.translate(_CLEANED)
    return " ".join(cell.split())


def read_nhs_number(cell: str, rules: Rules) -> str | Fault:
    """Give the ten digits of an NHS number this stack may hold, or say what is wrong with it."""
    bare = len(cell) == _NHS_DIGITS and cell.isascii() and cell.isdigit()
    digits = cell if bare else _bare_number(cell)
    if len(digits) != _NHS_DIGITS or not (digits.isascii() and digits.isdigit()):
        return _why_no_number(digits)
    if calculate_checksum(digits[:9]) != int(digits[9]):
        return faults.NHS_NUMBER_CHECK_DIGIT
    if digits == digits[0] * 10:
        return faults.NHS_NUMBER_EQUAL_DIGITS
    number = int(digits)
    for first, last in rules.allowed_ranges:
        if first <= number <= last:
            return digits
    return faults.NOT_A_TEST_NUMBER


def read_date_of_birth(cell: str, rules: Rules) -> date | Fault:
    """Give a real day between 1900 and today, or say what is wrong with it."""
    if match := _DAY_FIRST.fullmatch(cell):
        day, month, year = match.groups()
    else:
        cell = clean(cell).strip(_WRAPPING)
        if match := _DAY_FIRST.fullmatch(cell):
            day, month, year = match.groups()
        elif match := _YEAR_FIRST.fullmatch(cell):
            year, _, month, day = match.groups()
        else:
            return _why_no_date(cell)
    try:
        born = date(int(year), int(month), int(day))
    except ValueError:
        return (
            faults.DATE_MONTH_FIRST if _is_month_first(cell, day, month) else faults.DATE_NOT_REAL
        )
    if born > rules.today:
        return faults.DATE_IN_FUTURE
    return born if born >= EARLIEST_BIRTH else faults.DATE_BEFORE_1900


def read_mobile(cell: str, rules: Rules) -> str | Fault | None:
    """Give a UK mobile in E.164, None for an empty cell, or say what is wrong with it."""
    if match := _PLAIN_MOBILE.fullmatch(cell):
        mobile = "+44" + match[1]
    else:
        found = _untidy_mobile(clean(cell).strip(_WRAPPING))
        if not isinstance(found, str):
            return found
        mobile = found
    if rules.any_uk_mobile or mobile.startswith(_TEST_MOBILES):
        return mobile
    return faults.NOT_A_TEST_MOBILE


def read_postcode(cell: str) -> str | Fault | None:
    """Give a postcode in capitals with its space, None for an empty cell, or say it is none."""
    letters = clean(cell).replace(" ", "").upper()
    if not letters:
        return None
    match = _POSTCODE.fullmatch(letters)
    return f"{match[1]} {match[2]}" if match else faults.INVALID_POSTCODE


def read_text(cell: str) -> str | Fault:
    """Give a name or a line of an address, clean; an empty string for an empty cell."""
    text = clean(cell)
    if text[:1] == "'" and _GUARDED.match(text):
        text = text[1:].lstrip()
    return text if len(text) <= LONGEST_TEXT else faults.TOO_LONG


def _bare_number(cell: str) -> str:
    return clean(cell).strip(_WRAPPING).translate(_SEPARATORS)


def _why_no_number(text: str) -> Fault:
    """Say what kept a text from being ten digits, with the likeliest cause first."""
    if not text:
        return faults.MISSING_NHS_NUMBER
    if text.isascii() and text.isdigit():
        return _why_not_ten(text)
    if _ROUNDED.fullmatch(text):
        return faults.NHS_NUMBER_ROUNDED
    if _NATIONAL_INSURANCE.fullmatch(text):
        return faults.NATIONAL_INSURANCE_NUMBER
    return faults.NHS_NUMBER_WITH_LETTERS


def _why_not_ten(digits: str) -> Fault:
    lost = len(digits) == _NHS_DIGITS - 1
    if lost and calculate_checksum("0" + digits[:8]) == int(digits[8]):
        return faults.NHS_NUMBER_LOST_ZERO
    return faults.NHS_NUMBER_WRONG_LENGTH


def _why_no_date(text: str) -> Fault:
    if not text:
        return faults.MISSING_DATE_OF_BIRTH
    for pattern, fault in (
        (_SHORT_DATE, faults.DATE_SHORT),
        (_SERIAL, faults.DATE_SERIAL),
        (_DATE_TIME, faults.DATE_WITH_TIME),
    ):
        if pattern.fullmatch(text):
            return fault
    return faults.DATE_UNREADABLE


def _is_month_first(cell: str, day: str, month: str) -> bool:
    return "/" in cell and 1 <= int(day) <= 12 < int(month) <= 31  # noqa: PLR2004 - months and days.


def _untidy_mobile(text: str) -> str | Fault | None:
    """Read a mobile as people write it: `+44 (0)7700 900123`, `0044…`, or without its zero."""
    if not text:
        return None
    if not _MOBILE_CHARACTERS.fullmatch(text):
        return faults.MOBILE_UNKNOWN_CHARACTERS
    digits = "".join(character for character in text if "0" <= character <= "9")
    national = digits.lstrip("0")
    abroad = "+" in text or digits.startswith("00")
    if national.startswith("44") and (abroad or len(national) > _NATIONAL_LENGTH):
        national = national[2:].lstrip("0")
    elif abroad and not national.startswith("7"):
        return faults.MOBILE_FOREIGN
    if _NATIONAL_MOBILE.fullmatch(national):
        return "+44" + national
    return (
        faults.MOBILE_NOT_A_MOBILE
        if len(national) == _NATIONAL_LENGTH
        else faults.MOBILE_WRONG_LENGTH
    )
