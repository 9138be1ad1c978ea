"""What ingest tells the other services."""

from collections.abc import Iterable, Sequence

from ingest.enrolments import Enrolment
from ingest.store.requests import PatientRequest
from recall.contracts.events import PatientEnrolled, TargetSaved
from recall.contracts.instants import instant
from recall.kit import wire
from recall.kit.kafka import partition_of
from recall.kit.unit import Unit


def tell_target(unit: Unit, target: TargetSaved) -> None:
    """A target was created or changed."""
    unit.emit(target, target.version)


def partitions_of(enrolments: Iterable[Enrolment], partitions: int) -> list[int]:
    """The partition of each patient: hashed once, then stored beside them."""
    return [partition_of(enrolment.patient_id, partitions) for enrolment in enrolments]


def tell_enrolments(unit: Unit, enrolments: Sequence[Enrolment], partitions: Sequence[int]) -> None:
    """Patients were put on a target, corrected, or asked of the register again."""
    for enrolment, partition in zip(enrolments, partitions, strict=True):
        unit.emit(_enrolled(enrolment, unit.now_text), enrolment.version, partition=partition)


def tell_as_stored(unit: Unit, enrolment: Enrolment, partition: int) -> None:
    """What was told of an enrolment before, again: its version and its instant."""
    at = instant(enrolment.enrolled_at)
    unit.emit(_enrolled(enrolment, at), enrolment.version, at=at, partition=partition)


def _enrolled(enrolment: Enrolment, at: str) -> PatientEnrolled:
    person = enrolment.person
    return wire.PatientEnrolled(
        target_id=enrolment.target_id,
        patient_id=enrolment.patient_id,
        person_id=enrolment.person_id,
        version=enrolment.version,
        enrolment=enrolment.enrolment,
        position=enrolment.position,
        nhs_number=person.nhs_number,
        date_of_birth=person.date_of_birth.isoformat(),
        first_name=person.first_name,
        last_name=person.last_name,
        mobile=person.mobile,
        address=list(person.address),
        postcode=person.postcode,
        carer_name=person.carer_name,
        carer_mobile=person.carer_mobile,
        alert=enrolment.alert,
        actor=enrolment.actor,
        enrolled_at=at,
    )


def tell_removals(
    unit: Unit, patients: Iterable[tuple[str, str, int]], command: str, actor: str, reason: str
) -> None:
    """Patients (target, id, partition) are to be taken off their target."""
    for target_id, patient_id, partition in patients:
        removal = wire.PatientRemovalRequested(
            target_id=target_id,
            patient_id=patient_id,
            command_id=command,
            actor=actor,
            reason=reason,
            requested_at=unit.now_text,
        )
        unit.emit(removal, command, partition=partition)


def tell_request(unit: Unit, request: PatientRequest) -> None:
    """What staff asked was told before: again, with its id and its instant."""
    at = instant(request.requested_at)
    common = {
        "target_id": request.target_id,
        "patient_id": request.patient_id,
        "command_id": request.command_id,
        "actor": request.actor,
        "reason": request.reason,
        "requested_at": at,
    }
    said = (
        wire.PatientRemovalRequested(**common)
        if request.what == "removal"
        else wire.OptOutRequested(**common, person_id=request.person_id)
    )
    unit.emit(said, request.command_id, at=at, partition=request.partition)


def tell_opt_out(
    unit: Unit, enrolment: Enrolment, partition: int, *, command: str, actor: str, reason: str
) -> None:
    """A person wants no more texts."""
    opt_out = wire.OptOutRequested(
        target_id=enrolment.target_id,
        patient_id=enrolment.patient_id,
        person_id=enrolment.person_id,
        command_id=command,
        actor=actor,
        reason=reason,
        requested_at=unit.now_text,
    )
    unit.emit(opt_out, command, partition=partition)
