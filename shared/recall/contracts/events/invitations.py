"""Topics `invitations-<channel>`: what a channel plugin is asked to send.

Carries contact details.  `invitation_id` and `message_id` are idempotency keys: a repeat of the
same key must not reach the patient again.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

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
BookingCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Url = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class Destination(Part):
    """Where the message goes: a mobile number for texts, a name and an address for letters."""

    name: Name | None
    mobile: Phone | None
    address: list[Line]
    postcode: Postcode | None


class OfferedSlot(Part):
    """One slot of an offer; the patient books it by answering with the letter."""

    letter: Literal["A", "B", "C"]
    slot_id: SlotId
    starts_at: Instant


class InvitationRequested(Data):
    """Send this invitation.  `text` is final; `expires_at` ends the time to answer."""

    event_type: ClassVar[str] = "recall.invitation.requested.v1"

    target_id: TargetId
    patient_id: PatientId
    invitation_id: InvitationId
    version: Version
    round: RoundNumber
    channel: Channel
    destination: Destination
    text: MessageText
    template_version: Version
    offer: list[OfferedSlot]
    link: Url | None
    code: BookingCode | None
    requested_at: Instant
    expires_at: Instant


class MessageRequested(Data):
    """Send this further message about an invitation: a confirmation, a new offer, help."""

    event_type: ClassVar[str] = "recall.message.requested.v1"

    target_id: TargetId
    patient_id: PatientId
    invitation_id: InvitationId
    message_id: MessageId
    version: Version
    channel: Channel
    kind: Literal[
        "confirmation", "new_offer", "help", "refusal", "declined", "opted_out", "opted_in"
    ]
    destination: Destination
    text: MessageText
    offer: list[OfferedSlot]
    requested_at: Instant
