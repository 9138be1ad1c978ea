"""Topic `slot-availability`: how many slots are free on each day."""

from typing import ClassVar

from recall.contracts.envelope import Data, Part
from recall.contracts.fields import Count, Date, Instant, TargetId, Version


class FreeSlots(Part):
    """The free slots of one London day that have not begun."""

    date: Date
    """The London day."""
    free: Count
    """How many of its slots are free and have not begun."""


class SlotAvailability(Data):
    """Free slots by London date, all days with any, whole; the highest version is the truth."""

    event_type: ClassVar[str] = "recall.slot-availability.counted.v1"
    subject_field: ClassVar[str] = "target_id"

    target_id: TargetId
    version: Version
    days: list[FreeSlots]
    """The days that have any free slot, inside the booking window or not."""
    last_slot_at: Instant | None
    """When the last slot in the booking window begins, free or not; null: there is none."""
    counted_at: Instant
    """When the slots were counted."""
    booked: Count | None = None
    """How many appointments stood, so that a reader knows which bookings the count includes."""
