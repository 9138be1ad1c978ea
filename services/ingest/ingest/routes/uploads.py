"""Uploads: a file of patients in, a verdict on every row out."""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial
from os import SEEK_END
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
from ingest.store.portions import count_waiting
from ingest.upload import fingerprint
from ingest.verdicts import UploadAnswer
from recall.kit.problems import Problem, not_found
from recall.kit.unit import Unit

_LOOK_SECONDS = 0.2
SMALL_BYTES = 64 * 1024
"""Up to here a file is small: some two thousand rows, read in a fraction of a second."""
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
            found = check_open(await store.find_target(connection, target))
        async with spooled(request, office.limits.upload_bytes) as file:
            content = await asyncio.to_thread(fingerprint, file)
            command = command_of(request, content)
            act = partial(_read, office, target, file, content, command, accept_rejected)
            await _turn(office, found.saved.practice)
            async with await asyncio.to_thread(_permit, office, file):
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


def _permit(office: Office, file: IO[bytes]) -> asyncio.Semaphore:
    """What to hold while the file is read: small files wait for small ones alone."""
    file.seek(0, SEEK_END)
    return office.reading if file.tell() > SMALL_BYTES else office.reading_small


async def _turn(office: Office, practice: str) -> None:
    """Wait until what the practice uploaded earlier is mostly handed on: no backlog piles up.

    Other practices do not wait for it.

    Raises:
        Problem: 503 when that takes too long: the practice uploads much, or Kafka is away.
    """
    limits = office.limits
    until = time.monotonic() + limits.waiting_seconds
    while await _waiting(office, practice) > limits.patients_waiting:
        if time.monotonic() >= until:
            raise _busy("Earlier uploads are still being passed on.")
        await asyncio.sleep(_LOOK_SECONDS)


async def _waiting(office: Office, practice: str) -> int:
    async with office.service.pool.acquire() as connection:
        return await count_waiting(connection, practice)


def _busy(why: str) -> Problem:
    problem = Problem(503, "busy", f"{why} Try again in a moment.")
    problem.headers = {"Retry-After": "5"}
    return problem
