"""A target with a million patients, folded straight into the dashboard's tables.

By the service's own handlers, so that every index and every kept count is as in life; only Kafka is
left out.  Who a patient is and where they stand follows from their position by a hash.
"""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

import asyncpg

from dashboard import handlers, store
from recall.contracts.instants import instant
from recall.kit import wire
from recall.kit.codec import model_of
from recall.kit.consuming import Batch
from recall.kit.postgres import Connection

TARGET = "crowded"
BATCH = 2_000
AT = "2025-09-01T08:00:00.000000Z"
BEGAN = datetime(2025, 9, 1, 8, tzinfo=UTC)

Cell = tuple[int, str, str, int]
"""Round, status, description, and how many of a thousand patients are there."""

CELLS: tuple[Cell, ...] = (
    (1, "in_queue", "in_queue", 230),
    (1, "being_invited", "sending", 10),
    (1, "being_invited", "delivered", 40),
    (1, "booked", "booked_by_reply", 250),
    (1, "declined", "declined_by_reply", 30),
    (1, "patient_alert", "no_contact", 2),
    (2, "in_queue", "in_queue", 60),
    (2, "being_invited", "delivered", 30),
    (2, "being_invited", "needs_reply", 2),
    (2, "booked", "booked_by_page", 100),
    (2, "declined", "declined_by_page", 15),
    (3, "in_queue", "in_queue", 40),
    (3, "being_invited", "delivered", 20),
    (3, "booked", "booked_by_page", 50),
    (3, "booked", "booked_by_staff", 10),
    (3, "declined", "declined_by_page", 10),
    (3, "did_not_book", "unanswered", 60),
    (3, "did_not_book", "undeliverable", 15),
    (0, "patient_alert", "no_match", 10),
    (0, "patient_alert", "superseded", 3),
    (0, "patient_alert", "deceased", 1),
    (1, "removed", "removed", 12),
)

FIRST_NAMES = (
    *("Ada", "Amir", "Ann", "Asha", "Ben", "Cara", "Chidi", "Dev", "Ella", "Emre", "Erin"),
    *("Femi", "Finn", "Grace", "Hana", "Ife", "Ines", "Ivan", "Jade", "Jay", "Joan", "Kai"),
    *("Lara", "Leo", "Lin", "Mae", "Maya", "Mei", "Mia", "Nia", "Noah", "Omar", "Owen", "Petra"),
    *("Priya", "Rosa", "Ruth", "Sami", "Sara", "Seth", "Siân", "Tara", "Theo", "Uma", "Vera"),
    *("Wes", "Yara", "Yusuf", "Zack", "Zoë"),
)
_BEGINNINGS = ("Ash", "Bar", "Car", "Dal", "Eld", "Fen", "Gar", "Hal", "Kel", "Lan", "Mar", "Nor")
_ENDINGS = ("berg", "bury", "combe", "dale", "field", "ford", "gate", "ham", "hurst", "ley", "wood")
LAST_NAMES = tuple(first + last for first in _BEGINNINGS for last in _ENDINGS)


@dataclass(frozen=True)
class Crowded:
    """How many patients, and the number of partitions that their events come on."""

    patients: int
    partitions: int


@cache
def patient_id(n: int) -> str:
    """The id of the patient at a position."""
    text = hashlib.md5(str(n).encode(), usedforsecurity=False).hexdigest()
    return f"{text[:8]}-{text[8:12]}-8{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _hash(n: int) -> int:
    """A number that follows from a position and looks like nothing."""
    return int(patient_id(n)[-7:], 16)


def cell_of(n: int) -> Cell:
    """Where the patient at a position stood at first."""
    place = _hash(n) % 1000
    for cell in CELLS:
        place -= cell[3]
        if place < 0:
            return cell
    raise AssertionError("the cells hold fewer than a thousand")


def nhs_number(n: int) -> str:
    """The number of the patient at a position, of the range that is never issued.

    One in eleven has no check digit; they get a 0, since the range has too few that have one.
    """
    nine = str(999_000_000 + n * 7_919 % 1_000_000)
    check = -sum(int(digit) * weight for digit, weight in zip(nine, range(10, 1, -1), strict=True))
    return f"{nine}{check % 11 % 10}"


async def fill(pool: asyncpg.Pool, crowded: Crowded, told: Callable[[int], None]) -> None:
    """Fold everybody into the tables by the service's own handlers, a batch a transaction.

    Only Kafka is left out.  Two batches go at once, of different partitions as in life.

    Args:
        pool: of connections to the dashboard's schema.
        crowded: who comes.
        told: called after each batch with how many have come with it.
    """
    async with pool.acquire() as connection, connection.transaction():
        await _target(connection)
    halves = [range(crowded.partitions)[half::2] for half in (0, 1)]
    async with asyncio.TaskGroup() as group:
        for half in halves:
            group.create_task(_fill(pool, crowded, list(half), told))
    async with pool.acquire() as connection:
        # In life autovacuum does this while patients come over weeks.
        await connection.execute("VACUUM ANALYZE")


async def _fill(
    pool: asyncpg.Pool, crowded: Crowded, partitions: list[int], told: Callable[[int], None]
) -> None:
    places = [n for n in range(crowded.patients) if n % crowded.partitions in partitions]
    for start in range(0, len(places), BATCH):
        part = places[start : start + BATCH]
        came = [_record(enrolled(n), n % crowded.partitions) for n in part]
        went = [_record(moved(n, 1, cell_of(n), _at(n)), n % crowded.partitions) for n in part]
        async with pool.acquire() as connection, connection.transaction():
            unit: Any = SimpleNamespace(connection=connection)
            await handlers.on_patients(Batch(unit, came))
            await handlers.on_patient_progress(Batch(unit, went))
        told(len(part))
        await asyncio.sleep(0)


def _record(data: Any, partition: int) -> Any:
    """A record as a consumer hands it over, as far as handlers look."""
    kind = model_of(data).event_type
    event = SimpleNamespace(type=kind, id=f"{data.patient_id}/{kind}/{data.version}", data=data)
    return SimpleNamespace(event=event, partition=partition)


def _at(n: int) -> str:
    """When a patient's last change was, some time in eleven days."""
    return instant(BEGAN + timedelta(seconds=_hash(n) // 7 % 950_000, microseconds=n % 1_000_000))


def enrolled(n: int) -> Any:
    """The patient at a position, as ingest tells of them."""
    drawn = _hash(n)
    return wire.PatientEnrolled(
        target_id=TARGET,
        patient_id=patient_id(n),
        person_id=patient_id(n),
        version=1,
        enrolment=1,
        position=n,
        nhs_number=nhs_number(n),
        date_of_birth="1970-02-01",
        first_name=FIRST_NAMES[drawn % len(FIRST_NAMES)],
        last_name=LAST_NAMES[drawn // 64 % len(LAST_NAMES)],
        mobile=None,
        address=[],
        postcode=None,
        carer_name=None,
        carer_mobile=None,
        alert=None,
        actor="staff",
        enrolled_at=AT,
    )


async def _target(connection: Connection) -> None:
    """The target itself, its free slots and why its queues wait, by the service's own functions."""
    window = wire.SendWindow(
        days=["mon", "tue", "wed", "thu", "fri"], from_time="08:00", to_time="18:00"
    )
    rounds = [
        wire.Round(round=n, channel=channel, name=name, respond_within="P7D", send_window=window)
        for n, channel, name in (
            (1, "sms", "SMS invitation"),
            (2, "sms-link", "SMS link invitation"),
            (3, "letter", "Letter invitation"),
        )
    ]
    saved = wire.TargetSaved(
        target_id=TARGET,
        version=1,
        practice="A81001",
        name="A million patients",
        state="active",
        rounds=rounds,
        booking_window=wire.BookingWindow(from_date="2025-10-13", to_date="2025-11-07"),
        invitations_per_slot="1.0",
        actor="staff",
        saved_at=AT,
    )
    await store.save_targets(connection, [saved])
    days = [date(2025, 10, day).isoformat() for day in range(13, 32)]
    await store.save_slot_days(
        connection,
        wire.SlotAvailability(
            target_id=TARGET,
            version=1,
            days=[wire.FreeSlots(date=day, free=900) for day in days],
            last_slot_at=None,
            counted_at=AT,
        ),
    )
    await store.save_queue_reasons(
        connection,
        wire.QueueStated(
            target_id=TARGET,
            version=1,
            rounds=[
                wire.RoundQueue(round=1, reason="waiting_for_slot", until=None),
                wire.RoundQueue(round=2, reason="waiting_for_slot", until=None),
                wire.RoundQueue(round=3, reason="next_to_be_invited", until=None),
            ],
            stated_at=AT,
        ),
    )


def moved(n: int, version: int, cell: Cell, at: str) -> Any:
    """The event that moves the patient at a position into a cell."""
    round_number, status, description, _ = cell
    return wire.PatientProgressed(
        target_id=TARGET,
        patient_id=patient_id(n),
        version=version,
        round=round_number or None,
        status=cast("Any", status),
        description=cast("Any", description),
        until=None,
        alert=cast("Any", description) if status == "patient_alert" else None,
        delivery=None,
        appointment=_appointment(n) if status == "booked" else None,
        actor="workflow",
        reason=None,
        updated_at=at,
    )


def _appointment(n: int) -> Any:
    at = BEGAN + timedelta(days=42 + n % 25, minutes=n // 25 % 48 * 10)
    return wire.Appointment(slot_id=f"slot-{n}", starts_at=instant(at))
