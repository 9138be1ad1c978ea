"""One service's handlers on a real PostgreSQL and without Kafka: what it would publish is kept."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from recall.contracts.topics import TOPICS, Topic, channel_topic, topic_of
from recall.kit.codec import Event, decoder, encode, model_of
from recall.kit.consuming import Batch, Handler, Record
from recall.kit.kafka import partition_of
from recall.kit.outbox import Outbox
from recall.kit.provision import provision_database
from recall.kit.publishing import Parcel
from recall.kit.service import Service

PARTITIONS = 12


class StoppedClock:
    """Business time stands where the test puts it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


class NobodyBehind:
    """Stands in for the readers of topics: none has told where it is, so nobody holds back."""

    async def positions(self, _readers: Sequence[Any]) -> dict[Any, Any]:
        return {}


class Kept:
    """Stands in for the publisher: decodes and keeps what was sent."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def publish(self, parcels: Sequence[Parcel]) -> None:
        for parcel in parcels:
            decode = decoder(_topic(parcel.topic).carries)
            for key, value in parcel.records:
                assert partition_of(key.decode(), PARTITIONS) == parcel.partition
                self.events.append(decode(value))

    def of(self, kind: type[Any]) -> list[Any]:
        return [event.data for event in self.events if isinstance(event.data, kind)]


def _topic(name: str) -> Topic:
    return TOPICS.get(name) or channel_topic(name.removeprefix("invitations-"))


def records_of(topic: str, said: Sequence[Any]) -> list[Record]:
    """Events as a consumer hands them over: encoded, decoded, with the partition of their key."""
    decode = decoder(TOPICS[topic].carries)
    records = []
    for place, data in enumerate(said):
        model = model_of(data)
        subject = getattr(data, model.subject_field)
        names = ("version", "report_id", "command_id")
        version = next((getattr(data, name) for name in names if hasattr(data, name)), place)
        value = encode(
            model,
            data,
            event_id=f"{subject}/{model.event_type}/{version}",
            source="/tests",
            subject=subject,
            time="2025-09-01T08:00:00.000000Z",
            traceparent=None,
        )
        key = getattr(data, TOPICS[topic].key)
        records.append(Record(decode(value), partition_of(key, PARTITIONS), place))
    return records


class Alone:
    """A service whose topics are lists: `hear` folds events, `kept` holds what it said."""

    def __init__(
        self, service: Service, handlers: dict[str, Handler], pool: asyncpg.Pool, at: datetime
    ) -> None:
        self.kept = Kept()
        self.clock = StoppedClock(at)
        self.service, self.handlers, self.pool = service, handlers, pool
        service.clock, service.pool, service.booted = self.clock, pool, True
        service.readers = NobodyBehind()  # type: ignore[assignment]
        service.outbox = Outbox(
            pool=pool,
            publisher=self.kept,  # type: ignore[arg-type]
            clock=self.clock,
            metrics=service.metrics,
            instance="alone",
            partitions=PARTITIONS,
        )

    async def hear(self, *said: Any) -> None:
        """Fold events, one batch a topic, in the order in which the topics come up."""
        topics: dict[str, list[Any]] = {}
        for data in said:
            topics.setdefault(topic_of(model_of(data)).name, []).append(data)
        for topic, events in topics.items():
            await self.fold(topic, records_of(topic, events))

    async def fold(self, topic: str, records: Sequence[Record]) -> None:
        async with self.service.unit() as unit:
            await self.handlers[topic](Batch(unit, records))

    async def rows(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        async with self.pool.acquire() as connection:
            return list(await connection.fetch(query, *arguments))


@asynccontextmanager
async def pool_of(admin_dsn: str, password: str, service: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool under a service's own role, its schema made anew in this database."""
    await provision_database(admin_dsn, [service], password)
    dsn = role_dsn(admin_dsn, service, password)
    async with asyncpg.create_pool(dsn, min_size=1, max_size=10) as pool:
        yield pool


def role_dsn(admin_dsn: str, role: str, password: str) -> str:
    """The same database under a service's own role."""
    parts = urlsplit(admin_dsn)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{password}@{host}"))
