"""The simulated phone: a person takes a made-up patient's place.

It exists only while texts are simulated, and only for staff; whoever is looked up stands in a
form's body and in a cookie, never in an address.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from invitations import store
from invitations.channels import PHONE_REPORT
from invitations.phone import SUGGESTED, answer_of, conversation, number_of
from invitations.places import is_patient
from invitations.store import counter, threads
from recall.kit import wire
from recall.kit.access import guard
from recall.kit.postgres import TRANSIENT
from recall.kit.problems import SORRY, Problem, noted
from recall.kit.service import Service
from recall.kit.unit import Unit
from recall.look import Assets, environment

PREFIX: Final = "/phone"
COOKIE: Final = "recall_phone"
MOST_FOUND: Final = 20
MOST_KEPT: Final = 20_000
"""Texts that are kept to be looked at."""
PATIENCE: Final = 3.0
"""Seconds to wait for an answer to come back through its topic before the page is shown."""

ASSETS = Assets(f"{PREFIX}/static", Path(str(files("invitations") / "static")))
_TEMPLATES = environment("invitations", ASSETS)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
Text = Annotated[str, Form(max_length=2000)]


class _PageRoute(APIRoute):
    """A route whose problems are pages for people."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own handler, its problems rendered."""
        answer = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except Problem as problem:
                detail = problem.detail
                if problem.status == HTTPStatus.UNAUTHORIZED:
                    detail = "Open the sign-in link that was printed when Recall was started."
                return _page(problem.status, problem=detail)
            except (HTTPException, RequestValidationError):
                raise
            except TRANSIENT:
                raise
            except Exception as error:  # noqa: BLE001 - people get a page whatever happens.
                noted(error)
                return _page(500, problem=SORRY)

        return answered


def own_page(request: Request) -> None:
    """Refuse what a page elsewhere made the browser send."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = urlsplit(request.headers.get("origin", "")).netloc
    if site not in {"same-origin", "none"} or origin not in {"", request.headers.get("host")}:
        raise Problem(403, "wrong_origin", "This must come from the phone's own page.")


async def prune(service: Service) -> bool:
    """Forget all but the latest texts."""
    async with service.unit() as unit:
        await threads.prune(unit.connection, MOST_KEPT)
    return False


def router(service: Service, *, patience: float = PATIENCE) -> APIRouter:
    """The pages of `/phone`."""
    token = service.settings.token.get_secret_value()
    routes = APIRouter(
        prefix=PREFIX,
        include_in_schema=False,
        route_class=_PageRoute,
        dependencies=[Depends(guard(token))],
    )
    commands = APIRouter(route_class=_PageRoute, dependencies=[Depends(own_page)])

    @routes.get("")
    async def show(request: Request) -> Response:
        async with service.unit() as unit:
            return await _shown(unit, request.cookies.get(COOKIE, ""))

    @commands.post("/find")
    async def find(request: Request, number: Text = "") -> Response:
        async with service.unit() as unit:
            return await _found(unit, request, number)

    @commands.post("/pick")
    async def pick(request: Request, patient: Text = "") -> Response:
        async with service.unit() as unit:
            known = await _known(unit, patient)
        return _picked(request, patient) if known else _page(404, wrong="There is no such phone.")

    @commands.post("/leave")
    async def leave() -> Response:
        gone = RedirectResponse(PREFIX, HTTPStatus.SEE_OTHER)
        gone.delete_cookie(COOKIE, path=PREFIX)
        return gone

    @commands.post("/answer")
    async def answer(request: Request, text: Text = "") -> Response:
        said = await _answer(service, request.cookies.get(COOKIE, ""), answer_of(text))
        if said:
            await _until_folded(service, *said, patience=patience)
        return RedirectResponse(f"{PREFIX}#answer", HTTPStatus.SEE_OTHER)

    routes.include_router(commands)
    return routes


async def _found(unit: Unit, request: Request, written: str) -> Response:
    number = number_of(written)
    if number is None:
        wrong = "Enter a made-up mobile (07700 900000 to 07700 900999) or NHS number (999 …)."
        return _page(422, wrong=wrong, written=written)
    phones = await threads.find_phones(unit.connection, number, MOST_FOUND)
    if not phones:
        return _page(404, wrong="Nobody on a target has this number.", written=written)
    if len(phones) == 1:
        return _picked(request, phones[0].patient_id)
    return _page(200, phones=phones, written=written)


def _picked(request: Request, patient_id: str) -> Response:
    answer = RedirectResponse(PREFIX, HTTPStatus.SEE_OTHER)
    secure = request.url.scheme == "https"
    answer.set_cookie(
        COOKIE, patient_id, httponly=True, samesite="strict", secure=secure, path=PREFIX
    )
    return answer


async def _known(unit: Unit, patient_id: str) -> dict[str, store.Patient]:
    """The patient of a cookie or a form, where anything may stand."""
    asked = [patient_id] if is_patient(patient_id) else []
    return await store.read_patients(unit.connection, asked)


async def _shown(unit: Unit, patient_id: str) -> Response:
    """The conversation on the phone that was picked, or the form to pick one."""
    connection = unit.connection
    known = await _known(unit, patient_id)
    if patient_id not in known:
        return _page(200)
    patient = known[patient_id]
    mine = await threads.read_threads(connection, patient_id)
    ids = [thread.invitation_id for thread in mine]
    sent = await threads.read_sent(connection, ids)
    wrote = await counter.read_replies(connection, ids)
    targets = await store.read_targets(connection, [patient.target_id])
    return _page(
        200,
        patient=patient,
        target=targets[patient.target_id].name if patient.target_id in targets else "",
        bubbles=conversation(mine, sent, wrote),
        suggested=SUGGESTED if mine else (),
    )


async def _answer(service: Service, patient_id: str, text: str) -> tuple[str, str] | None:
    """Report an answer on the topic, as a plugin would; returns invitation and report id."""
    async with service.unit() as unit:
        if not text or not is_patient(patient_id):
            return None
        mine = await threads.read_threads(unit.connection, patient_id)
        if not mine:
            return None
        last = mine[-1]
        # While the business clock stands still, answers stay in order by the machine's.
        report_id = f"{PHONE_REPORT.rpartition('/')[2]}{time.time_ns():x}-{secrets.token_hex(4)}"
        # A person has taken the patient's place: nothing is made up for them any more.
        await threads.drop_acts(unit.connection, patient_id)
        unit.emit(
            wire.ReplyReceived(
                target_id=last.target_id,
                patient_id=patient_id,
                invitation_id=last.invitation_id,
                channel=last.channel,
                report_id=report_id,
                text=text,
                received_at=unit.now_text,
            ),
            report_id,
            what="reply",
            partition=last.partition,
        )
    return last.invitation_id, report_id


async def _until_folded(
    service: Service, invitation_id: str, report_id: str, *, patience: float
) -> None:
    """Wait until the answer has come back, so that the page shows what it brought."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        async with service.pool.acquire() as connection:
            if await threads.reply_folded(connection, invitation_id, report_id):
                return
        await asyncio.sleep(0.05)


def _page(status: int, **shown: Any) -> HTMLResponse:
    empty: dict[str, Any] = dict.fromkeys(("problem", "wrong", "phones", "patient"))
    values = empty | {"written": "", "bubbles": [], "suggested": ()} | shown
    return HTMLResponse(_TEMPLATES.get_template("phone.html").render(values), status, _HEADERS)
