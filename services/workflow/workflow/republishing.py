"""Where patients are and why queues wait, told again as they are."""

from recall.kit.republishing import Teller
from recall.kit.unit import Unit
from workflow import messages, store


async def tell_progress(unit: Unit, after: str, most: int) -> str | None:
    """Emit the progress of the patients after an id."""
    patients = await store.patients_after(unit.connection, after, most)
    for patient in patients:
        unit.emit(
            messages.progressed(patient),
            patient.version,
            at=patient.updated_at,
            partition=patient.partition,
        )
    return patients[-1].patient_id if len(patients) == most else None


async def tell_queue_states(unit: Unit, after: str, most: int) -> str | None:
    """Emit the waits of the targets after an id."""
    stated = await store.queue_states_after(unit.connection, after, most)
    for target_id, version, waits in stated:
        unit.emit(messages.queue_stated(target_id, version, waits, unit.now_text), version)
    return stated[-1][0] if len(stated) == most else None


TELLERS: dict[str, Teller] = {
    "patient-progress": tell_progress,
    "queue-states": tell_queue_states,
}
