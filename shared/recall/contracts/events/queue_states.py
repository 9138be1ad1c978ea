"""Topic `queue-states`: why each round's queue waits (rule 4)."""

from typing import ClassVar

from recall.contracts.envelope import Data, Part
from recall.contracts.fields import Instant, RoundNumber, TargetId, Version
from recall.contracts.vocabulary import QueueReason


class RoundQueue(Part):
    """Why one round's queue waits, and until when if that is known."""

    round: RoundNumber
    """The round whose queue waits."""
    reason: QueueReason
    until: Instant | None
    """When the wait ends; null if that is not known."""


class QueueStated(Data):
    """The reasons of all rounds of a target; the highest version is the truth."""

    event_type: ClassVar[str] = "recall.queue.stated.v1"
    subject_field: ClassVar[str] = "target_id"

    target_id: TargetId
    version: Version
    rounds: list[RoundQueue]
    """The reason of each round of the target."""
    stated_at: Instant
    """When the reasons were found."""
