"""Topic `invitation-outcomes`: how invitations ended, exactly one outcome each.

`version` counts what invitations has said about the patient.  Of two events the higher version
is the later truth: a reader that keeps the highest it has seen may drop the others.
"""

from typing import ClassVar

from recall.contracts.envelope import Data
from recall.contracts.fields import (
    Actor,
    Channel,
    Instant,
    InvitationId,
    PatientId,
    RoundNumber,
    Sentence,
    SlotId,
    TargetId,
    Version,
)
from recall.contracts.vocabulary import (
    AnsweredVia,
    Delivery,
    DeliveryNews,
    UndeliverableReason,
)


class _AboutInvitation(Data):
    target_id: TargetId
    patient_id: PatientId
    invitation_id: InvitationId
    """The invitation that this is about."""
    version: Version
    """The version of what invitations has said about the patient; of two the higher is later."""
    round: RoundNumber
    """The round of the invitation."""
    channel: Channel


class AppointmentBooked(Data):
    """The patient has this slot.  Without an invitation: an appointment that stood already."""

    event_type: ClassVar[str] = "recall.appointment.booked.v1"

    target_id: TargetId
    patient_id: PatientId
    invitation_id: InvitationId | None
    """The invitation that was answered; null for an appointment that stood already."""
    version: Version
    """The version of what invitations has said about the patient."""
    round: RoundNumber | None
    """The round that was answered; null if there was none."""
    slot_id: SlotId
    """The slot that the patient has now."""
    starts_at: Instant
    """When the appointment begins."""
    via: AnsweredVia
    actor: Actor
    booked_at: Instant
    """When the channel received the answer."""


class InvitationDeclined(Data):
    """The patient does not want an appointment on this target."""

    event_type: ClassVar[str] = "recall.invitation.declined.v1"

    target_id: TargetId
    patient_id: PatientId
    invitation_id: InvitationId | None
    """The invitation that was answered; null if there was none."""
    version: Version
    """The version of what invitations has said about the patient."""
    round: RoundNumber | None
    """The round that was answered; null if there was none."""
    via: AnsweredVia
    actor: Actor
    declined_at: Instant
    """When the channel received the answer."""


class InvitationUnanswered(_AboutInvitation):
    """The time to answer passed without an answer."""

    event_type: ClassVar[str] = "recall.invitation.unanswered.v1"

    expired_at: Instant
    """When the time to answer ended."""


class InvitationUndeliverable(_AboutInvitation):
    """The invitation could not reach the patient; they move on at once."""

    event_type: ClassVar[str] = "recall.invitation.undelivered.v1"

    reason: UndeliverableReason
    ended_at: Instant
    """When the channel learnt it."""


class InvitationEnded(_AboutInvitation):
    """The invitation was withdrawn: the patient was removed from the target."""

    event_type: ClassVar[str] = "recall.invitation.ended.v1"

    reason: Sentence
    """Why it was withdrawn."""
    actor: Actor
    ended_at: Instant
    """When it ended."""


class AppointmentCancelled(Data):
    """The appointment no longer stands; its slot is free again (rule 8)."""

    event_type: ClassVar[str] = "recall.appointment.cancelled.v1"

    target_id: TargetId
    patient_id: PatientId
    version: Version
    """The version of what invitations has said about the patient."""
    slot_id: SlotId
    """The slot that is free again."""
    actor: Actor
    reason: Sentence
    """Why it was cancelled."""
    cancelled_at: Instant
    """When it was cancelled."""


class DeliveryNoted(_AboutInvitation):
    """How far the message got, and whether a reply waits for staff: for the page alone."""

    event_type: ClassVar[str] = "recall.delivery.noted.v1"

    state: Delivery
    needs_reply: bool
    """Whether the patient wrote something that staff must answer."""
    noted_at: Instant
    """When the channel learnt it, or when staff acted."""
    news: DeliveryNews | None = None
    """What of this is new; null in what was said before there was this field."""
    actor: Actor | None = None
    """Who of staff dealt with the patient's reply; null for other news."""
