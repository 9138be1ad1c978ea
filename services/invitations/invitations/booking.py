"""The patients' page behind a link.  Pure: what the page shows for a link at an instant."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Literal

import msgspec

from invitations.answers import Slot
from invitations.compose import spoken
from recall.contracts.instants import LONDON

MOST_TRIES = 5
"""Wrong dates of birth after which a link opens no more."""
DAYS_ON_A_PAGE = 5
MOST_SLOTS = 300
"""Slots read for one page: five days of a large practice."""

View = Literal[
    "ask", "booked", "cancelled", "declined", "expired", "withdrawn", "ended", "locked", "unknown"
]
"""What a link is good for; `ask` and `booked` show nothing before the date of birth."""


class Day(msgspec.Struct, frozen=True):
    """The free times of one day, as (slot id, words)."""

    words: str
    times: Sequence[tuple[str, str]]


class Choice(msgspec.Struct, frozen=True):
    """One page of free times: its days, and the day on which the next page begins."""

    days: Sequence[Day]
    following: date | None


def view_of(
    state: str,
    *,
    expires_at: datetime,
    appointment_at: datetime | None,
    removed: bool,
    now: datetime,
) -> View:
    """What a link's page is about, whoever asks."""
    if appointment_at is not None:
        return "booked"
    if removed or state == "withdrawn":
        return "withdrawn"
    if state == "booked":
        return "cancelled"
    if state == "declined":
        return "declined"
    if state == "unanswered" or (state == "open" and now >= expires_at):
        return "expired"
    return "ask" if state == "open" else "ended"


def choice_of(slots: Sequence[Slot]) -> Choice:
    """The first days of some free slots; the day after them begins the next page.

    A day that was not read to its end because there are too many slots is left to the next page,
    unless it is the only one.
    """
    ordered = sorted(slots, key=lambda slot: (slot.starts_at, slot.slot_id))
    days = [
        (day, [(slot.slot_id, _time(slot.starts_at)) for slot in found])
        for day, found in groupby(ordered, key=lambda s: s.starts_at.astimezone(LONDON).date())
    ]
    whole = days[:-1] if len(slots) >= MOST_SLOTS and len(days) > 1 else days
    shown = whole[:DAYS_ON_A_PAGE]
    rest = days[len(shown) :]
    return Choice(
        [Day(f"{day:%A} {day.day} {day:%B}", times) for day, times in shown],
        rest[0][0] if rest else None,
    )


def _time(at: datetime) -> str:
    return spoken(at).partition(" at ")[2]


def birthday(day: str, month: str, year: str) -> date | None:
    """The date that three fields give, or None when they give none.

    >>> birthday(" 1", "05", "1980"), birthday("31", "2", "1980"), birthday("٣", "5", "1980")
    (datetime.date(1980, 5, 1), None, None)
    """
    parts = [part.strip() for part in (day, month, year)]
    if not all(part.isascii() and part.isdigit() for part in parts):
        return None
    try:
        return date(int(parts[2]), int(parts[1]), int(parts[0]))
    except ValueError:
        return None
