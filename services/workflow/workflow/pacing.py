"""When the queue may move: send windows, room, and the reason why each round waits."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Final

from msgspec import Struct

from recall.contracts.instants import instant, london_date
from recall.contracts.vocabulary import QueueReason, TargetState
from recall.windows import NO_HOLIDAYS, Holidays, Window, is_open, next_opening

UNLIMITED: Final = 2**31 - 1
"""Room when a target has no ratio and a slot is free."""


class Round(Struct, frozen=True):
    """One step of the workflow."""

    round: int
    channel: str
    respond_within: timedelta
    window: Window


class Settings(Struct, frozen=True):
    """What pacing needs to know of a target; dates are London's, `YYYY-MM-DD`, inclusive."""

    target_id: str
    state: TargetState
    rounds: tuple[Round, ...]
    from_date: str
    to_date: str
    ratio: Decimal | None


class Availability(Struct, frozen=True):
    """Free slots by London date, and when the booking window's last slot begins, free or not.

    `taken` of them have been booked since they were counted.
    """

    days: tuple[tuple[str, int], ...] = ()
    last_slot_at: datetime | None = None
    taken: int = 0


class Wait(Struct, frozen=True):
    """Why one round's queue waits, and until which instant if that is known."""

    round: int
    reason: QueueReason
    until: str | None


class Plan(Struct, frozen=True):
    """What a target may do at an instant: how many more may be invited, and which rounds send."""

    room: int
    waits: tuple[Wait, ...]

    @property
    def open_rounds(self) -> list[int]:
        """The rounds whose queue may move now."""
        return [wait.round for wait in self.waits if wait.reason == "next_to_be_invited"]

    def moves(self, in_queue: Mapping[int, int]) -> bool:
        """Whether a dispatch now would take anybody, given who waits by round."""
        return any(in_queue.get(number) for number in self.open_rounds)


def plan(
    settings: Settings,
    availability: Availability,
    being_invited: int,
    now: datetime,
    holidays: Holidays = NO_HOLIDAYS,
) -> Plan:
    """What a target may do now.

    A closed gate is named before a shut send window, since "Sends Mon 08:00" would be a promise
    that a missing slot breaks.
    """
    room = room_for(settings, availability, being_invited, now)
    whole = _whole_target(settings, availability, room, now)
    waits = tuple(
        Wait(step.round, whole, None) if whole else _in_window(step, now, holidays)
        for step in settings.rounds
    )
    return Plan(room, waits)


def room_for(
    settings: Settings, availability: Availability, being_invited: int, now: datetime
) -> int:
    """How many more may be invited now: fewer than ceil(free slots x ratio) are invited at once."""
    free = bookable(settings, availability, now)
    if not free:
        return 0
    if settings.ratio is None:
        return UNLIMITED
    allowed = (free * settings.ratio).to_integral_value(rounding=ROUND_CEILING)
    return max(0, int(allowed) - being_invited)


def bookable(settings: Settings, availability: Availability, now: datetime) -> int:
    """Free slots in the booking window, those of past days left out."""
    first = max(settings.from_date, london_date(now).isoformat())
    counted = sum(free for day, free in availability.days if first <= day <= settings.to_date)
    return max(0, counted - availability.taken)


def window_passed(settings: Settings, availability: Availability, now: datetime) -> bool:
    """Whether no slot in the booking window lies ahead any more."""
    if london_date(now).isoformat() > settings.to_date:
        return True
    last = availability.last_slot_at
    return last is not None and last <= now


def _whole_target(
    settings: Settings, availability: Availability, room: int, now: datetime
) -> QueueReason | None:
    """The reason that stops every round, if there is one."""
    if settings.state == "closed":
        return "target_closed"
    if settings.state == "paused":
        return "target_paused"
    if window_passed(settings, availability, now):
        return "booking_window_passed"
    return None if room else "waiting_for_slot"


def _in_window(step: Round, now: datetime, holidays: Holidays) -> Wait:
    if is_open(step.window, now, holidays):
        return Wait(step.round, "next_to_be_invited", None)
    opening = next_opening(step.window, now, holidays)
    return Wait(step.round, "outside_send_window", instant(opening) if opening else None)
