"""Lists as programs read them: patients and appointments as JSON and as CSV, streamed by key."""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from dashboard import coming_store, export, store, views
from dashboard.asking import (
    PatientId,
    Question,
    TargetId,
    WhoComes,
    found_target,
    page_of,
    reading,
)
from dashboard.coming import place_of
from dashboard.filters import cursor_of
from recall.kit.problems import not_found
from recall.kit.service import Service

Asked = Annotated[Question, Depends(Question)]
Coming = Annotated[WhoComes, Depends(WhoComes)]

CSV_ROWS = 500
"""Rows that go out in one piece."""


def add_patients(router: APIRouter, service: Service) -> None:
    """The routes of the patient list and of one patient."""

    @router.get("/{target_id}/patients")
    async def patients(target_id: TargetId, asked: Asked) -> dict[str, Any]:
        """A page of the patients who match all the filters given, and how many match in all."""
        async with reading(service) as connection, store.snapshot(connection):
            target = await found_target(connection, target_id)
            page = await page_of(connection, target, asked)
        return {
            "patients": [views.patient_json(row, target) for row in page.rows],
            "matching": page.matching,
            "next_cursor": None if page.next_place is None else cursor_of(page.next_place),
        }

    @router.get("/{target_id}/patients.csv")
    async def patients_csv(target_id: TargetId, asked: Asked) -> StreamingResponse:
        """All who match, as a file for spreadsheets."""
        async with reading(service) as connection:
            target = await found_target(connection, target_id)
        found = store.every_patient(service.pool, target, asked.filters, asked.sort)
        name = export.file_name(target, "patients", service.clock.now())
        header = list(export.PATIENT_COLUMNS)
        return _file(name, header, found, lambda row: export.patient_line(row, target))

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
            "delivery": row["delivery"],
            "timeline": views.timeline_json(entries, target),
        }


def add_appointments(router: APIRouter, service: Service) -> None:
    """The routes of the appointments."""

    @router.get("/{target_id}/appointments")
    async def appointments(target_id: TargetId, asked: Coming) -> dict[str, Any]:
        """Who comes when, by start; days are London's, both inclusive."""
        async with reading(service) as connection, store.snapshot(connection):
            await found_target(connection, target_id)
            found = await coming_store.list_appointments(
                connection, target_id, asked.asked, asked.limit + 1
            )
        rows, more = found[: asked.limit], len(found) > asked.limit
        return {
            "appointments": [views.appointment_json(row) for row in rows],
            "next_cursor": place_of(rows[-1]["starts_at"], rows[-1]["patient_id"])
            if more
            else None,
        }

    @router.get("/{target_id}/appointments.csv")
    async def appointments_csv(target_id: TargetId, asked: Coming) -> StreamingResponse:
        """All appointments asked for, as a file for spreadsheets."""
        async with reading(service) as connection:
            target = await found_target(connection, target_id)
        found = coming_store.every_appointment(service.pool, target_id, asked.asked)
        name = export.file_name(target, "appointments", service.clock.now())
        return _file(name, list(export.APPOINTMENT_COLUMNS), found, export.appointment_line)


def _file(
    name: str,
    header: list[str],
    rows: AsyncIterator[views.Row],
    line: Callable[[views.Row], list[str]],
) -> StreamingResponse:
    return StreamingResponse(
        _csv(header, rows, line),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _csv(
    header: Iterable[str], rows: AsyncIterator[views.Row], line: Callable[[views.Row], list[str]]
) -> AsyncIterator[bytes]:
    """The file, some hundred rows at a time."""
    yield export.BYTE_ORDER_MARK.encode() + export.lines([list(header)])
    ready: list[list[str]] = []
    async for row in rows:
        ready.append(line(row))
        if len(ready) == CSV_ROWS:
            yield export.lines(ready)
            ready.clear()
    if ready:
        yield export.lines(ready)
