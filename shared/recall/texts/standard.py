"""The standard wording, in the language in which practices write their own."""

from collections.abc import Mapping
from typing import Final, Literal

STANDARD_VERSION: Final = 1
"""Counts the versions of the texts below; a target's `text_version` counts its own."""

_INVITED = (
    "Dear ((first_name)), ((child??your child is))((adult??you are)) "
    "invited to book a ((target)) appointment. "
)
_OFFERED = (
    "((offer??Reply ((offer)). Or reply DECLINE. Reply STOP to get no more texts.))"
    "((no_offer??Please call the practice to book. Reply DECLINE if you do not want one.))"
)
_LINKED = "Choose a time at ((link)) before ((deadline))."

Kind = Literal[
    "confirmation",
    "new_offer",
    "help",
    "refusal",
    "declined",
    "cancelled",
    "opted_out",
    "opted_in",
]

MESSAGES: Final[Mapping[Kind, str]] = {
    "confirmation": "Dear ((first_name)), your ((target)) appointment is on ((appointment)). "
    "Reply CANCEL if you cannot come.",
    "new_offer": f"Sorry, that appointment has just gone. {_OFFERED}",
    "help": "Sorry, we did not understand. Reply with the letter of an appointment, for example A, "
    "or DECLINE if you do not want one. Reply STOP to get no more texts.",
    "refusal": "Sorry, we can't process your booking. Please call the practice.",
    "declined": "Thank you for telling us. We will not invite you again for this.",
    "cancelled": "Your ((target)) appointment is cancelled. Please call the practice if you did "
    "not want this.",
    "opted_out": "You will get no more texts from us. Reply START to get them again.",
    "opted_in": "You will get texts from us again. Reply STOP to end them.",
}
"""The further messages about an invitation, by what they are for."""

HELP_WITH_LINK: Final = (
    "Sorry, we did not understand. Choose a time at ((link)) before ((deadline)), or reply DECLINE "
    "if you do not want one. Reply STOP to get no more texts."
)
"""The help text where an appointment is chosen on the booking page."""
HELP_BY_PHONE: Final = (
    "Sorry, we did not understand. Please call the practice. Reply STOP to get no more texts."
)
"""The help text about a booking page that is shut by now."""


def offers_slots(channel: str) -> bool:
    """Whether a channel's invitations are answered by the letter of a slot, not on a page."""
    return channel == "sms"


def further_text(kind: Kind, channel: str, link: str | None) -> str:
    """The template of a further message about an invitation by this channel.

    Args:
        kind: what it is for.
        channel: the channel of the invitation that was answered.
        link: the address of its booking page while that is open.
    """
    if kind != "help" or offers_slots(channel):
        return MESSAGES[kind]
    return HELP_WITH_LINK if link else HELP_BY_PHONE


def standard_text(channel: str) -> str:
    """The template of a round that has no wording of its own."""
    return _INVITED + (_OFFERED if offers_slots(channel) else _LINKED)
