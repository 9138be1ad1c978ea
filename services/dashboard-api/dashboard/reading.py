"""The queries that read: (connection, question) → values."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from recall.kit.postgres import Connection, Pool
from recall.kit.sql import queries

from dashboard import counts
from dashboard.filters import Filters, FilterError, Place, Sort, Waiting, waiting_rounds
from dashboard.timeline import Entry
from dashboard.views import RoundSetting, Target

SQL = queries("dashboard")
Row = Mapping[str, Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COUNT_NO_FURTHER = 10_000
"""Where counting matches one by one ends: beyond, "more than" is answer enough."""
CSV_ROWS = 2_000
"""Rows an export holds in memory at once."""

_LISTS: dict[Sort, str] = {
    "name": "list_patients_by_name",
    "-name": "list_patients_by_name_backwards",
    "nhs_number": "list_patients_by_nhs_number",
    "-nhs_number": "list_patients_by_nhs_number_backwards",
    "updated_at": "list_patients_by_updated_at",
    "-updated_at": "list_patients_by_updated_at_backwards",
}


@dataclass(frozen=True)
class Page:
    """Rows of a list and where the next page begins, if there is one."""

    rows: Sequence[Row]
    next_place: Place | None


def _target(row: Row) -> Target:
    cells = msgspec.json.decode(row["histogram"], type=list[tuple[int, str, int]])
    queues = msgspec.json.decode(row["queues"], type=list[tuple[int, str, datetime | None]])
    rounds = msgspec.json.decode(row["rounds"], type=list[RoundSetting])
    return Target(
        id=row["target_id"],
        name=row["name"],
        practice=row["practice"],
        state=row["state"],
        rounds=rounds,
        window_from=row["window_from"],
        window_to=row["window_to"],
        available=row["available"],
        histogram={(number, status): n for number, status, n in cells},
        queues=[Waiting(*queue) for queue in queues],
    )


async def read_target(connection: Connection, target_id: str) -> Target | None:
    """A target with all it counts, from one snapshot; None when there is none."""
    row = await connection.fetchrow(SQL["read_targets"], target_id, None, None, 1)
    return None if row is None else _target(row)


async def read_targets(
    connection: Connection, after: tuple[str, str] | None, limit: int
) -> list[Target]:
    """Targets in the order of (name, id), after a position."""
    name, target_id = after or (None, None)
    rows = await connection.fetch(SQL["read_targets"], None, name, target_id, limit)
    return [_target(row) for row in rows]


async def list_patients(
    connection: Connection,
    target: Target,
    filters: Filters,
    *,
    sort: Sort,
    after: Place | None,
    limit: int,
) -> Page:
    """A page of a target's patients.

    Raises:
        FilterError: the cursor is of no patient of this target.
    """
    async with connection.transaction():
        await connection.execute(SQL["custom_plans"])
        place = await _position(connection, target, after)
        rows = await connection.fetch(
            SQL[_LISTS[sort]], *_arguments(target, filters), *place, limit + 1
        )
    return Page(rows[:limit], _place(rows[limit - 1], sort) if len(rows) > limit else None)


def _arguments(target: Target, filters: Filters) -> list[Any]:
    """The filters as the list queries take them, $1 to $8."""
    return [
        target.id,
        filters.statuses,
        filters.nhs_number,
        filters.round,
        filters.did_not_book_in,
        filters.description,
        *waiting_rounds(target.queues, filters.description),
    ]


async def _position(
    connection: Connection, target: Target, after: Place | None
) -> tuple[Any, str | None]:
    """The value and the patient a page begins after."""
    if after is None:
        return None, None
    if after.updated_at_micros is not None:
        return EPOCH + timedelta(microseconds=after.updated_at_micros), after.patient_id
    row = await connection.fetchrow(SQL["read_position"], target.id, after.patient_id)
    if row is None:
        raise FilterError("cursor", "This cursor is not of this list. Begin at the first page.")
    column = "sort_name" if after.sort.endswith("name") else "nhs_number"
    return row[column], after.patient_id


def _place(row: Row, sort: Sort) -> Place:
    if not sort.endswith("updated_at"):
        return Place(sort, row["patient_id"])
    since = row["updated_at"] - EPOCH
    return Place(sort, row["patient_id"], since // timedelta(microseconds=1))


async def count_patients(connection: Connection, target: Target, filters: Filters) -> int:
    """How many patients match: from the counts where they know, else COUNT_NO_FURTHER + 1 at most."""
    if filters.counted:
        return counts.matching(
            target.histogram,
            statuses=tuple(filters.statuses),
            round_number=filters.round,
            left_round=filters.did_not_book_in,
        )
    async with connection.transaction():
        await connection.execute(SQL["custom_plans"])
        return int(
            await connection.fetchval(
                SQL["count_patients"], *_arguments(target, filters), COUNT_NO_FURTHER + 1
            )
        )


async def every_patient(
    pool: Pool, target: Target, filters: Filters, sort: Sort
) -> AsyncIterator[Row]:
    """All matching patients, page by page; no connection is held between pages."""
    place: Place | None = None
    while True:
        async with pool.acquire() as connection:
            page = await list_patients(
                connection, target, filters, sort=sort, after=place, limit=CSV_ROWS
            )
        for row in page.rows:
            yield row
        place = page.next_place
        if place is None:
            return


async def read_patient(connection: Connection, target_id: str, patient_id: str) -> Row | None:
    """One patient of a target; None while workflow has not said where they are."""
    row: Row | None = await connection.fetchrow(SQL["read_patient"], target_id, patient_id)
    return row


async def read_timeline(connection: Connection, patient_id: str) -> list[Entry]:
    """A patient's timeline, the oldest entry first."""
    rows = await connection.fetch(SQL["read_timeline"], patient_id)
    return [Entry(patient_id, *row) for row in rows]


async def list_appointments(
    connection: Connection,
    target_id: str,
    *,
    begin: datetime | None,
    end: datetime | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[Row]:
    """Appointments in the order of (start, patient), those in [begin, end), after a position."""
    starts_at, patient_id = after or (None, None)
    async with connection.transaction():
        await connection.execute(SQL["custom_plans"])
        rows: Sequence[Row] = await connection.fetch(
            SQL["list_appointments"], target_id, begin, end, starts_at, patient_id, limit
        )
    return rows
