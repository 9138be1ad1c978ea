"""The words patients get.  Pure: facts in, final text out."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from recall.contracts.instants import LONDON
from recall.contracts.vocabulary import is_text_channel

TEMPLATE_VERSION = 1
"""Counts the versions of the texts below; each invitation says which one it was made from."""

LETTERS = "ABC"


class Facts(msgspec.Struct, frozen=True):
    """What a text may say.  `for_child`: the reader is the patient's parent or carer."""

    target: str
    greeting: str
    for_child: bool
    offer: Sequence[datetime]
    link: str | None
    expires_at: datetime


def spoken(moment: datetime) -> str:
    """An instant as people say it: "Monday 15 September at 9:20 am".

    >>> from datetime import UTC
    >>> spoken(datetime(2025, 9, 15, 8, 20, tzinfo=UTC))
    'Monday 15 September at 9:20 am'
    """
    local = moment.astimezone(LONDON)
    hour = local.hour % 12 or 12
    minutes = f":{local.minute:02d}" if local.minute else ""
    half = "am" if local.hour < 12 else "pm"  # noqa: PLR2004 - noon.
    return f"{local:%A} {local.day} {local:%B} at {hour}{minutes} {half}"


def invitation_text(facts: Facts, channel: str) -> str:
    """The first text of a round, for its channel."""
    if facts.link is not None or not is_text_channel(channel):
        return _with_link(facts)
    return f"{facts.greeting}, {_subject(facts)} {_choices(facts)}"


def message_text(facts: Facts, kind: str, booked: datetime | None = None) -> str:
    """A further message: a confirmation, a new offer, help, a refusal."""
    if kind == "confirmation" and booked is not None:
        return (
            f"{facts.greeting}, your {facts.target} appointment is on {spoken(booked)}. "
            "Reply CANCEL if you cannot come."
        )
    if kind == "new_offer":
        return f"Sorry, that appointment has just gone. {_choices(facts)}"
    return _FIXED[kind]


_FIXED = {
    "help": "Sorry, we did not understand. Reply with the letter of an appointment, for example A, "
    "or DECLINE if you do not want one. Reply STOP to get no more texts.",
    "refusal": "Sorry, we can't process your booking. Please call the practice.",
    "declined": "Thank you for telling us. We will not invite you again for this.",
    "opted_out": "You will get no more texts from us. Reply START to get them again.",
    "opted_in": "You will get texts from us again. Reply STOP to end them.",
}


def _subject(facts: Facts) -> str:
    whom = "your child is" if facts.for_child else "you are"
    return f"{whom} invited to book a {facts.target} appointment."


def _choices(facts: Facts) -> str:
    if not facts.offer:
        return "Please call the practice to book. Reply DECLINE if you do not want one."
    offered = "; ".join(
        f"{letter} {spoken(at)}" for letter, at in zip(LETTERS, facts.offer, strict=False)
    )
    return f"Reply {offered}. Or reply DECLINE. Reply STOP to get no more texts."


def _with_link(facts: Facts) -> str:
    where = f" at {facts.link}" if facts.link else " by calling the practice"
    return (
        f"{facts.greeting}, {_subject(facts)} Choose a time{where} "
        f"before {spoken(facts.expires_at)}."
    )
