"""What staff do for patients: answers taken by phone, cancellations, replies dealt with.

Each is decided under the locks that a dispatch needs, so that an invitation which is on its way
at the same moment is either answered here or never goes out.
"""

from dataclasses import dataclass, field

from msgspec.structs import replace

from invitations import store
from invitations.answers import (
    Declined,
    Invitation,
    OfferWanted,
    Step,
    book,
    book_directly,
    cancel,
    dealt_with,
    decline,
)
from invitations.channels import Channels
from invitations.desk import Desk
from invitations.offering import BEGINNING, Rotation
from invitations.places import is_patient
from invitations.store import counter
from invitations.telling import Said
from recall.contracts.instants import instant
from recall.kit.problems import Problem, not_found
from recall.kit.unit import Unit


@dataclass(frozen=True)
class Desks:
    """What a desk is made with."""

    channels: Channels
    rotation: Rotation = field(repr=False)

    def desk(self, unit: Unit) -> Desk:
        """A desk for one unit of work."""
        return Desk(unit, self.channels, self.rotation)


async def take_answer(
    unit: Unit, desks: Desks, patient_id: str, slot_id: str | None, actor: str
) -> dict[str, object]:
    """Book a slot for a patient, or with None decline, as they asked on the phone.

    Raises:
        Problem: 404 for an unknown patient; 409 `removed`, `already_booked` or `slot_taken`.
    """
    patient = await _held(unit, patient_id)
    if await store.is_removed(unit.connection, patient_id):
        raise Problem(409, "removed", "The patient has been removed from the target.")
    desk = desks.desk(unit)
    await desk.load([patient_id])
    given = next((i for i in desk.invitations.values() if i.state == "open"), None)
    if given is None and patient.appointment is not None:
        raise Problem(
            409,
            "already_booked",
            "The patient has an appointment on this target. Cancel it first.",
        )
    if slot_id is not None:
        await desk.lock_slots([(patient.target_id, slot_id)])
    if given is None:
        return await _answer_directly(desk, patient, slot_id, actor)
    invitation = desk.invitation(given.invitation_id)
    step = (
        decline(invitation, unit.now)
        if slot_id is None
        else book(invitation, desk.slots[invitation.target_id].get(slot_id), unit.now)
    )
    desk.apply(_possible(step), _said(unit, invitation, actor))
    await desk.close()
    return _answered(desk.invitations[invitation.invitation_id])


async def _answer_directly(
    desk: Desk, patient: store.Patient, slot_id: str | None, actor: str
) -> dict[str, object]:
    """The answer of a patient who waits for an invitation, or whose last one has ended."""
    unit, now = desk.unit, desk.unit.now
    direct = await counter.read_direct(unit.connection, patient.patient_id)
    last = desk.last_of(patient.patient_id) or _never_invited(patient, direct.said)
    desk.invitations[last.invitation_id] = last
    if slot_id is None:
        step: Step = (last, [Declined()])
    else:
        step = book_directly(last, desk.slots[patient.target_id].get(slot_id), now)
    desk.apply(_possible(step), replace(_said(unit, last, actor), direct=True))
    await desk.close()
    after = desk.invitations[last.invitation_id]
    kept = counter.Direct(
        direct.said if last.round else after.said, None if slot_id else now, actor
    )
    await counter.save_direct(unit.connection, patient.patient_id, kept)
    return _answered(replace(after, state="booked" if slot_id else "declined"))


async def take_cancellation(
    unit: Unit, desks: Desks, patient_id: str, reason: str, actor: str
) -> dict[str, object]:
    """Cancel the appointment that a patient has; its slot is free again.

    Raises:
        Problem: 404 for an unknown patient; 409 `no_appointment` or `appointment_past`.
    """
    patient = await _held(unit, patient_id)
    at = patient.appointment_at
    if patient.appointment is None or at is None:
        raise Problem(409, "no_appointment", "The patient has no appointment on this target.")
    if at <= unit.now:
        raise Problem(409, "appointment_past", "The appointment has begun; it stays as it is.")
    desk = desks.desk(unit)
    await desk.load([patient_id])
    direct = await counter.read_direct(unit.connection, patient_id)
    last = desk.last_of(patient_id) or _never_invited(patient, direct.said)
    desk.invitations[last.invitation_id] = last
    desk.apply(cancel(last), replace(_said(unit, last, actor), reason=reason))
    await desk.close()
    if not last.round:
        said = desk.invitations[last.invitation_id].said
        await counter.save_direct(unit.connection, patient_id, replace(direct, said=said))
    return {"patient_id": patient_id, "cancelled": patient.appointment, "starts_at": instant(at)}


async def deal_with_reply(
    unit: Unit, desks: Desks, patient_id: str, actor: str, *, send_help: bool
) -> dict[str, object]:
    """Take a patient's reply off the queue of those that need a person.

    Raises:
        Problem: 404 for an unknown patient; 409 `nothing_waiting`.
    """
    await _held(unit, patient_id)
    desk = desks.desk(unit)
    await desk.load([patient_id])
    waiting = next((i for i in desk.invitations.values() if i.needs_reply), None)
    if waiting is None:
        raise Problem(409, "nothing_waiting", "No reply of this patient waits for staff any more.")
    desk.apply(dealt_with(waiting, send_help=send_help), _said(unit, waiting, actor))
    await desk.close()
    return {"patient_id": patient_id, "help_sent": send_help}


async def _held(unit: Unit, patient_id: str) -> store.Patient:
    """The patient, while no invitation can be made for them."""
    # PostgreSQL would refuse what is no id.
    asked = [patient_id] if is_patient(patient_id) else []
    known = await store.read_patients(unit.connection, asked)
    if patient_id not in known:
        raise not_found("patient")
    await counter.hold_dispatches(unit.connection, known[patient_id].partition)
    # What a dispatch in hand has just done is seen by who looks again.
    return (await store.read_patients(unit.connection, [patient_id]))[patient_id]


def _never_invited(patient: store.Patient, said: int) -> Invitation:
    """Stands for the last invitation of a patient who has had none; it is not stored."""
    epoch = patient.appointment_at or BEGINNING[0]
    return Invitation(
        invitation_id=f"{patient.patient_id}.0",
        patient_id=patient.patient_id,
        target_id=patient.target_id,
        person_id=patient.person_id,
        round=0,
        channel="none",
        partition=patient.partition,
        state="withdrawn",
        dispatched_at=epoch,
        expires_at=epoch,
        said=said,
        appointment=patient.appointment,
        appointment_at=patient.appointment_at,
    )


def _possible(step: Step) -> Step:
    if OfferWanted() in step[1]:
        raise Problem(
            409, "slot_taken", "The slot is no longer free in the booking window. Choose another."
        )
    return step


def _said(unit: Unit, invitation: Invitation, actor: str) -> Said:
    cause = f"{invitation.invitation_id}/staff/{invitation.said}"
    return Said(unit.now, "staff", actor, None, cause)


def _answered(invitation: Invitation) -> dict[str, object]:
    at = invitation.appointment_at
    return {
        "patient_id": invitation.patient_id,
        "outcome": invitation.state,
        "slot_id": invitation.appointment,
        "starts_at": None if at is None else instant(at),
    }
