"""What is wrong with a round's wording, said so that its author can mend it."""

import re
from collections.abc import Iterator
from itertools import product
from typing import Final

from msgspec import Struct

from recall.contracts.vocabulary import is_text_channel
from recall.texts.estimating import LONGEST_NAME, longest_size
from recall.texts.filling import FIELDS, FLAGS
from recall.texts.standard import offers_slots
from recall.texts.templates import TemplateError, names_of, rendered

MOST_UNITS: Final = 918
"""Six parts of GSM-7: networks join no more of them reliably."""
MOST_LETTER: Final = 2000

_MARK = "\x00"
_ADDRESS = re.compile(r"\S*(?:://|www\.|\x00(?:link|code)\x00)\S*", re.IGNORECASE)
_MARKED = re.compile(r"\x00(\w+)\x00")
_NUMBER = re.compile(r"\d(?:[ -]?\d){9,}|\S+@\S+\.\S+")


class Fault(Struct, frozen=True):
    """One thing that is wrong: a stable code, and a sentence that says what to do."""

    code: str
    text: str


def faults_of(template: str, channel: str, target: str) -> list[Fault]:
    """Everything that is wrong with the wording of a round; empty if it may be saved.

    Args:
        template: as its author wrote it.
        channel: the round's.
        target: the target's name, which the text may say.
    """
    try:
        fields, flags = names_of(template)
    except TemplateError as error:
        return [Fault("unreadable", str(error))]
    unknown = [*_unknown(fields, flags, channel)]
    return (
        unknown
        or [*_missing(template, channel), *_in_links(template)]
        or [*_too_long(template, channel, target)]
    )


def fields_for(channel: str) -> list[str]:
    """The fields that a round's text may have."""
    absent = {"link", "code"} if offers_slots(channel) else {"offer"}
    return [name for name in FIELDS if name not in absent | {"appointment"}]


def flags_for(channel: str) -> list[str]:
    """The flags that a round's text may have."""
    absent: set[str] = set() if offers_slots(channel) else {"offer", "no_offer"}
    return [name for name in FLAGS if name not in absent]


def _unknown(fields: set[str], flags: set[str], channel: str) -> Iterator[Fault]:
    known, known_flags = fields_for(channel), flags_for(channel)
    usable = ", ".join(f"(({name}))" for name in known)
    for name in sorted(fields - set(known)):
        yield Fault(
            "unknown_field",
            f"(({name})) is not a field that a round by {channel} has. Use one of {usable}.",
        )
    usable = ", ".join(f"(({name}??…))" for name in known_flags)
    for name in sorted(flags - set(known_flags)):
        yield Fault(
            "unknown_flag",
            f"(({name}??…)) is not a condition that a round by {channel} has. Use one of {usable}.",
        )


def _missing(template: str, channel: str) -> Iterator[Fault]:
    """The reader must be able to answer, whoever they are."""
    needed = ["offer"] if offers_slots(channel) else ["link"]
    if channel == "letter":
        needed.append("code")
    for child in (False, True):
        text = _marked(template, child=child, offered=True)
        if not any(f"{_MARK}{name}{_MARK}" in text for name in needed):
            names = " or ".join(f"(({name}))" for name in needed)
            whom = "parents and carers" if child else "patients"
            yield Fault(
                "missing_field",
                f"The text for {whom} must have {names}: without it they cannot book. Add it.",
            )
            return


def _in_links(template: str) -> Iterator[Fault]:
    """A link is seen by everybody it passes: nothing of a person belongs into it."""
    for child, offered in product((False, True), repeat=2):
        for address in _ADDRESS.findall(_marked(template, child=child, offered=offered)):
            names = [name for name in _MARKED.findall(address) if name not in {"link", "code"}]
            if names:
                yield Fault(
                    "personal_data_in_link",
                    f"(({names[0]})) stands in a link. Nothing about a patient may be in a link: "
                    "take it out, or put a space between it and the link.",
                )
                return
            if _NUMBER.search(_MARKED.sub("", address)):
                yield Fault(
                    "personal_data_in_link",
                    "A link has a long number or an e-mail address in it. Nothing about a "
                    "patient may be in a link: take it out.",
                )
                return


def _marked(template: str, *, child: bool, offered: bool) -> str:
    """The text with each field's name, between marks, in its place."""
    values = {name: f"{_MARK}{name}{_MARK}" for name in FIELDS}
    flags = {"child": child, "adult": not child, "offer": offered, "no_offer": not offered}
    return rendered(template, values, flags)


def _too_long(template: str, channel: str, target: str) -> Iterator[Fault]:
    if is_text_channel(channel):
        units = longest_size(template, channel, target, LONGEST_NAME).units
        if units > MOST_UNITS:
            yield Fault(
                "too_long",
                f"With the longest name the text has {units} characters; a text may have "
                f"{MOST_UNITS}. Take out {units - MOST_UNITS}.",
            )
    elif len(template) > MOST_LETTER:
        yield Fault(
            "too_long", f"The text has {len(template)} characters; it may have {MOST_LETTER}."
        )
