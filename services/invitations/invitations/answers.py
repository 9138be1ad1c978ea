"""What an answer or a report does to an invitation.  Pure: state in, state and effects out.

An invitation has exactly one outcome (rule 4 of the guarantees): every function here gives an
outcome to an open invitation only.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec
from msgspec.structs import replace

from invitations.places import Place
from invitations.replies import Meaning
from recall.contracts.vocabulary import (
    Delivery,
    DeliveryNews,
    UndeliverableReason,
    is_text_channel,
)
from recall.texts.standard import offers_slots

State = Literal["open", "booked", "declined", "unanswered", "undeliverable", "withdrawn"]
MessageKind = Literal[
    "confirmation",
    "new_offer",
    "help",
    "refusal",
    "declined",
    "cancelled",
    "opted_out",
    "opted_in",
]

LETTERS = "abc"


class Invitation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One patient in one round, as invitations keeps it.

    `offer` holds the slot ids of A, B and C of the latest offer; `said` counts the events about
    this invitation; `helped` is whether the one help text has been sent.
    """

    invitation_id: str
    patient_id: str
    target_id: str
    person_id: str
    round: int
    channel: str
    template_version: int = 1
    """The version of the round's wording that the invitation was made from."""
    partition: int
    state: State = "open"
    dispatched_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    delivery: Delivery | None = None
    reason: str | None = None
    offer: tuple[str | None, str | None, str | None] = (None, None, None)
    helped: bool = False
    needs_reply: bool = False
    said: int = 0
    appointment: str | None = None
    """The slot of the person's standing appointment on this target, if there is one."""
    appointment_at: datetime | None = None

    @property
    def place(self) -> Place:
        """By what it is stored."""
        return self.patient_id, self.round


class Slot(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One appointment that may be booked; `bookable`: free and in the booking window."""

    slot_id: str
    starts_at: datetime
    bookable: bool


class Booked(msgspec.Struct, frozen=True):
    """The invitation ended in a new appointment."""

    slot: Slot


class Stood(msgspec.Struct, frozen=True):
    """The invitation ended in the appointment that the person has already."""


class Declined(msgspec.Struct, frozen=True):
    """The patient does not want an appointment on this target."""


class Undelivered(msgspec.Struct, frozen=True):
    """The invitation cannot reach the patient."""

    reason: UndeliverableReason


class Noted(msgspec.Struct, frozen=True):
    """The page should know how the delivery stands, or that staff must read a reply or have."""

    news: DeliveryNews = "delivery"


class Cancelled(msgspec.Struct, frozen=True):
    """The standing appointment ended; its slot is free again."""

    slot_id: str


class Delayed(msgspec.Struct, frozen=True):
    """The message did not arrive, and may if it is sent again."""

    reason: UndeliverableReason


class OfferWanted(msgspec.Struct, frozen=True):
    """The slot is gone: three others are to be offered."""


class Tell(msgspec.Struct, frozen=True):
    """Send the patient a further message."""

    kind: MessageKind


class OptedOut(msgspec.Struct, frozen=True):
    """The person wants no texts any more, on any target."""


class OptedIn(msgspec.Struct, frozen=True):
    """The person takes texts again."""


Told = Booked | Stood | Declined | Undelivered | Noted | Cancelled
"""Effects that others are told of, as events."""
Effect = Told | Delayed | OfferWanted | Tell | OptedOut | OptedIn
Step = tuple[Invitation, list[Effect]]

Slots = Mapping[str, Slot]
"""The slots that answers of one batch may ask for, by slot id, locked."""


def report_delivery(
    invitation: Invitation,
    state: Delivery,
    reason: UndeliverableReason | None,
    at: datetime,
    *,
    temporary: bool = False,
) -> Step:
    """A channel says how far the message got; only a `failed` that is final ends an invitation."""
    if invitation.state != "open" or _settled(invitation.delivery, state):
        return invitation, []
    if state == "failed" and temporary:
        # What has arrived need not be sent again, whatever a late report says.
        arrived = invitation.delivery == "delivered"
        return invitation, [] if arrived else [Delayed(reason or "technical_failure")]
    if state == "failed":
        return undelivered(invitation, reason or "technical_failure", at)
    return replace(invitation, delivery=state), [Noted()]


def undelivered(invitation: Invitation, reason: UndeliverableReason, at: datetime) -> Step:
    """The message cannot reach the patient, who moves on at once."""
    ended = _ended(invitation, "undeliverable", at, delivery="failed", reason=reason)
    return ended, [Undelivered(reason)]


def _settled(known: Delivery | None, state: Delivery) -> bool:
    """Whether a report tells nothing new: states only move on from sending."""
    return known == state or (known is not None and state == "sending")


def reply(invitation: Invitation, meaning: Meaning, slots: Slots, at: datetime) -> Step:
    """The patient answered in words at an instant; the slots are those of the latest offer."""
    if meaning == "stop":
        return stop_texts(invitation, at)
    if meaning == "start":
        return invitation, [OptedIn(), Tell("opted_in")]
    if meaning == "cancel" and invitation.appointment is not None:
        return cancel(invitation)
    if invitation.state != "open" or at >= invitation.expires_at:
        return invitation, [Tell("refusal")]
    return _answer(invitation, meaning, slots, at)


def _answer(invitation: Invitation, meaning: Meaning, slots: Slots, at: datetime) -> Step:
    """The answer to an open invitation, in time."""
    if meaning == "decline":
        return decline(invitation, at)
    if meaning in LETTERS and _may_be_booked_by_letter(invitation):
        return book(invitation, slots.get(chosen(invitation, meaning) or ""), at)
    return _not_understood(invitation)


def chosen(invitation: Invitation, meaning: Meaning) -> str | None:
    """The slot of the offer that an answer chooses, if it does."""
    return invitation.offer[LETTERS.index(meaning)] if meaning in LETTERS else None


def book(invitation: Invitation, slot: Slot | None, at: datetime) -> Step:
    """Book a slot if it may still be booked, else ask for a new offer.

    A person who has an appointment on this target already gets no second one: the invitation
    ends in the one that stands.
    """
    if invitation.appointment is not None:
        return _ended(invitation, "booked", at), [Stood()]
    if slot is None or not slot.bookable or slot.starts_at <= at:
        return invitation, [OfferWanted()]
    ended = _ended(invitation, "booked", at)
    return replace(ended, appointment=slot.slot_id, appointment_at=slot.starts_at), [
        Booked(slot),
        Tell("confirmation"),
    ]


def decline(invitation: Invitation, at: datetime) -> Step:
    """End the invitation with a no."""
    return _ended(invitation, "declined", at), [Declined(), Tell("declined")]


def stop_texts(invitation: Invitation, at: datetime) -> Step:
    """STOP, in any status, opts the person out; this open invitation ends as undeliverable."""
    if invitation.state != "open" or not is_text_channel(invitation.channel):
        return invitation, [OptedOut(), Tell("opted_out")]
    ended = opted_out(invitation, at)
    return ended, [OptedOut(), Undelivered("opted_out"), Tell("opted_out")]


def opted_out(invitation: Invitation, at: datetime) -> Invitation:
    """An open text invitation of somebody who opted out."""
    return _ended(invitation, "undeliverable", at, reason="opted_out")


def cancel(invitation: Invitation) -> Step:
    """Cancel the standing appointment; who was never invited has no channel to hear of it by."""
    slot_id = invitation.appointment
    if slot_id is None:
        return invitation, []
    return replace(invitation, appointment=None, appointment_at=None), [
        Cancelled(slot_id),
        *([Tell("cancelled")] if invitation.round else []),
    ]


def book_directly(last: Invitation, slot: Slot | None, at: datetime) -> Step:
    """Staff book for a patient who has no open invitation: how the last one ended stays as it is.

    `last` is the patient's last invitation, or stands for one that there never was.
    """
    if slot is None or not slot.bookable or slot.starts_at <= at:
        return last, [OfferWanted()]
    booked = replace(last, appointment=slot.slot_id, appointment_at=slot.starts_at)
    return booked, [Booked(slot), *([Tell("confirmation")] if last.round else [])]


def dealt_with(invitation: Invitation, *, send_help: bool) -> Step:
    """Staff have read what the patient wrote; the patient may get the help text once more."""
    if not invitation.needs_reply:
        return invitation, []
    told: list[Effect] = [Noted("help_sent"), Tell("help")] if send_help else [Noted("dealt_with")]
    return replace(invitation, needs_reply=False), told


def _may_be_booked_by_letter(invitation: Invitation) -> bool:
    """Whether letters were ever offered: a page's address offers none, so that A means nothing."""
    return offers_slots(invitation.channel) or any(invitation.offer)


def _not_understood(invitation: Invitation) -> Step:
    """Anything else gets one help text and then waits for staff."""
    if not invitation.helped:
        return replace(invitation, helped=True), [Tell("help")]
    if invitation.needs_reply:
        return invitation, []
    return replace(invitation, needs_reply=True), [Noted("needs_reply")]


def _ended(
    invitation: Invitation,
    state: State,
    at: datetime,
    *,
    delivery: Delivery | None = None,
    reason: str | None = None,
) -> Invitation:
    return replace(
        invitation,
        state=state,
        ended_at=at,
        delivery=delivery or invitation.delivery,
        reason=reason,
        needs_reply=False,
    )
