"""What staff ask of patients who are on a target: removal, reprocessing, correction, opt-out."""

from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from msgspec.structs import replace

from ingest import cells, messages, store
from ingest.cells import Rules
from ingest.enrolling import Desk
from ingest.enrolments import Arrival, Enrolment, asked_again, given
from ingest.faults import Fault
from ingest.requests import CorrectionRequest, RemovalRequest, ReprocessRequest
from ingest.store import StoredPatient, requests
from recall.kit.problems import Problem, not_found
from recall.kit.unit import Unit
from recall.register import Person

PORTION = 2000
"""Patients read, changed and told of at once."""

T = TypeVar("T")

_FIRST = ""
"""Before every NHS number."""

_SENTENCES = {
    "invalid_mobile": "This is no UK mobile number.",
    "not_a_test_mobile": "This system takes made-up mobile numbers only, 07700 900000 to "
    "07700 900999.",
    "invalid_postcode": "This is no UK postcode.",
    "too_long": "Write at most 100 characters.",
}


async def remove(
    unit: Unit, desk: Desk, target_id: str, asked: RemovalRequest, *, command: str, actor: str
) -> int:
    """Take patients off a target; returns how many stood on it and now do not.

    Raises:
        Problem: 404 when the target, or every one of the patients named, is unknown to it.
    """
    await _known(unit, target_id)
    count = found = 0
    async for portion in _chosen(unit, target_id, asked.patients, asked.nhs_numbers):
        found += len(portion)
        standing = [p for p in portion if not p.removed]
        if standing:
            ids = [p.enrolment.patient_id for p in standing]
            await store.remove_patients(unit.connection, ids, unit.now)
            await requests.add(
                unit.connection,
                ids,
                "removal",
                command=command,
                actor=actor,
                reason=asked.reason,
                at=unit.now,
            )
            told = [(target_id, p.enrolment.patient_id, p.partition) for p in standing]
            messages.tell_removals(unit, told, command, actor, asked.reason)
            await desk.outbox.store(unit)
        count += len(standing)
    if not found and not asked.all:
        raise not_found("patient on this target")
    if count:
        await store.count_removal(unit.connection, target_id)
    return count


async def reprocess(unit: Unit, desk: Desk, arrival: Arrival, asked: ReprocessRequest) -> int:
    """Ask the register about patients again; returns how many have a new version.

    Everybody gets one, whatever the register says now: an alert may have come up after enrolment,
    just before an invitation, which ingest does not hear of.

    Raises:
        Problem: 404 when the target, or every one of the patients named, is unknown to it.
    """
    await _known(unit, arrival.target_id)
    count = found = 0
    async for portion in _chosen(unit, arrival.target_id, asked.patients, None):
        found += len(portion)
        standing = [p for p in portion if not p.removed]
        people = [given(p.enrolment) for p in standing]
        answers = await desk.register.look_up(
            [(person.nhs_number, person.date_of_birth) for person in people], unit.now
        )
        again = [
            replace(old, enrolment=asked_again(old.enrolment, person, answer, arrival))
            for old, person, answer in zip(standing, people, answers, strict=True)
        ]
        count += await _save(unit, desk, again)
    if not found and not asked.all:
        raise not_found("patient on this target")
    return count


async def correct(
    unit: Unit, desk: Desk, patient: StoredPatient, person: Person, arrival: Arrival
) -> Enrolment:
    """Keep what the practice corrected, completed and judged by the register anew."""
    (answer,) = await desk.register.look_up([(person.nhs_number, person.date_of_birth)], unit.now)
    after = asked_again(patient.enrolment, person, answer, arrival)
    await _save(unit, desk, [replace(patient, enrolment=after)])
    return after


async def standing(unit: Unit, patient_id: str) -> StoredPatient:
    """A patient who may be changed.

    Raises:
        Problem: 404 unknown, 409 `removed`.
    """
    patient = await store.lock_patient(unit.connection, patient_id)
    if patient is None:
        raise not_found("patient")
    if patient.removed:
        raise Problem(409, "removed", "The patient was removed. Upload them again first.")
    return patient


def corrected(person: Person, asked: CorrectionRequest, rules: Rules) -> Person:
    """The person with what the practice says now.

    Raises:
        Problem: 422 with one entry per field that cannot be taken.
    """
    errors: list[dict[str, str]] = []
    changes: dict[str, object] = {}
    for name in sorted(asked.model_fields_set):
        read = _read(name, getattr(asked, name), rules)
        if isinstance(read, Fault):
            errors.append({"field": name, "message": _SENTENCES[read.code]})
        else:
            changes[name] = read
    if errors:
        first = errors[0]
        raise Problem(422, "invalid", f"{first['field']}: {first['message']}", errors=errors)
    return replace(person, **changes)


def _read(name: str, value: str | list[str] | None, rules: Rules) -> object:
    """One detail as it will be kept, or the fault with it."""
    if isinstance(value, list) or name == "address":
        lines = [cells.read_text(line) for line in value or ()]
        fault = next((line for line in lines if isinstance(line, Fault)), None)
        return fault or tuple(line for line in lines if line)
    if value is None:
        return None
    if name.endswith("mobile"):
        return cells.read_mobile(value, rules)
    if name == "postcode":
        return cells.read_postcode(value)
    return cells.read_text(value) or None


async def _known(unit: Unit, target_id: str) -> None:
    if await store.find_target(unit.connection, target_id) is None:
        raise not_found("target")


async def _chosen(
    unit: Unit, target_id: str, ids: Sequence[str] | None, numbers: Sequence[str] | None
) -> AsyncIterator[list[StoredPatient]]:
    """Locked patients by id, by NHS number, or all who stand on the target, in key order."""
    if ids is not None:
        for some in _portions(sorted(set(ids))):
            yield await store.lock_patients_by_id(unit.connection, target_id, some)
    elif numbers is not None:
        for some in _portions(sorted(set(numbers))):
            yield await store.lock_patients_by_number(unit.connection, target_id, some)
    else:
        after = _FIRST
        while portion := await store.lock_patients_after(
            unit.connection, target_id, after, PORTION
        ):
            yield portion
            after = portion[-1].enrolment.person.nhs_number


def _portions(items: Sequence[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while portion := list(islice(rest, PORTION)):
        yield portion


async def _save(unit: Unit, desk: Desk, patients: Sequence[StoredPatient]) -> int:
    """Keep and tell of new versions."""
    if patients:
        enrolments = [patient.enrolment for patient in patients]
        await store.save_patients(unit.connection, enrolments)
        messages.tell_enrolments(unit, enrolments, [p.partition for p in patients])
        await desk.outbox.store(unit)
    return len(patients)
