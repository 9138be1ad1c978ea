"""The JSON API: targets, patients, appointments, live numbers."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import AfterValidator

from dashboard import export, store, views
from dashboard.asking import (
    PAGE_ROWS,
    Question,
    found_target,
    invalid,
    patient_id_of,
    reading,
    target_id_of,
)
from dashboard.filters import (
    FilterError,
    cursor_of,
    decode_cursor,
    encode_cursor,
    parse_limit,
)
from dashboard.live import Live
from dashboard.wording import local_time, spaced
from recall.contracts.instants import london_midnight
from recall.contracts.vocabulary import STATUS_TEXTS
from recall.kit.access import guard
from recall.kit.postgres import Connection
from recall.kit.problems import Problem, not_found
from recall.kit.service import Service

TargetId = Annotated[str, AfterValidator(target_id_of)]
PatientId = Annotated[str, AfterValidator(patient_id_of)]
Asked = Annotated[Question, Depends(Question)]

CSV_HEADER = ["NHS number", "Name", "Round", "Status", "Description", "Appointment", "Last change"]
CSV_ROWS = 500
"""Rows that go out in one piece."""

_encode = msgspec.json.Encoder().encode


def router(service: Service, live: Live) -> APIRouter:
    """The routes, each behind the token or the cookie."""
    token = service.settings.token.get_secret_value()
    found = APIRouter(prefix="/v1/targets", dependencies=[Depends(guard(token))])
    _targets(found, service, live)
    _patients(found, service)
    _appointments(found, service)
    return found


def _targets(router: APIRouter, service: Service, live: Live) -> None:
    @router.get("")
    async def targets(cursor: str | None = None, limit: str | None = None) -> dict[str, Any]:
        """All targets with their numbers, in the order of their names."""
        as_of = service.clock.now()
        after, rows = _targets_after(cursor), _limit(limit)
        async with reading(service) as connection:
            found = await store.read_targets(connection, after, rows + 1)
        last = found[rows - 1] if len(found) > rows else None
        return {
            "targets": [views.target_json(target, as_of) for target in found[:rows]],
            "next_cursor": None if last is None else _encode_place([last.name, last.id]),
        }

    @router.get("/{target_id}")
    async def target(target_id: TargetId) -> dict[str, Any]:
        """Everything the target page counts, of one instant."""
        as_of = service.clock.now()
        async with reading(service) as connection:
            return views.target_json(await found_target(connection, target_id), as_of)

    async def watchable(target_id: TargetId) -> str:
        async with reading(service) as connection:
            return (await found_target(connection, target_id)).id

    @router.get("/{target_id}/events", response_class=EventSourceResponse)
    async def events(
        target_id: Annotated[str, Depends(watchable)],
    ) -> AsyncIterator[ServerSentEvent]:
        """The same as `GET /v1/targets/{target_id}`, again whenever it changes."""
        async with aclosing(live.watch(target_id)) as changes:
            async for numbers in changes:
                yield ServerSentEvent(event="progress", raw_data=_encode(numbers).decode())


def _patients(router: APIRouter, service: Service) -> None:
    @router.get("/{target_id}/patients")
    async def patients(target_id: TargetId, asked: Asked) -> dict[str, Any]:
        """A page of the patients who match all the filters given."""
        async with reading(service) as connection:
            target = await found_target(connection, target_id)
            page = await page_of(connection, target, asked)
        return {
            "patients": [views.patient_json(row, target) for row in page.rows],
            "next_cursor": None if page.next_place is None else cursor_of(page.next_place),
        }

    @router.get("/{target_id}/patients.csv")
    async def patients_csv(target_id: TargetId, asked: Asked) -> StreamingResponse:
        """All who match, as a file for spreadsheets."""
        async with reading(service) as connection:
            target = await found_target(connection, target_id)
        return StreamingResponse(
            _csv(service, target, asked),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="patients.csv"'},
        )

    @router.get("/{target_id}/patients/{patient_id}")
    async def patient(target_id: TargetId, patient_id: PatientId) -> dict[str, Any]:
        """One patient with their whole timeline."""
        async with reading(service) as connection:
            target = await found_target(connection, target_id)
            row = await store.read_patient(connection, target_id, patient_id)
            if row is None:
                raise not_found("patient")
            entries = await store.read_timeline(connection, patient_id)
        return views.patient_json(row, target) | {
            "alert": views.alert_json(row),
            "timeline": views.timeline_json(entries, target),
        }


async def page_of(connection: Connection, target: views.Target, asked: Question) -> store.Page:
    """The page a question asks for.

    Raises:
        Problem: 422, its cursor is not of this list.
    """
    try:
        return await store.list_patients(
            connection,
            target,
            asked.filters,
            sort=asked.sort,
            after=asked.after,
            limit=asked.limit,
        )
    except FilterError as error:
        raise invalid(error) from error


async def _csv(service: Service, target: views.Target, asked: Question) -> AsyncIterator[bytes]:
    """The file, some hundred rows at a time."""
    yield export.BYTE_ORDER_MARK.encode() + export.lines([CSV_HEADER])
    rows: list[list[str]] = []
    async for row in store.every_patient(service.pool, target, asked.filters, asked.sort):
        rows.append(_csv_row(row, target))
        if len(rows) == CSV_ROWS:
            yield export.lines(rows)
            rows.clear()
    yield export.lines(rows)


def _csv_row(row: views.Row, target: views.Target) -> list[str]:
    setting = target.round_setting(row["round"])
    return [
        spaced(row["nhs_number"]),
        row["name"] or "",
        setting.name if setting else "",
        STATUS_TEXTS[row["status"]],
        views.described(row, target)[1],
        local_time(row["starts_at"]) or "",
        local_time(row["updated_at"]),
    ]


def _appointments(router: APIRouter, service: Service) -> None:
    @router.get("/{target_id}/appointments")
    async def appointments(
        target_id: TargetId,
        from_: Annotated[date | None, Query(alias="from")] = None,
        to: date | None = None,
        cursor: str | None = None,
        limit: str | None = None,
    ) -> dict[str, Any]:
        """Who comes when, by start; days are London's, both inclusive."""
        after, rows = _appointments_after(cursor), _limit(limit)
        async with reading(service) as connection:
            await found_target(connection, target_id)
            found = await store.list_appointments(
                connection,
                target_id,
                begin=london_midnight(from_) if from_ else None,
                end=london_midnight(to + timedelta(days=1)) if to else None,
                after=after,
                limit=rows + 1,
            )
        last = found[rows - 1] if len(found) > rows else None
        return {
            "appointments": [views.appointment_json(row) for row in found[:rows]],
            "next_cursor": None
            if last is None
            else _encode_place([views.zulu(last["starts_at"]), last["patient_id"]]),
        }


def _limit(text: str | None) -> int:
    try:
        return parse_limit(text, default=PAGE_ROWS, most=500)
    except FilterError as error:
        raise invalid(error) from error


def _encode_place(place: list[str]) -> str:
    """A position of two texts as a cursor."""
    return encode_cursor(_encode(place).decode())


def _decode_place(cursor: str | None) -> tuple[str, str] | None:
    if not cursor:
        return None
    try:
        return msgspec.json.decode(decode_cursor(cursor).encode(), type=tuple[str, str])
    except (msgspec.DecodeError, UnicodeError):
        raise invalid(FilterError("cursor", "This cursor is not of this list.")) from None


def _targets_after(cursor: str | None) -> tuple[str, str] | None:
    return _decode_place(cursor)


def _appointments_after(cursor: str | None) -> tuple[datetime, str] | None:
    place = _decode_place(cursor)
    if place is None:
        return None
    try:
        starts_at = datetime.fromisoformat(place[0]).astimezone(UTC)
        return starts_at, patient_id_of(place[1])
    except (ValueError, OverflowError, Problem):
        raise invalid(FilterError("cursor", "This cursor is not of this list.")) from None
