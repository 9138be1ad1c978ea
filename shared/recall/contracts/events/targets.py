"""Topic `targets`: a target as its practice set it up, whole, versioned."""

from typing import ClassVar

from recall.contracts.envelope import Data, Part
from recall.contracts.fields import (
    Actor,
    Channel,
    Date,
    Duration,
    Instant,
    Name,
    OdsCode,
    Ratio,
    RoundNumber,
    TargetId,
    TimeOfDay,
    Version,
    Weekday,
)
from recall.contracts.vocabulary import TargetState


class SendWindow(Part):
    """When a round may send: on these days, `[from_time, to_time)`, Europe/London."""

    days: list[Weekday]
    from_time: TimeOfDay
    to_time: TimeOfDay


class Round(Part):
    """One step of the workflow; rounds are numbered from 1 without gaps."""

    round: RoundNumber
    channel: Channel
    name: Name
    respond_within: Duration
    send_window: SendWindow


class BookingWindow(Part):
    """The London dates, both inclusive, whose slots may be booked."""

    from_date: Date
    to_date: Date


class TargetSaved(Data):
    """A target was created or changed; the highest version is the target."""

    event_type: ClassVar[str] = "recall.target.saved.v1"
    subject_field: ClassVar[str] = "target_id"

    target_id: TargetId
    version: Version
    practice: OdsCode
    name: Name
    state: TargetState
    rounds: list[Round]
    booking_window: BookingWindow
    invitations_per_slot: Ratio | None
    """Invitations per free slot; null: any number while one slot is free."""
    actor: Actor
    saved_at: Instant
