"""What the tables hold: functions of a connection, and the only place that runs queries."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import astuple

from recall.contracts import events
from recall.contracts.topics import TOPICS
from recall.kit.codec import Decoder, Event, decoder
from recall.kit.consuming import Record
from recall.kit.postgres import Connection
from recall.kit.sql import queries
from workflow import messages
from workflow.decide import Patient, Tallies
from workflow.pacing import Availability, Settings, Wait

SQL = queries("workflow")

_MOVED_COLUMNS = slice(10, 25)
"""The columns of `patients` that an event may change: from `round` on."""


class Queue(NamedTuple):
    """A target on which somebody waits, with all that pacing asks.

    Attributes:
        practice: whose target it is: turns are taken by practice.
        in_queue: patients waiting, by round.
        being_invited: patients being invited, over all rounds.
        stated: the waits last published, as text; None if none were.
    """

    settings: Settings
    practice: str
    availability: Availability
    in_queue: Mapping[int, int]
    being_invited: int
    stated_version: int
    stated: str | None


async def lock_patients(connection: Connection, ids: Iterable[str]) -> dict[str, Patient]:
    """The patients that are known, by id, locked until the transaction ends."""
    rows = await connection.fetch(SQL["lock_patients"], sorted(ids))
    return {row[0]: Patient(*row) for row in rows}


async def patients_after(connection: Connection, after: str, most: int) -> list[Patient]:
    """The next patients of all targets in the order of their ids, held against changes."""
    rows = await connection.fetch(SQL["patients_after"], after, most)
    return [Patient(*row) for row in rows]


async def take_from_queue(
    connection: Connection, target_id: str, rounds: Sequence[int], most: int
) -> list[Patient]:
    """The next patients of a target's queue, locked."""
    rows = await connection.fetch(SQL["take_from_queue"], target_id, rounds, most)
    return [Patient(*row) for row in rows]


async def put_patients(connection: Connection, patients: Iterable[Patient]) -> None:
    """Store patients with all their columns, met before or not."""
    columns = _columns(patients)
    if columns:
        await connection.execute(SQL["put_patients"], *columns)


async def move_patients(connection: Connection, patients: Iterable[Patient]) -> None:
    """Store what events changed about locked patients."""
    columns = _columns(patients)
    if columns:
        await connection.execute(SQL["move_patients"], columns[0], *columns[_MOVED_COLUMNS])


def _columns(patients: Iterable[Patient]) -> list[tuple[Any, ...]]:
    """One tuple per column, the rows in the order of the ids."""
    ordered = sorted(patients, key=lambda patient: patient.patient_id)
    return list(zip(*map(astuple, ordered), strict=True))


async def add_dispatched(connection: Connection, patients: Sequence[Patient]) -> None:
    """Record that these invitations go out; a second time for a patient and round is refused.

    Raises:
        asyncpg.UniqueViolationError: one of them went out before.
    """
    await connection.execute(
        SQL["add_dispatched"], [p.patient_id for p in patients], [p.round for p in patients]
    )


async def add_tallies(connection: Connection, shard: str, changes: Tallies) -> None:
    """Move the tallies of one writer."""
    if not changes:
        return
    ordered = sorted(changes.items())
    await connection.execute(
        SQL["add_tallies"],
        shard,
        [target for (target, _), _ in ordered],
        [number for (_, number), _ in ordered],
        [change.in_queue for _, change in ordered],
        [change.being_invited for _, change in ordered],
        [change.booked for _, change in ordered],
    )


async def put_targets(connection: Connection, targets: Sequence[events.TargetSaved]) -> None:
    """Store targets, each once; an older version changes nothing."""
    await connection.execute(
        SQL["put_targets"],
        [t.target_id for t in targets],
        [t.version for t in targets],
        [t.practice for t in targets],
        [t.state for t in targets],
        [messages.rounds_text(t) for t in targets],
        [t.booking_window.from_date for t in targets],
        [t.booking_window.to_date for t in targets],
        [t.invitations_per_slot for t in targets],
    )


async def put_availabilities(
    connection: Connection, counted: Sequence[events.SlotAvailability]
) -> None:
    """Store the free slots of targets, each once; an older version changes nothing."""
    await connection.execute(
        SQL["put_availabilities"],
        [c.target_id for c in counted],
        [c.version for c in counted],
        [messages.days_text(c) for c in counted],
        [c.last_slot_at for c in counted],
        [c.booked for c in counted],
    )


async def count_rounds(connection: Connection, targets: Iterable[str]) -> dict[str, int]:
    """How many rounds the targets have that have been read."""
    rows = await connection.fetch(SQL["count_rounds"], sorted(targets))
    return {row["target_id"]: row["rounds"] for row in rows}


async def channels_of(connection: Connection, targets: Iterable[str]) -> dict[tuple[str, int], str]:
    """The channel of each round of the targets that have been read."""
    rows = await connection.fetch(SQL["channels_of"], sorted(targets))
    return {(row["target_id"], row["round"]): row["channel"] for row in rows}


async def lock_targets(connection: Connection, ids: Sequence[str]) -> list[str]:
    """Lock targets for dispatch; those that another dispatcher has are left out."""
    rows = await connection.fetch(SQL["lock_targets"], ids)
    return [row["target_id"] for row in rows]


async def read_queues(connection: Connection, targets: Sequence[str] | None) -> list[Queue]:
    """Those of the targets (None: of all) on which somebody waits."""
    rows = await connection.fetch(SQL["read_queues"], targets)
    return [
        Queue(
            settings=messages.settings_of(
                row["target_id"],
                row["state"],
                row["rounds"],
                row["from_date"],
                row["to_date"],
                row["ratio"],
            ),
            practice=row["practice"],
            availability=messages.availability_of(
                row["days"], row["last_slot_at"], row["counted"], row["booked"] or 0
            ),
            in_queue=dict(zip(row["tallied_rounds"] or (), row["in_queue"] or (), strict=True)),
            being_invited=sum(row["being_invited"] or ()),
            stated_version=row["stated_version"],
            stated=row["stated"],
        )
        for row in rows
    ]


async def queue_states_after(
    connection: Connection, after: str, most: int
) -> list[tuple[str, int, tuple[Wait, ...]]]:
    """The next targets' ids, versions and waits as last published, held against changes."""
    rows = await connection.fetch(SQL["queue_states_after"], after, most)
    return [(row[0], row[1], messages.waits_of(row[2])) for row in rows]


async def put_queue_state(
    connection: Connection, target_id: str, version: int, rounds: str
) -> None:
    """Store the waits that are published, as text."""
    await connection.execute(SQL["put_queue_state"], target_id, version, rounds)


async def hold_enrolments(connection: Connection, partitions: Iterable[int]) -> bool:
    """Let no enrolment of these partitions happen until the transaction ends.

    Returns:
        Whether all of them could be held; a partition of `patients` that has not been assigned
        yet cannot.
    """
    wanted = sorted(set(partitions))
    return len(await connection.fetch(SQL["hold_enrolments"], wanted)) == len(wanted)


async def add_waiting(connection: Connection, topic: str, records: Sequence[Record]) -> None:
    """Let messages wait for the enrolment of their patients."""
    await connection.execute(
        SQL["add_waiting"],
        [r.event.data.patient_id for r in records],
        [r.event.id for r in records],
        [topic] * len(records),
        [msgspec.json.encode(r.event) for r in records],
    )


async def take_waiting(connection: Connection, ids: Iterable[str]) -> list[tuple[str, Event]]:
    """What waited for patients, with their ids; it waits no more."""
    rows = await connection.fetch(SQL["take_waiting"], sorted(ids))
    return [(row[0], _decoder(row[1])(row[2])) for row in rows]


@cache
def _decoder(topic: str) -> Decoder:
    return decoder(TOPICS[topic].carries)
