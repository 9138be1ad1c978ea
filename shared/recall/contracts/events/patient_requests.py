"""Topic `patient-requests`: what staff asked to happen to a patient."""

from typing import ClassVar

from recall.contracts.envelope import Data
from recall.contracts.fields import (
    Actor,
    CommandId,
    Instant,
    PatientId,
    PersonId,
    Sentence,
    TargetId,
)


class PatientRemovalRequested(Data):
    """Take the patient off the target, in whatever status they are (rule 6)."""

    event_type: ClassVar[str] = "recall.patient-removal.requested.v1"

    target_id: TargetId
    patient_id: PatientId
    command_id: CommandId
    actor: Actor
    reason: Sentence
    """Why, for the patient's timeline."""
    requested_at: Instant
    """When it was asked for."""


class OptOutRequested(Data):
    """The person wants no more texts, on any target (rule 9)."""

    event_type: ClassVar[str] = "recall.opt-out.requested.v1"

    target_id: TargetId
    patient_id: PatientId
    """The patient whose page the request was made on."""
    person_id: PersonId
    command_id: CommandId
    actor: Actor
    reason: Sentence
    """Why, for the patient's timeline."""
    requested_at: Instant
    """When it was asked for."""
