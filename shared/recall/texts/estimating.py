"""What a round's text is going to look like and cost, before anybody gets it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from msgspec import Struct

from recall.contracts.vocabulary import is_text_channel
from recall.texts.counting import (
    PENCE_A_LETTER,
    PENCE_A_PART,
    Encoding,
    Size,
    downgraded,
    price,
    size_of,
)
from recall.texts.filling import Facts, filled
from recall.texts.standard import offers_slots

LONGEST_NAME: Final = "Bartholomew-Alexander"
"""As long as a first name plausibly is."""
UNUSUAL_NAME: Final = "Bartłomiej-Aleksander"
"""As long, with a letter that GSM-7 does not have: the whole text then travels as UCS-2."""
LINK: Final = "https://appointments.surgery.example/b/AAAAAAAAAAAAAAAAAAAAAA"
CODE: Final = "AAAAAAAAAAAAAAAAAAAAAA"
_LONGEST_TIME = datetime(2025, 9, 24, 9, 50, tzinfo=UTC)
"""A Wednesday in September at a time with minutes: no time takes more letters to say."""


class Estimate(Struct, frozen=True):
    """The size of a round's text at its longest, and its cost for each patient.

    `parts_unusual_name`: with a name that has a letter outside GSM-7.  Sizes are None for channels
    that are no texts, costs None where the price is not ours to know.
    """

    encoding: Encoding | None
    units: int | None
    parts: int | None
    parts_unusual_name: int | None
    cost: dict[str, str] | None


def example(template: str, channel: str, target: str, *, child: bool = False) -> str:
    """A text as a patient with an ordinary name, or a child's parent, would get it."""
    greeting = "Dear parent or carer" if child else "Dear Ann"
    return _written(template, channel, target, greeting=greeting, child=child, offered=True)


def estimate(template: str, channel: str, target: str) -> Estimate:
    """The longest that a template comes to for a target, and what that costs."""
    if channel == "letter":
        return Estimate(None, None, None, None, price(PENCE_A_LETTER))
    if not is_text_channel(channel):
        return Estimate(None, None, None, None, None)
    longest = longest_size(template, channel, target, LONGEST_NAME)
    unusual = longest_size(template, channel, target, UNUSUAL_NAME)
    cost = price(PENCE_A_PART * Decimal(longest.parts))
    return Estimate(longest.encoding, longest.units, longest.parts, unusual.parts, cost)


def longest_size(template: str, channel: str, target: str, name: str) -> Size:
    """The size of the longest of the texts that a template makes for somebody of this name."""
    texts = _variants(template, channel, target, name)
    return max((size_of(text) for text in texts), key=lambda size: (size.parts, size.units))


def _variants(template: str, channel: str, target: str, name: str) -> Iterator[str]:
    for child in (False, True):
        greeting = "Dear parent or carer" if child else f"Dear {name}"
        for offered in (True, False):
            yield _written(
                template, channel, target, greeting=greeting, child=child, offered=offered
            )


def _written(
    template: str, channel: str, target: str, *, greeting: str, child: bool, offered: bool
) -> str:
    linked = not offers_slots(channel)
    facts = Facts(
        target=target,
        greeting=greeting,
        for_child=child,
        practice="A81001",
        offer=[_LONGEST_TIME] * 3 if offered and not linked else (),
        link=LINK if linked else None,
        code=CODE if linked else None,
        expires_at=_LONGEST_TIME,
    )
    text = filled(template, facts)
    return downgraded(text) if is_text_channel(channel) else text
