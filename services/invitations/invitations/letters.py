"""What a letter says.  Pure: facts in, the words of the template's places out.

Written as the NHS writes to people: short sentences, what to do before why, dates in full.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec

from invitations.glyphs import printable
from invitations.practices import Practice
from recall.contracts.instants import LONDON


class Content(msgspec.Struct, frozen=True):
    """What is kept of a letter when its batch is formed: a letter printed later says the same.

    `large`: in large print.  `written_on` is the day of the batch.
    """

    addressee: str
    address: tuple[str, ...]
    greeting: str
    patient: str
    for_child: bool
    target: str
    practice: Practice
    written_on: date
    expires_at: datetime
    large: bool = False


class Opening(msgspec.Struct, frozen=True):
    """How the patient opens the page: its address and the code to type, or the link to scan."""

    page: str
    code: str
    link: str


class Letter(msgspec.Struct, frozen=True):
    """A letter to print."""

    letter_id: str
    content: Content
    opening: Opening


def in_full(day: date) -> str:
    """A date as a letter says it.

    >>> in_full(date(2025, 9, 8))
    'Monday 8 September 2025'
    """
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def answer_by(expires_at: datetime, written_on: date) -> date:
    """The last whole day of the time to answer; the day it ends if it has no whole one."""
    last = expires_at.astimezone(LONDON).date() - timedelta(days=1)
    return max(last, written_on)


def set_out(letter: Letter, qr: str) -> dict[str, object]:
    """The template's places, with the picture of the link; the font can print every text."""
    it, opening = letter.content, letter.opening
    practice, phone = it.practice.name, it.practice.phone
    whose = f"{it.patient}'s" if it.for_child else "your"
    said = {
        "address": list(it.address),
        "practice": {"name": practice, "address": list(it.practice.address), "phone": phone},
        "date": in_full(it.written_on),
        "greeting": _salutation(it),
        "title": f"Book {'an' if it.for_child else 'your'} appointment: {it.target}",
        "invited": _invited(it),
        "how": "How to book",
        "steps": [
            f"Go to {opening.page} or scan the square with the camera of a phone.",
            "Type the code below if the page asks for it.",
            f"Enter {whose} date of birth.",
            "Choose a day and time.",
        ],
        "code": opening.code,
        "qr_says": f"Square to scan with a phone. It opens {opening.page} with your code.",
        "answer_by": f"Please answer by {in_full(answer_by(it.expires_at, it.written_on))}.",
        "parts": [
            {
                "title": "If you cannot book online",
                "text": f"Call {practice} on {phone}. They will book a time with you.",
            },
            {
                "title": "If you do not want an appointment",
                "text": "Please tell us on the same page, or call. We will not write again "
                "about this.",
            },
            {
                "title": "If you need this letter in another way",
                "text": f"For large print, another language or any other help, call {phone}.",
            },
        ],
    }
    return {place: _printed(text) for place, text in said.items()} | {"large": it.large, "qr": qr}


def _salutation(it: Content) -> str:
    return f"To the parent or carer of {it.patient}" if it.for_child else it.greeting


def _invited(it: Content) -> str:
    if it.for_child:
        return f"{it.patient} is invited to an appointment at {it.practice.name}: {it.target}."
    return f"You are invited to an appointment at {it.practice.name}: {it.target}."


def _printed(value: object) -> object:
    """The same with every text printable."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: _printed(one) for key, one in value.items()}
    return [_printed(one) for one in value] if isinstance(value, Sequence) else value
