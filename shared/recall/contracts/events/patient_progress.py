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
    """The slot."""
    starts_at: Instant
    """When the appointment begins."""


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
    """Why the patient has the status."""
    until: Instant | None
    """The end of the time to answer; null unless the patient is being invited."""
    alert: AlertCode | None
    """What stopped the patient; null unless the status is `patient_alert`."""
    delivery: Delivery | None
    """How far the open invitation got; null if there is none."""
    appointment: Appointment | None
    """The slot the patient has; null if none."""
    actor: Actor
    reason: Sentence | None
    """Why somebody asked for it; null if nobody did."""
    updated_at: Instant
    """When the patient came to be so."""
