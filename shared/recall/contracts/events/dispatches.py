"""Topic `dispatches`: workflow tells invitations whom to invite, and whom no longer."""

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
    TargetId,
    Version,
)


class InvitationDispatched(Data):
    """The patient left the queue: invite them now; the answer counts until `expires_at`."""

    event_type: ClassVar[str] = "recall.invitation.dispatched.v1"

    target_id: TargetId
    patient_id: PatientId
    invitation_id: InvitationId
    version: Version
    round: RoundNumber
    """The round that the patient is invited in."""
    channel: Channel
    dispatched_at: Instant
    """When the patient left the queue."""
    expires_at: Instant
    """When the time to answer ends."""
    again: bool = False
    """Told once more because Kafka's data were lost: is answered with how the invitation ended, if
    it has."""


class InvitationWithdrawn(Data):
    """The patient was removed: end the open invitation, if it is still open.

    Also travels on `invitations-<channel>`, so that a plugin can recall what it has not sent.
    """

    event_type: ClassVar[str] = "recall.invitation.withdrawn.v1"

    target_id: TargetId
    patient_id: PatientId
    invitation_id: InvitationId
    version: Version
    round: RoundNumber
    """The round of the invitation."""
    actor: Actor
    reason: Sentence
    """Why the patient was removed, or the alert that ended the invitation."""
    withdrawn_at: Instant
    """When it was withdrawn."""
