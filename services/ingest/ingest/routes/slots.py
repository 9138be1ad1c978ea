"""Slots: released in JSON or CSV, withdrawn one by one."""

import asyncio
from collections.abc import Sequence
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ingest import releasing
from ingest.answering import Answer, Command, answer_once, command_of
from ingest.bodies import FORM_TYPE, JSON_BYTES, RAW_TYPES, body_of, json_of, media_type, spooled
from ingest.requests import SlotsRequest, WithdrawalRequest
from ingest.routes.office import Office
from ingest.slots import Slot, SlotsRefused, SlotTally, judge_slots, rows_of_csv
from recall.kit.problems import Problem
from recall.kit.unit import Unit


def router(office: Office) -> APIRouter:
    """Routes of slots."""
    router = APIRouter()
    service = office.service

    @router.post("/v1/targets/{target}/slots")
    async def release(request: Request, target: str) -> Response:
        body = await _list_of(request)
        command = command_of(request, body)
        good, tally = await asyncio.to_thread(_judged, request, body, target)
        act = partial(_release, office, target, good, tally)
        return await answer_once(service, command, act)

    @router.delete("/v1/targets/{target}/slots/{slot}")
    async def withdraw(request: Request, target: str, slot: str) -> Response:
        command = command_of(request, b"")
        return await answer_once(service, command, partial(_withdraw, target, [slot], command))

    @router.post("/v1/targets/{target}/slots/withdrawals")
    async def withdraw_many(request: Request, target: str) -> Response:
        body = await body_of(request)
        asked = json_of(request, body, WithdrawalRequest)
        command = command_of(request, body)
        return await answer_once(service, command, partial(_withdraw, target, asked.slots, command))

    return router


async def _list_of(request: Request) -> bytes:
    """The list itself: the body, or the file in a form."""
    if media_type(request) != FORM_TYPE:
        return await body_of(request)
    async with spooled(request, JSON_BYTES) as file:
        return await asyncio.to_thread(file.read)


def _judged(request: Request, body: bytes, target: str) -> tuple[list[tuple[int, Slot]], SlotTally]:
    """The rows of a list with their verdicts, before anyone asks which slots are known."""
    if media_type(request) not in (RAW_TYPES - {""}) | {FORM_TYPE}:
        asked = json_of(request, body, SlotsRequest)
        return judge_slots(target, enumerate(asked.slots, 1))
    try:
        return judge_slots(target, rows_of_csv(body))
    except SlotsRefused as refused:
        raise Problem(422, refused.code, refused.message) from None


async def _release(
    office: Office, target: str, good: Sequence[tuple[int, Slot]], tally: SlotTally, unit: Unit
) -> Answer:
    await releasing.check_open(unit, target)
    await releasing.release(unit, office.desk, target, good, tally)
    answer = tally.answer()
    if tally.rejected == tally.rows:
        sentence = "No slot of the list can be released." if tally.rows else "The list is empty."
        raise Problem(422, "nothing_usable", sentence, problems=answer["problems"])
    return Answer(201 if tally.released else 200, answer)


async def _withdraw(target: str, slots: Sequence[str], command: Command, unit: Unit) -> Answer:
    count = await releasing.withdraw(unit, target, slots)
    return Answer(202, {"request_id": command.id, "count": count})
