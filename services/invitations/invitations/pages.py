"""The patients' own pages: complete without JavaScript, nothing shown before the date of birth.

Every answer to a form is a redirection to a page that can be loaded again; what is asked of the
pages by GET changes nothing.
"""

import time
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from invitations import staffing, store
from invitations.answers import OfferWanted, book, decline
from invitations.booking import MOST_SLOTS, MOST_TRIES, View, birthday, choice_of, view_of
from invitations.channels import Channels
from invitations.codes import read_code
from invitations.compose import spoken
from invitations.limiting import Limit
from invitations.offering import BEGINNING, Rotation
from invitations.openings import behind_link
from invitations.practices import Practices, practice_of
from invitations.showing import PatientRoute, page
from invitations.staffing import Desks
from invitations.store import counter, links
from invitations.store.links import Link
from invitations.telling import Said
from invitations.visiting import COOKIE, SECONDS, is_visit, proof_of, visit_of
from recall.contracts.instants import london_midnight
from recall.kit.problems import Problem
from recall.kit.service import Service
from recall.kit.unit import Unit

_STATUS: dict[View, int] = {"unknown": 404, "locked": 403, "expired": 410, "withdrawn": 410}
ATTEMPTS = 3
"""How often an answer is given again that another one overtook."""


MaybeSlot = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{0,100}$")]
"""A slot's id, or nothing."""


class Answer(BaseModel):
    """What a patient sends with a form."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, str_max_length=100)

    step: str = ""
    proof: str = ""
    slot: MaybeSlot = ""
    day: str = ""
    month: str = ""
    year: str = ""


class Asked(BaseModel):
    """What a patient wants to see: free times from a day on, or a question before an answer."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, str_max_length=100)

    start: date | None = None
    slot: MaybeSlot = ""
    choosing: bool = False
    gone: bool = False
    decline: bool = False
    cancel: bool = False


class Visits:
    """The pages' work; `key` signs cookies and forms."""

    def __init__(self, service: Service, desks: Desks, practices: Practices, key: bytes) -> None:
        self._service, self._desks = service, desks
        self._practices, self._key = practices, key

    async def show(self, token: str, cookie: str, asked: Asked) -> Response:
        """The page of a link, as it stands."""
        async with self._service.unit() as unit:
            link = await self._behind(unit, token)
            view = "unknown" if link is None else _view(link, unit)
            if link is None or view not in {"ask", "booked"}:
                return self._ended(view, link)
            if not is_visit(self._key, link.invitation_id, cookie, time.time()):
                return self._birth(link)
            shown = self._words(link) | {
                "proof": proof_of(self._key, link.invitation_id, cookie),
                "asked": asked,
            }
            if view == "booked":
                return _booked(link, asked, shown, unit)
            return await _choosing(unit, link, asked, shown)

    async def take(self, token: str, cookie: str, answer: Answer) -> Response:
        """What a form asks for, done, and where to look next."""
        for attempt in range(ATTEMPTS):
            try:
                async with self._service.unit() as unit:
                    return await self._take(unit, token, cookie, answer)
            except store.OutpacedError:
                if attempt == ATTEMPTS - 1:
                    raise Problem(503, "busy", "Try again.") from None
        raise AssertionError

    async def _behind(self, unit: Unit, token: str) -> Link | None:
        """The invitation that a link leads to."""
        found = await behind_link(unit.connection, self._desks.channels, token)
        return None if found is None else await links.read_link(unit.connection, found)

    async def _take(self, unit: Unit, token: str, cookie: str, answer: Answer) -> Response:
        link = await self._behind(unit, token)
        if link is None or _view(link, unit) not in {"ask", "booked"}:
            return _back(token)
        if answer.step == "birth":
            return await self._enter(unit, link, token, answer)
        proof = proof_of(self._key, link.invitation_id, cookie)
        known = is_visit(self._key, link.invitation_id, cookie, time.time())
        if not known or proof != answer.proof:
            return _back(token)
        if answer.step == "cancel":
            return await self._cancel(unit, link, token)
        return await self._answer(unit, link, token, answer)

    async def _enter(self, unit: Unit, link: Link, token: str, answer: Answer) -> Response:
        """The date of birth: a cookie for the right one, one try less for a wrong one."""
        given = birthday(answer.day, answer.month, answer.year)
        if given is None:
            return self._birth(link, problem="not_a_date", answer=answer)
        used = await links.take_try(unit.connection, link.invitation_id, MOST_TRIES)
        if used is None:
            return self._ended("locked", link)
        if given != link.date_of_birth:
            if used == MOST_TRIES:
                return self._ended("locked", link)
            return self._birth(link, problem="wrong", answer=answer, left=MOST_TRIES - used)
        await links.give_tries_back(unit.connection, link.invitation_id)
        answered = _back(token)
        answered.set_cookie(
            COOKIE,
            visit_of(self._key, link.invitation_id, time.time()),
            max_age=SECONDS,
            path=f"/b/{token}",
            httponly=True,
            samesite="strict",
            secure=self._desks.channels.secure,
        )
        return answered

    async def _answer(self, unit: Unit, link: Link, token: str, answer: Answer) -> Response:
        """Book or decline through the same desk as every other answer."""
        desk = self._desks.desk(unit)
        await desk.load([link.patient_id])
        invitation = desk.invitation(link.invitation_id)
        if invitation.state != "open" or unit.now >= invitation.expires_at:
            return _back(token)
        cause = f"{link.invitation_id}/page/{invitation.said}"
        said = Said(unit.now, "page", "patient", None, cause)
        if answer.step == "decline":
            desk.apply(decline(invitation, unit.now), said)
        else:
            await desk.lock_slots([(link.target_id, answer.slot)])
            slot = desk.slots[link.target_id].get(answer.slot)
            step = book(invitation, slot, unit.now)
            if OfferWanted() in step[1]:
                return _back(token, "?gone=true")
            desk.apply(step, said)
        await desk.close()
        return _back(token)

    async def _cancel(self, unit: Unit, link: Link, token: str) -> Response:
        reason = "Cancelled by the patient on the booking page"
        try:
            await staffing.take_cancellation(unit, self._desks, link.patient_id, reason, "patient")
        except Problem as problem:
            if problem.status != HTTPStatus.CONFLICT:
                raise
        return _back(token)

    def _birth(
        self, link: Link, *, problem: str = "", answer: Answer | None = None, left: int = MOST_TRIES
    ) -> Response:
        """The question that comes before everything else."""
        if link.link_tries >= MOST_TRIES:
            return self._ended("locked", link)
        status = 422 if problem else 200
        shown = self._words(link) | {"problem": problem, "answer": answer or Answer(), "left": left}
        return page("birth.html", status, **shown)

    def _ended(self, view: View, link: Link | None) -> Response:
        return page("ended.html", _STATUS.get(view, 200), view=view, **self._words(link))

    def _words(self, link: Link | None) -> dict[str, Any]:
        return {
            "practice": None if link is None else practice_of(link.practice, self._practices),
            "target": None if link is None else link.target,
        }


def _view(link: Link, unit: Unit) -> View:
    return view_of(
        link.state,
        expires_at=link.expires_at,
        appointment_at=link.appointment_at,
        removed=link.removed,
        now=unit.now,
    )


def _back(token: str, query: str = "") -> RedirectResponse:
    """To the link's page; headers as on the pages themselves."""
    return RedirectResponse(
        f"/b/{token}{query}", HTTPStatus.SEE_OTHER, headers={"Cache-Control": "no-store"}
    )


def _booked(link: Link, asked: Asked, shown: dict[str, Any], unit: Unit) -> Response:
    at = link.appointment_at or unit.now
    shown |= {"appointment": spoken(at), "past": at <= unit.now}
    return page("cancel.html" if asked.cancel and at > unit.now else "booked.html", **shown)


async def _choosing(unit: Unit, link: Link, asked: Asked, shown: dict[str, Any]) -> Response:
    """A page of free times, or the question whether it shall be the one that was chosen."""
    if asked.decline:
        return page("confirm.html", appointment=None, **shown)
    gone = asked.gone
    if asked.slot:
        found = await counter.read_slots(unit.connection, link.target_id, [asked.slot], unit.now)
        slot = found.get(asked.slot)
        if slot is not None and slot.bookable:
            return page("confirm.html", appointment=spoken(slot.starts_at), **shown)
        gone = True
    start = BEGINNING if asked.start is None else (london_midnight(asked.start), "")
    slots = await store.free_slots(
        unit.connection, link.target_id, unit.now, start, MOST_SLOTS, lock=False
    )
    missing = asked.choosing and not asked.slot
    return page("choose.html", choice=choice_of(slots), gone=gone, missing=missing, **shown)


def router(
    service: Service, channels: Channels, rotation: Rotation, practices: Practices
) -> APIRouter:
    """`/b` and `/b/<token>`: the only routes without the stack's token, beside health."""
    routes = APIRouter(prefix="/b", include_in_schema=False, route_class=PatientRoute)
    visits = Visits(service, Desks(channels, rotation), practices, channels.page_key)
    limit = Limit(channels)

    @routes.get("")
    async def ask_code() -> Response:
        return page("code.html", problem="", typed="")

    @routes.post("")
    async def take_code(
        request: Request, code: Annotated[str, Form(max_length=100)] = ""
    ) -> Response:
        address = request.client.host if request.client else ""
        read = read_code(code)
        if read is None:
            return page("code.html", 422, problem="not_a_code" if code else "empty", typed=code)
        async with service.unit() as unit:
            allowed, found = await limit.find(unit.connection, address, read)
        if not allowed:
            return page("code.html", 429, problem="too_many", typed="")
        if found is None:
            return page("code.html", 404, problem="unknown", typed=code)
        return _back(channels.token_of(found))

    @routes.get("/{token}")
    async def show(request: Request, token: str, asked: Annotated[Asked, Query()]) -> Response:
        return await visits.show(token, request.cookies.get(COOKIE, ""), asked)

    @routes.post("/{token}")
    async def take(request: Request, token: str, answer: Annotated[Answer, Form()]) -> Response:
        if request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
            return page("sorry.html", 403, title="This was not sent from our page", later=False)
        return await visits.take(token, request.cookies.get(COOKIE, ""), answer)

    return routes
