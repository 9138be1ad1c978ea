"""The dashboard's tables: (connection, values) → values.  Only this module runs its SQL."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from typing import Any

import msgspec

from dashboard.cells import Cell, chosen, counted, way_to
from dashboard.filters import FilterError, Filters, Place, Sort, Waiting
from dashboard.timeline import Entry
from dashboard.views import RoundSetting, Row, Target
from recall.contracts import events
from recall.contracts.instants import moment
from recall.kit.postgres import Connection, Pool
from recall.kit.sql import queries

SQL = queries("dashboard")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CSV_ROWS = 2_000
"""Rows an export holds in memory at once."""

_json = msgspec.json.Encoder().encode


def _moment(text: str | None) -> datetime | None:
    """An instant of the wire, or none."""
    return None if text is None else moment(text)


async def save_targets(connection: Connection, found: Sequence[events.TargetSaved]) -> None:
    """Keep targets, each where its version is the highest."""
    if not found:
        return
    await connection.execute(
        SQL["save_targets"],
        [data.target_id for data in found],
        [data.version for data in found],
        [data.practice for data in found],
        [data.name for data in found],
        [data.state for data in found],
        [_json(data.rounds).decode() for data in found],
        [date.fromisoformat(data.booking_window.from_date) for data in found],
        [date.fromisoformat(data.booking_window.to_date) for data in found],
    )


async def save_identities(connection: Connection, found: Sequence[events.PatientEnrolled]) -> None:
    """Keep who patients are: of all that is enrolled, the NHS number and the name alone."""
    if not found:
        return
    await connection.execute(
        SQL["save_identities"],
        [data.patient_id for data in found],
        [data.target_id for data in found],
        [data.version for data in found],
        [data.nhs_number for data in found],
        [" ".join(filter(None, (data.first_name, data.last_name))) for data in found],
        [" ".join(filter(None, (data.last_name, data.first_name))).casefold() for data in found],
    )


async def move_patients(
    connection: Connection,
    found: Sequence[events.PatientProgressed],
    shards: Mapping[str, int],
) -> None:
    """Keep where patients are, and the counts with them.

    Args:
        connection: in the batch's transaction.
        found: at most one per patient, sorted by patient.
        shards: each patient's partition; two consumers never move the same shard's counts.
    """
    if not found:
        return
    cells = await _cells_of(connection, found)
    appointments = [data.appointment for data in found]
    await connection.execute(
        SQL["move_patients"],
        [data.patient_id for data in found],
        [shards[data.patient_id] for data in found],
        [data.version for data in found],
        [cells[_key(data)] for data in found],
        _column([_moment(data.until) for data in found]),
        _column([data.alert for data in found]),
        _column([data.delivery for data in found]),
        _column([appointment and appointment.slot_id for appointment in appointments]),
        _column([appointment and moment(appointment.starts_at) for appointment in appointments]),
        [moment(data.updated_at) for data in found],
    )


def _column(values: Sequence[Any]) -> Sequence[Any]:
    """A column that often has no value at all: SQL fills what is too short up with nulls."""
    return () if all(value is None for value in values) else values


_Key = tuple[str, int, str, str]
"""What a cell is for: target, round, status, description."""


def _key(data: events.PatientProgressed) -> _Key:
    return data.target_id, data.round or 0, data.status, data.description


async def _cells_of(
    connection: Connection, found: Iterable[events.PatientProgressed]
) -> dict[_Key, int]:
    """The cells that patients are about to be in; made where they are not there yet."""
    keys = sorted({_key(data) for data in found})
    cells = await _known_cells(connection, keys)
    missing = [key for key in keys if key not in cells]
    if missing:
        await connection.execute(SQL["add_cells"], *zip(*missing, strict=True))
        cells |= await _known_cells(connection, missing)
    return cells


async def _known_cells(connection: Connection, keys: Sequence[_Key]) -> dict[_Key, int]:
    rows = await connection.fetch(SQL["read_cell_ids"], *zip(*keys, strict=True))
    return {keys[place - 1]: cell for place, cell in rows}


async def save_slot_days(connection: Connection, data: events.SlotAvailability) -> None:
    """Keep a target's free slots by day."""
    await connection.execute(
        SQL["save_slot_days"],
        data.target_id,
        data.version,
        [date.fromisoformat(day.date) for day in data.days],
        [day.free for day in data.days],
        _moment(data.last_slot_at),
    )


async def save_queue_reasons(connection: Connection, data: events.QueueStated) -> None:
    """Keep why a target's queues wait."""
    await connection.execute(
        SQL["save_queue_reasons"],
        data.target_id,
        data.version,
        [waiting.round for waiting in data.rounds],
        [waiting.reason for waiting in data.rounds],
        [_moment(waiting.until) for waiting in data.rounds],
    )


async def save_slots(connection: Connection, found: Sequence[events.SlotReleased]) -> None:
    """Keep slots' details."""
    if not found:
        return
    await connection.execute(
        SQL["save_slots"],
        [data.target_id for data in found],
        [data.slot_id for data in found],
        [data.version for data in found],
        [moment(data.starts_at) for data in found],
        [data.minutes for data in found],
        [data.clinician for data in found],
    )


async def withdraw_slots(connection: Connection, found: Sequence[events.SlotWithdrawn]) -> None:
    """Mark slots as withdrawn, each where its version is the highest."""
    if not found:
        return
    await connection.execute(
        SQL["withdraw_slots"],
        [data.target_id for data in found],
        [data.slot_id for data in found],
        [data.version for data in found],
    )


async def add_timeline(connection: Connection, entries: Iterable[Entry]) -> None:
    """Add entries; those that are there already stay as they are, the first of a batch counts."""
    first = {entry[:2]: entry for entry in reversed([*entries])}
    if first:
        patients, ids, *rest = zip(*sorted(first.values(), key=itemgetter(0)), strict=True)
        await connection.execute(SQL["add_timeline"], patients, ids, *map(_column, rest))


async def begin_rebuilding(connection: Connection, began_at: datetime) -> None:
    """Empty what is materialised, the timeline aside, and show nothing until it is whole again."""
    await connection.execute(SQL["empty_tables"])
    await connection.execute(SQL["begin_rebuilding"], began_at)


async def end_rebuilding(connection: Connection) -> None:
    """Show the numbers again."""
    await connection.execute(SQL["end_rebuilding"])


async def is_rebuilding(connection: Connection) -> bool:
    """Whether the tables are being filled anew."""
    return bool(await connection.fetchval(SQL["is_rebuilding"]))


@dataclass(frozen=True)
class Page:
    """Rows of a list, where the next page begins, if there is one, and how many match in all."""

    rows: Sequence[Row]
    next_place: Place | None
    matching: int


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
        replies=row["replies"],
    )


async def read_target(connection: Connection, target_id: str) -> Target | None:
    """A target with all it counts, from one snapshot; None when there is none."""
    row = await connection.fetchrow(SQL["read_targets"], target_id, None, None, 1)
    return None if row is None else _target(row)


async def read_target_version(connection: Connection, target_id: str) -> int | None:
    """The version of a target that pages show; None when it is not known yet."""
    version: int | None = await connection.fetchval(SQL["read_target_version"], target_id)
    return version


async def read_targets(
    connection: Connection, after: tuple[str, str] | None, limit: int
) -> list[Target]:
    """Targets in the order of (name, id), after a position."""
    name, target_id = after or (None, None)
    rows = await connection.fetch(SQL["read_targets"], None, name, target_id, limit)
    return [_target(row) for row in rows]


@asynccontextmanager
async def snapshot(connection: Connection) -> AsyncIterator[None]:
    """What is read within is of one instant, so that lists and their counts agree.

    Queries are planned for their values: filters not given cost nothing.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute(SQL["custom_plans"])
        yield


async def read_cells(connection: Connection, target_id: str) -> list[Cell]:
    """A target's cells, each with how many patients are in it."""
    return [Cell(*row) for row in await connection.fetch(SQL["read_cells"], target_id)]


async def list_patients(
    connection: Connection,
    target: Target,
    filters: Filters,
    *,
    sort: Sort,
    after: Place | None,
    limit: int,
) -> Page:
    """A page of a target's patients, within a `snapshot`.

    Raises:
        FilterError: the cursor is of no patient of this target.
    """
    known = await read_cells(connection, target.id)
    cells = chosen(known, filters, target.queues)
    ids = [cell.id for cell in cells]
    text, since, patient = await _position(connection, target, after)
    numbered = await find_by_number(connection, target.id, filters.nhs_number)
    way = way_to(cells, known, limit)
    if way.sorts or numbered is not None:
        rows = await connection.fetch(
            SQL["list_few"], ids, sort, numbered, text, since, patient, limit + 1
        )
    elif sort.endswith("updated_at"):
        rows = await connection.fetch(SQL["list_by_change"], ids, sort, since, patient, limit + 1)
    else:
        asked = (SQL["list_by_identity"], ids, sort, target.id, text, patient, limit + 1)
        rows = await connection.fetch(*asked, way.passes)
        if len(rows) <= limit and way.passes is not None:
            rows = await connection.fetch(*asked, None)
    following = _place(rows[limit - 1], sort) if len(rows) > limit else None
    return Page(rows[:limit], following, await count_matching(connection, cells, numbered))


async def find_by_number(
    connection: Connection, target_id: str, nhs_number: str | None
) -> list[str] | None:
    """Those of a target who have the number, if one is asked for."""
    if nhs_number is None:
        return None
    rows = await connection.fetch(SQL["find_by_number"], target_id, nhs_number)
    return [row["patient_id"] for row in rows]


async def find_patient(connection: Connection, target_id: str, nhs_number: str) -> str | None:
    """The patient of a target with an NHS number; None when nobody on it has the number."""
    found: str | None = await connection.fetchval(SQL["find_patient"], target_id, nhs_number)
    return found


async def count_matching(
    connection: Connection, cells: Sequence[Cell], patients: Sequence[str] | None
) -> int:
    """How many are in some cells, by the kept counts; or how many of the patients asked for."""
    if patients is None:
        return counted(cells)
    ids = [cell.id for cell in cells]
    return int(await connection.fetchval(SQL["count_patients"], ids, patients))


async def _position(
    connection: Connection, target: Target, after: Place | None
) -> tuple[str | None, datetime | None, str | None]:
    """The text or the instant, and the patient, a page begins after."""
    if after is None:
        return None, None, None
    if after.updated_at_micros is not None:
        moment_ = EPOCH + timedelta(microseconds=after.updated_at_micros)
        return None, moment_, after.patient_id
    row = await connection.fetchrow(SQL["read_position"], target.id, after.patient_id)
    if row is None:
        raise FilterError("cursor", "This cursor is not of this list. Begin at the first page.")
    column = "sort_name" if after.sort.endswith("name") else "nhs_number"
    return row[column], None, after.patient_id


def _place(row: Row, sort: Sort) -> Place:
    if not sort.endswith("updated_at"):
        return Place(sort, row["patient_id"])
    since = row["updated_at"] - EPOCH
    return Place(sort, row["patient_id"], since // timedelta(microseconds=1))


async def every_patient(
    pool: Pool, target: Target, filters: Filters, sort: Sort
) -> AsyncIterator[Row]:
    """All matching patients, page by page; no connection is held between pages."""
    place: Place | None = None
    while True:
        async with pool.acquire() as connection, snapshot(connection):
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


async def list_slot_days(connection: Connection, target_id: str, since: datetime) -> list[Row]:
    """The days on which a target has slots: day, free, booked, first, last."""
    return list(await connection.fetch(SQL["list_slot_days"], target_id, since))


async def list_slots(
    connection: Connection, target_id: str, begin: datetime, end: datetime, limit: int
) -> list[Row]:
    """A target's slots of a period: slot_id, starts_at, minutes, clinician, booked."""
    return list(await connection.fetch(SQL["list_slots"], target_id, begin, end, limit))


async def count_slots(connection: Connection, target_id: str) -> int:
    """How many slots a target has that are not withdrawn."""
    return int(await connection.fetchval(SQL["count_slots"], target_id))
