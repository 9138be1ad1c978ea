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
    """Counts what ingest has said about the patient; the highest is the patient."""
    enrolment: Version
    """1 for the first time on this target, 2 after a removal, and so on."""
    position: Count
    """The patient's place in upload order on the target."""
    nhs_number: NhsNumber
    date_of_birth: Date
    """The date of birth."""
    first_name: Name | None
    """The first name; null if it is not known."""
    last_name: Name | None
    """The last name; null if it is not known."""
    mobile: Phone | None
    """The patient's mobile number; null if there is none."""
    address: list[Line]
    """The lines of the postal address, without the postcode; empty if there is none."""
    postcode: Postcode | None
    """The postcode of the address; null if there is none."""
    carer_name: Name | None
    """A child's parent or carer; null if none is known."""
    carer_mobile: Phone | None
    """The parent's or carer's mobile number; null if there is none."""
    alert: AlertCode | None
    """Why the patient could not be processed; null if they could."""
    actor: Actor
    enrolled_at: Instant
    """When this version of the patient was stored."""
