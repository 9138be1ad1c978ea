"""Commands: done once per Idempotency-Key, in one transaction with the answer that is kept."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError

from ingest import store
from ingest.requests import Headers
from recall.kit.problems import Problem
from recall.kit.service import Service
from recall.kit.unit import Unit

KEPT_FOR = timedelta(hours=24)
FORGOTTEN_AT_ONCE = 1000


class Answer(msgspec.Struct, frozen=True):
    """What a request is answered with."""

    status: int
    body: object
    headers: dict[str, str] = {}

    def response(self) -> Response:
        """The same for the client."""
        return JSONResponse(self.body, self.status, headers=self.headers)


class Command(msgspec.Struct, frozen=True):
    """Who asks for what: `id` names this request in events, `digest` recognises its repeat."""

    id: str
    actor: str
    key: str | None
    digest: str


Act = Callable[[Unit], Awaitable[Answer]]


def command_of(request: Request, content: bytes | str) -> Command:
    """A request as a command; `content` is its body, or its file's digest.

    Raises:
        RequestValidationError: a header is not what it should be.
    """
    names = ("X-Actor", "Idempotency-Key")
    given = {name: request.headers[name] for name in names if name in request.headers}
    headers = _checked(given)
    whole = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    whole.update(content.encode() if isinstance(content, str) else content)
    return Command(str(uuid4()), headers.actor, headers.key, whole.hexdigest())


def _checked(given: Mapping[str, str]) -> Headers:
    try:
        return Headers.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        raise RequestValidationError([{**e, "loc": ("header", *e["loc"])} for e in found]) from None


async def answer_once(service: Service, command: Command, act: Act) -> Response:
    """Act in one transaction, or give the answer that the same key got before.

    The messages are stored with the change and left to the relay, so that an answer never waits
    for Kafka.

    Raises:
        Problem: 422 `idempotency_key_reused` when the key came with another request.
    """
    async with service.unit() as unit:
        answer = await _kept(unit, command)
        if answer is None:
            answer = await act(unit)
            await _keep(unit, command, answer)
            await service.outbox.store(unit)
            unit.after_commit(waker(service, "relay"))
    return answer.response()


async def forget_old_answers(service: Service) -> bool:
    """A loop's step: delete answers past their day."""
    before = datetime.now(UTC) - KEPT_FOR
    async with service.pool.acquire() as connection:
        gone = await store.forget_answers(connection, before, FORGOTTEN_AT_ONCE)
    return gone == FORGOTTEN_AT_ONCE


async def _kept(unit: Unit, command: Command) -> Answer | None:
    if command.key is None:
        return None
    await store.lock_key(unit.connection, command.key)
    since = datetime.now(UTC) - KEPT_FOR
    kept = await store.find_answer(unit.connection, command.key, since)
    if kept is None:
        return None
    if kept.request_digest != command.digest:
        raise Problem(
            422,
            "idempotency_key_reused",
            "This Idempotency-Key came with another request before. Use a new key.",
        )
    return Answer(kept.status, kept.body, kept.headers)


async def _keep(unit: Unit, command: Command, answer: Answer) -> None:
    if command.key is None:
        return
    kept = store.KeptAnswer(command.digest, answer.status, answer.headers, answer.body)
    await store.keep_answer(unit.connection, command.key, kept, datetime.now(UTC))


def waker(service: Service, name: str) -> Callable[[], None]:
    """Hastens a loop: what was stored need not wait for its next look."""

    def wake() -> None:
        for loop in service.loops:
            if loop.name == name:
                loop.wake()

    return wake
