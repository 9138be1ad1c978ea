"""The patients' own pages: complete without JavaScript, nothing shown before the date of birth."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, select_autoescape
from pydantic import BaseModel, ConfigDict

from invitations import store
from invitations.answers import OfferWanted, book, decline
from invitations.booking import MOST_SLOTS, View, birthday, days_of, view_of
from invitations.channels import Channels, hash_of
from invitations.compose import spoken
from invitations.desk import Desk
from invitations.offering import BEGINNING, Rotation
from invitations.store import links
from invitations.telling import Said
from recall.kit.service import Service
from recall.kit.unit import Unit

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_TEMPLATES = Environment(
    loader=PackageLoader("invitations"), autoescape=select_autoescape(), trim_blocks=True
)
_STYLE = (files("invitations") / "static" / "booking.css").read_bytes()
_STATUS: Mapping[View, int] = {"unknown": 404, "locked": 403, "expired": 410, "withdrawn": 410}


class Visit(BaseModel):
    """What the patient sent with the form."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, str_max_length=100)

    day: str = ""
    month: str = ""
    year: str = ""
    slot: str = ""
    decline: str = ""


@dataclass(frozen=True)
class Desks:
    """What a visit needs beside its unit of work."""

    channels: Channels
    rotation: Rotation = field(repr=False)


def router(service: Service, channels: Channels, rotation: Rotation) -> APIRouter:
    """`/b/<token>`: the only routes without the stack's token, beside health."""
    routes = APIRouter(prefix="/b", include_in_schema=False)
    desks = Desks(channels, rotation)

    @routes.get("/style.css")
    async def style() -> Response:
        return Response(_STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})

    @routes.get("/{token}")
    async def show(token: str) -> HTMLResponse:
        async with service.unit() as unit:
            link = await links.read_link(unit.connection, hash_of(token))
            if link is None:
                return _page("unknown", {})
            return _page(_view(link, unit), {"link": link})

    @routes.post("/{token}")
    async def take(token: str, visit: Annotated[Visit, Form()]) -> HTMLResponse:
        async with service.unit() as unit:
            return await _take(unit, desks, token, visit)

    return routes


def _view(link: links.Link, unit: Unit) -> View:
    return view_of(link.state, link.expires_at, link.link_tries, unit.now)


async def _take(unit: Unit, desks: Desks, token: str, visit: Visit) -> HTMLResponse:
    link = await links.read_link(unit.connection, hash_of(token))
    if link is None:
        return _page("unknown", {})
    view = _view(link, unit)
    if view != "ask":
        return _page(view, {"link": link})
    if birthday(visit.day, visit.month, visit.year) != link.date_of_birth:
        await links.count_try(unit.connection, link.invitation_id)
        return _page("ask", {"link": link, "wrong": True, "visit": visit})
    if visit.decline or visit.slot:
        return await _answer(unit, desks, link, visit)
    return await _choose(unit, link, visit, gone=False)


async def _choose(unit: Unit, link: links.Link, visit: Visit, *, gone: bool) -> HTMLResponse:
    """The free slots by day."""
    slots = await store.free_slots(
        unit.connection, link.target_id, unit.now, BEGINNING, MOST_SLOTS, lock=False
    )
    shown = {"link": link, "visit": visit, "days": days_of(slots), "gone": gone}
    return _page("choose", shown)


async def _answer(unit: Unit, desks: Desks, link: links.Link, visit: Visit) -> HTMLResponse:
    """Book or decline through the same desk as every other answer."""
    desk = Desk(unit, desks.channels, desks.rotation)
    await desk.load([link.patient_id])
    invitation = desk.invitation(link.invitation_id)
    if invitation.state != "open":
        return _page(_view(link, unit), {"link": link})
    said = Said(unit.now, "page", "patient", None, f"{link.invitation_id}/page/{invitation.said}")
    if visit.decline:
        desk.apply(decline(invitation, unit.now), said)
        await desk.close()
        return _page("declined", {"link": link})
    await desk.lock_slots([(link.target_id, visit.slot)])
    step = book(invitation, desk.slots[link.target_id].get(visit.slot), unit.now)
    if OfferWanted() in step[1]:
        return await _choose(unit, link, visit, gone=True)
    desk.apply(step, said)
    await desk.close()
    booked_at = desk.invitation(link.invitation_id).appointment_at
    return _page("booked", {"link": link, "appointment_at": booked_at})


def _page(view: View, shown: dict[str, Any]) -> HTMLResponse:
    link = shown.get("link")
    at = shown.get("appointment_at") or (link.appointment_at if link else None)
    words = {"view": view, "appointment": spoken(at) if at else None}
    html = _TEMPLATES.get_template("booking.html").render(shown | words)
    return HTMLResponse(html, _STATUS.get(view, 200), headers=HEADERS)
