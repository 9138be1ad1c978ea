"""When the queue may move: send windows, room, and the reason why each round waits."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Final

from msgspec import Struct

from recall.contracts.instants import LONDON, instant, london_date
from recall.contracts.vocabulary import QueueReason, TargetState

UNLIMITED: Final = 2**31 - 1
"""Room when a target has no ratio and a slot is free."""

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FIVE_WEEKS: Final = 35
"""Christmas Day and New Year's Day fall on the same weekday: two weeks' openings may be lost."""

Holidays = frozenset[date]
"""Bank holidays, of the year asked about and the next at least."""
NONE: Final[Holidays] = frozenset()


class Window(Struct, frozen=True):
    """When a round may send: on these weekdays from `opens` until before `closes`, London time.

    Both are `HH:MM` and compare as text; `closes` may be `24:00`.  Without `bank_holidays` it
    stays shut on those days.
    """

    days: frozenset[str]
    opens: str
    closes: str
    bank_holidays: bool = True


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
    holidays: Holidays = NONE,
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


def is_open(window: Window, at: datetime, holidays: Holidays = NONE) -> bool:
    """Whether a window lets send at an instant."""
    local = at.astimezone(LONDON)
    clock = f"{local.hour:02d}:{local.minute:02d}"
    return (
        WEEKDAYS[local.weekday()] in window.days
        and window.opens <= clock < window.closes
        and (window.bank_holidays or local.date() not in holidays)
    )


def next_opening(window: Window, at: datetime, holidays: Holidays = NONE) -> datetime | None:
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
