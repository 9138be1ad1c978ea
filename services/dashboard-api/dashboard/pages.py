"""The web pages: complete without JavaScript, rendered on the server."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from dashboard import store, target_screen
from dashboard.api import decode_place, encode_place
from dashboard.asking import (
    TargetId,
    found_target,
    is_token,
    reading,
    watchable,
)
from dashboard.live import Live, Snapshot
from dashboard.rendering import TEMPLATES, PageRoute, rendered
from dashboard.wording import full_time
from recall.kit.access import COOKIE, guard, session_of
from recall.kit.problems import Problem
from recall.kit.service import Service

TARGETS_SHOWN = 50


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
                yield ServerSentEvent(raw_data=told.once(_parts))


def _parts(snapshot: Snapshot) -> str:
    """A live target as its open page shows it."""
    values = target_screen.target_screen(snapshot.target, snapshot.as_of)
    return TEMPLATES.get_template("target_event.html").render(values)
