"""The queries that fold: (connection, values) → nothing.  Only `store` and `reading` run SQL."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

import msgspec
from recall.contracts import events
from recall.contracts.instants import moment
from recall.kit.postgres import Connection
from recall.kit.sql import queries

from dashboard.timeline import Entry

SQL = queries("dashboard")

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
        [
            " ".join(filter(None, (data.last_name, data.first_name))).casefold()
            for data in found
        ],
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
    await connection.execute(
        SQL["move_patients"],
        [data.patient_id for data in found],
        [data.target_id for data in found],
        [shards[data.patient_id] for data in found],
        [data.version for data in found],
        [data.round or 0 for data in found],
        [data.status for data in found],
        [data.description for data in found],
        [_moment(data.until) for data in found],
        [data.alert for data in found],
        [data.delivery for data in found],
        [data.appointment.slot_id if data.appointment else None for data in found],
        [moment(data.appointment.starts_at) if data.appointment else None for data in found],
        [moment(data.updated_at) for data in found],
    )


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


async def add_timeline(connection: Connection, entries: Iterable[Entry]) -> None:
    """Add entries; those that are there already stay as they are."""
    columns = list(zip(*sorted(entries, key=_place), strict=True))
    if columns:
        await connection.execute(SQL["add_timeline"], *columns)


def _place(entry: Entry) -> str:
    """Rows are locked in one order; of two entries for one event the earlier record counts."""
    return entry.patient_id
