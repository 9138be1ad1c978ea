"""Topic `slot-availability`: how many slots are free on each day."""

from typing import ClassVar

from recall.contracts.envelope import Data, Part
from recall.contracts.fields import Count, Date, Instant, TargetId, Version


class FreeSlots(Part):
    """The free slots of one London day that have not begun."""

    date: Date
    free: Count


class SlotAvailability(Data):
    """Free slots by London date, all days with any, whole; the highest version is the truth."""

    event_type: ClassVar[str] = "recall.slot-availability.counted.v1"
    subject_field: ClassVar[str] = "target_id"

    target_id: TargetId
    version: Version
    days: list[FreeSlots]
    last_slot_at: Instant | None
    """When the last slot of the target begins, free or not; null: the target has no slots."""
    counted_at: Instant
