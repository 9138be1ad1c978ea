"""HTTP in: answers that staff took by phone."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel, ConfigDict, model_validator

from invitations import store
from invitations.answers import Invitation, OfferWanted, Step, book, decline
from invitations.channels import Channels
from invitations.desk import Desk
from invitations.offering import Rotation
from invitations.telling import Said
from recall.contracts.fields import Actor, SlotId
from recall.contracts.instants import instant
from recall.kit.access import guard
from recall.kit.problems import Problem, not_found
from recall.kit.service import Service
from recall.kit.unit import Unit


class Answer(BaseModel):
    """What the patient said on the phone: a slot, or no."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    booked: SlotId | None = None
    declined: bool = False

    @model_validator(mode="after")
    def _one_of_them(self) -> "Answer":
        if (self.booked is not None) == self.declined:
            raise ValueError('send either {"booked": "<slot id>"} or {"declined": true}')
        return self


def router(service: Service, channels: Channels, rotation: Rotation) -> APIRouter:
    """The routes of staff."""
    allowed = Depends(guard(service.settings.token.get_secret_value()))
    routes = APIRouter(prefix="/v1", dependencies=[allowed])

    @routes.post("/patients/{patient}/answers")
    async def answer(
        patient: str, body: Answer, x_actor: Annotated[Actor, Header()] = "staff"
    ) -> dict[str, object]:
        async with service.unit() as unit:
            return await take_answer(unit, channels, rotation, patient, body, x_actor)

    return routes


async def take_answer(
    unit: Unit, channels: Channels, rotation: Rotation, patient: str, body: Answer, actor: str
) -> dict[str, object]:
    """Apply an answer that staff took to the patient's open invitation.

    Raises:
        Problem: 404 for an unknown patient; 409 `removed`, `not_being_invited` or `slot_taken`.
    """
    if patient not in await store.read_patients(unit.connection, [patient]):
        raise not_found("patient")
    if await store.is_removed(unit.connection, patient):
        raise Problem(409, "removed", "The patient has been removed from the target.")
    desk = Desk(unit, channels, rotation)
    await desk.load([patient])
    invitation = next((i for i in desk.invitations.values() if i.state == "open"), None)
    if invitation is None:
        raise Problem(409, "not_being_invited", "The patient is not being invited at this moment.")
    after, effects = await _step(desk, invitation, body)
    if OfferWanted() in effects:
        raise Problem(
            409, "slot_taken", "The slot is no longer free in the booking window. Choose another."
        )
    cause = f"{invitation.invitation_id}/staff/{invitation.said}"
    desk.apply((after, effects), Said(unit.now, "staff", actor, None, cause))
    await desk.close()
    ended = desk.invitations[invitation.invitation_id]
    return {
        "patient_id": patient,
        "outcome": ended.state,
        "slot_id": ended.appointment,
        "starts_at": None if ended.appointment_at is None else instant(ended.appointment_at),
    }


async def _step(desk: Desk, invitation: Invitation, body: Answer) -> Step:
    if body.booked is None:
        return decline(invitation, desk.unit.now)
    await desk.lock_slots([(invitation.target_id, body.booked)])
    slot = desk.slots[invitation.target_id].get(body.booked)
    return book(invitation, slot, desk.unit.now)
