"""Who comes when, and what can be booked: (connection, values) → values.  Beside `store`."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from dashboard.coming import Coming
from dashboard.store import CSV_ROWS, snapshot
from dashboard.views import Row, Target
from recall.contracts.instants import london_midnight
from recall.kit.postgres import Connection, Pool
from recall.kit.sql import queries

SQL = queries("dashboard")

MOST_CLINICIANS = 500


async def list_appointments(
    connection: Connection, target_id: str, asked: Coming, limit: int
) -> Sequence[Row]:
    """Appointments in the order of (start, patient), within a `snapshot`."""
    starts_at, patient_id = asked.after or (None, None)
    rows: Sequence[Row] = await connection.fetch(
        SQL["list_appointments"],
        target_id,
        asked.begin,
        asked.end,
        asked.clinician,
        starts_at,
        patient_id,
        limit,
    )
    return rows


async def every_appointment(pool: Pool, target_id: str, asked: Coming) -> AsyncIterator[Row]:
    """All appointments asked for, page by page; no connection is held between pages."""
    while True:
        async with pool.acquire() as connection, snapshot(connection):
            rows = await list_appointments(connection, target_id, asked, CSV_ROWS)
        for row in rows:
            yield row
        if len(rows) < CSV_ROWS:
            return
        asked = replace(asked, after=(rows[-1]["starts_at"], rows[-1]["patient_id"]))


async def read_clinicians(connection: Connection, target_id: str) -> list[str]:
    """Whose slots a target has, by name."""
    rows = await connection.fetch(SQL["read_clinicians"], target_id, MOST_CLINICIANS)
    return [row["clinician"] for row in rows]


async def list_free_slots(
    connection: Connection, target: Target, now: datetime, limit: int
) -> Sequence[Row]:
    """Slots that staff can book for a patient, by start."""
    rows: Sequence[Row] = await connection.fetch(
        SQL["list_free_slots"],
        target.id,
        now,
        london_midnight(target.window_from),
        london_midnight(target.window_to + timedelta(days=1)),
        limit,
    )
    return rows
