"""Topics `invitations-<channel>`: what a channel plugin is asked to send.

Carries contact details.  `invitation_id` (with `attempt`, which only a temporary failure raises)
and `message_id` are idempotency keys: a repeat of the same key must not reach the patient again.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from recall.contracts.envelope import Data, Part
from recall.contracts.fields import (
    Channel,
    Instant,
    InvitationId,
    Line,
    MessageText,
    Name,
    PatientId,
    Phone,
    Postcode,
    RoundNumber,
    SlotId,
    TargetId,
    Version,
)

MessageId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,120}$")]
"""The idempotency key of a further message: send it once, however often it comes."""

BookingCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
"""A code that opens a patient's booking page."""

Url = Annotated[str, StringConstraints(min_length=1, max_length=500)]
"""The address of a web page."""


class Destination(Part):
    """Where the message goes: a mobile number for texts, a name and an address for letters."""

    name: Name | None
    """Whom to address: the patient, or a child's parent or carer."""
    mobile: Phone | None
    """Where texts go; null: the patient has no mobile number."""
    address: list[Line]
    """The lines of the postal address, without the postcode; empty: there is none."""
    postcode: Postcode | None
    """The postcode of the address; null: there is none."""


class OfferedSlot(Part):
    """One slot of an offer; the patient books it by answering with the letter."""

    letter: Literal["A", "B", "C"]
    """What the patient answers to book it."""
    slot_id: SlotId
    """The slot on offer."""
    starts_at: Instant
    """When the slot begins."""


class InvitationRequested(Data):
    """Send this invitation.  `text` is final; `expires_at` ends the time to answer."""

    event_type: ClassVar[str] = "recall.invitation.requested.v1"

    target_id: TargetId
    patient_id: PatientId
    invitation_id: InvitationId
    """The idempotency key, together with `attempt`: send it once, however often it comes."""
    version: Version
    """The round, which is the only version that an invitation's request has."""
    round: RoundNumber
    """The round of the invitation."""
    channel: Channel
    """The channel that is to send it."""
    destination: Destination
    """Where the message goes."""
    text: MessageText
    template_version: Version
    """The version of the round's wording that the text was made from."""
    offer: list[OfferedSlot]
    """The slots on offer, by letter, one of which a reply may choose; empty if there are none."""
    link: Url | None
    """The address of the patient's booking page; null in a text that is answered by letter."""
    code: BookingCode | None
    """What the patient types into the page in place of the link; null where there is no link."""
    requested_at: Instant
    """When the invitation was dispatched."""
    expires_at: Instant
    """When the time to answer ends; later than that there is no use in sending it."""
    attempt: Annotated[int, Field(ge=1, le=99)] = 1
    """Grows when the invitation is to be sent again after a temporary failure was reported."""


class MessageRequested(Data):
    """Send this further message about an invitation: a confirmation, a new offer, help."""

    event_type: ClassVar[str] = "recall.message.requested.v1"

    target_id: TargetId
    patient_id: PatientId
    invitation_id: InvitationId
    """The invitation that the message is about."""
    message_id: MessageId
    version: Version
    """The round of the invitation."""
    channel: Channel
    """The channel that is to send it."""
    kind: Literal[
        "confirmation", "new_offer", "help", "refusal", "declined", "opted_out", "opted_in"
    ]
    """What the message is for."""
    destination: Destination
    """Where the message goes."""
    text: MessageText
    offer: list[OfferedSlot]
    """The slots on offer, by letter; empty unless it is a new offer."""
    requested_at: Instant
    """When the message was asked for."""
