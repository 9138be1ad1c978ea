"""What the topics say, read from the beginning and without their repeats.

A million records pass through and only ids and last words are kept.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from recall.contracts.events import (
    AppointmentBooked,
    AppointmentCancelled,
    InvitationDeclined,
    InvitationDispatched,
    InvitationEnded,
    InvitationUnanswered,
    InvitationUndeliverable,
    PatientEnrolled,
    PatientProgressed,
    PatientRemovalRequested,
)
from recall.contracts.instants import LONDON, moment

TOPICS: Final = (
    "patients",
    "patient-requests",
    "dispatches",
    "invitation-outcomes",
    "patient-progress",
)
ENDINGS: Final = {
    AppointmentBooked.event_type: "booked",
    InvitationDeclined.event_type: "declined",
    InvitationUnanswered.event_type: "unanswered",
    InvitationUndeliverable.event_type: "undeliverable",
    InvitationEnded.event_type: "withdrawn",
}


class _Said(msgspec.Struct):
    """The data of any event, as far as the reconciliation asks."""

    patient_id: str = ""
    invitation_id: str | None = None
    version: int = 0
    status: str = ""
    slot_id: str | None = None
    dispatched_at: str | None = None


class _Event(msgspec.Struct):
    id: str
    type: str
    data: _Said


_decode = msgspec.json.Decoder(_Event).decode


@dataclass
class Told:
    """What all records together say."""

    enrolled: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    dispatched: dict[str, str] = field(default_factory=dict)
    """By invitation, when it was dispatched."""
    endings: dict[str, str] = field(default_factory=dict)
    """By invitation, how it ended."""
    ended_twice: set[str] = field(default_factory=set)
    """Invitations of which two different outcomes were told."""
    slots: dict[str, tuple[int, str | None]] = field(default_factory=dict)
    """By patient, the slot of their last booking, None once it is cancelled; with its version."""
    progress: dict[str, tuple[int, str]] = field(default_factory=dict)
    """By patient, the last version and status."""
    records: int = 0
    repeats: int = 0
    _seen: set[int] = field(default_factory=set)

    def take(self, value: bytes) -> None:
        """One record of a topic."""
        event = _decode(value)
        self.records += 1
        mark = hash(event.id + event.type)
        if mark in self._seen:
            self.repeats += 1
            return
        self._seen.add(mark)
        _TAKEN.get(event.type, _nothing)(self, event)

    @property
    def statuses(self) -> Counter[str]:
        """How many patients have each status."""
        return Counter(status for _, status in self.progress.values())

    @property
    def outcomes(self) -> Counter[str]:
        """How many invitations ended in each way."""
        return Counter(self.endings.values())

    @property
    def standing(self) -> set[str]:
        """The slots of appointments that stand."""
        return {slot for _, slot in self.slots.values() if slot is not None}

    def sent_outside(self, sends: Callable[[datetime], bool]) -> int:
        """How many invitations were dispatched when nothing may be sent, by London's clock."""
        instants = set(self.dispatched.values())
        shut = {at for at in instants if not sends(moment(at).astimezone(LONDON))}
        return sum(at in shut for at in self.dispatched.values())


def working_hours(opens: time, closes: time, holidays: set[Any]) -> Callable[[datetime], bool]:
    """Whether a local moment is in these hours of a working day."""

    def sends(local: datetime) -> bool:
        working = local.weekday() < 5 and local.date() not in holidays  # noqa: PLR2004 - Saturday.
        return working and opens <= local.time() < closes

    return sends


def _nothing(_told: Told, _event: _Event) -> None:
    """Not asked about."""


def _enrolled(told: Told, event: _Event) -> None:
    told.enrolled.add(event.data.patient_id)


def _removed(told: Told, event: _Event) -> None:
    told.removed.add(event.data.patient_id)


def _dispatched(told: Told, event: _Event) -> None:
    told.dispatched[event.data.invitation_id or ""] = event.data.dispatched_at or ""


def _progressed(told: Told, event: _Event) -> None:
    said = event.data
    if told.progress.get(said.patient_id, (0, ""))[0] < said.version:
        told.progress[said.patient_id] = (said.version, said.status)


def _ended(told: Told, event: _Event) -> None:
    said = event.data
    if said.slot_id is not None:
        _slot(told, said, said.slot_id)
    if said.invitation_id is None:
        return
    if said.invitation_id in told.endings:
        told.ended_twice.add(said.invitation_id)
    told.endings[said.invitation_id] = ENDINGS[event.type]


def _cancelled(told: Told, event: _Event) -> None:
    _slot(told, event.data, None)


def _slot(told: Told, said: _Said, slot: str | None) -> None:
    if told.slots.get(said.patient_id, (0, None))[0] < said.version:
        told.slots[said.patient_id] = (said.version, slot)


_TAKEN: Final = {
    PatientEnrolled.event_type: _enrolled,
    PatientRemovalRequested.event_type: _removed,
    InvitationDispatched.event_type: _dispatched,
    PatientProgressed.event_type: _progressed,
    AppointmentCancelled.event_type: _cancelled,
    **dict.fromkeys(ENDINGS, _ended),
}


async def read(bootstrap: str, partitions: int) -> Told:
    """Every record that stands on the topics now."""
    told = Told()
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        places = [TopicPartition(topic, n) for topic in TOPICS for n in range(partitions)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        for place, offset in (await consumer.beginning_offsets(places)).items():
            consumer.seek(place, offset)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    if record.value is not None:
                        told.take(record.value)
    finally:
        await consumer.stop()
    return told
