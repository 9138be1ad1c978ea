"""Conversions between the wire's text and Python's dates, instants and durations."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
"""The practices' time zone: every local date and time of day is meant here."""

_DURATION = re.compile(
    r"^P(?:(?P<weeks>\d+)W|(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?)$"
)


def instant(moment: datetime) -> str:
    """The wire's text of an aware UTC datetime: `YYYY-MM-DDTHH:MM:SS.ffffffZ`.

    >>> instant(datetime(2025, 9, 1, 8, tzinfo=UTC))
    '2025-09-01T08:00:00.000000Z'
    """
    text = moment.isoformat(timespec="microseconds")
    if not text.endswith("+00:00"):
        text = moment.astimezone(UTC).isoformat(timespec="microseconds")
    return text[:-6] + "Z"


def moment(text: str) -> datetime:
    """The aware UTC datetime of the wire's text.

    Raises:
        ValueError: not an instant of the calendar (30 February, for example).
    """
    return datetime.fromisoformat(text)


def duration(text: str) -> timedelta:
    """The length of an ISO 8601 duration; a day is 24 hours, so P7D is 168 hours.

    >>> duration("P7D") == timedelta(hours=168)
    True

    Raises:
        ValueError: not a duration, or one of no length given at all (`P`, `PT`).
    """
    match = _DURATION.match(text)
    parts = {} if match is None else {k: int(v) for k, v in match.groupdict().items() if v}
    if not parts:
        message = f"{text!r} is not a duration such as P7D or PT24H"
        raise ValueError(message)
    return timedelta(**parts)


def london_date(moment: datetime) -> date:
    """The calendar date in London at an instant."""
    return moment.astimezone(LONDON).date()


def london_midnight(day: date) -> datetime:
    """The UTC instant at which a London calendar day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=LONDON).astimezone(UTC)
