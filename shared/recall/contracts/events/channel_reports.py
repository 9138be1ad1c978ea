"""Topic `channel-reports`: what channels (ours or a plugin's) say happened."""

from typing import ClassVar

from recall.contracts.envelope import Data
from recall.contracts.fields import (
    Channel,
    Instant,
    InvitationId,
    PatientId,
    ReplyText,
    ReportId,
    TargetId,
)
from recall.contracts.vocabulary import Delivery, UndeliverableReason


class DeliveryReported(Data):
    """How far a message got; `reason` stands with `failed` alone."""

    event_type: ClassVar[str] = "recall.delivery.reported.v1"
    subject_field: ClassVar[str] = "invitation_id"

    target_id: TargetId
    patient_id: PatientId
    invitation_id: InvitationId
    """The invitation that the message belongs to."""
    channel: Channel
    report_id: ReportId
    state: Delivery
    reason: UndeliverableReason | None = None
    """Why the message could not reach the patient; null unless `failed`."""
    temporary: bool = False
    """Whether a message that `failed` may arrive if it is sent again: Recall asks for that, within
    the round's send window and before the deadline, a few times at most."""
    received_at: Instant
    """The moment the channel learnt it: what counts against the deadline (rule 10)."""


class ReplyReceived(Data):
    """The patient answered in words; Recall alone decides what the words mean."""

    event_type: ClassVar[str] = "recall.reply.received.v1"
    subject_field: ClassVar[str] = "invitation_id"

    target_id: TargetId
    patient_id: PatientId
    invitation_id: InvitationId
    """The invitation that the patient answered."""
    channel: Channel
    report_id: ReportId
    text: ReplyText
    received_at: Instant
    """The moment the channel received it: what counts against the deadline (rule 10)."""
