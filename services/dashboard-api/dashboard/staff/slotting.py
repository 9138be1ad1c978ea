"""Slots of a target: listed by day, added from a file or by a pattern, withdrawn."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from dashboard import store
from dashboard.asking import TargetId, reading
from dashboard.forms import slot_words
from dashboard.forms.rounds import WEEKDAYS
from dashboard.forms.slots import (
    MOST_SLOTS,
    Pattern,
    PatternForm,
    Plan,
    Slot,
    planned,
    read_pattern,
    slots_body,
    slots_of,
    typed_pattern,
)
from dashboard.forms.values import Trouble, Values, date_boxes
from dashboard.sending import Answer, Sender
from dashboard.staff.posted import (
    TooLargeError,
    bounded,
    form_page,
    fresh_key,
    has_more,
    known_target,
    posted,
    to,
    until,
)
from dashboard.views import Row, Target
from recall.contracts.instants import london_date, london_midnight
from recall.kit.problems import Problem
from recall.kit.service import Service

SLOTS_OF_A_DAY: Final = 2_000
SLOTS_COMPARED: Final = 50_000
FILE_BYTES: Final = 16 * 1024 * 1024
TOO_LARGE: Final = Trouble("file", "A file of slots has at most 16 MB.")


def add(router: APIRouter, service: Service, sender: Sender) -> None:
    """The list, and what its forms do."""
    _list(router, service)
    _add(router, service, sender)
    _withdraw(router, service, sender)


def _list(router: APIRouter, service: Service) -> None:
    @router.get("/targets/{target_id}/slots")
    async def slots(
        request: Request, target_id: TargetId, day: str = "", *, past: bool = False
    ) -> HTMLResponse:
        target = await known_target(service, target_id)
        result = slot_words.result(dict(request.query_params))
        if day:
            return await _day_page(service, target, _day_of(day), result=result)
        return await _page(service, target, past=past, result=result)

    @router.get("/targets/{target_id}/slots/pattern")
    @router.get("/targets/{target_id}/slots/file")
    @router.get("/targets/{target_id}/slots/withdraw")
    async def back(target_id: TargetId) -> Response:
        """Where a form was sent to there is nothing to see: who opens it again sees the list."""
        return to(f"/targets/{target_id}/slots")


def _add(router: APIRouter, service: Service, sender: Sender) -> None:
    @router.post("/targets/{target_id}/slots/pattern")
    async def pattern(request: Request, target_id: TargetId) -> Response:
        values = await posted(request)
        target = await known_target(service, target_id)
        form = typed_pattern(values)
        meant, troubles = read_pattern(form)
        if meant is None or "change" in values:
            return await _page(service, target, *troubles, form=form)
        found = slots_of(meant)
        if len(found) > MOST_SLOTS:
            trouble = Trouble("ends-day", f"Add at most {MOST_SLOTS:,} slots at once.")
            return await _page(service, target, trouble, form=form)
        plan = await _planned(service, target_id, meant, found)
        if "confirm" not in values:
            return _preview(target, values, plan)
        answer = await sender.send(
            "POST",
            f"/v1/targets/{target_id}/slots",
            json=slots_body(plan.slots),
            headers={"idempotency-key": values.text("key") or fresh_key()},
        )
        return await _added(service, target, answer, form)

    @router.post("/targets/{target_id}/slots/file")
    async def file(request: Request, target_id: TargetId) -> Response:
        target = await known_target(service, target_id)
        kind = request.headers.get("content-type", "")
        if not kind.startswith("multipart/form-data"):
            raise Problem(415, "unsupported_media_type", "This page takes the form it shows.")
        if has_more(request, FILE_BYTES):
            return await _page(service, target, TOO_LARGE)
        try:
            answer = await sender.send(
                "POST",
                f"/v1/targets/{target_id}/slots",
                content=bounded(request, FILE_BYTES),
                headers={"content-type": kind},
            )
        except TooLargeError:
            return await _page(service, target, TOO_LARGE)
        return await _added(service, target, answer)


def _withdraw(router: APIRouter, service: Service, sender: Sender) -> None:
    @router.post("/targets/{target_id}/slots/withdraw")
    async def withdraw(request: Request, target_id: TargetId) -> Response:
        values = await posted(request)
        target = await known_target(service, target_id)
        day = _day_of(values.text("day"))
        slots = await _slots_of(service, target_id, day, day)
        chosen = set(values.every("slot"))
        every = "all" in values
        free = [row for row in slots if not row["booked"] and (every or row["slot_id"] in chosen)]
        if not free:
            trouble = Trouble("slots", "Choose at least one free slot. Booked ones stay.")
            return await _day_page(service, target, day, trouble)
        if "confirm" not in values:
            return form_page(
                "slots_withdraw.html",
                target=target,
                tab="Slots",
                day=day.isoformat(),
                title=slot_words.withdraw_title(len(free), day),
                free=[slot_words.slot_row(row) for row in free],
            )
        ids = [row["slot_id"] for row in free]
        path = f"/v1/targets/{target_id}/slots/withdrawals"
        answer = await sender.send("POST", path, json={"slots": ids})
        if not answer.ok:
            return await _day_page(service, target, day, Trouble("slots", answer.detail))

        async def gone() -> bool:
            left = {row["slot_id"] for row in await _slots_of(service, target_id, day, day)}
            return left.isdisjoint(ids)

        await until(gone)
        return to(f"/targets/{target_id}/slots?day={day}&withdrawn={answer.body['count']}")


async def _added(
    service: Service, target: Target, answer: Answer, form: PatternForm | None = None
) -> Response:
    if not answer.ok:
        box = "begins-day" if form else "file"
        problems = answer.body.get("problems", []) if isinstance(answer.body, dict) else []
        return await _page(
            service, target, Trouble(box, answer.detail), form=form, problems=problems
        )
    tally = answer.body

    async def listed() -> bool:
        async with service.pool.acquire() as connection:
            return await store.count_slots(connection, target.id) >= int(tally["released"])

    await until(listed)
    return to(f"/targets/{target.id}/slots?{slot_words.query(tally)}")


async def _planned(service: Service, target_id: str, meant: Pattern, found: Iterable[Slot]) -> Plan:
    around = timedelta(days=1)
    rows = await _slots_of(
        service, target_id, meant.begins - around, meant.ends + around, SLOTS_COMPARED
    )
    standing = [Slot(row["starts_at"], row["minutes"], row["clinician"]) for row in rows]
    return planned(found, standing, service.clock.now())


async def _slots_of(
    service: Service, target_id: str, first: date, last: date, limit: int = SLOTS_OF_A_DAY
) -> list[Row]:
    """The slots of some days in London."""
    begin, end = london_midnight(first), london_midnight(last + timedelta(days=1))
    async with reading(service) as connection:
        return await store.list_slots(connection, target_id, begin, end, limit)


def _day_of(text: str) -> date:
    """A day of an address.

    Raises:
        Problem: 422, it is none.
    """
    try:
        found = date.fromisoformat(text)
        london_midnight(found + timedelta(days=1))
    except (ValueError, OverflowError):
        raise Problem(422, "invalid", "The address of this page names no day.") from None
    return found


def _preview(target: Target, values: Values, plan: Plan) -> HTMLResponse:
    return form_page(
        "slots_preview.html",
        target=target,
        tab="Slots",
        kept=[pair for pair in values.pairs if pair[0] != "key"],
        key=fresh_key(),
        adds=bool(plan.new),
        **slot_words.preview(plan, target.window_from, target.window_to),
    )


async def _page(
    service: Service,
    target: Target,
    *troubles: Trouble,
    form: PatternForm | None = None,
    past: bool = False,
    result: str | None = None,
    problems: Iterable[Any] = (),
) -> HTMLResponse:
    now = service.clock.now()
    since = datetime.fromtimestamp(0, now.tzinfo) if past else london_midnight(london_date(now))
    async with reading(service) as connection:
        days = await store.list_slot_days(connection, target.id, since)
    shown = PatternForm(begins=date_boxes(target.window_from), ends=date_boxes(target.window_to))
    return form_page(
        "slots.html",
        troubles,
        target=target,
        tab="Slots",
        form=form or shown,
        weekdays=WEEKDAYS,
        days=[slot_words.day_row(row, target.window_from, target.window_to) for row in days],
        window=slot_words.window_sentence(target.window_from, target.window_to),
        past=past,
        result=result,
        problems=list(problems)[:20],
    )


async def _day_page(
    service: Service,
    target: Target,
    day: date,
    *troubles: Trouble,
    result: str | None = None,
) -> HTMLResponse:
    rows = await _slots_of(service, target.id, day, day)
    return form_page(
        "slots_day.html",
        troubles,
        target=target,
        tab="Slots",
        day=day.isoformat(),
        title=slot_words.day_title(day),
        slots=[slot_words.slot_row(row) for row in rows],
        free=sum(not row["booked"] for row in rows),
        result=result,
    )
