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
from recall.contracts.vocabulary import AnsweredVia, Delivery, UndeliverableReason


class _AboutInvitation(Data):
    target_id: TargetId
    patient_id: PatientId
    invitation_id: InvitationId
    version: Version
    round: RoundNumber
    channel: Channel


class AppointmentBooked(Data):
    """The patient has this slot.  Without an invitation: an appointment that stood already."""

    event_type: ClassVar[str] = "recall.appointment.booked.v1"

    target_id: TargetId
    patient_id: PatientId
    invitation_id: InvitationId | None
    version: Version
    round: RoundNumber | None
    slot_id: SlotId
    starts_at: Instant
    via: AnsweredVia
    actor: Actor
    booked_at: Instant


class InvitationDeclined(Data):
    """The patient does not want an appointment on this target."""

    event_type: ClassVar[str] = "recall.invitation.declined.v1"

    target_id: TargetId
    patient_id: PatientId
    invitation_id: InvitationId | None
    version: Version
    round: RoundNumber | None
    via: AnsweredVia
    actor: Actor
    declined_at: Instant


class InvitationUnanswered(_AboutInvitation):
    """The time to answer passed without an answer."""

    event_type: ClassVar[str] = "recall.invitation.unanswered.v1"

    expired_at: Instant


class InvitationUndeliverable(_AboutInvitation):
    """The invitation could not reach the patient; they move on at once."""

    event_type: ClassVar[str] = "recall.invitation.undelivered.v1"

    reason: UndeliverableReason
    ended_at: Instant


class InvitationEnded(_AboutInvitation):
    """The invitation was withdrawn: the patient was removed from the target."""

    event_type: ClassVar[str] = "recall.invitation.ended.v1"

    reason: Sentence
    actor: Actor
    ended_at: Instant


class AppointmentCancelled(Data):
    """The appointment no longer stands; its slot is free again (rule 8)."""

    event_type: ClassVar[str] = "recall.appointment.cancelled.v1"

    target_id: TargetId
    patient_id: PatientId
    version: Version
    slot_id: SlotId
    actor: Actor
    reason: Sentence
    cancelled_at: Instant


class DeliveryNoted(_AboutInvitation):
    """How far the message got, and whether a reply waits for staff: for the page alone."""

    event_type: ClassVar[str] = "recall.delivery.noted.v1"

    state: Delivery
    needs_reply: bool
    noted_at: Instant
