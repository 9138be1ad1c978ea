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
    TemplateText,
    TimeOfDay,
    Version,
    Weekday,
)
from recall.contracts.vocabulary import TargetState


class SendWindow(Part):
    """When a round may send: on these days, `[from_time, to_time)`, Europe/London."""

    days: list[Weekday]
    """The days of the week on which it may send."""
    from_time: TimeOfDay
    """When it opens, on each of the days."""
    to_time: TimeOfDay
    """When it closes, on each of the days; nothing is sent at this time itself."""
    bank_holidays: bool = True
    """Whether it also sends on the bank holidays of England."""


class Round(Part):
    """One step of the workflow; rounds are numbered from 1 without gaps."""

    round: RoundNumber
    channel: Channel
    """How this round reaches patients."""
    name: Name
    """What the practice calls the round."""
    respond_within: Duration
    """How long a patient has to answer, counted from the dispatch."""
    send_window: SendWindow
    """When this round may send."""
    text: TemplateText | None = None
    """The wording of the round's invitations, with fields; null: the standard wording."""
    text_version: Version = 1
    """Grows with every change of the wording."""


class BookingWindow(Part):
    """The London dates, both inclusive, whose slots may be booked."""

    from_date: Date
    """The first day whose slots may be booked."""
    to_date: Date
    """The last day whose slots may be booked."""


class TargetSaved(Data):
    """A target was created or changed; the highest version is the target."""

    event_type: ClassVar[str] = "recall.target.saved.v1"
    subject_field: ClassVar[str] = "target_id"

    target_id: TargetId
    version: Version
    practice: OdsCode
    """The practice whose target it is."""
    name: Name
    """What the practice calls the target."""
    state: TargetState
    rounds: list[Round]
    """The steps of the workflow, in order."""
    booking_window: BookingWindow
    """The days whose slots may be booked."""
    invitations_per_slot: Ratio | None
    """Invitations per free slot; null: any number while one slot is free."""
    actor: Actor
    saved_at: Instant
    """When this version of the target was stored."""
