"""The replies that need a person, each with its answers one click away.

What patients wrote rests in invitations alone: it is asked for when the page is shown.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote, unquote, urlencode

from fastapi import APIRouter, Cookie, Depends, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dashboard.asking import PatientId, TargetId, found_target, patient_id_of, reading
from dashboard.errand import LONGEST_NAME, header_text
from dashboard.people.form import plain
from dashboard.rendering import PageRoute, rendered
from dashboard.sending import Answer, Sender
from dashboard.wording import local_time, spaced, weekday_time
from recall.contracts.instants import moment
from recall.contracts.vocabulary import channel_text
from recall.kit.access import guard
from recall.kit.problems import Problem
from recall.kit.service import Service

DONE: Mapping[str, str] = {
    "booked": "The appointment is booked. The patient gets a confirmation where their round can "
    "send one.",
    "declined": "The patient has declined and is not invited again on this target.",
    "opted_out": "The patient gets no more texts, on any target.",
    "help": "The patient gets the help text again.",
    "dealt_with": "The reply is off this list. The patient can still answer until their deadline.",
    "named": "The timelines of those you answer for from now on have your name.",
}
"""What was done, by the code that the address of the page after it has."""

NOT_DONE: Mapping[str, str] = {
    "slot_taken": "That appointment has just gone. Choose another one.",
    "nothing_waiting": "This reply was dealt with in the meantime.",
    "already_booked": "The patient has an appointment already.",
    "removed": "The patient has been removed from the target.",
    "not_found": "The patient is not known any more.",
}
NO_REPLIES: Mapping[str, Any] = {"replies": [], "total": 0, "free": []}
"""Of a target that invitations has not read of yet."""
StaffName = Annotated[str, Cookie(max_length=1000)]
"""Who answers, as they said; quoted, since a cookie carries only some characters."""
Send = Callable[..., Awaitable[Answer]]
"""Sends a request in somebody's name."""

_ELSE = "That did not work. Try again in a moment."


def router(service: Service, sender: Sender) -> APIRouter:
    """The page of replies, and what its buttons do."""
    token = service.settings.token.get_secret_value()
    found = APIRouter(
        route_class=PageRoute, include_in_schema=False, dependencies=[Depends(guard(token))]
    )

    @found.get("/targets/{target_id}/replies")
    async def replies(
        target_id: TargetId, done: str = "", not_done: str = "", staff_name: StaffName = ""
    ) -> HTMLResponse:
        """What patients wrote that only a person can answer."""
        async with reading(service) as connection:
            target = await found_target(connection, target_id)
        answer = await sender.send("GET", f"/v1/targets/{target_id}/replies", to="invitations")
        shown = screen(answer.found(NO_REPLIES))
        problem = NOT_DONE.get(not_done, _ELSE) if not_done else None
        return rendered(
            "replies.html",
            name=unquote(staff_name),
            # The board hears of what was just done a moment later than this page.
            target=replace(target, replies=shown["total"]),
            tab="Replies",
            done=DONE.get(done),
            errors_found=[{"message": problem, "field": None}] if problem else [],
            **shown,
        )

    @found.post("/targets/{target_id}/replies")
    async def answered(
        target_id: TargetId,
        patient: Annotated[str, Form(max_length=100)] = "",
        do: Annotated[str, Form(max_length=200)] = "",
        name: Annotated[str, Form(max_length=LONGEST_NAME)] = "",
        staff_name: StaffName = "",
    ) -> Response:
        """Do what a button says, then show what it did."""
        if do == "name":
            return _named(target_id, plain(name))
        actor = {"x-actor": header_text(unquote(staff_name)) or "staff"}
        said, answer = await _do(partial(sender.send, headers=actor), patient_id_of(patient), do)
        query = {"done": said} if answer.ok else {"not_done": answer.code or "failed"}
        if not answer.ok and answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise answer.problem()
        address = f"/targets/{target_id}/replies?{urlencode(query)}"
        return RedirectResponse(address, HTTPStatus.SEE_OTHER)

    return found


def _named(target_id: str, name: str) -> Response:
    """Remember who answers, until the browser is closed: the answers themselves stay one click."""
    address = f"/targets/{target_id}/replies?done=named"
    answer = RedirectResponse(address, HTTPStatus.SEE_OTHER)
    answer.set_cookie("staff_name", quote(name), path="/targets", httponly=True, samesite="strict")
    return answer


async def _do(send: Send, patient: PatientId, do: str) -> tuple[str, Answer]:
    """Send the command of a button; returns the code of what it did."""
    verb, _, slot = do.partition(":")
    path = f"/v1/patients/{patient}"
    match verb:
        case "book":
            answer = await send("POST", f"{path}/answers", to="invitations", json={"booked": slot})
            return "booked", answer
        case "decline":
            answer = await send(
                "POST", f"{path}/answers", to="invitations", json={"declined": True}
            )
            return "declined", answer
        case "help" | "dealt_with":
            return verb, await _deal(send, path, verb)
        case "opt_out":
            # Off the list first: the word itself takes a moment to come round.
            _, answer = await asyncio.gather(
                _deal(send, path, "dealt_with"),
                send("POST", f"{path}/opt-outs", json={"reason": _OPT_OUT}),
            )
            return "opted_out", answer
    raise Problem(422, "invalid", "Choose one of the page's buttons.")


_OPT_OUT = "The patient wrote that they want no more texts."


async def _deal(send: Send, path: str, what: str) -> Answer:
    return await send("POST", f"{path}/replies", to="invitations", json={what: True})


def screen(found: Mapping[str, Any]) -> dict[str, Any]:
    """The replies as the page shows them."""
    free = [_slot(slot) for slot in found["free"]]
    return {
        "replies": [_reply(reply, free) for reply in found["replies"]],
        "total": found["total"],
    }


def _reply(reply: Mapping[str, Any], free: list[dict[str, str]]) -> dict[str, Any]:
    offered = [_slot(slot) | {"letter": slot["letter"]} for slot in reply["offer"] if slot["free"]]
    known = {slot["slot_id"] for slot in offered}
    return {
        "patient_id": reply["patient_id"],
        "name": reply["name"] or "Name not known",
        "nhs_number": spaced(reply["nhs_number"]),
        "channel": f"Round {reply['round']}, {channel_text(reply['channel'])}",
        "until": weekday_time(_at(reply["expires_at"])),
        "wrote": [
            {"text": said["text"].strip() or "(an empty text)", "at": local_time(_at(said["at"]))}
            for said in reply["wrote"]
        ],
        "offered": offered,
        "others": [slot for slot in free if slot["slot_id"] not in known][: 3 if offered else 6],
    }


def _slot(slot: Mapping[str, str]) -> dict[str, str]:
    return {"slot_id": slot["slot_id"], "when": local_time(_at(slot["starts_at"]))}


def _at(text: str) -> datetime:
    return moment(text)
