"""Uploads: a file of patients in, a verdict on every row out."""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import IO
from uuid import uuid4

import asyncpg
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from ingest import store
from ingest.answering import Answer, Command, answer_once, command_of
from ingest.bodies import spooled
from ingest.enrolling import Incoming, check_open, read_upload, refusal
from ingest.refusals import UploadRefused
from ingest.rejections import Sheet
from ingest.routes.office import Office
from ingest.store import uploads
from ingest.upload import fingerprint
from ingest.verdicts import UploadAnswer
from recall.kit.problems import Problem, not_found
from recall.kit.unit import Unit

_LOOK_SECONDS = 0.2
_REJECTED_AT_ONCE = 500
UPLOADS_SHOWN = 50

_NO_REJECTED_ROWS = (
    "No rejected rows of this upload are kept: there were none, or they were erased after 30 days "
    "or when the target was closed."
)


def router(office: Office) -> APIRouter:
    """Routes of uploads."""
    router = APIRouter()
    service = office.service

    @router.post("/v1/targets/{target}/uploads")
    async def upload(request: Request, target: str, *, accept_rejected: bool = False) -> Response:
        service.check_booted()
        async with service.pool.acquire() as connection:
            check_open(await store.find_target(connection, target))
        async with spooled(request, office.limits.upload_bytes) as file:
            content = await asyncio.to_thread(fingerprint, file)
            command = command_of(request, content)
            act = partial(_read, office, target, file, content, command, accept_rejected)
            async with office.reading:
                await _room_in_outbox(office)
                try:
                    return await answer_once(service, command, act)
                except asyncpg.LockNotAvailableError:
                    raise _busy("Another file is being read onto this target.") from None

    @router.get("/v1/targets/{target}/uploads")
    async def past(target: str) -> Response:
        service.check_booted()
        async with service.pool.acquire() as connection:
            if await store.find_target(connection, target) is None:
                raise not_found("target")
            answers = await uploads.list_uploads(connection, target, UPLOADS_SHOWN)
        return JSONResponse({"uploads": [_without_problems(answer) for answer in answers]})

    @router.get("/v1/uploads/{upload}")
    async def read(upload: str) -> Response:
        service.check_booted()
        async with service.pool.acquire() as connection:
            answer = await uploads.find_upload(connection, upload)
        if answer is None:
            raise not_found("upload")
        return JSONResponse(answer)

    @router.get("/v1/uploads/{upload}/rejected.csv")
    async def rejected(upload: str) -> Response:
        service.check_booted()
        async with service.pool.acquire() as connection:
            found = await uploads.find_rejected(connection, upload)
        if found is None:
            raise not_found("upload")
        if not found.kept:
            raise Problem(404, "no_rejected_rows", _NO_REJECTED_ROWS)
        return StreamingResponse(
            _rejected_rows(office, upload, Sheet(found.header, found.width)),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="rejected-rows.csv"'},
        )

    return router


async def _read(
    office: Office,
    target: str,
    file: IO[bytes],
    content: str,
    command: Command,
    accept_rejected: bool,
    unit: Unit,
) -> Answer:
    arrival = office.arrival(unit, target, command.actor)
    incoming = Incoming(
        str(uuid4()), file, content, arrival, office.rules(arrival), accept_rejected
    )
    try:
        answer = await read_upload(unit, office.desk, incoming)
    except UploadRefused as refused:
        raise refusal(refused) from None
    return Answer(200, answer)


def _without_problems(answer: UploadAnswer) -> dict[str, object]:
    return {name: value for name, value in answer.items() if name != "problems"}


async def _rejected_rows(office: Office, upload: str, sheet: Sheet) -> AsyncIterator[bytes]:
    """The file, some hundred rows at a time; no connection is held while the reader is slow."""
    yield sheet.header()
    after = 0
    while True:
        async with office.service.pool.acquire() as connection:
            rows = await uploads.read_rejected_rows(connection, upload, after, _REJECTED_AT_ONCE)
        if not rows:
            return
        after = rows[-1].row
        yield sheet.rows(rows)


async def _room_in_outbox(office: Office) -> None:
    """Wait until what earlier uploads said is mostly published, so that no backlog piles up.

    Raises:
        Problem: 503 when that takes too long: Kafka is away or slow.
    """
    limits = office.limits
    until = time.monotonic() + limits.outbox_wait_seconds
    while await office.service.outbox.measure() > limits.outbox_records:
        if time.monotonic() >= until:
            raise _busy("Earlier uploads are still being passed on.")
        await asyncio.sleep(_LOOK_SECONDS)


def _busy(why: str) -> Problem:
    problem = Problem(503, "busy", f"{why} Try again in a moment.")
    problem.headers = {"Retry-After": "5"}
    return problem
