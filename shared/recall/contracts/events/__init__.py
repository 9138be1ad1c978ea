"""Every event, defined once as a pydantic model; one module per topic."""

from recall.contracts.envelope import Data
from recall.contracts.events.channel_reports import DeliveryReported, ReplyReceived
from recall.contracts.events.dispatches import InvitationDispatched, InvitationWithdrawn
from recall.contracts.events.invitation_outcomes import (
    AppointmentBooked,
    AppointmentCancelled,
    DeliveryNoted,
    InvitationDeclined,
    InvitationEnded,
    InvitationUnanswered,
    InvitationUndeliverable,
)
from recall.contracts.events.invitations import (
    Destination,
    InvitationRequested,
    MessageRequested,
    OfferedSlot,
)
from recall.contracts.events.patient_progress import Appointment, PatientProgressed
from recall.contracts.events.patient_requests import OptOutRequested, PatientRemovalRequested
from recall.contracts.events.patients import PatientEnrolled
from recall.contracts.events.queue_states import QueueStated, RoundQueue
from recall.contracts.events.slot_availability import FreeSlots, SlotAvailability
from recall.contracts.events.slots import SlotReleased, SlotWithdrawn
from recall.contracts.events.targets import BookingWindow, Round, SendWindow, TargetSaved

__all__ = [
    "EVENTS",
    "Appointment",
    "AppointmentBooked",
    "AppointmentCancelled",
    "BookingWindow",
    "DeliveryNoted",
    "DeliveryReported",
    "Destination",
    "FreeSlots",
    "InvitationDeclined",
    "InvitationDispatched",
    "InvitationEnded",
    "InvitationRequested",
    "InvitationUnanswered",
    "InvitationUndeliverable",
    "InvitationWithdrawn",
    "MessageRequested",
    "OfferedSlot",
    "OptOutRequested",
    "PatientEnrolled",
    "PatientProgressed",
    "PatientRemovalRequested",
    "QueueStated",
    "ReplyReceived",
    "Round",
    "RoundQueue",
    "SendWindow",
    "SlotAvailability",
    "SlotReleased",
    "SlotWithdrawn",
    "TargetSaved",
]

EVENTS: dict[str, type[Data]] = {
    model.event_type: model
    for model in (
        TargetSaved,
        PatientEnrolled,
        PatientRemovalRequested,
        OptOutRequested,
        SlotReleased,
        SlotWithdrawn,
        InvitationDispatched,
        InvitationWithdrawn,
        InvitationRequested,
        MessageRequested,
        DeliveryReported,
        ReplyReceived,
        AppointmentBooked,
        InvitationDeclined,
        InvitationUnanswered,
        InvitationUndeliverable,
        InvitationEnded,
        AppointmentCancelled,
        DeliveryNoted,
        PatientProgressed,
        QueueStated,
        SlotAvailability,
    )
}
"""Every event by its type."""
