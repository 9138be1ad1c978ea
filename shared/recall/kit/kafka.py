"""Kafka's client: partitions, topics, offsets.  Only the kit names aiokafka."""

import asyncio
from collections.abc import Iterable
from functools import lru_cache
from struct import unpack_from
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from recall.contracts.topics import Topic
from recall.kit import topic_ids

DAY_MS = 24 * 3600 * 1000
CONTROLLER_PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0, 2.0)
"""Seconds to wait for a broker that does not know its controller yet."""
PARTITION_FETCH_BYTES, FETCH_BYTES = 256 * 1024, 2 * 1024 * 1024
"""What a consumer asks for at once, of a partition and of all together.  It holds no more than that
of each partition it reads, however much there is to catch up on; a larger batch comes alone."""
BUSY_FETCH_MS, IDLE_FETCH_MS = 100, 500
"""How long the broker may keep a fetch that finds nothing new."""
_MIX, _32_BITS = 0x5BD1E995, 0xFFFFFFFF
THE_CLUSTERS = -1
"""The protocol's number for "as `default.replication.factor` says"."""
MAX_RECORD_BYTES = 900_000
"""Kept under the broker's `message.max.bytes` (1,048,588), with room for the batch around it."""


@lru_cache(maxsize=1024)
def partition_of(key: str, partitions: int) -> int:
    """The partition of a key: Kafka's own default partitioner, so any client agrees.

    Few keys are remembered, for targets and for what is said twice of a patient: a file brings
    each patient once, and what is not forgotten grows with it.
    """
    return (_murmur2(key.encode()) & 0x7FFFFFFF) % partitions


def _murmur2(data: bytes) -> int:
    """Kafka's hash of a key, whole words at a time: the client's goes byte by byte."""
    words, rest = divmod(len(data), 4)
    found = 0x9747B28C ^ len(data)
    for word in unpack_from(f"<{words}I", data):
        word = word * _MIX & _32_BITS  # noqa: PLW2901 - as the hash is written everywhere.
        found = (found * _MIX & _32_BITS) ^ ((word ^ word >> 24) * _MIX & _32_BITS)
    if rest:
        found = (found ^ int.from_bytes(data[-rest:], "little")) * _MIX & _32_BITS
    found = (found ^ found >> 13) * _MIX & _32_BITS
    return found ^ found >> 15


async def poll(
    consumer: AIOKafkaConsumer, milliseconds: int, most: int
) -> dict[TopicPartition, list[Any]]:
    """The next records of each partition, as soon as there are any; none after a while without.

    The client has one fetch under way at a time, and partitions that it has handed on meanwhile
    are asked for in the next one only.  While records come, that one must be back soon, or they
    stand still behind quiet partitions; while none come, it saves processors to let it wait.
    """
    found: dict[TopicPartition, list[Any]] = await consumer.getmany(
        timeout_ms=milliseconds, max_records=most
    )
    # The client takes this as a setting, and reads it again for every fetch.
    consumer._fetcher._fetch_max_wait_ms = BUSY_FETCH_MS if found else IDLE_FETCH_MS  # noqa: SLF001 - there is no other way; a test sees what is sent.
    return found


def _config(topic: Topic) -> dict[str, str]:
    """The broker's settings of a topic."""
    common = {
        "message.timestamp.type": "LogAppendTime",
        # A plugin may compress in a way that our client cannot read: the broker undoes it.
        "compression.type": "uncompressed",
    }
    if topic.retention_days is None:
        return common | {"cleanup.policy": "compact"}
    return common | {
        "cleanup.policy": "delete",
        "retention.ms": str(topic.retention_days * DAY_MS),
    }


def _new(topic: Topic, partitions: int) -> NewTopic:
    """A topic with as many replicas as its cluster gives one by default.

    With a number of our own, a cluster that wants two replicas in sync would refuse every record.
    """
    made = NewTopic(topic.name, partitions, 1, topic_configs=_config(topic))
    made.replication_factor = THE_CLUSTERS  # The client refuses it as an argument.
    return made


async def create_topics(bootstrap: str, topics: Iterable[Topic], partitions: int) -> list[str]:
    """Make the topics that do not exist yet; returns the names of those it made.

    Raises:
        KafkaError: the broker refuses for any other reason than that a topic exists.
    """
    wanted = [_new(topic, partitions) for topic in topics]
    for pause in CONTROLLER_PAUSES:
        try:
            answer = await _asked_for(bootstrap, wanted)
            break
        except AttributeError:
            # A broker that has just started may not name its controller yet (aiokafka then
            # asks None for its address).
            await asyncio.sleep(pause)
    else:
        answer = await _asked_for(bootstrap, wanted)
    made = []
    for name, code, *_ in answer.topic_errors:
        error = for_code(code)
        if code == 0:
            made.append(name)
        elif error is not TopicAlreadyExistsError:
            raise error(name)
    return made


async def _asked_for(bootstrap: str, wanted: list[NewTopic]) -> Any:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return await admin.create_topics(wanted)
    finally:
        await admin.close()


class Ends:
    """Asks the broker where partitions begin and end, outside any consumer group."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._consumer: AIOKafkaConsumer | None = None
        self._starting = asyncio.Lock()

    async def stop(self) -> None:
        """Close the connection."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()

    async def all_ends(
        self, topics: Iterable[str], partitions: Iterable[int]
    ) -> dict[tuple[str, int], int]:
        """The offset after the last record, by topic and partition, in one request.

        Raises:
            KafkaError: the broker does not answer.
        """
        numbers = list(partitions)
        asked = [TopicPartition(topic, p) for topic in topics for p in numbers]
        found = await (await self._started()).end_offsets(asked)
        return {(tp.topic, tp.partition): offset for tp, offset in found.items()}

    async def ends(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """The offset after the last record of one topic, by partition.

        Raises:
            KafkaError: the broker does not answer.
        """
        found = await self.all_ends([topic], partitions)
        return {partition: offset for (_, partition), offset in found.items()}

    async def begins(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """The offset of the first record that is kept, by partition.

        Raises:
            KafkaError: the broker does not answer.
        """
        asked = [TopicPartition(topic, p) for p in partitions]
        found = await (await self._started()).beginning_offsets(asked)
        return {tp.partition: offset for tp, offset in found.items()}

    async def there(self) -> set[str]:
        """The topics that there are.

        Raises:
            KafkaError: the broker does not answer.
        """
        return set(await (await self._started()).topics())

    async def ids(self, topics: Iterable[str]) -> dict[str, str]:
        """The broker's id of each topic that there is; none from a broker too old to tell.

        Raises:
            KafkaError: the broker does not answer.
        """
        return await topic_ids.ask((await self._started())._client, topics)  # noqa: SLF001 - as said there.

    async def _started(self) -> AIOKafkaConsumer:
        async with self._starting:
            if self._consumer is None:
                consumer = AIOKafkaConsumer(
                    bootstrap_servers=self._bootstrap, request_timeout_ms=8000
                )
                try:
                    await consumer.start()
                except BaseException:
                    await consumer.stop()
                    raise
                self._consumer = consumer
            return self._consumer
