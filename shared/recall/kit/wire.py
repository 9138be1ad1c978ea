"""The structs of all events, derived from the contracts: what services make and decode.

To the type checker each is the contracts' model of the same name.
"""

from recall.contracts import events
from recall.kit.codec import register, struct_of

TargetSaved = register(events.TargetSaved)
PatientEnrolled = register(events.PatientEnrolled)
PatientRemovalRequested = register(events.PatientRemovalRequested)
OptOutRequested = register(events.OptOutRequested)
SlotReleased = register(events.SlotReleased)
SlotWithdrawn = register(events.SlotWithdrawn)
InvitationDispatched = register(events.InvitationDispatched)
InvitationWithdrawn = register(events.InvitationWithdrawn)
InvitationRequested = register(events.InvitationRequested)
MessageRequested = register(events.MessageRequested)
DeliveryReported = register(events.DeliveryReported)
ReplyReceived = register(events.ReplyReceived)
AppointmentBooked = register(events.AppointmentBooked)
InvitationDeclined = register(events.InvitationDeclined)
InvitationUnanswered = register(events.InvitationUnanswered)
InvitationUndeliverable = register(events.InvitationUndeliverable)
InvitationEnded = register(events.InvitationEnded)
AppointmentCancelled = register(events.AppointmentCancelled)
DeliveryNoted = register(events.DeliveryNoted)
PatientProgressed = register(events.PatientProgressed)
QueueStated = register(events.QueueStated)
SlotAvailability = register(events.SlotAvailability)

Appointment = struct_of(events.Appointment)
BookingWindow = struct_of(events.BookingWindow)
Destination = struct_of(events.Destination)
FreeSlots = struct_of(events.FreeSlots)
OfferedSlot = struct_of(events.OfferedSlot)
Round = struct_of(events.Round)
RoundQueue = struct_of(events.RoundQueue)
SendWindow = struct_of(events.SendWindow)
