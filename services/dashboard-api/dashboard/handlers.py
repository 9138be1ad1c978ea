"""Messages in: every handler folds one topic's batch into the dashboard's tables.

The dashboard publishes nothing.  Records of all topics may repeat, be late and come in any
order: versions decide what a row says, event ids what the timeline says.
"""

from collections.abc import Iterable

from dashboard import store
from dashboard.folding import latest
from dashboard.timeline import entry_of
from recall.contracts import events
from recall.kit import wire
from recall.kit.consuming import Batch, Record
from recall.kit.postgres import Connection


async def on_targets(batch: Batch) -> None:
    """Keep each target's highest version."""
    saved = latest((record.event.data for record in batch.records), lambda data: data.target_id)
    await store.save_targets(batch.unit.connection, saved)


async def on_patients(batch: Batch) -> None:
    """Keep who each patient is; tell that they were enrolled or corrected."""
    found = latest((record.event.data for record in batch.records), lambda data: data.patient_id)
    await store.save_identities(batch.unit.connection, found)
    await _tell(batch.unit.connection, batch.records)


async def on_patient_progress(batch: Batch) -> None:
    """Keep where each patient is and move the counts in the same statement; tell what is new."""
    shards = {record.event.data.patient_id: record.partition for record in batch.records}
    found = latest((record.event.data for record in batch.records), lambda data: data.patient_id)
    await store.move_patients(batch.unit.connection, found, shards)
    await _tell(batch.unit.connection, batch.records)


async def on_invitation_outcomes(batch: Batch) -> None:
    """Tell how invitations ended; where that leaves the patient is workflow's to say."""
    await _tell(batch.unit.connection, batch.records)


async def on_patient_requests(batch: Batch) -> None:
    """Tell what staff asked for, and why."""
    await _tell(batch.unit.connection, batch.records)


async def on_slots(batch: Batch) -> None:
    """Keep slots, for the list of appointments and for those who add and withdraw them.

    What was withdrawn stays known: somebody may have booked it before.
    """
    said = [record.event.data for record in batch.records]
    released = [data for data in said if isinstance(data, wire.SlotReleased)]
    withdrawn = [data for data in said if isinstance(data, wire.SlotWithdrawn)]
    await store.save_slots(batch.unit.connection, latest(released, _slot_of))
    await store.withdraw_slots(batch.unit.connection, latest(withdrawn, _slot_of))


def _slot_of(data: events.SlotReleased | events.SlotWithdrawn) -> str:
    return f"{data.target_id} {data.slot_id}"


async def on_slot_availability(batch: Batch) -> None:
    """Keep each target's free slots by day."""
    events = (record.event.data for record in batch.records)
    for data in latest(events, lambda data: data.target_id):
        await store.save_slot_days(batch.unit.connection, data)


async def on_queue_states(batch: Batch) -> None:
    """Keep why each target's queues wait."""
    events = (record.event.data for record in batch.records)
    for data in latest(events, lambda data: data.target_id):
        await store.save_queue_reasons(batch.unit.connection, data)


async def _tell(connection: Connection, records: Iterable[Record]) -> None:
    """Add to the patients' timelines what the records say."""
    events = (record.event for record in records)
    entries = (entry_of(event.type, event.id, event.data) for event in events)
    await store.add_timeline(connection, [entry for entry in entries if entry is not None])
