"""Reads and writes: functions of a connection and values, the only place that runs queries."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import asyncpg
import msgspec

from invitations.answers import Invitation, Slot
from invitations.places import Place
from recall.contracts.events import Round
from recall.kit import wire
from recall.kit.postgres import Connection
from recall.kit.sql import queries

SQL = queries("invitations")

MADE_COLUMNS = (
    "patient_id", "round", "target_id", "person_id", "channel", "template_version", "partition",
    "state", "dispatched_at", "expires_at", "ended_at", "reason", "offer_a", "offer_b", "offer_c",
    "said", "opening",
)  # fmt: skip
"""What is stored of a new invitation."""


class OutpacedError(Exception):
    """What was read has been overtaken by another transaction: the same work again will see it."""


class Target(msgspec.Struct, frozen=True):
    """What inviting needs of a target."""

    target_id: str
    practice: str
    name: str
    from_date: date
    to_date: date
    rounds: str

    def round_of(self, number: int) -> Round | None:
        """A round, if the target has it."""
        return next((found for found in rounds_of(self.rounds) if found.round == number), None)


@lru_cache(maxsize=1024)
def rounds_of(text: str) -> tuple[Round, ...]:
    """Rounds as they are stored."""
    return tuple(_ROUNDS.decode(text))


_ROUNDS: Any = msgspec.json.Decoder(list.__class_getitem__(wire.Round))


class Patient(msgspec.Struct, frozen=True, gc=False):
    """A patient, how to reach them, whether texts may go, and the appointment that stands."""

    patient_id: str
    target_id: str
    person_id: str
    partition: int
    nhs_number: str
    date_of_birth: date
    first_name: str | None
    last_name: str | None
    mobile: str | None
    address: str
    postcode: str | None
    carer_name: str | None
    carer_mobile: str | None
    opted_out: bool
    appointment: str | None
    appointment_at: datetime | None


def columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    """Rows as the columns `unnest` takes."""
    return (
        [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
    )


def _invitation(row: asyncpg.Record) -> Invitation:
    """An invitation of the columns that every query of whole ones selects, in their order."""
    patient, target_id, person, number, channel, template_version, partition, state, *rest = row
    dispatched_at, expires_at, ended_at, delivery, reason, *rest = rest
    offer_a, offer_b, offer_c, helped, needs_reply, said, appointment, appointment_at = rest
    patient_id = str(patient)
    return Invitation(
        invitation_id=f"{patient_id}.{number}",
        patient_id=patient_id,
        target_id=target_id,
        person_id=str(person),
        round=number,
        channel=channel,
        template_version=template_version,
        partition=partition,
        state=state,
        dispatched_at=dispatched_at,
        expires_at=expires_at,
        ended_at=ended_at,
        delivery=delivery,
        reason=reason,
        offer=(offer_a, offer_b, offer_c),
        helped=helped,
        needs_reply=needs_reply,
        said=said,
        appointment=appointment,
        appointment_at=appointment_at,
    )


async def save_targets(connection: Connection, rows: Sequence[tuple[object, ...]]) -> None:
    """Upsert targets by version."""
    await connection.execute(SQL["save_targets"], *columns(rows, 7))


async def read_targets(connection: Connection, ids: Iterable[str]) -> dict[str, Target]:
    """Targets by id; unknown ones are absent."""
    rows = await connection.fetch(SQL["read_targets"], list(ids))
    return {row["target_id"]: Target(*row.values()) for row in rows}


async def save_patients(connection: Connection, rows: Sequence[tuple[object, ...]]) -> None:
    """Upsert patients by version."""
    await connection.execute(SQL["save_patients"], *columns(rows, 14))


async def read_patients(connection: Connection, ids: Iterable[str]) -> dict[str, Patient]:
    """Patients by id; unknown ones are absent."""
    rows = await connection.fetch(SQL["read_patients"], list(ids))
    found = {}
    for row in rows:
        patient, target_id, person, *rest = row
        patient_id = str(patient)
        found[patient_id] = Patient(patient_id, target_id, str(person), *rest)
    return found


async def add_removals(connection: Connection, patients: Sequence[str]) -> None:
    """Remember who was removed."""
    await connection.execute(SQL["add_removals"], sorted(patients))


async def is_removed(connection: Connection, patient_id: str) -> bool:
    """Whether a patient was removed from their target."""
    return bool(await connection.fetchval(SQL["is_removed"], patient_id))


async def save_opt_outs(
    connection: Connection, words: dict[str, tuple[bool, datetime]]
) -> set[str]:
    """The last word of each person on texts; returns the people who had not said later ones."""
    people = sorted(words)
    rows = await connection.fetch(
        SQL["save_opt_outs"],
        people,
        [words[person][0] for person in people],
        [words[person][1] for person in people],
    )
    return {str(row["person_id"]) for row in rows}


async def lock_invitations(connection: Connection, patients: Mapping[str, int]) -> list[Invitation]:
    """Each patient's invitations from a round on, in the order of patients and rounds, locked."""
    ordered = sorted(patients)
    rows = await connection.fetch(
        SQL["lock_invitations"], ordered, [patients[name] for name in ordered]
    )
    return [_invitation(row) for row in rows]


async def known_invitations(connection: Connection, places: Iterable[Place]) -> set[Place]:
    """Those of the places that there is an invitation for."""
    rows = await connection.fetch(SQL["known_invitations"], *columns(sorted(places), 2))
    return {(str(row[0]), row[1]) for row in rows}


async def lock_open_texts(connection: Connection, people: Iterable[str]) -> list[Invitation]:
    """The open text invitations of people on every target, locked."""
    rows = await connection.fetch(SQL["lock_open_texts_of_people"], sorted(people))
    return [_invitation(row) for row in rows]


async def add_invitations(
    connection: Connection, invitations: Sequence[Invitation], openings: Mapping[str, int]
) -> None:
    """Store new invitations; a second one for a patient and round is refused by the database.

    `openings`: by what the page of an invitation is found, if it has one.
    """
    rows = [
        (
            i.patient_id,
            i.round,
            i.target_id,
            i.person_id,
            i.channel,
            i.template_version,
            i.partition,
            i.state,
            i.dispatched_at,
            i.expires_at,
            i.ended_at,
            i.reason,
            *i.offer,
            i.said,
            openings.get(i.invitation_id),
        )
        for i in invitations
    ]
    await connection.copy_records_to_table("invitations", columns=MADE_COLUMNS, records=rows)


async def save_invitations(connection: Connection, invitations: Sequence[Invitation]) -> None:
    """Store what changed in invitations that this transaction has locked."""
    await connection.execute(
        SQL["save_invitations"],
        [i.patient_id for i in invitations],
        [i.round for i in invitations],
        [i.state for i in invitations],
        [i.ended_at for i in invitations],
        [i.delivery for i in invitations],
        [i.reason for i in invitations],
        *([i.offer[letter] for i in invitations] for letter in range(3)),
        [i.helped for i in invitations],
        [i.needs_reply for i in invitations],
        [i.said for i in invitations],
    )


async def add_withdrawals(
    connection: Connection, rows: Sequence[tuple[str, str, str, datetime]]
) -> None:
    """Remember withdrawals, which may come before their dispatch."""
    await connection.execute(SQL["add_withdrawals"], *columns(rows, 4))


async def read_withdrawals(
    connection: Connection, ids: Sequence[str]
) -> dict[str, tuple[str, str, datetime]]:
    """Actor, reason and moment of each invitation's withdrawal."""
    rows = await connection.fetch(SQL["read_withdrawals"], list(ids))
    return {r["invitation_id"]: (r["actor"], r["reason"], r["at"]) for r in rows}


async def add_replies(
    connection: Connection, rows: Sequence[tuple[str, str, str, str, datetime]]
) -> set[tuple[str, str]]:
    """Store answers as they came; returns (invitation id, report id) of those that are new."""
    found = await connection.fetch(SQL["add_replies"], *columns(rows, 5))
    return {(row["invitation_id"], row["report_id"]) for row in found}


async def save_slots(connection: Connection, rows: Sequence[tuple[object, ...]]) -> None:
    """Upsert released slots by version."""
    await connection.execute(SQL["save_slots"], *columns(rows, 7))


async def withdraw_slots(connection: Connection, rows: Sequence[tuple[str, str, int]]) -> None:
    """Withdraw slots by version."""
    await connection.execute(SQL["withdraw_slots"], *columns(rows, 3))


async def lock_slots(
    connection: Connection, wanted: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Slot]:
    """Slots by (target id, slot id), locked in order; unknown ones are absent."""
    asked = sorted(set(wanted))
    if not asked:
        return {}
    rows = await connection.fetch(
        SQL["lock_slots"], [target for target, _ in asked], [slot for _, slot in asked]
    )
    return {
        (r["target_id"], r["slot_id"]): Slot(
            slot_id=r["slot_id"], starts_at=r["starts_at"], bookable=r["bookable"]
        )
        for r in rows
    }


async def free_slots(
    connection: Connection,
    target_id: str,
    now: datetime,
    after: tuple[datetime, str],
    count: int,
    *,
    lock: bool,
) -> list[Slot]:
    """Bookable slots after a place, in order of time; locked ones pass over what others hold."""
    query = SQL["take_slots"] if lock else SQL["free_slots"]
    rows = await connection.fetch(query, target_id, now, *after, count)
    return [Slot(slot_id=r["slot_id"], starts_at=r["starts_at"], bookable=True) for r in rows]


async def add_appointments(connection: Connection, rows: Sequence[tuple[object, ...]]) -> None:
    """Store appointments; the database refuses a second one for a slot or a person.

    Raises:
        OutpacedError: another transaction booked for one of these people at the same moment.
    """
    added = await connection.fetch(SQL["add_appointments"], *columns(rows, 7))
    if len(added) < len(rows):
        raise OutpacedError("an appointment was made at the same moment: do the work again")


async def delete_appointments(connection: Connection, slots: Sequence[tuple[str, str]]) -> None:
    """End appointments by (target id, slot id).

    Raises:
        OutpacedError: another transaction has ended one of them.
    """
    ended = await connection.fetch(SQL["delete_appointments"], *columns(slots, 2))
    if len(ended) < len(slots):
        raise OutpacedError("an appointment was ended at the same moment: do the work again")


async def set_booked(connection: Connection, slots: dict[tuple[str, str], bool]) -> None:
    """Mark slots as booked or free."""
    rows = [(target, slot, booked) for (target, slot), booked in sorted(slots.items())]
    await connection.execute(SQL["set_booked"], *columns(rows, 3))


async def mark_dirty(connection: Connection, targets: Mapping[str, int]) -> None:
    """Have the free slots of targets counted anew; so many more of them are booked."""
    ordered = sorted(targets)
    await connection.execute(SQL["mark_dirty"], ordered, [targets[name] for name in ordered])


async def unreported(connection: Connection, now: datetime) -> tuple[datetime | None, bool]:
    """The earliest due act not yet done, and whether a report waits to be published."""
    (row,) = await connection.fetch(SQL["unreported"], now)
    return row["earliest"], row["unpublished"]


async def any_deadline(connection: Connection, at: datetime) -> bool:
    """Whether any open invitation has expired by an instant."""
    return bool(await connection.fetchval(SQL["any_deadline"], at))


async def take_deadlines(
    connection: Connection, at: datetime, partitions: Iterable[int], count: int
) -> list[Invitation]:
    """Open invitations that expired by an instant, in due order, locked."""
    rows = await connection.fetch(SQL["take_deadlines"], at, sorted(partitions), count)
    return [_invitation(row) for row in rows]


async def add_served(connection: Connection, channels: Iterable[str]) -> None:
    """Remember that somebody serves these channels."""
    await connection.execute(SQL["add_served"], sorted(channels))


async def read_served(connection: Connection, channels: Iterable[str]) -> set[str]:
    """Those of the channels that somebody serves, as far as any report has ever said."""
    return {row["channel"] for row in await connection.fetch(SQL["read_served"], sorted(channels))}


async def count_timers(connection: Connection, now: datetime) -> int:
    """Timers due at an instant and not yet claimed."""
    return int(await connection.fetchval(SQL["count_timers"], now))


async def hold_patients(connection: Connection, partitions: Iterable[int]) -> None:
    """Until this transaction ends, no patient of these partitions becomes known."""
    await connection.fetch(SQL["hold_patients"], sorted(partitions))


async def add_waiting(connection: Connection, rows: Sequence[tuple[str, str, int, bytes]]) -> None:
    """Keep events of patients who are not known yet."""
    await connection.execute(SQL["add_waiting"], *columns(rows, 4))


async def take_waiting(connection: Connection, patients: Sequence[str]) -> list[tuple[int, bytes]]:
    """Partition and event of what waited for these patients; they wait no longer."""
    rows = await connection.fetch(SQL["take_waiting"], list(patients))
    return [(row["partition"], row["event"]) for row in rows]
