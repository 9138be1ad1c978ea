"""Topic `patient-progress`: where every patient is.  No name, phone or NHS number."""

from typing import ClassVar

from recall.contracts.envelope import Data, Part
from recall.contracts.fields import (
    Actor,
    Instant,
    PatientId,
    RoundNumber,
    Sentence,
    SlotId,
    TargetId,
    Version,
)
from recall.contracts.vocabulary import AlertCode, Delivery, Description, Status


class Appointment(Part):
    """The slot a patient has."""

    slot_id: SlotId
    starts_at: Instant


class PatientProgressed(Data):
    """The patient's whole status; the highest version is the truth.

    `cause` is the id of the event or command that brought it about, `actor` and `reason` who
    asked and why where somebody did.
    """

    event_type: ClassVar[str] = "recall.patient.progressed.v1"

    target_id: TargetId
    patient_id: PatientId
    version: Version
    round: RoundNumber | None
    """The round the patient is in; null until round 1."""
    status: Status
    description: Description
    until: Instant | None
    alert: AlertCode | None
    delivery: Delivery | None
    appointment: Appointment | None
    actor: Actor
    reason: Sentence | None
    updated_at: Instant
