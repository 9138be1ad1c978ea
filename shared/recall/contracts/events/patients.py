"""Topic `patients`: who is on a target and how they are reached.  Carries contact details."""

from typing import ClassVar

from recall.contracts.envelope import Data
from recall.contracts.fields import (
    Actor,
    Count,
    Date,
    Instant,
    Line,
    Name,
    NhsNumber,
    PatientId,
    PersonId,
    Phone,
    Postcode,
    TargetId,
    Version,
)
from recall.contracts.vocabulary import AlertCode


class PatientEnrolled(Data):
    """A patient was put on a target, corrected, or asked of the register again.

    Whole and versioned: the highest version is the patient.  `alert` says that the patient
    could not be processed; a higher version without one ends the alert (rule 7).
    """

    event_type: ClassVar[str] = "recall.patient.enrolled.v1"

    target_id: TargetId
    patient_id: PatientId
    person_id: PersonId
    version: Version
    enrolment: Version
    """1 for the first time on this target, 2 after a removal, and so on."""
    position: Count
    """The patient's place in upload order on the target."""
    nhs_number: NhsNumber
    date_of_birth: Date
    first_name: Name | None
    last_name: Name | None
    mobile: Phone | None
    address: list[Line]
    postcode: Postcode | None
    carer_name: Name | None
    carer_mobile: Phone | None
    alert: AlertCode | None
    actor: Actor
    enrolled_at: Instant
