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
MOST_SLOTS = 120
"""Slots on one page: more would be no choice but a search."""

View = Literal[
    "ask", "choose", "booked", "declined", "expired", "withdrawn", "ended", "locked", "unknown"
]


class Day(msgspec.Struct, frozen=True):
    """The free times of one day, as (slot id, words)."""

    words: str
    times: Sequence[tuple[str, str]]


def view_of(state: str, expires_at: datetime, tries: int, now: datetime) -> View:
    """What a link's page shows before anything was asked."""
    if state == "booked":
        return "booked"
    if state == "declined":
        return "declined"
    if state == "withdrawn":
        return "withdrawn"
    if state == "unanswered" or (state == "open" and now >= expires_at):
        return "expired"
    if state != "open":
        return "ended"
    return "locked" if tries >= MOST_TRIES else "ask"


def days_of(slots: Sequence[Slot]) -> list[Day]:
    """Free slots by day, in order of time."""
    ordered = sorted(slots, key=lambda slot: (slot.starts_at, slot.slot_id))
    return [
        Day(
            f"{day:%A} {day.day} {day:%B}",
            [(slot.slot_id, spoken(slot.starts_at).partition(" at ")[2]) for slot in found],
        )
        for day, found in groupby(ordered, key=lambda s: s.starts_at.astimezone(LONDON).date())
    ]


def birthday(day: str, month: str, year: str) -> date | None:
    """The date that three fields give, or None when they give none."""
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
