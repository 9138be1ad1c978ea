"""The JSON API: targets, patients, appointments, live numbers."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends
from fastapi.sse import EventSourceResponse, ServerSentEvent

from dashboard import listing, store, views
from dashboard.asking import (
    PAGE_ROWS,
    TargetId,
    found_target,
    invalid,
    reading,
    watchable,
)
from dashboard.filters import FilterError, decode_cursor, encode_cursor, parse_limit
from dashboard.live import Live, Snapshot
from recall.kit.access import guard
from recall.kit.service import Service

_encode = msgspec.json.Encoder().encode


def router(service: Service, live: Live) -> APIRouter:
    """The routes, each behind the token or the cookie."""
    token = service.settings.token.get_secret_value()
    found = APIRouter(prefix="/v1/targets", dependencies=[Depends(guard(token))])
    _targets(found, service, live)
    listing.add_patients(found, service)
    listing.add_appointments(found, service)
    return found


def _targets(router: APIRouter, service: Service, live: Live) -> None:
    @router.get("")
    async def targets(cursor: str | None = None, limit: str | None = None) -> dict[str, Any]:
        """All targets with their numbers, in the order of their names."""
        as_of = service.clock.now()
        after, rows = decode_place(cursor), _limit(limit)
        async with reading(service) as connection:
            found = await store.read_targets(connection, after, rows + 1)
        last = found[rows - 1] if len(found) > rows else None
        return {
            "targets": [views.target_json(target, as_of) for target in found[:rows]],
            "next_cursor": None if last is None else encode_place([last.name, last.id]),
        }

    @router.get("/{target_id}")
    async def target(target_id: TargetId) -> dict[str, Any]:
        """Everything the target page counts, of one instant."""
        as_of = service.clock.now()
        async with reading(service) as connection:
            return views.target_json(await found_target(connection, target_id), as_of)

    @router.get("/{target_id}/events", response_class=EventSourceResponse)
    async def events(
        target_id: Annotated[str, Depends(watchable(service))],
    ) -> AsyncIterator[ServerSentEvent]:
        """The same as `GET /v1/targets/{target_id}`, again whenever it changes."""
        async with aclosing(live.watch(target_id)) as changes:
            async for told in changes:
                yield ServerSentEvent(event="progress", raw_data=told.once(_numbers))


def _numbers(snapshot: Snapshot) -> str:
    """A live target as programs read it."""
    return _encode(views.target_json(snapshot.target, snapshot.as_of)).decode()


def _limit(text: str | None) -> int:
    try:
        return parse_limit(text, default=PAGE_ROWS, most=500)
    except FilterError as error:
        raise invalid(error) from error


def encode_place(place: list[str]) -> str:
    """A position of two texts as a cursor."""
    return encode_cursor(_encode(place).decode())


def decode_place(cursor: str | None) -> tuple[str, str] | None:
    """The position that a cursor means; None for the first page.

    Raises:
        Problem: 422, it is no cursor of a list of two texts.
    """
    if not cursor:
        return None
    try:
        place = msgspec.json.decode(decode_cursor(cursor).encode(), type=tuple[str, str])
    except (msgspec.DecodeError, UnicodeError):
        place = None
    # No target has them in its name, and PostgreSQL refuses some of what cannot be printed.
    if place is None or not all(text.isprintable() for text in place):
        raise invalid(FilterError("cursor", "This cursor is not of this list."))
    return place
