"""Messages in: each handler reads the rows a batch is about, decides, and writes once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from recall.kit.codec import Event
from recall.kit.consuming import Batch, Record
from recall.kit.unit import Unit
from workflow import messages, store
from workflow.decide import Enrolment, Folded, Happening, Patient, fold, tallied
from workflow.telling import tell


class PatientsNotAssignedError(Exception):
    """A message about an unknown patient came before this service reads `patients`: try again."""


class Queues(Protocol):
    """What moves the queues."""

    def wake(self, targets: Iterable[str]) -> None:
        """The queues of these targets may move now."""

    async def go_on(self, unit: Unit, folded: Sequence[Folded], shard: str) -> Sequence[Folded]:
        """Let those who have just come to a queue leave it at once, if nobody waits there."""


@dataclass(frozen=True)
class Handlers:
    """The handlers of the five topics."""

    queues: Queues

    async def on_targets(self, batch: Batch) -> None:
        """Keep the latest of each target."""
        latest = _latest(batch)
        await store.put_targets(batch.unit.connection, latest)
        self._wake_after(batch.unit, {target.target_id for target in latest})

    async def on_slot_availability(self, batch: Batch) -> None:
        """Keep the latest count of each target's free slots."""
        latest = _latest(batch)
        await store.put_availabilities(batch.unit.connection, latest)
        self._wake_after(batch.unit, {counted.target_id for counted in latest})

    async def on_patients(self, batch: Batch) -> None:
        """Meet patients, correct what is known of them, raise and clear alerts."""
        connection = batch.unit.connection
        said: dict[str, list[Enrolment | Happening]] = defaultdict(list)
        causes: dict[str, Event] = {}
        for record in sorted(batch.records, key=lambda r: r.event.data.version):
            said[record.event.data.patient_id].append(messages.enrolment_of(record))
            causes[record.event.data.patient_id] = record.event
        known = await store.lock_patients(connection, said)
        for patient_id, events_waiting in _by_patient(
            await store.take_waiting(connection, said.keys() - known.keys())
        ).items():
            said[patient_id] += _in_order(events_waiting)
        folded = await self._moved_on(batch, "patients", await _folded(batch.unit, known, said))
        await store.put_patients(connection, _changed(folded))
        self._say(batch.unit, folded, causes)

    async def on_invitation_outcomes(self, batch: Batch) -> None:
        """Fold how invitations ended."""
        await self._on_happenings(batch, "invitation-outcomes")

    async def on_patient_requests(self, batch: Batch) -> None:
        """Fold removals; opt-outs are not workflow's."""
        await self._on_happenings(batch, "patient-requests")

    async def _on_happenings(self, batch: Batch, topic: str) -> None:
        """Fold what happened to patients; what is said of nobody known yet waits."""
        records = defaultdict(list)
        for record in batch.records:
            if messages.tells_a_happening(record.event):
                records[record.event.data.patient_id].append(record)
        known = await _known(batch.unit, topic, records)
        said: dict[str, Sequence[Enrolment | Happening]] = {
            patient_id: _in_order([record.event for record in records[patient_id]])
            for patient_id in known
        }
        causes = {patient_id: records[patient_id][-1].event for patient_id in known}
        folded = await self._moved_on(batch, topic, await _folded(batch.unit, known, said))
        await store.move_patients(batch.unit.connection, _changed(folded))
        self._say(batch.unit, folded, causes)

    async def _moved_on(
        self, batch: Batch, topic: str, folded: Sequence[Folded]
    ) -> Sequence[Folded]:
        """Count the changes, and let those who need not wait in a queue go on at once."""
        # The batches of a topic that are folded at the same time have no partition in common.
        shard = f"{topic}.{min(record.partition for record in batch.records)}"
        await store.add_tallies(batch.unit.connection, shard, tallied(folded))
        return await self.queues.go_on(batch.unit, folded, shard)

    def _say(self, unit: Unit, folded: Sequence[Folded], causes: Mapping[str, Event]) -> None:
        """Publish the changes, and wake the queues they may move."""
        progressed = [change for change in folded if change.progressed]
        for change in progressed:
            tell(unit, change, causes[change.after.patient_id])
        self._wake_after(unit, {change.after.target_id for change in progressed})

    def _wake_after(self, unit: Unit, targets: set[str]) -> None:
        if targets:
            unit.after_commit(lambda: self.queues.wake(targets))


async def _known(unit: Unit, topic: str, records: Mapping[str, list[Record]]) -> dict[str, Patient]:
    """The known patients among those of the records, locked; messages about the others wait."""
    known = await store.lock_patients(unit.connection, records)
    unmet = records.keys() - known.keys()
    if not unmet:
        return known
    partitions = {record.partition for patient_id in unmet for record in records[patient_id]}
    if not await store.hold_enrolments(unit.connection, partitions):
        raise PatientsNotAssignedError(f"no partition of patients is assigned yet: {topic} waits")
    known |= await store.lock_patients(unit.connection, unmet)
    waiting = [r for patient_id in sorted(unmet - known.keys()) for r in records[patient_id]]
    if waiting:
        await store.add_waiting(unit.connection, topic, waiting)
    return known


async def _folded(
    unit: Unit,
    known: Mapping[str, Patient],
    said: Mapping[str, Sequence[Enrolment | Happening]],
) -> list[Folded]:
    """Decide for every patient of the batch."""
    targets = {patient.target_id for patient in known.values()}
    targets |= {w.target_id for what in said.values() for w in what if isinstance(w, Enrolment)}
    rounds = await store.count_rounds(unit.connection, targets)
    folded = []
    for patient_id, what in said.items():
        before = known.get(patient_id)
        target_id = before.target_id if before else _target_of(what)
        folded.append(fold(before, what, rounds.get(target_id)))
    return folded


def _target_of(said: Sequence[Enrolment | Happening]) -> str:
    """The target of a patient who is met now: the first thing said is the enrolment."""
    first = said[0]
    assert isinstance(first, Enrolment)  # noqa: S101 - on_patients puts it first.
    return first.target_id


def _changed(folded: Iterable[Folded]) -> list[Patient]:
    return [change.after for change in folded if change.after is not change.before]


def _in_order(said: Iterable[Event]) -> list[Happening]:
    """What happened, by invitations' versions; requests have none and come first."""
    found = [messages.happening_of(event) for event in said]
    return sorted((what for what in found if what is not None), key=lambda what: what.version)


def _by_patient(waiting: Iterable[tuple[str, Event]]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = defaultdict(list)
    for patient_id, event in waiting:
        found[patient_id].append(event)
    return found


def _latest(batch: Batch) -> list[Any]:
    """The highest version of each target in a batch, by target id."""
    found: dict[str, Any] = {}
    for record in batch.records:
        data = record.event.data
        if data.target_id not in found or found[data.target_id].version < data.version:
            found[data.target_id] = data
    return [found[target_id] for target_id in sorted(found)]
