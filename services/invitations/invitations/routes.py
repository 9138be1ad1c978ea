"""HTTP in: what staff do for patients, and the replies that wait for them."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel, ConfigDict, model_validator

from invitations import staffing, waiting
from invitations.channels import Channels
from invitations.offering import Rotation
from invitations.staffing import Desks
from invitations.store import OutpacedError
from recall.contracts.fields import Actor, Sentence, SlotId
from recall.kit.access import guard
from recall.kit.problems import Problem, check_ids
from recall.kit.service import Service
from recall.kit.unit import Unit

log = structlog.get_logger()

TRIES = 5
"""How often a command is done again that another transaction has outpaced."""

Shown = dict[str, object]
StaffName = Annotated[Actor, Header()]


class Body(BaseModel):
    """The rules of all bodies."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class Answer(Body):
    """What the patient said on the phone: a slot, or no."""

    booked: SlotId | None = None
    declined: bool = False

    @model_validator(mode="after")
    def _one_of_them(self) -> "Answer":
        if (self.booked is not None) == self.declined:
            raise ValueError('send either {"booked": "<slot id>"} or {"declined": true}')
        return self


class Cancellation(Body):
    """Why the appointment is cancelled."""

    reason: Sentence


class Dealt(Body):
    """What staff did about a reply: sent the help text again, or all that is to be done."""

    help: bool = False
    dealt_with: bool = False

    @model_validator(mode="after")
    def _one_of_them(self) -> "Dealt":
        if self.help == self.dealt_with:
            raise ValueError('send either {"help": true} or {"dealt_with": true}')
        return self


async def once(service: Service, work: Callable[[Unit], Awaitable[Shown]]) -> Shown:
    """Do a command in one transaction, again if another one was faster.

    Raises:
        Problem: 503 when others are faster every time.
    """
    for _ in range(TRIES):
        try:
            async with service.unit() as unit:
                return await work(unit)
        except OutpacedError:
            log.info("a command was outpaced")
    raise Problem(503, "busy", "Others change the same at this moment. Try again.")


def router(service: Service, channels: Channels, rotation: Rotation) -> APIRouter:
    """The routes of staff."""
    allowed = Depends(guard(service.settings.token.get_secret_value()))
    routes = APIRouter(prefix="/v1", dependencies=[allowed, Depends(check_ids)])
    desks = Desks(channels, rotation)

    @routes.post("/patients/{patient}/answers")
    async def answer(patient: str, body: Answer, x_actor: StaffName = "staff") -> Shown:
        return await once(
            service,
            lambda unit: staffing.take_answer(unit, desks, patient, body.booked, x_actor),
        )

    @routes.post("/patients/{patient}/cancellations")
    async def cancel(patient: str, body: Cancellation, x_actor: StaffName = "staff") -> Shown:
        return await once(
            service,
            lambda unit: staffing.take_cancellation(unit, desks, patient, body.reason, x_actor),
        )

    @routes.post("/patients/{patient}/replies")
    async def deal(patient: str, body: Dealt, x_actor: StaffName = "staff") -> Shown:
        return await once(
            service,
            lambda unit: staffing.deal_with_reply(
                unit, desks, patient, x_actor, send_help=body.help
            ),
        )

    @routes.get("/targets/{target}/replies")
    async def replies(target: str) -> Shown:
        return await once(service, lambda unit: waiting.replies(unit, target))

    return routes
