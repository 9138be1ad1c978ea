"""Targets, patients and slots told again, as they are; and what staff asked for patients."""

from ingest import messages, store
from ingest.releasing import tell_slots
from ingest.store import requests
from recall.kit.republishing import Teller
from recall.kit.unit import Unit

SEPARATOR = " "
"""Between the parts of a key; no target's id holds one."""


async def tell_targets(unit: Unit, after: str, most: int) -> str | None:
    """Emit the targets after an id."""
    targets = await store.targets_after(unit.connection, after, most)
    for target in targets:
        messages.tell_target(unit, target)
    return targets[-1].target_id if len(targets) == most else None


async def tell_patients(unit: Unit, after: str, most: int) -> str | None:
    """Emit the patients after an id, those who were removed too: their ids are still in use."""
    patients = await store.patients_after(unit.connection, after, most)
    for patient in patients:
        messages.tell_as_stored(unit, patient.enrolment, patient.partition)
    return patients[-1].enrolment.patient_id if len(patients) == most else None


async def tell_all_slots(unit: Unit, after: str, most: int) -> str | None:
    """Emit the slots after a target and a slot, released or withdrawn as they are."""
    target_id, _, slot_id = after.partition(SEPARATOR)
    slots = await store.slots_after(unit.connection, target_id, slot_id, most)
    tell_slots(unit, slots)
    if len(slots) < most:
        return None
    last_target, last = slots[-1]
    return f"{last_target}{SEPARATOR}{last.slot.slot_id}"


async def tell_requests(unit: Unit, after: str, most: int) -> str | None:
    """Emit removals and opt-outs after a place; whoever has read one knows it by its id."""
    asked = await requests.after(unit.connection, int(after or 0), most)
    for request in asked:
        messages.tell_request(unit, request)
    return str(asked[-1].place) if len(asked) == most else None


REQUESTS: dict[str, Teller] = {"patient-requests": tell_requests}
"""Told again only when they were lost on their way."""

TELLERS: dict[str, Teller] = {
    "targets": tell_targets,
    "patients": tell_patients,
    "slots": tell_all_slots,
}
