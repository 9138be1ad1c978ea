"""What a message may say, and its final text."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from msgspec import Struct

from recall.contracts.instants import LONDON
from recall.texts.templates import rendered

LETTERS: Final = "ABC"

FIELDS: Final[Mapping[str, str]] = {
    "first_name": 'the first name; "parent or carer" when the reader is a child\'s parent or carer',
    "target": "what the practice calls the target",
    "practice": "the practice's code",
    "offer": 'the times on offer, each with its letter: "A Monday 15 September at 9 am; B …"',
    "link": "the address of the patient's booking page",
    "code": "what the patient types into the booking page in place of the link",
    "deadline": "when the time to answer ends",
    "appointment": "when the appointment is",
}
"""Every field, and what stands in its place."""

FLAGS: Final[Mapping[str, str]] = {
    "child": "the reader is the parent or carer of a child under 16",
    "adult": "the patient is 16 or over",
    "offer": "there are free times to offer",
    "no_offer": "no time is free",
}
"""Every flag, and when it is set."""


class Facts(Struct, frozen=True, kw_only=True):
    """What a message may say.

    `greeting` opens it ("Dear Ann", "Dear parent or carer"); `for_child`: the reader is the
    patient's parent or carer; `offer`: when the slots on offer begin, at most three.
    """

    target: str
    greeting: str
    for_child: bool
    practice: str = ""
    offer: Sequence[datetime] = ()
    link: str | None = None
    code: str | None = None
    expires_at: datetime
    appointment_at: datetime | None = None


@lru_cache(maxsize=4096)
def spoken(moment: datetime) -> str:
    """An instant as people say it: "Monday 15 September at 9:20 am".

    >>> from datetime import UTC
    >>> spoken(datetime(2025, 9, 15, 8, 20, tzinfo=UTC))
    'Monday 15 September at 9:20 am'
    >>> spoken(datetime(2025, 9, 15, 11, tzinfo=UTC))
    'Monday 15 September at midday'
    """
    local = moment.astimezone(LONDON)
    if local.minute == 0 and local.hour in {0, 12}:
        # Nobody is sure which of the two "12 pm" is.
        name = "midday" if local.hour else "midnight"
        return f"{local:%A} {local.day} {local:%B} at {name}"
    hour = local.hour % 12 or 12
    minutes = f":{local.minute:02d}" if local.minute else ""
    half = "am" if local.hour < 12 else "pm"  # noqa: PLR2004 - noon.
    return f"{local:%A} {local.day} {local:%B} at {hour}{minutes} {half}"


def filled(template: str, facts: Facts) -> str:
    """The final text of a template."""
    offer = "; ".join(
        f"{letter} {spoken(at)}" for letter, at in zip(LETTERS, facts.offer, strict=False)
    )
    values = {
        "first_name": facts.greeting.removeprefix("Dear "),
        "target": facts.target,
        "practice": facts.practice,
        "offer": offer,
        "link": facts.link or "",
        "code": facts.code or "",
        "deadline": spoken(facts.expires_at),
        "appointment": spoken(facts.appointment_at) if facts.appointment_at else "",
    }
    flags = {
        "child": facts.for_child,
        "adult": not facts.for_child,
        "offer": bool(offer),
        "no_offer": not offer,
    }
    return rendered(template, values, flags)
