"""Single answers of a form: what was typed, read leniently, or what is wrong with it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

_CLOCK: Final = re.compile(
    r"(?P<hour>[0-9]{1,2})(?:[:.]?(?P<minute>[0-9]{2}))?\s*(?P<half>am|pm)?", re.IGNORECASE
)
_NOON: Final = 12
_HOURS: Final = 24
_MINUTES: Final = 60


@dataclass(frozen=True)
class Trouble:
    """What is wrong with an answer: the id of its input, or empty for the whole form."""

    field: str
    message: str


class Values:
    """The answers of a form as they were sent; a name may have several."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs = list(pairs)
        self._found: dict[str, list[str]] = {}
        for name, value in self.pairs:
            self._found.setdefault(name, []).append(value)

    def text(self, name: str, default: str = "") -> str:
        """An answer without the spaces around it."""
        return self._found[name][0].strip() if name in self._found else default

    def lines(self, name: str) -> str:
        """An answer of several lines, its line ends made alike."""
        return self.text(name).replace("\r\n", "\n").replace("\r", "\n")

    def every(self, name: str) -> tuple[str, ...]:
        """All answers of a name, such as the boxes that were ticked."""
        return tuple(self._found.get(name, ()))

    def __contains__(self, name: object) -> bool:
        return name in self._found


@dataclass(frozen=True)
class DateTyped:
    """A date as it is typed into three boxes."""

    day: str = ""
    month: str = ""
    year: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing was typed."""
        return not (self.day or self.month or self.year)

    def read(self) -> date | None:
        """The day of the calendar, or None; a month may be given by its name.

        >>> DateTyped("15", "Sept", "2025").read()
        datetime.date(2025, 9, 15)
        """
        if not (_digits(self.day, 2) and _digits(self.year, 4) and len(self.year) == 4):  # noqa: PLR2004 - a year has four digits.
            return None
        try:
            return date(int(self.year), _month(self.month), int(self.day))
        except ValueError:
            return None


_MONTHS: Final = tuple("jan feb mar apr may jun jul aug sep oct nov dec".split())  # noqa: SIM905 - it reads better.


def _month(text: str) -> int:
    """A month's number, 0 for none."""
    if _digits(text, 2):
        return int(text)
    begin = text[:3].casefold()
    return _MONTHS.index(begin) + 1 if begin in _MONTHS and text.isalpha() else 0


def _digits(text: str, most: int) -> bool:
    return 0 < len(text) <= most and text.isascii() and text.isdigit()


UNTYPED: Final = DateTyped()


def typed_date(values: Values, name: str) -> DateTyped:
    """A date from its three boxes."""
    return DateTyped(*(values.text(f"{name}-{part}") for part in ("day", "month", "year")))


def date_boxes(day: date) -> DateTyped:
    """A date as its three boxes show it."""
    return DateTyped(str(day.day), str(day.month), str(day.year))


def read_clock(text: str) -> str | None:
    """A time of day as the wire has it, from any way people write it; None when it is none.

    >>> [read_clock(text) for text in ("8", "8.30am", "6 pm", "1800", "24:00", "25")]
    ['08:00', '08:30', '18:00', '18:00', '24:00', None]
    """
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return None
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    half = (match["half"] or "").casefold()
    if half:
        if not 1 <= hour <= _NOON:
            return None
        hour = hour % _NOON + (_NOON if half == "pm" else 0)
    if minute >= _MINUTES or hour > _HOURS or (hour == _HOURS and minute):
        return None
    return f"{hour:02d}:{minute:02d}"


def read_whole(text: str, most: int) -> int | None:
    """A whole number from 1, or None."""
    compact = text.replace(",", "")
    if not _digits(compact, 9):
        return None
    return int(compact) if 1 <= int(compact) <= most else None
