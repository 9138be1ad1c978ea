"""England's bank holidays, for the windows that do not send on them."""

from datetime import date, datetime
from functools import lru_cache

import holidays

from recall.contracts.instants import london_date


def bank_holidays(now: datetime) -> frozenset[date]:
    """Those of London's year and of the next, substitute days included."""
    return _of(london_date(now).year)


@lru_cache(maxsize=4)
def _of(year: int) -> frozenset[date]:
    found = holidays.country_holidays("GB", subdiv="ENG", years=range(year, year + 2))
    return frozenset(found)
