"""Uploads: a file of patients in, a verdict on every row out."""

import asyncio
import time
from functools import partial
from typing import IO
from uuid import uuid4

import asyncpg
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from ingest import store
from ingest.answering import Answer, Command, answer_once, command_of
from ingest.bodies import spooled
from ingest.enrolling import Incoming, check_open, read_upload, refusal
from ingest.refusals import UploadRefused
from ingest.routes.office import Office
from ingest.upload import fingerprint
from recall.kit.problems import Problem, not_found
from recall.kit.unit import Unit

_LOOK_SECONDS = 0.2


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

    @router.get("/v1/uploads/{upload}")
    async def read(upload: str) -> Response:
        service.check_booted()
        async with service.pool.acquire() as connection:
            answer = await store.find_upload(connection, upload)
        if answer is None:
            raise not_found("upload")
        return JSONResponse(answer)

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
