"""What these pages share: reading a form, knowing a target, waiting until a change is seen."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.requests import ClientDisconnect

from dashboard import store
from dashboard.asking import found_target, reading
from dashboard.forms.values import Trouble, Values
from dashboard.rendering import rendered
from dashboard.sending import Answer, Sender
from dashboard.views import Target
from recall.kit.problems import Problem
from recall.kit.service import Service

FORM_BYTES = 512 * 1024
FORM_FIELDS = 6_000
SEEN_WITHIN_SECONDS = 3.0
_LOOK_SECONDS = 0.03


async def posted(request: Request) -> Values:
    """A form's answers.

    Raises:
        Problem: 413 when it is larger than any of our forms, 415 when it is none.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Problem(415, "unsupported_media_type", "This page takes the form it shows.")
    body = bytearray()
    try:
        async for block in request.stream():
            body += block
            if len(body) > FORM_BYTES:
                raise Problem(413, "too_large", "The form is larger than it can be.")
    except ClientDisconnect:
        raise Problem(400, "incomplete", "The form ended before it was whole.") from None
    try:
        pairs = parse_qsl(
            body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=FORM_FIELDS
        )
    except ValueError:
        raise Problem(413, "too_large", "The form has more answers than it can have.") from None
    return Values(pairs)


def fresh_key() -> str:
    """An Idempotency-Key for a form that is about to be shown."""
    return str(uuid4())


def to(path: str) -> RedirectResponse:
    """On to the page that tells what was done."""
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)


def form_page(
    template: str, troubles: Iterable[Trouble] = (), status: int | None = None, **values: Any
) -> HTMLResponse:
    """A page with a form: what is wrong with it above it, and at each box."""
    found = list(troubles)
    wrong: dict[str, str] = {}
    for trouble in found:
        wrong.setdefault(trouble.field, trouble.message)
    code = status or (422 if found else 200)
    return rendered(template, code, troubles=found, wrong=wrong, **values)


async def known_target(service: Service, target_id: str) -> Target:
    """The target as the dashboard knows it.

    Raises:
        Problem: 404, there is none.
    """
    async with reading(service) as connection:
        return await found_target(connection, target_id)


async def target_of(sender: Sender, target_id: str) -> Answer:
    """The target as ingest, which owns it, has it now.

    Raises:
        Problem: 404, there is none; 502 when ingest does not answer.
    """
    answer = await sender.send("GET", f"/v1/targets/{target_id}")
    if not answer.ok:
        raise answer.problem()
    return answer


async def until_seen(service: Service, target_id: str, version: int) -> None:
    """Wait until the pages show a version of a target, or no longer than a moment."""

    async def seen() -> bool:
        async with service.pool.acquire() as connection:
            shown = await store.read_target_version(connection, target_id)
        return shown is not None and shown >= version

    await until(seen)


async def until(seen: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a change is to be seen, or no longer than a moment.

    Who saves something expects to see it; the dashboard hears of it a few milliseconds later.
    """
    end = time.monotonic() + SEEN_WITHIN_SECONDS
    while not await seen() and time.monotonic() < end:  # noqa: ASYNC110 - a table tells nobody.
        await asyncio.sleep(_LOOK_SECONDS)


class TooLargeError(Exception):
    """A body without a length went on for too long."""


async def bounded(request: Request, limit: int) -> AsyncIterator[bytes]:
    """A body as it comes in.

    Raises:
        TooLargeError: there is more of it than the limit.
        Problem: 400, it ended before it was whole.
    """
    size = 0
    try:
        async for block in request.stream():
            size += len(block)
            if size > limit:
                raise TooLargeError
            yield block
    except ClientDisconnect:
        raise Problem(400, "incomplete", "The file ended before it was whole.") from None


def has_more(request: Request, limit: int) -> bool:
    """Whether a body's length is told and is beyond the limit."""
    told = request.headers.get("content-length", "")
    return told.isascii() and told.isdigit() and int(told) > limit
