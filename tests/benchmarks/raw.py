"""The raw limit: as many messages of the same size, as many rows, the same clients, no logic."""

import asyncio
import os
import time
from dataclasses import dataclass

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from recall.contracts.topics import DEFAULT_PARTITIONS, TOPICS, Topic
from recall.kit.kafka import create_topics
from recall.kit.publishing import Parcel, Publisher

SCHEMAS = ("ingest", "workflow", "invitations", "dashboard")
SAMPLED = 2_000
PARCEL = 1_000
COPY_ROWS = 20_000
ROW_BYTES = 150


@dataclass(frozen=True)
class Volume:
    """What the pipeline moved: messages by topic, their mean size, rows written."""

    by_topic: dict[str, int]
    reads: int
    bytes_per_message: float
    row_writes: int

    @property
    def messages(self) -> int:
        """All messages published."""
        return sum(self.by_topic.values())


async def volume_of(bootstrap: str, admin_dsn: str) -> Volume:
    """Count what is on the topics and what PostgreSQL has written."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        by_topic: dict[str, int] = {}
        sizes: list[int] = []
        for name in TOPICS:
            places = [TopicPartition(name, p) for p in range(DEFAULT_PARTITIONS)]
            by_topic[name] = sum((await consumer.end_offsets(places)).values())
            sizes += await _sizes(consumer, places) if by_topic[name] else []
    finally:
        await consumer.stop()
    reads = sum(by_topic[t.name] * len(t.readers) for t in TOPICS.values())
    return Volume(by_topic, reads, sum(sizes) / len(sizes), await _row_writes(admin_dsn))


async def _sizes(consumer: AIOKafkaConsumer, places: list[TopicPartition]) -> list[int]:
    """Sizes in bytes of some records of a topic."""
    consumer.assign(places)
    await consumer.seek_to_beginning(*places)
    batches = await consumer.getmany(timeout_ms=2_000, max_records=SAMPLED)
    return [len(record.value) + len(record.key) for b in batches.values() for record in b]


async def _row_writes(admin_dsn: str) -> int:
    connection = await asyncpg.connect(admin_dsn)
    try:
        await connection.execute("SELECT pg_stat_force_next_flush()")
        return int(
            await connection.fetchval(
                "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables "
                "WHERE schemaname = ANY($1::text[])",
                list(SCHEMAS),
            )
        )
    finally:
        await connection.close()


async def raw_limit(bootstrap: str, admin_dsn: str, volume: Volume) -> dict[str, float]:
    """Seconds to publish, read and copy the same volume; reading and copying go side by side."""
    topic = Topic("bench-raw", "patient_id", "bench", ("bench",), (), 1, "The raw limit.")
    await create_topics(bootstrap, [topic], DEFAULT_PARTITIONS)
    began = time.monotonic()
    published = await _publish(bootstrap, topic.name, volume)
    read, copied = await asyncio.gather(
        _read(bootstrap, topic.name, volume), _copy(admin_dsn, volume.row_writes)
    )
    return {
        "seconds": time.monotonic() - began,
        "publish_seconds": published,
        "read_seconds": read,
        "copy_seconds": copied,
    }


async def _publish(bootstrap: str, topic: str, volume: Volume) -> float:
    """All messages, through the services' own publisher."""
    began = time.monotonic()
    value = os.urandom(max(1, round(volume.bytes_per_message) - 36))
    publisher = Publisher(bootstrap)
    parcel = [(b"0" * 36, value)] * PARCEL
    wanted = -(-volume.messages // PARCEL)
    for start in range(0, wanted, DEFAULT_PARTITIONS):
        places = range(min(DEFAULT_PARTITIONS, wanted - start))
        await publisher.publish([Parcel(p, topic, p, parcel) for p in places])
    await publisher.stop()
    return time.monotonic() - began


async def _read(bootstrap: str, topic: str, volume: Volume) -> float:
    """Every message as often as the services read them: some topics have three readers."""
    began = time.monotonic()
    left = volume.reads
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, max_partition_fetch_bytes=4 << 20)
    await consumer.start()
    places = [TopicPartition(topic, p) for p in range(DEFAULT_PARTITIONS)]
    consumer.assign(places)
    try:
        while left > 0:
            await consumer.seek_to_beginning(*places)
            whole = sum((await consumer.end_offsets(places)).values())
            seen = 0
            while seen < whole and left > 0:
                batches = await consumer.getmany(timeout_ms=1_000, max_records=2_000)
                got = sum(len(b) for b in batches.values())
                seen, left = seen + got, left - got
    finally:
        await consumer.stop()
    return time.monotonic() - began


async def _copy(admin_dsn: str, rows: int) -> float:
    """As many rows as the services wrote, by COPY into one table without an index."""
    began = time.monotonic()
    connection = await asyncpg.connect(admin_dsn)
    try:
        await connection.execute("CREATE TABLE bench_raw (id text, version bigint, body text)")
        row = ("0" * 36, 1, "x" * (ROW_BYTES - 44))
        for start in range(0, rows, COPY_ROWS):
            count = min(COPY_ROWS, rows - start)
            await connection.copy_records_to_table("bench_raw", records=[row] * count)
        await connection.execute("DROP TABLE bench_raw")
    finally:
        await connection.close()
    return time.monotonic() - began
