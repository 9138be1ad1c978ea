"""Reads and writes: functions of a connection and values, the only place that runs queries."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, cast

import asyncpg
import msgspec

from ingest.enrolments import Enrolment
from ingest.slots import Slot
from recall.contracts.events import Round, TargetSaved
from recall.contracts.instants import instant, moment
from recall.kit import wire
from recall.kit.postgres import Connection
from recall.kit.sql import queries
from recall.register import Person

SQL = queries("ingest")


def _rounds(text: str) -> list[Round]:
    decoded = msgspec.json.decode(text, type=list.__class_getitem__(wire.Round))
    return cast("list[Round]", decoded)


PATIENT_COLUMNS = (
    "patient_id", "target_id", "person_id", "partition", "version", "enrolment", "position",
    "nhs_number", "date_of_birth", "first_name", "last_name", "mobile", "address", "postcode",
    "carer_name", "carer_mobile", "supplied", "alert", "actor", "enrolled_at",
)  # fmt: skip


class StoredTarget(msgspec.Struct, frozen=True):
    """A target, the digest of the request that made it, and how often patients were removed."""

    saved: TargetSaved
    request_digest: str
    removals: int


class StoredPatient(msgspec.Struct, frozen=True):
    """An enrolment, the partition of its id, and whether it still stands."""

    enrolment: Enrolment
    partition: int
    removed: bool


class StoredSlot(msgspec.Struct, frozen=True):
    """A slot as it was released last, or withdrawn since."""

    slot: Slot
    version: int
    withdrawn: bool


class KeptAnswer(msgspec.Struct, frozen=True):
    """The answer to a request that carried an Idempotency-Key."""

    request_digest: str
    status: int
    headers: dict[str, str]
    body: object


async def add_target(connection: Connection, target: TargetSaved, digest: str) -> bool:
    """Keep a new target; tell whether its id was free."""
    made = await connection.fetchval(SQL["add_target"], *_target_columns(target), digest)
    if made is None:
        return False
    await connection.execute(SQL["add_roster"], target.target_id)
    return True


async def find_target(connection: Connection, target_id: str) -> StoredTarget | None:
    """Read a target."""
    return _target(await connection.fetchrow(SQL["find_target"], target_id))


async def targets_after(connection: Connection, after: str, most: int) -> list[TargetSaved]:
    """The next targets in the order of their ids, held against changes."""
    rows = await connection.fetch(SQL["targets_after"], after, most)
    return [_saved(row) for row in rows]


async def lock_target(connection: Connection, target_id: str) -> StoredTarget | None:
    """Read a target in order to change it."""
    return _target(await connection.fetchrow(SQL["lock_target"], target_id))


async def save_target(connection: Connection, target: TargetSaved) -> None:
    """Keep the next version of a locked target."""
    await connection.execute(SQL["save_target"], *_target_columns(target))


async def count_removal(connection: Connection, target_id: str) -> None:
    """Note that patients were removed, so that the same file is read again."""
    await connection.execute(SQL["count_removal"], target_id)


async def lock_roster(connection: Connection, target_id: str) -> int | None:
    """Wait for one's turn to add patients to a target; returns the next position."""
    return cast("int | None", await connection.fetchval(SQL["lock_roster"], target_id))


async def save_roster(connection: Connection, target_id: str, next_position: int) -> None:
    """Keep the position of the next patient."""
    await connection.execute(SQL["save_roster"], target_id, next_position)


async def find_enrolments(
    connection: Connection, target_id: str, numbers: Sequence[str]
) -> dict[str, tuple[int, bool]]:
    """The latest enrolment of each number that was ever on the target, and whether it stands."""
    rows = await connection.fetch(SQL["find_enrolments"], target_id, numbers)
    return {row["nhs_number"]: (row["enrolment"], row["stands"]) for row in rows}


async def add_patients(
    connection: Connection, enrolments: Iterable[Enrolment], partitions: Iterable[int]
) -> None:
    """Keep new enrolments; COPY takes several times the rows that INSERT does."""
    await connection.copy_records_to_table(
        "patients",
        columns=PATIENT_COLUMNS,
        records=[_patient_row(e, p) for e, p in zip(enrolments, partitions, strict=True)],
    )


async def lock_patient(connection: Connection, patient_id: str) -> StoredPatient | None:
    """Read one patient in order to change them."""
    row = await connection.fetchrow(SQL["lock_patient"], patient_id)
    return None if row is None else _patient(row)


async def lock_patients_by_id(
    connection: Connection, target_id: str, ids: Sequence[str]
) -> list[StoredPatient]:
    """Those of the patients who are or were on the target."""
    rows = await connection.fetch(SQL["lock_patients_by_id"], target_id, ids)
    return [_patient(row) for row in rows]


async def lock_patients_by_number(
    connection: Connection, target_id: str, numbers: Sequence[str]
) -> list[StoredPatient]:
    """All enrolments of these NHS numbers on the target."""
    rows = await connection.fetch(SQL["lock_patients_by_number"], target_id, numbers)
    return [_patient(row) for row in rows]


async def lock_patients_after(
    connection: Connection, target_id: str, after: str, count: int
) -> list[StoredPatient]:
    """The next patients who stand on the target, by NHS number."""
    rows = await connection.fetch(SQL["lock_patients_after"], target_id, after, count)
    return [_patient(row) for row in rows]


async def patients_after(connection: Connection, after: str, most: int) -> list[StoredPatient]:
    """The next enrolments of all targets in the order of their ids, held against changes."""
    rows = await connection.fetch(SQL["patients_after"], after, most)
    return [_patient(row) for row in rows]


async def remove_patients(connection: Connection, ids: Sequence[str], at: datetime) -> None:
    """Mark enrolments as removed."""
    await connection.execute(SQL["remove_patients"], ids, at)


async def save_patients(connection: Connection, enrolments: Sequence[Enrolment]) -> None:
    """Keep the next versions of locked patients."""
    people = [enrolment.person for enrolment in enrolments]
    await connection.execute(
        SQL["save_patients"],
        [e.patient_id for e in enrolments],
        [e.version for e in enrolments],
        [p.first_name for p in people],
        [p.last_name for p in people],
        [p.mobile for p in people],
        ["\n".join(p.address) for p in people],
        [p.postcode for p in people],
        [p.carer_name for p in people],
        [p.carer_mobile for p in people],
        [e.supplied for e in enrolments],
        [e.alert for e in enrolments],
        [e.actor for e in enrolments],
        [e.enrolled_at for e in enrolments],
    )


async def lock_slots(
    connection: Connection, target_id: str, ids: Sequence[str]
) -> dict[str, StoredSlot]:
    """Those of the slots that were released before."""
    rows = await connection.fetch(SQL["lock_slots"], target_id, ids)
    return {row["slot_id"]: _slot(row) for row in rows}


async def slots_after(
    connection: Connection, target_id: str, slot_id: str, most: int
) -> list[tuple[str, StoredSlot]]:
    """The next slots of all targets with their targets' ids, held against changes."""
    rows = await connection.fetch(SQL["slots_after"], target_id, slot_id, most)
    return [(row["target_id"], _slot(row)) for row in rows]


async def save_slots(
    connection: Connection, target_id: str, slots: Sequence[tuple[Slot, int]]
) -> None:
    """Keep released slots with their versions, in key order."""
    slots = sorted(slots, key=lambda pair: pair[0].slot_id)
    await connection.execute(
        SQL["save_slots"],
        target_id,
        [slot.slot_id for slot, _ in slots],
        [version for _, version in slots],
        [slot.starts_at for slot, _ in slots],
        [slot.minutes for slot, _ in slots],
        [slot.clinician for slot, _ in slots],
    )


async def withdraw_slots(
    connection: Connection, target_id: str, gone: Sequence[tuple[str, int]]
) -> None:
    """Mark locked slots as withdrawn, each with its new version."""
    ids, versions = [slot_id for slot_id, _ in gone], [version for _, version in gone]
    await connection.execute(SQL["withdraw_slots"], target_id, ids, versions)


async def lock_key(connection: Connection, key: str) -> None:
    """Wait until no other request with this Idempotency-Key is at work."""
    await connection.execute(SQL["lock_key"], key)


async def find_answer(connection: Connection, key: str, since: datetime) -> KeptAnswer | None:
    """The answer kept for a key since a machine time."""
    row = await connection.fetchrow(SQL["find_answer"], key, since)
    if row is None:
        return None
    headers = msgspec.json.decode(row["headers"], type=dict[str, str])
    body = msgspec.json.decode(row["body"])
    return KeptAnswer(row["request_digest"], row["status"], headers, body)


async def keep_answer(
    connection: Connection, key: str, answer: KeptAnswer, kept_at: datetime
) -> None:
    """Keep an answer with the change it tells of."""
    headers, body = (msgspec.json.encode(part).decode() for part in (answer.headers, answer.body))
    values = (answer.request_digest, answer.status, headers, body, kept_at)
    await connection.execute(SQL["keep_answer"], key, *values)


async def forget_answers(connection: Connection, before: datetime, count: int) -> int:
    """Delete answers kept before a machine time, so many at once; returns how many went."""
    return len(await connection.fetch(SQL["forget_answers"], before, count))


def _target_columns(target: TargetSaved) -> tuple[object, ...]:
    window = target.booking_window
    return (
        target.target_id,
        target.version,
        target.practice,
        target.name,
        target.state,
        msgspec.json.encode(target.rounds).decode(),
        date.fromisoformat(window.from_date),
        date.fromisoformat(window.to_date),
        target.invitations_per_slot,
        target.actor,
        moment(target.saved_at),
    )


def _target(row: asyncpg.Record | None) -> StoredTarget | None:
    if row is None:
        return None
    return StoredTarget(_saved(row), row["request_digest"], row["removals"])


def _saved(row: asyncpg.Record) -> TargetSaved:
    return wire.TargetSaved(
        target_id=row["target_id"],
        version=row["version"],
        practice=row["practice"],
        name=row["name"],
        state=row["state"],
        rounds=_rounds(row["rounds"]),
        booking_window=wire.BookingWindow(
            from_date=row["from_date"].isoformat(), to_date=row["to_date"].isoformat()
        ),
        invitations_per_slot=row["invitations_per_slot"],
        actor=row["actor"],
        saved_at=instant(row["saved_at"]),
    )


def _slot(row: asyncpg.Record) -> StoredSlot:
    slot = Slot(row["slot_id"], row["starts_at"], row["minutes"], row["clinician"])
    return StoredSlot(slot, row["version"], row["withdrawn"])


def _patient_row(enrolment: Enrolment, partition: int) -> tuple[Any, ...]:
    person = enrolment.person
    return (
        enrolment.patient_id,
        enrolment.target_id,
        enrolment.person_id,
        partition,
        enrolment.version,
        enrolment.enrolment,
        enrolment.position,
        person.nhs_number,
        person.date_of_birth,
        person.first_name,
        person.last_name,
        person.mobile,
        person.address,
        person.postcode,
        person.carer_name,
        person.carer_mobile,
        enrolment.supplied,
        enrolment.alert,
        enrolment.actor,
        enrolment.enrolled_at,
    )


def _patient(row: asyncpg.Record) -> StoredPatient:
    person = Person(
        row["nhs_number"],
        row["date_of_birth"],
        row["first_name"],
        row["last_name"],
        row["mobile"],
        tuple(row["address"]),
        row["postcode"],
        row["carer_name"],
        row["carer_mobile"],
    )
    enrolment = Enrolment(
        row["target_id"],
        row["patient_id"],
        row["person_id"],
        row["version"],
        row["enrolment"],
        row["position"],
        person,
        row["supplied"],
        row["alert"],
        row["actor"],
        row["enrolled_at"],
    )
    return StoredPatient(enrolment, row["partition"], row["removed_at"] is not None)
