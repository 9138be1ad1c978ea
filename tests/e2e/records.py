"""Topics as raw records: all that stands on them, and anything at all written to them."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from recall.kit.codec import HEADERS

Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True)
class Raw:
    """One record as it stands on a topic, or is to be written there."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers = HEADERS


async def read(bootstrap: str, topics: Iterable[str], partitions: int) -> list[Raw]:
    """Every record of some topics, in the order of topic, partition and offset."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    try:
        await consumer.start()
        places = [
            TopicPartition(topic, partition) for topic in topics for partition in range(partitions)
        ]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        for place, offset in (await consumer.beginning_offsets(places)).items():
            consumer.seek(place, offset)
        found = []
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += [(r.topic, r.partition, r.offset, r) for r in records]
    finally:
        await consumer.stop()
    return [
        Raw(topic, partition, r.key, r.value, r.headers)
        for topic, partition, _, r in sorted(found, key=lambda place: place[:3])
    ]


async def write(bootstrap: str, records: Sequence[Raw]) -> None:
    """Write records as they are, each into its partition, and wait until all are acknowledged."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=5)
    try:
        await producer.start()
        sent = [
            await producer.send(
                record.topic,
                value=record.value,
                key=record.key,
                partition=record.partition,
                headers=list(record.headers),
            )
            for record in records
        ]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()
