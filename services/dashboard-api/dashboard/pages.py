"""The web pages: complete without JavaScript, rendered on the server."""

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from dashboard import screens, store, target_screen, views
from dashboard.api import decode_place, encode_place
from dashboard.asking import (
    PatientId,
    Question,
    TargetId,
    found_target,
    is_token,
    page_of,
    reading,
    watchable,
)
from dashboard.coming import Coming
from dashboard.filters import Filters, cursor_of
from dashboard.live import Live, Snapshot
from dashboard.rendering import TEMPLATES, PageRoute, rendered
from dashboard.wording import NOT_KNOWN, counted, full_time, local_time, spaced
from recall.contracts.vocabulary import STATUS_TEXTS
from recall.kit.access import COOKIE, guard, session_of
from recall.kit.problems import Problem, not_found
from recall.kit.service import Service

TARGETS_SHOWN = 50
APPOINTMENTS_SHOWN = 500
RECONNECT_MILLISECONDS = 2000
"""How long a browser waits before it opens a stream again that was cut off."""


def router(service: Service, live: Live) -> APIRouter:
    """The pages, each behind the cookie or the token, and the way in."""
    token = service.settings.token.get_secret_value()
    found = APIRouter(route_class=PageRoute, include_in_schema=False)
    guarded = APIRouter(
        route_class=PageRoute, include_in_schema=False, dependencies=[Depends(guard(token))]
    )
    _sign_in(found, token)
    _targets(guarded, service)
    _target(guarded, service, live)
    _appointments(guarded, service)
    _patients(guarded, service)
    found.include_router(guarded)
    return found


def _sign_in(router: APIRouter, token: str) -> None:
    @router.get("/sign-in")
    async def sign_in(request: Request, key: str = "") -> Response:
        """Set the cookie for who has the stack's token, and go to the list of targets."""
        if not is_token(key, token):
            raise Problem(401, "unauthorised", "This sign-in link is not of this stack.")
        answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        answer.set_cookie(
            COOKIE,
            session_of(token),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
            path="/",
        )
        return answer


def _targets(router: APIRouter, service: Service) -> None:
    @router.get("/")
    @router.get("/targets")
    async def targets(cursor: str | None = None) -> HTMLResponse:
        """All targets with their headline numbers, a page at a time."""
        as_of = service.clock.now()
        after = decode_place(cursor)
        async with reading(service) as connection:
            found = await store.read_targets(connection, after, TARGETS_SHOWN + 1)
        shown = found[:TARGETS_SHOWN]
        more = encode_place([shown[-1].name, shown[-1].id]) if len(found) > len(shown) else None
        return rendered(
            "targets.html",
            targets=[target_screen.target_summary(target, as_of) for target in shown],
            as_of=full_time(as_of),
            first=after is None,
            next_cursor=more,
        )


def _target(router: APIRouter, service: Service, live: Live) -> None:
    @router.get("/targets/{target_id}")
    async def target(target_id: TargetId) -> HTMLResponse:
        """The dashboard of one target."""
        as_of = service.clock.now()
        async with reading(service) as connection:
            found = await found_target(connection, target_id)
        return rendered("target.html", **target_screen.target_screen(found, as_of))

    @router.get("/targets/{target_id}/events", response_class=EventSourceResponse)
    async def events(
        target_id: Annotated[str, Depends(watchable(service))],
    ) -> AsyncIterator[ServerSentEvent]:
        """The parts of the dashboard that change, whenever something in them does."""
        async with aclosing(live.watch(target_id)) as changes:
            async for told in changes:
                yield ServerSentEvent(
                    event="parts", raw_data=told.once(_parts), retry=RECONNECT_MILLISECONDS
                )


def _parts(snapshot: Snapshot) -> str:
    """A live target as its open page shows it."""
    values = target_screen.target_screen(snapshot.target, snapshot.as_of)
    return TEMPLATES.get_template("target_event.html").render(values)


def _appointments(router: APIRouter, service: Service) -> None:
    @router.get("/targets/{target_id}/appointments")
    async def appointments(target_id: TargetId) -> HTMLResponse:
        """Who comes when."""
        async with reading(service) as connection:
            found = await found_target(connection, target_id)
            rows = await store.list_appointments(
                connection, target_id, Coming(), APPOINTMENTS_SHOWN
            )
        shown = [_appointment(row) for row in rows]
        more = len(rows) == APPOINTMENTS_SHOWN
        return rendered(
            "appointments.html", target=found, tab="Appointments", appointments=shown, more=more
        )


def _patients(router: APIRouter, service: Service) -> None:
    @router.get("/targets/{target_id}/patients")
    async def patients(request: Request, target_id: TargetId) -> HTMLResponse:
        """The patient list."""
        async with reading(service) as connection, store.snapshot(connection):
            target = await found_target(connection, target_id)
            try:
                asked = Question(request)
            except Problem as problem:
                return _refused_list(request.query_params, target, problem)
            page = await page_of(connection, target, asked)
        return rendered("patients.html", **_list_screen(target, asked, page))

    @router.get("/targets/{target_id}/patients/{patient_id}")
    async def patient(target_id: TargetId, patient_id: PatientId) -> HTMLResponse:
        """One patient: details and the whole timeline."""
        async with reading(service) as connection:
            target = await found_target(connection, target_id)
            row = await store.read_patient(connection, target_id, patient_id)
            if row is None:
                raise not_found("patient")
            entries = await store.read_timeline(connection, patient_id)
        told = views.timeline_json(entries, target)
        return rendered(
            "patient.html",
            target=target,
            patient=screens.patient_row(row, target),
            alert=views.alert_json(row),
            timeline=[
                said | {"local": full_time(entry.at)}
                for said, entry in zip(told, entries, strict=True)
            ],
        )


def _list_screen(target: views.Target, asked: Question, page: store.Page) -> dict[str, Any]:
    filters, sort = asked.filters, asked.sort
    following = page.next_place
    limit = {} if asked.limit == Question.default_limit else {"limit": str(asked.limit)}
    return {
        "target": target,
        "tab": "Patient list",
        "form": screens.form(target, filters, sort),
        "problem": None,
        "matching": counted(page.matching, "patient", "patients"),
        "patients": [screens.patient_row(row, target) for row in page.rows],
        "first": asked.after is None,
        "first_query": screens.query_of(filters, sort, **limit),
        "next_query": None
        if following is None
        else screens.query_of(filters, sort, **limit, cursor=cursor_of(following)),
        "csv_query": screens.query_of(filters, sort),
    }


def _refused_list(given: Mapping[str, str], target: views.Target, problem: Problem) -> HTMLResponse:
    """The list's form with what was typed and what is wrong with it."""
    form = screens.form(target, Filters(), "name")
    form["chosen"] |= {name: given[name] for name in form["chosen"] if name in given}
    return rendered(
        "patients.html",
        problem.status,
        target=target,
        tab="Patient list",
        form=form,
        problem=problem.fields["errors"][0],
        matching="No list",
        patients=[],
        first=True,
        first_query="",
        next_query=None,
        csv_query=None,
    )


def _appointment(row: views.Row) -> dict[str, Any]:
    return {
        "at": local_time(row["starts_at"]),
        "minutes": row["minutes"],
        "clinician": row["clinician"] or NOT_KNOWN,
        "patient_id": row["patient_id"],
        "name": row["name"] or "Name not known",
        "nhs_number": spaced(row["nhs_number"]),
        "status": STATUS_TEXTS[row["status"]],
    }
