"""The topic registry: what each topic carries, its key, its writer, its readers, its retention."""

from dataclasses import dataclass
from typing import Literal

from recall.contracts.envelope import Data
from recall.contracts.events import (
    AppointmentBooked,
    AppointmentCancelled,
    DeliveryNoted,
    DeliveryReported,
    InvitationDeclined,
    InvitationDispatched,
    InvitationEnded,
    InvitationRequested,
    InvitationUnanswered,
    InvitationUndeliverable,
    InvitationWithdrawn,
    MessageRequested,
    OptOutRequested,
    PatientEnrolled,
    PatientProgressed,
    PatientRemovalRequested,
    QueueStated,
    ReplyReceived,
    SlotAvailability,
    SlotReleased,
    SlotWithdrawn,
    TargetSaved,
)

DEFAULT_PARTITIONS = 12
CHANNEL_TOPIC_PREFIX = "invitations-"
DEAD_LETTER_SUFFIX = "-dlq"

Key = Literal["target_id", "patient_id"]


@dataclass(frozen=True)
class Topic:
    """One topic.  `retention_days` None: compacted, the last record of a key is kept for ever."""

    name: str
    key: Key
    writer: str
    readers: tuple[str, ...]
    carries: tuple[type[Data], ...]
    retention_days: int | None
    summary: str
    personal: bool = False
    """Whether it carries contact details."""
    paced: bool = False
    """Whether somebody holds back while its readers are behind, who tell how far they are often."""

    @property
    def compacted(self) -> bool:
        """Whether the broker may leave holes in the offsets."""
        return self.retention_days is None


TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        Topic(
            "targets",
            "target_id",
            "ingest",
            ("workflow", "invitations", "dashboard"),
            (TargetSaved,),
            None,
            "Targets as their practices set them up.",
        ),
        Topic(
            "patients",
            "patient_id",
            "ingest",
            ("workflow", "invitations", "dashboard"),
            (PatientEnrolled,),
            None,
            "Who is on a target and how they are reached.",
            personal=True,
            paced=True,
        ),
        Topic(
            "patient-requests",
            "patient_id",
            "ingest",
            ("workflow", "invitations", "dashboard"),
            (PatientRemovalRequested, OptOutRequested),
            30,
            "What staff asked to happen to a patient.",
        ),
        Topic(
            "slots",
            "target_id",
            "ingest",
            ("invitations", "dashboard"),
            (SlotReleased, SlotWithdrawn),
            30,
            "The appointments a practice offers.",
        ),
        Topic(
            "dispatches",
            "patient_id",
            "workflow",
            ("invitations",),
            (InvitationDispatched, InvitationWithdrawn),
            30,
            "Whom to invite, and whom no longer.",
            paced=True,
        ),
        Topic(
            "channel-reports",
            "patient_id",
            "any channel",
            ("invitations",),
            (DeliveryReported, ReplyReceived),
            7,
            "What channels say happened to a message.",
            paced=True,
        ),
        Topic(
            "invitation-outcomes",
            "patient_id",
            "invitations",
            ("workflow", "dashboard"),
            (
                AppointmentBooked,
                InvitationDeclined,
                InvitationUnanswered,
                InvitationUndeliverable,
                InvitationEnded,
                AppointmentCancelled,
                DeliveryNoted,
            ),
            30,
            "How invitations ended.",
        ),
        Topic(
            "patient-progress",
            "patient_id",
            "workflow",
            ("dashboard",),
            (PatientProgressed,),
            None,
            "Where every patient is.",
            paced=True,
        ),
        Topic(
            "queue-states",
            "target_id",
            "workflow",
            ("dashboard",),
            (QueueStated,),
            None,
            "Why each round's queue waits.",
        ),
        Topic(
            "slot-availability",
            "target_id",
            "invitations",
            ("workflow", "dashboard"),
            (SlotAvailability,),
            None,
            "How many slots are free on each day.",
        ),
    )
}
"""The topics that always exist; those of channels are made by `channel_topic`."""


def channel_topic(channel: str) -> Topic:
    """The topic that asks one channel's plugin to send."""
    return Topic(
        CHANNEL_TOPIC_PREFIX + channel,
        "patient_id",
        "invitations",
        (f"the {channel} plugin",),
        (InvitationRequested, MessageRequested, InvitationWithdrawn),
        7,
        f"What the {channel} channel is asked to send.",
        personal=True,
    )


def dead_letter_topic(group: str) -> Topic:
    """Where a plugin's consumer group puts the records that it cannot use, as they came."""
    return Topic(
        group + DEAD_LETTER_SUFFIX,
        "patient_id",
        "the plugin of the group",
        ("operators",),
        (),
        30,
        "Records that a plugin could not use, as they came; their headers say why.",
        personal=True,
    )


def topic_of(model: type[Data]) -> Topic:
    """The one fixed topic that carries an event.

    Raises:
        KeyError: the event travels on the topics of channels only.
    """
    return _TOPIC_OF[model.event_type]


_TOPIC_OF = {model.event_type: topic for topic in TOPICS.values() for model in topic.carries}
