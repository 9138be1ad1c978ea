"""The dashboard on a real PostgreSQL and without Kafka: handlers are called, routes are asked."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx

from dashboard import handlers
from dashboard.app import create_app
from dashboard.settings import Settings
from recall.contracts.topics import TOPICS, topic_of
from recall.kit import wire
from recall.kit.codec import decoder, encode, model_of
from recall.kit.consuming import Batch, Record
from recall.kit.kafka import partition_of
from recall.kit.provision import provision_database

TOKEN = "a-token"
TARGET = "t-1"
NOW = datetime(2025, 9, 12, 11, tzinfo=UTC)
AT = "2025-09-12T08:00:00.000000Z"
PARTITIONS = 12


class StoppedClock:
    def now(self) -> datetime:
        return NOW


class Board:
    """One dashboard process: its handlers, its routes, and the rows behind them."""

    def __init__(self, dsn: str, pool: asyncpg.Pool, **settings: Any) -> None:
        self.pool = pool
        self.app = create_app(
            Settings(
                kafka_bootstrap_servers="127.0.0.1:1",
                database_url=dsn,
                port=1,
                token=TOKEN,
                **settings,
            )
        )
        service = self.app.state.service
        service.clock, service.pool, service.booted = StoppedClock(), pool, True
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app),
            base_url="http://board",
            headers={"Authorization": f"Bearer {TOKEN}"},
        )

    async def hear(self, *said: Any) -> None:
        """Fold events, one batch a topic, in the order in which the topics come up."""
        topics: dict[str, list[Any]] = {}
        for data in said:
            topics.setdefault(topic_of(model_of(data)).name, []).append(data)
        for topic, events in topics.items():
            await self.fold(topic, records_of(topic, events))

    async def fold(self, topic: str, records: Sequence[Record]) -> None:
        handler = getattr(handlers, f"on_{topic.replace('-', '_')}")
        async with self.pool.acquire() as connection, connection.transaction():
            unit: Any = SimpleNamespace(connection=connection)
            await handler(Batch(unit, records))

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def rows(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        async with self.pool.acquire() as connection:
            return list(await connection.fetch(query, *arguments))

    async def assert_counts(self) -> None:
        """The kept counts equal a recount of the patients."""
        kept = await self.rows(
            "SELECT cell, shard, patients FROM counts WHERE patients <> 0 ORDER BY cell, shard"
        )
        found = await self.rows(
            "SELECT cell, shard, count(*) FROM patients GROUP BY cell, shard ORDER BY cell, shard"
        )
        assert [tuple(row) for row in kept] == [tuple(row) for row in found]


def records_of(topic: str, said: Sequence[Any]) -> list[Record]:
    """Events as a consumer hands them over: encoded, decoded, with the partition of their key."""
    decode = decoder(TOPICS[topic].carries)
    records = []
    for offset, data in enumerate(said):
        model = model_of(data)
        subject = getattr(data, model.subject_field)
        version = getattr(data, "version", None) or data.command_id
        value = encode(
            model,
            data,
            event_id=f"{subject}/{model.event_type.split('.')[2]}/{version}",
            source="/recall/test",
            subject=subject,
            time=AT,
            traceparent=None,
        )
        partition = partition_of(getattr(data, TOPICS[topic].key), PARTITIONS)
        records.append(Record(decode(value), partition, offset))
    return records


@asynccontextmanager
async def opened(admin_dsn: str, password: str, **settings: Any) -> AsyncIterator[Board]:
    """A board on a database that is provisioned for it."""
    await provision_database(admin_dsn, ["dashboard"], password)
    parts = urlsplit(admin_dsn)
    host = parts.netloc.rpartition("@")[2]
    dsn = urlunsplit(parts._replace(netloc=f"dashboard:{password}@{host}"))
    async with asyncpg.create_pool(dsn, min_size=1, max_size=6) as pool:
        board = Board(dsn, pool, **settings)
        async with board.client:
            yield board


def patient_id(n: int) -> str:
    return f"0190cafe-0000-8000-8000-{n:012x}"


def saved(**changes: Any) -> Any:
    """A target of three rounds."""
    window = wire.SendWindow(days=["mon", "tue"], from_time="08:00", to_time="18:00")
    channels = [
        ("sms", "SMS invitation"),
        ("sms-link", "SMS link invitation"),
        ("letter", "Letter"),
    ]
    fields: dict[str, Any] = {
        "target_id": TARGET,
        "version": 1,
        "practice": "A81001",
        "name": "Childhood Immunisations",
        "state": "active",
        "rounds": [
            wire.Round(
                round=n, channel=channel, name=name, respond_within="P7D", send_window=window
            )
            for n, (channel, name) in enumerate(channels, 1)
        ],
        "booking_window": wire.BookingWindow(from_date="2025-09-15", to_date="2025-09-30"),
        "invitations_per_slot": "1.0",
        "actor": "staff",
        "saved_at": AT,
    }
    return wire.TargetSaved(**fields | changes)


def enrolled(n: int, **changes: Any) -> Any:
    """A patient with a name and a number of the range that is never issued."""
    fields: dict[str, Any] = {
        "target_id": TARGET,
        "patient_id": patient_id(n),
        "person_id": patient_id(n),
        "version": 1,
        "enrolment": 1,
        "position": n,
        "nhs_number": str(9990000000 + n),
        "date_of_birth": "2015-02-01",
        "first_name": "Ann",
        "last_name": f"Smith{n:03d}",
        "mobile": None,
        "address": [],
        "postcode": None,
        "carer_name": None,
        "carer_mobile": None,
        "alert": None,
        "actor": "staff",
        "enrolled_at": AT,
    }
    return wire.PatientEnrolled(**fields | changes)


def progressed(
    n: int, status: str, at_round: int | None = 1, version: int = 1, **changes: Any
) -> Any:
    """Where a patient is."""
    descriptions = {
        "in_queue": "in_queue",
        "being_invited": "delivered",
        "booked": "booked_by_page",
        "declined": "declined_by_page",
        "did_not_book": "unanswered",
        "patient_alert": "no_match",
        "removed": "removed",
    }
    fields: dict[str, Any] = {
        "target_id": TARGET,
        "patient_id": patient_id(n),
        "version": version,
        "round": at_round,
        "status": status,
        "description": descriptions[status],
        "until": None,
        "alert": "no_match" if status == "patient_alert" else None,
        "delivery": None,
        "appointment": None,
        "actor": "workflow",
        "reason": None,
        "updated_at": f"2025-09-12T08:00:{n % 60:02d}.{version:06d}Z",
    }
    return wire.PatientProgressed(**fields | changes)


def appointment(slot: str = "s-1", starts_at: str = "2025-09-15T08:30:00.000000Z") -> Any:
    return wire.Appointment(slot_id=slot, starts_at=starts_at)


def free(version: int = 1, **days: int) -> Any:
    """Free slots by day: `free(d15=100)` is 100 on 15 September."""
    return wire.SlotAvailability(
        target_id=TARGET,
        version=version,
        days=[wire.FreeSlots(date=f"2025-09-{day[1:]}", free=n) for day, n in days.items()],
        last_slot_at=None,
        counted_at=AT,
    )


def stated(*rounds: tuple[int, Any, str | None], version: int = 1) -> Any:
    """Why queues wait."""
    return wire.QueueStated(
        target_id=TARGET,
        version=version,
        rounds=[wire.RoundQueue(round=n, reason=why, until=until) for n, why, until in rounds],
        stated_at=AT,
    )
