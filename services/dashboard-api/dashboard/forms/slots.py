"""Slots by a pattern: days, hours, a length, breaks, clinicians.

Times are London's clocks; slots are counted out in real time between the instants that they name,
so that a clinician's slots never overlap, also on the nights when the clocks change.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from dashboard.forms.rounds import WEEKDAYS
from dashboard.forms.values import (
    UNTYPED,
    DateTyped,
    Trouble,
    Values,
    read_clock,
    read_whole,
    typed_date,
)
from recall.contracts.instants import LONDON

MOST_SLOTS: Final = 5_000
MOST_DAYS: Final = 184
MOST_CLINICIANS: Final = 50
LONGEST_SLOT: Final = 1440
LONGEST_CLINICIAN: Final = 120

_BREAK: Final = re.compile(r"(.+?)\s*(?:-|–|to|until)\s*(.+)", re.IGNORECASE)  # noqa: RUF001 - the dash that people type is meant.


@dataclass(frozen=True)
class PatternForm:
    """A pattern as it is typed."""

    begins: DateTyped = UNTYPED
    ends: DateTyped = UNTYPED
    days: tuple[str, ...] = ("mon", "tue", "wed", "thu", "fri")
    opens: str = "09:00"
    closes: str = "17:00"
    minutes: str = "10"
    breaks: str = ""
    clinicians: str = ""


@dataclass(frozen=True)
class Pattern:
    """A pattern that can be followed; a break is a time of day and a later one."""

    begins: date
    ends: date
    days: tuple[str, ...]
    opens: str
    closes: str
    minutes: int
    breaks: tuple[tuple[str, str], ...] = ()
    clinicians: tuple[str | None, ...] = (None,)


@dataclass(frozen=True)
class Slot:
    """A slot to be added; `starts_at` is UTC."""

    starts_at: datetime
    minutes: int
    clinician: str | None

    @property
    def ends_at(self) -> datetime:
        """When it is over."""
        return self.starts_at + timedelta(minutes=self.minutes)


def typed_pattern(values: Values) -> PatternForm:
    """What was typed."""
    return PatternForm(
        begins=typed_date(values, "begins"),
        ends=typed_date(values, "ends"),
        days=tuple(day for day in WEEKDAYS if day in values.every("days")),
        opens=values.text("opens"),
        closes=values.text("closes"),
        minutes=values.text("minutes"),
        breaks=values.lines("breaks"),
        clinicians=values.lines("clinicians"),
    )


def read_pattern(form: PatternForm) -> tuple[Pattern | None, list[Trouble]]:
    """The pattern that was meant, or what is wrong with it."""
    troubles: list[Trouble] = []

    def check(good: object, box: str, message: str) -> None:
        if not good:
            troubles.append(Trouble(box, message))

    begins, ends = form.begins.read(), form.ends.read()
    check(begins, "begins-day", "Write the first day, for example 15 9 2025.")
    check(ends, "ends-day", "Write the last day, for example 30 9 2025.")
    if begins and ends:
        check(begins <= ends, "ends-day", "The last day must not be before the first.")
        few = (ends - begins).days < MOST_DAYS
        check(few, "ends-day", f"Add slots for at most {MOST_DAYS} days at once.")
    check(form.days, "days", "Choose at least one day of the week.")
    opens, closes = read_clock(form.opens), read_clock(form.closes)
    check(opens and opens != "24:00", "opens", "Write when the first slot starts, such as 09:00.")
    check(closes, "closes", "Write when the last slot ends, such as 17:00.")
    if opens and closes:
        check(opens < closes, "closes", "The last slot must end after the first starts.")
    minutes = read_whole(form.minutes, LONGEST_SLOT)
    check(minutes, "minutes", f"Write a slot's length in minutes, 1 to {LONGEST_SLOT}.")
    breaks = _breaks(form.breaks)
    check(breaks is not None, "breaks", "Write each break on its own line, such as 12:30 to 13:30.")
    clinicians = tuple(dict.fromkeys(filter(None, map(str.strip, form.clinicians.split("\n")))))
    check(
        len(clinicians) <= MOST_CLINICIANS
        and all(len(name) <= LONGEST_CLINICIAN and name.isprintable() for name in clinicians),
        "clinicians",
        f"Name at most {MOST_CLINICIANS} clinicians, one a line, each with at most "
        f"{LONGEST_CLINICIAN} characters.",
    )
    if troubles or not (begins and ends and opens and closes and minutes and breaks is not None):
        return None, troubles
    named = clinicians or (None,)
    return Pattern(begins, ends, form.days, opens, closes, minutes, breaks, named), []


def slots_of(pattern: Pattern) -> list[Slot]:
    """All slots of a pattern, by start, at most one more than may be added at once."""
    found: list[Slot] = []
    for day in days_of(pattern):
        pauses = [(_at(day, begin), _at(day, end)) for begin, end in pattern.breaks]
        starts = _starts(_at(day, pattern.opens), _at(day, pattern.closes), pattern.minutes, pauses)
        found += [
            Slot(start, pattern.minutes, clinician)
            for start in starts
            for clinician in pattern.clinicians
        ]
        if len(found) > MOST_SLOTS:
            return found[: MOST_SLOTS + 1]
    return found


def days_of(pattern: Pattern) -> list[date]:
    """The days of the calendar that a pattern has."""
    length = (pattern.ends - pattern.begins).days + 1
    names = list(WEEKDAYS)
    every = (pattern.begins + timedelta(days=n) for n in range(length))
    return [day for day in every if names[day.weekday()] in pattern.days]


@dataclass(frozen=True)
class Plan:
    """What a pattern comes to beside the slots that stand already."""

    slots: list[Slot]
    """What ingest is asked for; it knows those that stand already by themselves."""
    new: list[Slot]
    overlapping: int
    past: int

    @property
    def known(self) -> int:
        """How many stand already, exactly so."""
        return len(self.slots) - len(self.new)


def planned(slots: Iterable[Slot], standing: Sequence[Slot], now: datetime) -> Plan:
    """The slots that are still to come and overlap none of the same clinician."""
    ahead, past = [], 0
    for slot in slots:
        if slot.starts_at > now:
            ahead.append(slot)
        else:
            past += 1
    kept, overlapping = _apart(ahead, standing)
    exactly = set(standing)
    return Plan(kept, [slot for slot in kept if slot not in exactly], overlapping, past)


def _apart(slots: Iterable[Slot], standing: Iterable[Slot]) -> tuple[list[Slot], int]:
    """The slots that overlap no other of the same clinician, and how many were left out."""
    taken: dict[str | None, list[Slot]] = {}
    for slot in sorted(standing, key=_begin):
        taken.setdefault(slot.clinician, []).append(slot)
    kept, left_out = [], 0
    for slot in slots:
        others = taken.get(slot.clinician, [])
        first = bisect_left(others, slot.starts_at - timedelta(minutes=LONGEST_SLOT), key=_begin)
        last = bisect_left(others, slot.ends_at, key=_begin)
        if any(other.ends_at > slot.starts_at and other != slot for other in others[first:last]):
            left_out += 1
        else:
            kept.append(slot)
    return kept, left_out


def _begin(slot: Slot) -> datetime:
    return slot.starts_at


def slots_body(slots: Sequence[Slot]) -> dict[str, Any]:
    """The slots as ingest is asked for them."""
    return {
        "slots": [
            {
                "starts_at": f"{slot.starts_at:%Y-%m-%dT%H:%M:%SZ}",
                "minutes": slot.minutes,
                **({"clinician": slot.clinician} if slot.clinician else {}),
            }
            for slot in slots
        ]
    }


def by_day(slots: Iterable[Slot]) -> Mapping[date, list[Slot]]:
    """The slots of each day in London."""
    found: dict[date, list[Slot]] = {}
    for slot in slots:
        found.setdefault(slot.starts_at.astimezone(LONDON).date(), []).append(slot)
    return found


def _starts(
    opens: datetime, closes: datetime, minutes: int, breaks: Sequence[tuple[datetime, datetime]]
) -> list[datetime]:
    """When slots of one clinician start on one day: each after the one before and its break."""
    length, found, start = timedelta(minutes=minutes), [], opens
    while start + length <= closes:
        over = [end for begin, end in breaks if begin < start + length and start < end]
        if over:
            start = max(over)
        else:
            found.append(start)
            start += length
    return found


def _at(day: date, clock: str) -> datetime:
    """The instant of a time of day in London, UTC; one that the clocks skip is that much later."""
    if clock == "24:00":
        return _at(day + timedelta(days=1), "00:00")
    return datetime.combine(day, time.fromisoformat(clock), LONDON).astimezone(UTC)


def _breaks(text: str) -> tuple[tuple[str, str], ...] | None:
    """The breaks of a box, one a line or after a comma; None when one cannot be meant."""
    found = []
    for line in filter(None, map(str.strip, re.split(r"[\n,;]", text))):
        match = _BREAK.fullmatch(line)
        begin = read_clock(match[1]) if match else None
        end = read_clock(match[2]) if match else None
        if begin is None or end is None or not begin < end:
            return None
        found.append((begin, end))
    return tuple(found)
