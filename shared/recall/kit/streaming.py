"""A consumer for whoever has no database: at least once, and a record fails alone.

Per batch: decode record by record, do the work, publish what the work answers and the records
put aside, await the broker's acknowledgement, then commit the offsets.  A crash in between does
the batch again: whatever the work reaches must know a repeat by its key.
"""

import asyncio
import contextlib
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition

from recall.contracts.topics import Topic, dead_letter_topic
from recall.kit.codec import HEADERS, Event, decoder
from recall.kit.consuming import Raw, TooManyBadRecordsError
from recall.kit.kafka import (
    FETCH_BYTES,
    IDLE_FETCH_MS,
    MAX_RECORD_BYTES,
    PARTITION_FETCH_BYTES,
    create_topics,
    poll,
)
from recall.kit.publishing import Keyed, checked
from recall.kit.reasons import reason_of

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0
START_SECONDS, PUBLISH_SECONDS, STOP_SECONDS = 15.0, 30.0, 5.0
POLL_MS = 200
MAX_KEY_BYTES = 10_000

Headers = Sequence[tuple[str, bytes]]

Work = Callable[[Event], Awaitable[Sequence[Keyed]]]
"""Does what an event asks for and returns the records that answer it.

A ValueError puts the record aside; any other error is waited out and the work done again.
"""


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """A record to publish: an answer, or a record put aside."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


_Done = tuple[Raw, list[_Outgoing]]
"""A record and what it led to."""


class Stream(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types.
    """Reads one topic in one consumer group and publishes the answers on another.

    Records of one key are worked on in order, those of different keys side by side, at most
    `abreast` at once.

    Attributes:
        trouble: why nothing moves now; None while all is well.
    """

    def __init__(
        self,
        *,
        bootstrap: str,
        topic: Topic,
        group: str,
        answers: Topic,
        work: Work,
        abreast: int = 50,
        dead_letter_limit: int = 1000,
    ) -> None:
        self.trouble: str | None = "starting"
        self._bootstrap = bootstrap
        self._topic = topic
        self._group = group
        self._answers = answers
        self._dead_letters = dead_letter_topic(group)
        self._work = work
        self._abreast = asyncio.Semaphore(abreast)
        self._limit = dead_letter_limit
        self._bad_in_a_row = 0
        self._decode = decoder(topic.carries)
        self._busy = asyncio.Lock()
        self._leaving = asyncio.Event()
        self._broken = asyncio.Event()
        self._producers: asyncio.Queue[AIOKafkaProducer] = asyncio.Queue()

    async def run(self) -> None:
        """Stream until cancelled, beginning anew with back-off whenever the broker goes away.

        Raises:
            TooManyBadRecordsError: something is wrong with the topic, not with its records.
        """
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            try:
                await self._stream()
            except TooManyBadRecordsError:
                raise
            except Exception as error:  # noqa: BLE001 - a stream outlives whatever ails its broker.
                self.trouble = f"{self._topic.name}: {type(error).__name__}"
                log.warning(
                    "the stream begins anew", topic=self._topic.name, error=reason_of(error)
                )
            if time.monotonic() - began > LONGEST_PAUSE:
                pause = FIRST_PAUSE
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(LONGEST_PAUSE, pause * 2)

    async def publish(self, records: Sequence[Keyed]) -> None:
        """Publish answers that no record asked for; returns once the broker has them.

        Waits for a stream that is starting.

        Raises:
            KafkaError, TimeoutError: some may not be there; publish them all again.
        """
        async with asyncio.timeout(PUBLISH_SECONDS):
            producer = await self._producers.get()
            self._producers.put_nowait(producer)
        try:
            await _publish(producer, self._answering(records))
        except Exception:
            # An idempotent producer may be of no more use after an error: the stream makes another.
            self._broken.set()
            raise

    async def _stream(self) -> None:
        async with self._producer() as producer:
            # Topics keyed alike have the same number of partitions.
            partitions = await producer.partitions_for(self._answers.name)
            await create_topics(self._bootstrap, [self._topic, self._dead_letters], len(partitions))
            async with self._consumer() as consumer:
                self.trouble = None
                self._broken.clear()
                while not self._broken.is_set():
                    batch = await poll(consumer, POLL_MS, 500)
                    async with self._busy:
                        await self._do(consumer, producer, batch)

    async def _do(
        self,
        consumer: AIOKafkaConsumer,
        producer: AIOKafkaProducer,
        batch: dict[TopicPartition, list[Raw]],
    ) -> None:
        """One batch: work, publish, commit; none of it counts if the partitions go elsewhere."""
        by_key: dict[object, list[Raw]] = defaultdict(list)
        for records in batch.values():
            for record in records:
                # Without a key nothing says what belongs together: each stands for itself.
                by_key[record.key or (record.partition, record.offset)].append(record)
        async with asyncio.TaskGroup() as group:
            lines = [group.create_task(self._in_order(records)) for records in by_key.values()]
        if self._leaving.is_set() or not batch:
            return
        done = [one for line in lines for one in line.result()]
        await _publish(producer, [one for _, outgoing in done for one in outgoing])
        await consumer.commit({tp: records[-1].offset + 1 for tp, records in batch.items()})
        self._brake(done)

    def _brake(self, done: Sequence[_Done]) -> None:
        """Stop, loudly, at too many bad records in a row, as they stand in their partitions."""
        for record, outgoing in sorted(done, key=_position):
            if record.value is None:
                continue
            bad = any(one.topic == self._dead_letters.name for one in outgoing)
            self._bad_in_a_row = self._bad_in_a_row + 1 if bad else 0
            if self._bad_in_a_row <= self._limit:
                continue
            raise TooManyBadRecordsError(
                f"{self._bad_in_a_row} bad records in a row on {self._topic.name}: look at "
                f"{self._dead_letters.name} before you start this plugin again"
            )

    async def _in_order(self, records: Sequence[Raw]) -> list[_Done]:
        """The records of one key, one after the other."""
        done: list[_Done] = []
        for record in records:
            async with self._abreast:
                done.append((record, await self._one(record)))
        return done

    async def _one(self, record: Raw) -> list[_Outgoing]:
        """What one record leads to; the work is done until it succeeds or the record is bad."""
        if record.value is None:
            return []
        try:
            event = self._decode(record.value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return [self._put_aside(record, error)]
        pause = FIRST_PAUSE
        while not self._leaving.is_set():
            try:
                return self._answering(await self._work(event))
            except ValueError as error:
                return [self._put_aside(record, error)]
            except Exception as error:  # noqa: BLE001 - nothing may go past work not done.
                self.trouble = f"{self._topic.name}: {type(error).__name__}"
                log.warning("work will be done again", event_id=event.id, error=reason_of(error))
            await self._rest(pause)
            self.trouble = None
            pause = min(LONGEST_PAUSE, pause * 2)
        return []

    async def _rest(self, pause: float) -> None:
        """Back off with jitter, cut short when the partitions go elsewhere."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause * random.uniform(0.5, 1.5)):
                await self._leaving.wait()

    def _answering(self, records: Sequence[Keyed]) -> list[_Outgoing]:
        return [
            _Outgoing(self._answers.name, *checked(key, value), HEADERS) for key, value in records
        ]

    def _put_aside(self, record: Raw, error: Exception) -> _Outgoing:
        """The record as it came; headers say where it stood and why it is here."""
        log.error(
            "a record is put aside",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            reason=type(error).__name__,
        )
        where = f"{record.topic}/{record.partition}/{record.offset}"
        headers = (
            ("recall-came-from", where.encode()),
            ("recall-reason", reason_of(error).encode()),
        )
        # Cut where it is so large that with these headers the broker would refuse it.
        key = None if record.key is None else record.key[:MAX_KEY_BYTES]
        value = None if record.value is None else record.value[:MAX_RECORD_BYTES]
        return _Outgoing(self._dead_letters.name, key, value, headers)

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Work may begin."""
        del assigned
        self._leaving.clear()

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Wait for the work in hand, which then neither answers nor commits."""
        del revoked
        self._leaving.set()
        async with self._busy:
            return

    @contextlib.asynccontextmanager
    async def _producer(self) -> AsyncIterator[AIOKafkaProducer]:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            enable_idempotence=True,
            acks="all",
            linger_ms=5,
            request_timeout_ms=15_000,
        )
        async with _started(producer):
            self._producers.put_nowait(producer)
            try:
                yield producer
            finally:
                self._producers.get_nowait()

    @contextlib.asynccontextmanager
    async def _consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            rebalance_timeout_ms=30_000,
            fetch_max_wait_ms=IDLE_FETCH_MS,
            max_partition_fetch_bytes=PARTITION_FETCH_BYTES,
            fetch_max_bytes=FETCH_BYTES,
        )
        consumer.subscribe([self._topic.name], listener=self)
        async with _started(consumer):
            yield consumer


def _position(done: _Done) -> tuple[int, int]:
    record, _ = done
    return record.partition, record.offset


@contextlib.asynccontextmanager
async def _started(client: AIOKafkaProducer | AIOKafkaConsumer) -> AsyncIterator[None]:
    """A client between its start and its stop, neither of which returns while Kafka is down."""
    try:
        async with asyncio.timeout(START_SECONDS):
            await client.start()
        yield
    finally:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(STOP_SECONDS):
                await client.stop()


async def _publish(producer: AIOKafkaProducer, outgoing: Sequence[_Outgoing]) -> None:
    """Send records and wait until the broker has acknowledged each."""
    async with asyncio.timeout(PUBLISH_SECONDS):
        sent = [
            await producer.send(one.topic, key=one.key, value=one.value, headers=list(one.headers))
            for one in outgoing
        ]
        await asyncio.gather(*sent)
