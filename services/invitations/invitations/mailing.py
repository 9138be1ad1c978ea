"""When letters go to print: at the cut-off of London's working days.  Pure."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache

import holidays

from recall.contracts.instants import LONDON

CUT_OFF = time(17, 30)
"""What is asked for by then is printed that day."""
_SATURDAY = 5


@lru_cache(maxsize=8)
def _bank_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))


def is_working_day(day: date) -> bool:
    """Whether letters are printed: Monday to Friday, but for England's bank holidays.

    >>> is_working_day(date(2025, 8, 25)), is_working_day(date(2025, 8, 26))
    (False, True)
    """
    return day.weekday() < _SATURDAY and day not in _bank_holidays(day.year)


def cut_off_after(at: datetime) -> datetime:
    """The first cut-off after an instant: a letter that comes just then waits for the next."""
    local = at.astimezone(LONDON)
    day = local.date()
    if local.time() >= CUT_OFF:
        day += timedelta(days=1)
    while not is_working_day(day):
        day += timedelta(days=1)
    return datetime.combine(day, CUT_OFF, LONDON)
