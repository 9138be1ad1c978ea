"""How people read dates, times, numbers and NHS numbers.  Pure; times are London's."""

from datetime import date, datetime
from typing import overload

from recall.contracts.instants import LONDON

NOT_KNOWN = "\u2013"
"""What stands where there is nothing to show: a dash."""


@overload
def local_time(moment: datetime) -> str: ...
@overload
def local_time(moment: None) -> None: ...
def local_time(moment: datetime | None) -> str | None:
    """An instant in London: "Mon 15 Sep 08:00".

    >>> from datetime import UTC
    >>> local_time(datetime(2025, 9, 15, 7, tzinfo=UTC))
    'Mon 15 Sep 08:00'
    """
    if moment is None:
        return None
    local = moment.astimezone(LONDON)
    return f"{local:%a} {local.day} {local:%b %H:%M}"


def full_time(moment: datetime) -> str:
    """An instant in London with its year: "12 September 2025 at 9 am"."""
    local = moment.astimezone(LONDON)
    return f"{local.day} {local:%B %Y} at {clock_time(moment)}"


def weekday_time(moment: datetime) -> str:
    """An instant in London with its weekday: "8 am on Monday 15 September"."""
    local = moment.astimezone(LONDON)
    return f"{clock_time(moment)} on {local:%A} {local.day} {local:%B}"


def stamp(moment: datetime) -> str:
    """An instant in London as files have it, which sorts: "2025-09-15 08:30"."""
    return f"{moment.astimezone(LONDON):%Y-%m-%d %H:%M}"


def day_name(day: date) -> str:
    """A day with its weekday: "Monday 15 September 2025"."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def clock_time(moment: datetime) -> str:
    """A time of day in London as people say it: "9 am", "1:30 pm", "midday".

    >>> from datetime import UTC
    >>> clock_time(datetime(2025, 9, 15, 8, tzinfo=UTC))
    '9 am'
    >>> clock_time(datetime(2025, 9, 15, 11, tzinfo=UTC))
    'midday'
    """
    local = moment.astimezone(LONDON)
    if local.minute == 0 and local.hour in {0, 12}:
        return "midday" if local.hour else "midnight"
    minutes = f":{local:%M}" if local.minute else ""
    return f"{local.hour % 12 or 12}{minutes} {'am' if local.hour < 12 else 'pm'}"  # noqa: PLR2004 - noon.


def window(first: date, last: date) -> str:
    """A period in words: "15 to 30 September", "29 September to 3 October".

    >>> window(date(2025, 9, 15), date(2025, 9, 30))
    '15 to 30 September'
    """
    if first == last:
        return f"{last.day} {last:%B}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {last.day} {last:%B}"
    if first.year == last.year:
        return f"{first.day} {first:%B} to {last.day} {last:%B}"
    return f"{first.day} {first:%B %Y} to {last.day} {last:%B %Y}"


def spaced(nhs_number: str | None) -> str:
    """An NHS number as people read it, 3-3-4; a dash until it is known.

    >>> spaced("9990000018")
    '999 000 0018'
    """
    if nhs_number is None:
        return NOT_KNOWN
    return f"{nhs_number[:3]} {nhs_number[3:6]} {nhs_number[6:]}"


def number(n: int) -> str:
    """A number with commas between thousands."""
    return f"{n:,}"


def counted(n: int, one: str, many: str) -> str:
    """A number and its noun: "1 patient", "1,204 patients"."""
    return f"{number(n)} {one if n == 1 else many}"
