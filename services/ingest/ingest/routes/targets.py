"""Targets: made, read, patched, paused, resumed, closed."""

import re
from functools import partial
from typing import Final
from uuid import uuid4

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from ingest import messages, store, targets
from ingest.answering import Answer, Command, answer_once, command_of, waker
from ingest.bodies import body_of, json_of, validated
from ingest.enrolling import ERASING
from ingest.requests import TargetPatch, TargetRequest, TargetSettings
from ingest.routes.office import Office
from recall.contracts.events import TargetSaved
from recall.kit.problems import Problem, not_found
from recall.kit.service import Service
from recall.kit.unit import Unit

_ETAG: Final = re.compile(r'(?:W/)?"?([0-9]{1,19})"?')


def router(office: Office) -> APIRouter:
    """Routes of targets themselves."""
    router = APIRouter()
    service = office.service

    @router.post("/v1/targets")
    async def make(request: Request) -> Response:
        body = await body_of(request)
        asked = json_of(request, body, TargetRequest)
        command = command_of(request, body)
        return await answer_once(service, command, partial(_make, asked, command))

    @router.get("/v1/targets/{target}")
    async def read(target: str) -> Response:
        service.check_booted()
        async with service.pool.acquire() as connection:
            found = await store.find_target(connection, target)
        if found is None:
            raise not_found("target")
        return JSONResponse(targets.shown(found.saved), headers=_headers(found.saved))

    @router.patch("/v1/targets/{target}")
    async def patch(request: Request, target: str) -> Response:
        body = await body_of(request)
        json_of(request, body, TargetPatch)
        command = command_of(request, body)
        version = _expected(request.headers.get("if-match"))
        act = partial(_patch, target, _document(body), version, command)
        return await answer_once(service, command, act)

    def state(verb: targets.Verb) -> None:
        @router.post(f"/v1/targets/{{target}}/{verb}", name=verb)
        async def change(request: Request, target: str) -> Response:
            command = command_of(request, await body_of(request))
            return await answer_once(
                service, command, partial(_state, service, target, verb, command)
            )

    for verb in targets.STATES:
        state(verb)
    return router


async def _make(asked: TargetRequest, command: Command, unit: Unit) -> Answer:
    """Make a target; one made by the same request before is answered with as it is now."""
    target_id = asked.target_id or str(uuid4())
    target = targets.made(target_id, asked, command.actor, unit.now_text)
    digest = targets.digest(asked)
    if await store.add_target(unit.connection, target, digest):
        messages.tell_target(unit, target)
        headers = {**_headers(target), "Location": f"/v1/targets/{target_id}"}
        return Answer(201, targets.shown(target), headers)
    before = await store.find_target(unit.connection, target_id)
    if before is None or before.request_digest != digest:
        raise Problem(
            409, "target_exists", "Another target has this target_id. Choose another, or patch it."
        )
    return Answer(200, targets.shown(before.saved), _headers(before.saved))


async def _patch(
    target_id: str, patch: object, version: int | None, command: Command, unit: Unit
) -> Answer:
    found = await store.lock_target(unit.connection, target_id)
    if found is None:
        raise not_found("target")
    _check_fresh(found.saved, version)
    if found.saved.state == "closed":
        raise Problem(409, "closed", "The target is closed; its settings stay as they are.")
    document = targets.merged(targets.settings_shown(found.saved), patch)
    asked = validated(TargetSettings, msgspec.json.encode(document))
    try:
        after = targets.patched(found.saved, asked, command.actor, unit.now_text)
    except targets.RoundsFixedError:
        raise Problem(
            422,
            "rounds_fixed",
            "Patients may be in any round, so none is removed or given another channel. Rounds may "
            "be added at the end; for anything else make a new target.",
        ) from None
    await _save(unit, found.saved, after)
    notes = targets.consequences(found.saved, after)
    return Answer(200, {**targets.shown(after), "notes": notes}, _headers(after))


async def _state(
    service: Service, target_id: str, verb: targets.Verb, command: Command, unit: Unit
) -> Answer:
    found = await store.lock_target(unit.connection, target_id)
    if found is None:
        raise not_found("target")
    if found.saved.state == "closed" and verb != "close":
        raise Problem(409, "closed", "The target is closed for good.")
    after = targets.commanded(found.saved, verb, command.actor, unit.now_text)
    await _save(unit, found.saved, after)
    if after.state == "closed":
        unit.after_commit(waker(service, ERASING))
    return Answer(202, {"request_id": command.id, "count": int(after != found.saved)})


async def _save(unit: Unit, before: TargetSaved, after: TargetSaved) -> None:
    """Keep and tell of a target that is not what it was."""
    if after != before:
        await store.save_target(unit.connection, after)
        messages.tell_target(unit, after)


def _document(body: bytes) -> object:
    """A patch as plain JSON: the model lets numbers pass that JSON does not have."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        raise Problem(400, "invalid_json", "The body is not valid JSON.") from None


def _headers(target: TargetSaved) -> dict[str, str]:
    return {"ETag": f'"{target.version}"'}


def _expected(if_match: str | None) -> int | None:
    """The version that a change is meant for; None when it is meant for any."""
    if if_match is None or if_match.strip() == "*":
        return None
    match = _ETAG.fullmatch(if_match.strip())
    return int(match[1]) if match else 0


def _check_fresh(target: TargetSaved, version: int | None) -> None:
    if version is not None and version != target.version:
        problem = Problem(
            412,
            "stale",
            "The target has changed since you read it. Read it again, then change it.",
            version=target.version,
        )
        problem.headers = _headers(target)
        raise problem
