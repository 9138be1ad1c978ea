"""A service small enough to be seen through: it adds up the minutes of slots.

It has the kit's real consumer, outbox and publisher.  What it keeps shows every fault: `slots`
holds the highest version of each slot, `totals` is moved by differences and counts the records
folded, and every change is told on an outgoing topic.
"""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from faststream.kafka import KafkaBroker

from recall.contracts.events import SlotReleased
from recall.contracts.topics import Topic
from recall.kit import wire
from recall.kit.clock import RealClock
from recall.kit.codec import HEADERS, Event, decoder, encode
from recall.kit.consuming import Batch, Consumer, Handler
from recall.kit.kafka import Ends, create_topics
from recall.kit.loops import Loop
from recall.kit.metrics import Metrics
from recall.kit.migrating import migrations
from recall.kit.outbox import Outbox
from recall.kit.publishing import Publisher
from recall.kit.settings import ServiceSettings
from recall.kit.watching import Watch
from support.stores import TestStores, fresh_database, unique_name

PARTITIONS = 2
SERVICE = "toy"
POISON = "poison"
INSTANT = "2025-09-01T08:00:00.000000Z"
DEADLINE = 60.0

TABLES = """
CREATE TABLE slots (
    slot_id text PRIMARY KEY, target_id text NOT NULL, version bigint NOT NULL, minutes bigint NOT NULL
);
CREATE TABLE totals (target_id text PRIMARY KEY, minutes bigint NOT NULL, folded bigint NOT NULL);
"""
GUARD = "WHERE slots.version < excluded.version"
SAVE = """
INSERT INTO slots (slot_id, target_id, version, minutes)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
ON CONFLICT (slot_id) DO UPDATE SET version = excluded.version, minutes = excluded.minutes
{guard}
RETURNING new.slot_id, new.target_id, new.version, new.minutes,
    new.minutes - coalesce(old.minutes, 0) AS difference
"""
ADD = """
INSERT INTO totals (target_id, minutes, folded)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[])
ON CONFLICT (target_id) DO UPDATE
SET minutes = totals.minutes + excluded.minutes, folded = totals.folded + excluded.folded
"""


async def until(
    done: Callable[[], Awaitable[Any]] | Callable[[], Any], within: float = DEADLINE
) -> Any:
    """Ask again and again until the answer is true; returns it."""
    async with asyncio.timeout(within):
        while True:
            answer = done()
            if isinstance(answer, Awaitable):
                answer = await answer
            if answer:
                return answer
            await asyncio.sleep(0.02)


@dataclass(frozen=True)
class Place:
    """Where a toy works: a database and two topics of its own."""

    bootstrap: str
    dsn: str
    incoming: Topic
    outgoing: Topic
    group: str


def topic_named(name: str, *, compacted: bool = False) -> Topic:
    """A topic of slots, keyed by their target."""
    days = None if compacted else 30
    return Topic(name, "target_id", "tests", (SERVICE,), (SlotReleased,), days, "Slots.")


async def new_place(stores: TestStores, *, compacted: bool = False) -> Place:
    """A database with the kit's tables and the toy's, and two empty topics."""
    dsn = await fresh_database(stores)
    connection = await asyncpg.connect(dsn)
    try:
        for text in dict.fromkeys(migration.text for migration in migrations("recall.kit")):
            await connection.execute(text)
        await connection.execute(TABLES)
    finally:
        await connection.close()
    incoming = topic_named(unique_name("in"), compacted=compacted)
    outgoing = topic_named(unique_name("out"))
    await create_topics(stores.bootstrap, [incoming, outgoing], PARTITIONS)
    return Place(stores.bootstrap, dsn, incoming, outgoing, unique_name("group"))


async def downstream(stores: TestStores, place: Place) -> Place:
    """The place of a toy that reads what another one writes."""
    following = await new_place(stores)
    return replace(following, incoming=place.outgoing)


def target_of(partition: int) -> str:
    """A target's name for each partition; tests name partitions themselves."""
    return f"target-{partition}"


def slot(number: int, partition: int = 0, version: int = 1, **fields: Any) -> Any:
    """A slot as it is released; `minutes` and `clinician` may be given."""
    return wire.SlotReleased(
        **{
            "target_id": target_of(partition),
            "slot_id": f"slot-{partition}-{number}",
            "version": version,
            "starts_at": INSTANT,
            "minutes": 10,
            "clinician": None,
            **fields,
        }
    )


def encoded(data: Any) -> bytes:
    """The record value of a slot."""
    return encode(
        SlotReleased,
        data,
        event_id=f"{data.slot_id}/released/{data.version}",
        source="/recall/tests",
        subject=data.slot_id,
        time=INSTANT,
        traceparent=None,
    )


@dataclass(frozen=True)
class Given:
    """A record to write: any bytes at all."""

    value: bytes | None
    partition: int = 0
    key: bytes | None = b"target-0"
    headers: Sequence[tuple[str, bytes]] = HEADERS


def given(slots: Iterable[Any]) -> list[Given]:
    """Records of slots, each in the partition its target names."""
    return [
        Given(encoded(data), int(data.target_id.rpartition("-")[2]), data.target_id.encode())
        for data in slots
    ]


async def feed(place: Place, records: Sequence[Given]) -> None:
    """Write records to the incoming topic as they are."""
    producer = AIOKafkaProducer(bootstrap_servers=place.bootstrap, acks="all")
    await producer.start()
    try:
        sent = [
            await producer.send(
                place.incoming.name,
                value=r.value,
                key=r.key,
                partition=r.partition,
                headers=list(r.headers),
            )
            for r in records
        ]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def read_all(bootstrap: str, topic: str) -> list[Any]:
    """All records of a topic, by a client of its own without a group."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, p) for p in range(PARTITIONS)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        begins = await consumer.beginning_offsets(partitions)
        for partition, begin in begins.items():
            consumer.seek(partition, begin)
        found: list[Any] = []
        while any([await consumer.position(tp) < ends[tp] for tp in partitions]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found.extend(records)
        return sorted(found, key=lambda record: (record.partition, record.offset))
    finally:
        await consumer.stop()


async def told(place: Place) -> Counter[str]:
    """How often each event stands on the outgoing topic, by its id."""
    decode = decoder(place.outgoing.carries)
    records = await read_all(place.bootstrap, place.outgoing.name)
    return Counter(decode(record.value).id for record in records)


class CrashError(BaseException):
    """The end of a process, as far as one test's process can play it."""


def crash_at(point: str) -> Callable[[str], None]:
    """A probe that dies at a named point."""

    def probe(reached: str) -> None:
        if reached == point:
            raise CrashError(point)

    return probe


def kill_at(point: str) -> Callable[[str], None]:
    """A probe that ends the real process there, with no chance to tidy up."""

    def probe(reached: str) -> None:
        if reached == point:
            os.kill(os.getpid(), signal.SIGKILL)

    return probe


def nothing(_point: str) -> None:
    """No fault."""


@dataclass
class Make:
    """What a toy is made of; mutants put other classes here."""

    consumer: type[Consumer] = Consumer
    outbox: type[Outbox] = Outbox
    guard: str = GUARD
    probe: Callable[[str], None] = nothing
    instance: str = "one"
    limit: int = 1000
    meddle: Handler | None = None
    """Called in each batch's transaction, after the fold; raises what the test wants raised."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Further settings."""


class Toy:
    """One process of the toy service."""

    def __init__(self, place: Place, make: Make) -> None:
        self.place = place
        self.make = make
        self.metrics = Metrics(SERVICE)
        self.batches: list[int] = []
        self.pool: asyncpg.Pool
        self.outbox: Outbox
        self.consumer: Consumer
        self.ends = Ends(place.bootstrap)
        self.publisher = Publisher(place.bootstrap)
        self.relay: Loop
        self._broker: KafkaBroker | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Everything but the group: batches are handed in by `receive`."""
        self.pool = await asyncpg.create_pool(self.place.dsn, min_size=1, max_size=4)
        self.outbox = self.make.outbox(
            pool=self.pool,
            publisher=self.publisher,
            clock=RealClock(),
            metrics=self.metrics,
            instance=self.make.instance,
            partitions=PARTITIONS,
            probe=self.make.probe,
        )
        self.consumer = self.make.consumer(
            topic=self.place.incoming,
            handler=self.on_slots,
            outbox=self.outbox,
            ends=self.ends,
            metrics=self.metrics,
            dead_letter_limit=self.make.limit,
        )
        self.relay = Loop("relay", self.outbox.relay, 0.05)

    async def run(self) -> None:
        """Join the group and fold what comes; the relay runs beside it."""
        self._broker = KafkaBroker(
            self.place.bootstrap,
            allow_auto_create_topics=False,
            graceful_timeout=0.5,
            logger=None,
            apply_types=False,
        )
        self.consumer.subscribe(self._broker, self.place.group, self.settings())
        await self._broker.start()
        self._tasks.append(asyncio.create_task(self.relay.run()))

    def settings(self) -> ServiceSettings:
        """A service's settings, with short waits."""
        fields = {"batch_records": 200, "session_timeout_ms": 6000, **self.make.extra}
        return ServiceSettings(
            kafka_bootstrap_servers=self.place.bootstrap,
            database_url=self.place.dsn,
            port=1,
            token="t",
            **fields,
        )

    async def stop(self) -> None:
        """Stop in the order of dependence."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._broker is not None:
            await self._broker.stop()
        await self.publisher.stop()
        await self.ends.stop()
        self.pool.terminate()

    async def on_slots(self, batch: Batch) -> None:
        """Save slots by version, move the totals by the differences, tell what changed."""
        latest: dict[str, Any] = {}
        events: dict[str, tuple[Event, int]] = {}
        for record in batch.records:
            data = record.event.data
            if data.clinician == POISON:
                raise ValueError(f"{POISON}: {data.slot_id}")
            if data.slot_id not in latest or latest[data.slot_id].version < data.version:
                latest[data.slot_id] = data
                events[data.slot_id] = record.event, record.partition
        changed = await self._save([latest[name] for name in sorted(latest)], batch)
        await self._add(changed, batch)
        for row in changed:
            event, partition = events[row["slot_id"]]
            batch.unit.emit(
                event.data,
                row["version"],
                cause=event,
                topic=self.place.outgoing,
                partition=partition,
            )
        if self.make.meddle is not None:
            await self.make.meddle(batch)
        self.batches.append(len(batch.records))

    async def _save(self, slots: Sequence[Any], batch: Batch) -> list[asyncpg.Record]:
        query = SAVE.format(guard=self.make.guard)
        rows = await batch.unit.connection.fetch(
            query,
            [s.slot_id for s in slots],
            [s.target_id for s in slots],
            [s.version for s in slots],
            [s.minutes for s in slots],
        )
        return list(rows)

    async def _add(self, changed: Sequence[asyncpg.Record], batch: Batch) -> None:
        minutes = Counter[str]()
        for row in changed:
            minutes[row["target_id"]] += row["difference"]
        folded = Counter(record.event.data.target_id for record in batch.records)
        names = sorted(folded)
        await batch.unit.connection.execute(
            ADD, names, [minutes[n] for n in names], [folded[n] for n in names]
        )

    async def receive(self, raw: Sequence[Any]) -> None:
        """Hand the consumer one batch, as its subscriber would."""
        await self.consumer.receive(tuple(raw))

    async def arrived(self) -> list[Any]:
        """All records of the incoming topic as a client polls them."""
        return await read_all(self.place.bootstrap, self.place.incoming.name)

    async def query(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        """Rows of the toy's tables."""
        async with self.pool.acquire() as connection:
            return list(await connection.fetch(sql, *arguments))

    async def totals(self) -> dict[str, tuple[int, int]]:
        """Minutes and folded records, by target."""
        rows = await self.query("SELECT * FROM totals")
        return {row["target_id"]: (row["minutes"], row["folded"]) for row in rows}

    async def dead_letters(self) -> list[asyncpg.Record]:
        """What was put aside, in the order of the log."""
        return await self.query("SELECT * FROM dead_letters ORDER BY partition, record_offset")

    async def next_offsets(self) -> dict[int, int]:
        """The stored next offset of each partition."""
        rows = await self.query("SELECT partition, next_offset FROM inbox_offsets")
        return {row["partition"]: row["next_offset"] for row in rows}

    async def settled(self) -> bool:
        """Whether everything written is folded and everything told is published."""
        ends = await self.ends.ends(self.place.incoming.name, range(PARTITIONS))
        stored = await self.next_offsets()
        lag = any(stored.get(partition, 0) < end for partition, end in ends.items())
        return not lag and not await self.outbox.measure()

    async def settle(self) -> None:
        """Wait until nothing is left to do; says what is, when that takes too long."""
        try:
            await until(self.settled)
        except TimeoutError:
            state = {
                "consumer": self.consumer.trouble,
                "assigned": self.consumer.assigned,
                "relay": self.relay.trouble,
                "stored": await self.next_offsets(),
                "outbox": await self.query("SELECT id, topic, partition, writer FROM outbox"),
                "publishing": self.outbox._publishing,
                "published": self.outbox._published,
                "tasks": [str(task) for task in asyncio.all_tasks()],
            }
            raise AssertionError(state) from None

    def count(self, name: str, **labels: str) -> float:
        """A metric's value; 0 when it was never touched."""
        where = {"service": SERVICE, "topic": self.place.incoming.name, **labels}
        return self.metrics.registry.get_sample_value(name, where) or 0.0

    def watch(self, patience: float) -> Watch:
        """The watch of this process."""

        async def none_due(_now: Any) -> int:
            return 0

        return Watch(
            consumers=[self.consumer],
            pool=self.pool,
            ends=self.ends,
            outbox=self.outbox,
            metrics=self.metrics,
            clock=RealClock(),
            partitions=PARTITIONS,
            patience=patience,
            timers_due=none_due,
        )


@asynccontextmanager
async def opened(place: Place, **made: Any) -> AsyncIterator[Toy]:
    """A toy that is handed its batches."""
    toy = Toy(place, Make(**made))
    await toy.open()
    try:
        yield toy
    finally:
        await toy.stop()


@asynccontextmanager
async def running(place: Place, **made: Any) -> AsyncIterator[Toy]:
    """A toy in its group."""
    async with opened(place, **made) as toy:
        await toy.run()
        yield toy


def expected(slots: Iterable[Any]) -> dict[str, tuple[int, int]]:
    """The totals after these records, in whatever order, each of them folded once."""
    latest: dict[str, Any] = {}
    folded = Counter[str]()
    for data in slots:
        folded[data.target_id] += 1
        if data.slot_id not in latest or latest[data.slot_id].version < data.version:
            latest[data.slot_id] = data
    minutes = Counter[str]()
    for data in latest.values():
        minutes[data.target_id] += data.minutes
    return {target: (minutes[target], count) for target, count in folded.items()}


def ids(slots: Iterable[Any]) -> set[str]:
    """The ids of the events that tell of these slots."""
    return {f"{data.slot_id}/released/{data.version}" for data in slots}


async def _child(place: Place, what: str) -> None:
    """One process of its own, for tests that kill it or watch it end."""
    async with opened(place, instance=f"child-{what}") as toy:
        if what == "stuck":
            await _stuck(toy)
        else:
            toy.outbox._probe = kill_at(what)
            await toy.receive(await toy.arrived())


async def _stuck(toy: Toy) -> None:
    """A consumer whose handler never returns, and the watch of its process."""

    async def never(_batch: Batch) -> None:
        await asyncio.Event().wait()

    toy.make.meddle = never
    await toy.run()
    await Loop("watch", toy.watch(patience=1.0).step, 0.2).run()


if __name__ == "__main__":
    _bootstrap, _dsn, _incoming, _outgoing, _group, _what = sys.argv[1:]
    asyncio.run(
        _child(
            Place(_bootstrap, _dsn, topic_named(_incoming), topic_named(_outgoing), _group), _what
        )
    )
