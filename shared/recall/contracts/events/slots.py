"""Topic `slots`: the appointments a practice offers, one event a slot."""

from typing import Annotated, ClassVar

from pydantic import Field

from recall.contracts.envelope import Data
from recall.contracts.fields import Instant, Name, SlotId, TargetId, Version

Minutes = Annotated[int, Field(ge=1, le=1440)]
"""A length in minutes."""


class SlotReleased(Data):
    """A slot may be booked."""

    event_type: ClassVar[str] = "recall.slot.released.v1"
    subject_field: ClassVar[str] = "slot_id"

    target_id: TargetId
    slot_id: SlotId
    version: Version
    starts_at: Instant
    """When the slot begins."""
    minutes: Minutes
    """How long the slot is."""
    clinician: Name | None
    """Whom the patient will see; null if it is not said."""


class SlotWithdrawn(Data):
    """A slot that nobody has booked may no longer be booked; a booked one stays booked."""

    event_type: ClassVar[str] = "recall.slot.withdrawn.v1"
    subject_field: ClassVar[str] = "slot_id"

    target_id: TargetId
    slot_id: SlotId
    version: Version
    """Higher than that of the release."""
