"""Send windows: when a round may send, in London through both clock changes and on bank holidays.

Workflow keeps to them when it dispatches, invitations when it sends again.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

import holidays as holidays_of

# Else the library imports every country at the first question, in the middle of a dispatch.
import holidays.countries
from msgspec import Struct

from recall.contracts.instants import LONDON, london_date

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FIVE_WEEKS: Final = 35
"""Christmas Day and New Year's Day fall on the same weekday: two weeks' openings may be lost."""

Holidays = frozenset[date]
"""Bank holidays, of the year asked about and the next at least."""
NO_HOLIDAYS: Final[Holidays] = frozenset()


class Window(Struct, frozen=True):
    """When a round may send: on these weekdays from `opens` until before `closes`, London time.

    Both are `HH:MM` and compare as text; `closes` may be `24:00`.  Without `bank_holidays` it
    stays shut on those days.
    """

    days: frozenset[str]
    opens: str
    closes: str
    bank_holidays: bool = True


def is_open(window: Window, at: datetime, holidays: Holidays = NO_HOLIDAYS) -> bool:
    """Whether a window lets send at an instant."""
    local = at.astimezone(LONDON)
    clock = f"{local.hour:02d}:{local.minute:02d}"
    return (
        WEEKDAYS[local.weekday()] in window.days
        and window.opens <= clock < window.closes
        and (window.bank_holidays or local.date() not in holidays)
    )


def next_opening(window: Window, at: datetime, holidays: Holidays = NO_HOLIDAYS) -> datetime | None:
    """The first instant from `at` on at which a window is open, in UTC; None if it never is."""
    if is_open(window, at, holidays):
        return at
    today = london_date(at)
    for ahead in range(_FIVE_WEEKS):
        found = _openings(window, today + timedelta(days=ahead), at, holidays)
        if found:
            return min(found)
    return None


def _openings(window: Window, day: date, after: datetime, holidays: Holidays) -> list[datetime]:
    """Instants after `after` at which a window opens on a London day.

    In the night the clocks go back the same time of day comes twice: both count.  In the night
    they go forward it may not come at all: the window then opens as the clocks jump over it.
    """
    hour, minute = (int(part) for part in window.opens.split(":"))
    if hour == 24:  # noqa: PLR2004 - a window that opens as the day ends never does.
        return []
    walls = [datetime.combine(day, time(hour, minute, fold=fold), LONDON) for fold in (0, 1)]
    clocks_change = datetime.combine(day, time(1), UTC)
    found = [clocks_change, *(wall.astimezone(UTC) for wall in walls)]
    return [o for o in found if o > after and is_open(window, o, holidays)]


def bank_holidays(now: datetime) -> Holidays:
    """England's, of London's year and of the next, substitute days included."""
    return _of(london_date(now).year)


@lru_cache(maxsize=4)
def _of(year: int) -> Holidays:
    found = holidays_of.country_holidays("GB", subdiv="ENG", years=range(year, year + 2))
    return frozenset(found)
