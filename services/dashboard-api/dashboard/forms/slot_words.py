"""Slots in words: days, a preview, what was added or withdrawn."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Protocol
from urllib.parse import urlencode

from dashboard.forms.slots import Plan, by_day
from dashboard.wording import counted
from recall.contracts.instants import LONDON

NO_CLINICIAN = "No name"


class Row(Protocol):
    """A row of the database, by column."""

    def __getitem__(self, column: str) -> Any:
        """The value of a column."""
        ...


def day_title(day: date) -> str:
    """A day with its name.

    >>> day_title(date(2025, 9, 15))
    'Monday 15 September 2025'
    """
    return f"{day:%A} {day.day} {day:%B %Y}"


def clock(moment: datetime) -> str:
    """The time of day in London."""
    return f"{moment.astimezone(LONDON):%H:%M}"


def window_sentence(begins: date, ends: date) -> str:
    """The booking window with its years."""
    return f"{begins.day} {begins:%B %Y} to {ends.day} {ends:%B %Y}"


def day_row(row: Row, begins: date, ends: date) -> dict[str, Any]:
    """A day in the list of days."""
    day = row["day"]
    return {
        "day": day.isoformat(),
        "title": day_title(day),
        "free": row["free"],
        "booked": row["booked"],
        "hours": f"{clock(row['first'])} to {clock(row['last'])}",
        "outside": not begins <= day <= ends,
    }


def slot_row(row: Row) -> dict[str, Any]:
    """A slot in the list of a day."""
    return {
        "id": row["slot_id"],
        "at": clock(row["starts_at"]),
        "minutes": row["minutes"],
        "clinician": row["clinician"] or NO_CLINICIAN,
        "booked": row["booked"],
    }


def preview(plan: Plan, begins: date, ends: date) -> dict[str, Any]:
    """What a pattern would add, and what about it is worth knowing."""
    days = by_day(plan.new)
    outside = sum(len(slots) for day, slots in days.items() if not begins <= day <= ends)
    notes = [
        (
            plan.known,
            "stands already and is not added again",
            "stand already and are not added again",
        ),
        (
            plan.overlapping,
            "is left out, because it overlaps another of the same clinician",
            "are left out, because they overlap others of the same clinician",
        ),
        (
            plan.past,
            "is left out, because its time has passed",
            "are left out, because their time has passed",
        ),
        (
            outside,
            "is outside the booking window, so nobody can book it until you change the window",
            "are outside the booking window, so nobody can book them until you change the window",
        ),
    ]
    return {
        "title": adds(len(plan.new), len(days)),
        "days": [
            {
                "title": day_title(day),
                "slots": len(slots),
                "hours": f"{clock(slots[0].starts_at)} to {clock(max(s.ends_at for s in slots))}",
            }
            for day, slots in days.items()
        ],
        "notes": [
            f"{counted(n, 'slot', 'slots')} {one if n == 1 else many}."
            for n, one, many in notes
            if n
        ],
    }


def adds(slots: int, days: int) -> str:
    """The preview in a sentence.

    >>> adds(96, 8)
    'This adds 96 slots on 8 days'
    """
    if not slots:
        return "This adds no slot"
    return f"This adds {counted(slots, 'slot', 'slots')} on {counted(days, 'day', 'days')}"


def query(tally: Mapping[str, Any]) -> str:
    """What ingest made of a list of slots, for the address of the page that tells of it."""
    return urlencode(
        {"added": tally["released"], "known": tally["duplicates"], "bad": tally["rejected"]}
    )


def result(asked: Mapping[str, str]) -> str | None:
    """What was added or withdrawn, from the address of the page that tells of it."""
    found = {name: int(text) for name, text in asked.items() if _is_number(text)}
    if "withdrawn" in found:
        n = found["withdrawn"]
        return f"{counted(n, 'slot', 'slots')} {'has' if n == 1 else 'have'} been withdrawn."
    if "added" not in found:
        return None
    n, known, bad = found["added"], found.get("known", 0), found.get("bad", 0)
    said = f"{counted(n, 'slot', 'slots')} {'has' if n == 1 else 'have'} been added."
    if known:
        said += f" {counted(known, 'slot', 'slots')} stood already."
    if bad:
        said += f" {counted(bad, 'row', 'rows')} could not be read."
    return said


def withdraw_title(n: int, day: date) -> str:
    """What a confirmation page asks."""
    which = "this slot" if n == 1 else f"these {n} slots"
    return f"Withdraw {which} on {day_title(day)}?"


def _is_number(text: str) -> bool:
    return 0 < len(text) < 8 and text.isascii() and text.isdigit()  # noqa: PLR2004 - so many digits are no count.
