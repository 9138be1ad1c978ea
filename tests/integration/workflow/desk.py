"""Workflow on a real PostgreSQL and without Kafka: what it would publish is kept."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from recall.contracts.topics import TOPICS, topic_of
from recall.contracts.vocabulary import AlertCode
from recall.kit.codec import Event, decoder, encode, model_of
from recall.kit.consuming import Batch, Record
from recall.kit.kafka import partition_of
from recall.kit.outbox import Outbox
from recall.kit.provision import provision_database
from recall.kit.publishing import Parcel
from recall.kit.service import Service
from recall.register import SimulatedRegister
from unit.workflow.builders import START
from workflow.dispatching import Dispatching
from workflow.handlers import Handlers
from workflow.settings import Settings

PARTITIONS = 12


class StoppedClock:
    """Business time stands where the test puts it."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at


class Kept:
    """Stands in for the publisher: decodes and keeps what was sent."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.decoding = True

    async def publish(self, parcels: Sequence[Parcel]) -> None:
        if not self.decoding:
            return
        for parcel in parcels:
            decode = decoder(TOPICS[parcel.topic].carries)
            for key, value in parcel.records:
                assert partition_of(key.decode(), PARTITIONS) == parcel.partition
                self.events.append(decode(value))

    def of(self, kind: type[Any]) -> list[Any]:
        return [event.data for event in self.events if isinstance(event.data, kind)]


class Desk:
    """One workflow process: its handlers, its dispatcher, and the rows behind them."""

    def __init__(self, dsn: str, pool: asyncpg.Pool, clock: StoppedClock, portion: int) -> None:
        settings = Settings(
            kafka_bootstrap_servers="127.0.0.1:1", database_url=dsn, port=1, token="t"
        )
        self.kept = Kept()
        self.clock = clock
        self.alerts: dict[str, AlertCode] = {}
        self.service = Service("workflow", settings)
        self.service.clock, self.service.pool, self.service.booted = clock, pool, True
        self.service.outbox = Outbox(
            pool=pool,
            publisher=self.kept,  # type: ignore[arg-type]
            clock=clock,
            metrics=self.service.metrics,
            instance="desk",
            partitions=PARTITIONS,
        )
        self.dispatching = Dispatching(self.service, SimulatedRegister(self.alerts), portion)
        self.handlers = Handlers(self.dispatching.wake)
        self.pool = pool

    async def hear(self, *said: Any) -> None:
        """Fold events, one batch a topic, in the order in which the topics come up."""
        topics: dict[str, list[Any]] = {}
        for data in said:
            topics.setdefault(topic_of(model_of(data)).name, []).append(data)
        for topic, events in topics.items():
            await self.fold(topic, records_of(topic, events))

    async def fold(self, topic: str, records: Sequence[Record]) -> None:
        handler = getattr(self.handlers, f"on_{topic.replace('-', '_')}")
        async with self.service.unit() as unit:
            await handler(Batch(unit, records))

    async def settle(self) -> int:
        """Dispatch until a pass finds nothing more; returns the number of passes."""
        passes = 1
        self.dispatching._scanned_at = -1e9  # The test's time is not the loop's.
        while await self.dispatching.step():
            passes += 1
        return passes

    async def rows(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        async with self.pool.acquire() as connection:
            return list(await connection.fetch(query, *arguments))

    async def histogram(self, target: str) -> Counter[tuple[str, int]]:
        """How many patients have each status in each round."""
        rows = await self.rows(
            "SELECT status, round, count(*) FROM patients WHERE target_id = $1 GROUP BY 1, 2",
            target,
        )
        return Counter({(row[0], row[1]): row[2] for row in rows})

    async def assert_sound(self) -> None:
        """The tallies equal a recount, and every invitation has its row in `dispatched`."""
        wrong = await self.rows(
            """
            SELECT * FROM (
                SELECT target_id, round, sum(in_queue) AS q, sum(being_invited) AS b
                FROM tallies GROUP BY 1, 2
            ) AS t FULL JOIN (
                SELECT
                    target_id, round, count(*) FILTER (WHERE status = 'in_queue') AS q,
                    count(*) FILTER (WHERE status = 'being_invited') AS b
                FROM patients GROUP BY 1, 2
            ) AS p USING (target_id, round)
            WHERE (coalesce(t.q, 0), coalesce(t.b, 0)) <> (coalesce(p.q, 0), coalesce(p.b, 0))
            """
        )
        assert not wrong


def records_of(topic: str, said: Sequence[Any]) -> list[Record]:
    """Events as a consumer hands them over: encoded, decoded, with the partition of their key."""
    decode = decoder(TOPICS[topic].carries)
    key = TOPICS[topic].key
    records = []
    for offset, data in enumerate(said):
        subject = getattr(data, model_of(data).subject_field)
        what = model_of(data).event_type.split(".")[2]
        suffix = getattr(data, "version", None) or getattr(data, "command_id", "")
        value = encode(
            model_of(data),
            data,
            event_id=f"{subject}/{what}/{suffix}",
            source="/recall/test",
            subject=subject,
            time="2025-09-01T08:00:00.000000Z",
            traceparent=None,
        )
        partition = partition_of(getattr(data, key), PARTITIONS)
        records.append(Record(decode(value), partition, offset))
    return records


@asynccontextmanager
async def opened(admin_dsn: str, password: str, portion: int = 2000) -> AsyncIterator[Desk]:
    """A desk on a database that is provisioned for it."""
    await provision_database(admin_dsn, ["workflow"], password)
    dsn = as_role(admin_dsn, "workflow", password)
    async with asyncpg.create_pool(dsn, min_size=1, max_size=10) as pool:
        desk = Desk(dsn, pool, StoppedClock(), portion)
        await desk.rows(
            "INSERT INTO inbox_offsets (topic, partition, next_offset) "
            "SELECT 'patients', p, 0 FROM generate_series(0, $1) AS p ON CONFLICT DO NOTHING",
            PARTITIONS - 1,
        )
        yield desk


def as_role(admin_dsn: str, role: str, password: str) -> str:
    """The same database under a service's own role."""
    parts = urlsplit(admin_dsn)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{password}@{host}"))
