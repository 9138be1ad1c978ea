"""Where patients are and why queues wait, told again as they are; and whom to invite."""

from collections.abc import Mapping

from recall.kit.republishing import Teller
from recall.kit.unit import Unit
from workflow import messages, store
from workflow.decide import Happening, Patient, Withdrawal

AGAIN = "dispatched_again"
"""The middle of the id of a dispatch that is told again."""


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


async def tell_dispatches(unit: Unit, after: str, most: int) -> str | None:
    """Emit the dispatches of those who are being invited, the withdrawals of those removed since.

    Invitations makes at most one of each dispatch, however often it comes, and answers one that
    has ended with its end.
    """
    patients = await store.patients_after(unit.connection, after, most)
    channels = await store.channels_of(unit.connection, {p.target_id for p in patients})
    for patient in patients:
        said = _dispatch_of(patient, channels)
        if said is not None:
            # A dispatch says more than when it was first said, so it is another event.
            what = AGAIN if patient.status == "being_invited" else None
            unit.emit(said, patient.version, what=what, partition=patient.partition)
    return patients[-1].patient_id if len(patients) == most else None


def _dispatch_of(patient: Patient, channels: Mapping[tuple[str, int], str]) -> object | None:
    """What invitations is to do about a patient, if anything."""
    channel = channels.get((patient.target_id, patient.round))
    if patient.status == "being_invited" and channel and patient.until:
        return messages.invitation_dispatched(patient, channel, again=True)
    out = patient.invited_round == patient.round > 0
    if out and patient.status in {"removed", "patient_alert"}:
        what = Happening(
            event="removed",
            at=patient.updated_at,
            actor=patient.actor,
            reason=patient.reason,
            alert=patient.alert,
        )
        return messages.invitation_withdrawn(
            patient, Withdrawal(patient.round, patient.version, what)
        )
    return None


REQUESTS: dict[str, Teller] = {"dispatches": tell_dispatches}
"""Told again only when they were lost on their way."""

TELLERS: dict[str, Teller] = {
    "patient-progress": tell_progress,
    "queue-states": tell_queue_states,
}
