"""The consumer: at-least-once delivery made into effects that happen once.

Per batch, one Postgres transaction: lock this topic's offsets, drop what is already folded,
decode record by record, let the handler fold, store the next offsets, commit; then publish.  The
offsets in Postgres are what counts; Kafka's own are a hint to people and tools.
"""

import asyncio
import contextlib
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage
from faststream.kafka.message import KafkaAckableMessage
from faststream.kafka.subscriber.usecase import BatchSubscriber

from recall.contracts.topics import Topic
from recall.kit import inbox
from recall.kit.codec import decoder
from recall.kit.kafka import FETCH_BYTES, IDLE_FETCH_MS, PARTITION_FETCH_BYTES, Ends, poll
from recall.kit.metrics import Metrics
from recall.kit.outbox import Outbox
from recall.kit.postgres import DATA_ERRORS, Connection
from recall.kit.reasons import reason_of
from recall.kit.records import DeadLetter, Raw, Record, decoded, runs
from recall.kit.settings import ServiceSettings
from recall.kit.unit import Unit

__all__ = ["Batch", "Consumer", "DeadLetter", "Handler", "Raw", "Record", "TooManyBadRecordsError"]

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 5.0
HINT_SECONDS = 5.0
POLL_MS = 500
"""The longest wait for records: then the loop looks whether it is to stop."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a handler folds: good records in partition and offset order, and its unit of work."""

    unit: Unit
    records: Sequence[Record]


Handler = Callable[[Batch], Awaitable[None]]


class TooManyBadRecordsError(Exception):
    """So many bad records in a row that something is wrong with the topic, not with them."""


class Consumer(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types.
    """Folds one topic into one service's tables."""

    def __init__(
        self,
        *,
        topic: Topic,
        handler: Handler,
        outbox: Outbox,
        ends: Ends,
        metrics: Metrics,
        dead_letter_limit: int,
    ) -> None:
        self.topic = topic
        self.next_offsets: dict[int, int] = {}
        self.assigned: set[int] = set()
        self.finished_at = time.monotonic()
        self.stopped = False
        self._handler = handler
        self._outbox = outbox
        self._ends = ends
        self._metrics = metrics
        self._limit = dead_letter_limit
        self._decode = decoder(topic.carries)
        self._busy = asyncio.Lock()
        self._leaving = asyncio.Event()
        self._failing: str | None = None
        self._unbegun: set[int] = set()
        self._misplaced: dict[int, str] = {}
        self._sought: dict[int, int] = {}
        self._hinted: dict[int, int] = {}
        self._left_out: set[int] = set()
        self._bad_in_a_row = 0
        self._batch_records = 1
        self._polled: tuple[Raw, ...] = ()
        self._subscriber: BatchSubscriber | None = None

    @property
    def trouble(self) -> str | None:
        """Why nothing, or not everything, is folded now; None while all is well."""
        return self._failing or next(iter(self._misplaced.values()), None)

    def subscribe(self, broker: KafkaBroker, group: str, settings: ServiceSettings) -> None:
        """Register with the broker, with every default that would lose data overridden."""
        self._batch_records = settings.batch_records
        self._subscriber = broker.subscriber(
            self.topic.name,
            group_id=group,
            batch=True,
            auto_offset_reset="earliest",
            # Positions are committed by `hint` alone: a commit per batch is a round trip each.
            ack_policy=AckPolicy.MANUAL,
            session_timeout_ms=settings.session_timeout_ms,
            heartbeat_interval_ms=settings.session_timeout_ms // 4,
            rebalance_timeout_ms=30_000,
            fetch_max_wait_ms=IDLE_FETCH_MS,
            max_partition_fetch_bytes=PARTITION_FETCH_BYTES,
            fetch_max_bytes=FETCH_BYTES,
            listener=self,
            parser=self._as_it_came,
            decoder=_undecoded,
        )
        # The library's own poll sleeps between two looks, which makes idle services wake a thousand
        # times a second and records wait.
        vars(self._subscriber)["get_msg"] = self._poll
        self._subscriber(self._arrived)

    async def _poll(self, consumer: AIOKafkaConsumer) -> tuple[Raw, ...]:
        """The next records, waited for no longer than the loop may go without a look around."""
        found = await poll(consumer, POLL_MS, self._batch_records)
        return tuple(chain.from_iterable(found.values()))

    async def _as_it_came(self, raw: tuple[Raw, ...]) -> KafkaMessage:
        """Parse nothing: a header that is not UTF-8 would take the whole batch with it."""
        consumer = self.kafka()
        if consumer is None:
            raise RuntimeError("a batch came before its consumer was started")
        self._polled = raw
        # Timers that are set meanwhile keep the message for minutes: it bears what the logs need.
        return KafkaAckableMessage(body=b"", raw_message=raw[:1], consumer=consumer)

    def kafka(self) -> AIOKafkaConsumer | None:
        """The client underneath, once it is started."""
        return None if self._subscriber is None else self._subscriber.consumer

    async def _arrived(self, _nothing: None) -> None:
        """Take the batch that was polled, and let it go when it is folded."""
        raw, self._polled = self._polled, ()
        await self.receive(raw)

    async def receive(self, raw: Sequence[Raw]) -> None:
        """Fold one batch, again and again until it is done or its partitions go elsewhere."""
        pause = FIRST_PAUSE
        async with self._busy:
            self._left_out.clear()
            while not self._leaving.is_set():
                try:
                    await self._begin()
                    await self.fold(raw)
                except TooManyBadRecordsError as error:
                    self.stopped = True
                    self._tell(error)
                    await self._leaving.wait()
                except Exception as error:  # noqa: BLE001 - nothing may go past an unfolded batch.
                    self._tell(error)
                    await self._rest(pause)
                    pause = min(LONGEST_PAUSE, pause * 2)
                else:
                    self._failing = None
                    self.finished_at = time.monotonic()
                    return

    async def fold(self, raw: Sequence[Raw]) -> None:
        """Fold records in one transaction; a poisonous one is found by halving and put aside."""
        try:
            await self._fold_once(raw, None)
        except DATA_ERRORS as error:
            log.info("a batch is folded in parts", topic=self.topic.name, error=reason_of(error))
            if len(raw) == 1:
                await self._fold_alone(raw)
                return
            middle = len(raw) // 2
            await self.fold(raw[:middle])
            await self.fold(raw[middle:])

    async def _fold_alone(self, raw: Sequence[Raw]) -> None:
        """Fold one record once more (a conflict of two transactions passes), or put it aside."""
        try:
            await self._fold_once(raw, None)
        except DATA_ERRORS as error:
            await self._fold_once(raw, DeadLetter(raw[0], "unfoldable", reason_of(error)))

    async def _fold_once(self, raw: Sequence[Raw], poison: DeadLetter | None) -> None:
        begun = time.monotonic()
        async with self._outbox.unit() as unit:
            fresh = await self.fence(unit.connection, raw)
            good, bad = ([], [poison] if fresh else []) if poison else decoded(self._decode, fresh)
            run = self._brake(fresh, bad)
            if bad:
                await inbox.put_aside(unit.connection, self.topic.name, bad)
            if good:
                await self._handler(Batch(unit, good))
            await inbox.advance(unit.connection, self.topic.name, fresh)
        self._bad_in_a_row = run
        self._done(fresh, bad, begun)

    async def fence(self, connection: Connection, raw: Sequence[Raw]) -> list[Raw]:
        """Lock this topic's offsets of the batch's partitions and keep what is not yet folded.

        Records below the stored offset were folded by an earlier attempt or another owner.  A
        first record above it means that something was committed to Kafka and never folded: seek
        back and leave this partition out of the batch, however often the batch is tried.
        """
        by_partition: dict[int, list[Raw]] = defaultdict(list)
        for record in raw:
            if record.partition not in self._misplaced:
                by_partition[record.partition].append(record)
        stored = await inbox.lock(connection, self.topic.name, self._ends, sorted(by_partition))
        fresh: list[Raw] = []
        for partition, records in by_partition.items():
            expected = stored[partition]
            rest = [record for record in records if record.offset >= expected]
            self._skip("already folded", len(records) - len(rest))
            if not rest or partition in self._left_out:
                continue
            if self.accepts(partition, rest[0].offset, expected):
                fresh.extend(rest)
        return fresh

    def accepts(self, partition: int, first: int, expected: int) -> bool:
        """Whether a partition's first record follows on what is stored."""
        if first == expected or self._sought.get(partition) == first:
            if first != expected and not self.topic.compacted:
                self._alarm("hole", partition, expected, first)
            self._sought.pop(partition, None)
            return True
        self._sought[partition] = first
        self._left_out.add(partition)
        self._seek(partition, expected)
        return False

    def _brake(self, fresh: Sequence[Raw], bad: Sequence[DeadLetter]) -> int:
        """Stop, loudly, at too many bad records in a row; returns the run that has not ended."""
        longest, run = runs(self._bad_in_a_row, fresh, bad)
        if longest > self._limit:
            raise TooManyBadRecordsError(
                f"{longest} bad records in a row on {self.topic.name}: nothing is folded until "
                "an operator has looked at them and restarted it (runbook: Too many bad records)"
            )
        return run

    def _done(self, fresh: Sequence[Raw], bad: Sequence[DeadLetter], begun: float) -> None:
        """After the commit: tell the metrics, the log and whoever waits for positions."""
        for record in fresh:
            self.next_offsets[record.partition] = record.offset + 1
        self._skip("null value", sum(record.value is None for record in fresh))
        where = (self._metrics.service, self.topic.name)
        seconds = time.monotonic() - begun
        self._metrics.records.labels(*where).inc(len(fresh))
        self._metrics.batch_seconds.labels(*where).observe(seconds)
        for letter in bad:
            self._metrics.dead_letters.labels(*where, letter.reason).inc()
            log.error(
                "a record is put into dead_letters",
                topic=self.topic.name,
                partition=letter.raw.partition,
                offset=letter.raw.offset,
                reason=letter.reason,
                detail=letter.detail,
            )
        log.debug("a batch is folded", topic=self.topic.name, records=len(fresh), seconds=seconds)

    async def hint(self) -> None:
        """Tell Kafka how far this topic is folded, for people and tools; nothing depends on it."""
        consumer = self.kafka()
        folded = {
            TopicPartition(self.topic.name, partition): offset
            for partition, offset in self.next_offsets.items()
            if partition in self.assigned and self._hinted.get(partition) != offset
        }
        if consumer is None or not folded:
            return
        with contextlib.suppress(KafkaError, TimeoutError):
            # Without a broker a commit never returns; a hint is not worth the wait.
            async with asyncio.timeout(HINT_SECONDS):
                await consumer.commit(folded)
            self._hinted |= {tp.partition: offset for tp, offset in folded.items()}

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Begin where Postgres says; an offset that makes no sense is an alarm, not silence."""
        self.assigned = {tp.partition for tp in assigned}
        self._unbegun = set(self.assigned)
        self._misplaced.clear()
        self._sought.clear()
        self._leaving.clear()
        self.stopped = False
        self.finished_at = time.monotonic()
        await self.begin()

    async def begin(self) -> None:
        """Find the beginnings not yet found, unless a batch is in hand, which does it itself."""
        if not self._unbegun or self._busy.locked():
            return
        async with self._busy:
            try:
                await self._begin()
            except Exception as error:  # noqa: BLE001 - it is done again before the next batch.
                self._tell(error)
            else:
                self._failing = None

    def leave(self) -> None:
        """Begin no further attempt at the batch in hand: the process ends."""
        self._leaving.set()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Wait for the batch in hand, so that the next owner never works beside it."""
        del revoked
        self._leaving.set()
        async with self._busy:
            self.assigned = set()

    async def _begin(self) -> None:
        partitions = sorted(self._unbegun)
        if not partitions:
            return
        topic_id = (await self._ends.ids([topic := self.topic.name])).get(topic)
        async with self._outbox.unit() as unit:
            stored = await inbox.lock(unit.connection, topic, self._ends, partitions)
            others = await inbox.others(unit.connection, topic, partitions, topic_id)
        begins = await self._ends.begins(self.topic.name, partitions)
        ends = await self._ends.ends(self.topic.name, partitions)
        for partition, offset in stored.items():
            self.next_offsets[partition] = offset
            if offset > ends[partition]:
                self._hold("above end", partition, offset, ends[partition])
            elif partition in others:
                self._hold("another topic", partition, offset, ends[partition])
            elif offset < begins[partition]:
                # Retention took records that were never folded: go on with what is left.
                self._alarm("below begin", partition, offset, begins[partition])
                self._sought[partition] = begins[partition]
                self._seek(partition, begins[partition])
            else:
                self._seek(partition, offset)
        self._unbegun.difference_update(partitions)

    def _hold(self, why: str, partition: int, offset: int, end: int) -> None:
        """The topic was made anew: its records would pass for folded.  An operator decides."""
        self._alarm(why, partition, offset, end)
        self._misplaced[partition] = (
            f"{self.topic.name}/{partition}: offset {offset} is stored but the topic, which ends "
            f"at {end}, was made anew: ./dev down, then ./dev up --kafka-lost "
            "(runbook: Kafka's data are lost)"
        )
        where = TopicPartition(self.topic.name, partition)
        consumer = self.kafka()
        if consumer is not None and where in consumer.assignment():
            consumer.pause(where)

    def _seek(self, partition: int, offset: int) -> None:
        """Read on from an offset, unless the partition is no longer ours to read."""
        where = TopicPartition(self.topic.name, partition)
        consumer = self.kafka()
        if consumer is not None and where in consumer.assignment():
            consumer.seek(where, offset)

    def _skip(self, why: str, count: int) -> None:
        if count:
            self._metrics.skipped.labels(self._metrics.service, self.topic.name, why).inc(count)

    def _alarm(self, why: str, partition: int, expected: int, found: int) -> None:
        self._metrics.offset_alarms.labels(self._metrics.service, self.topic.name, why).inc()
        log.error(
            "an offset makes no sense",
            topic=self.topic.name,
            partition=partition,
            why=why,
            expected=expected,
            found=found,
        )

    def _tell(self, error: Exception) -> None:
        self._failing = f"{self.topic.name}: {reason_of(error)}"
        self._metrics.retries.labels(self._metrics.service, self.topic.name).inc()
        log.warning("a batch will be done again", topic=self.topic.name, error=reason_of(error))

    async def _rest(self, pause: float) -> None:
        """Back off with jitter, cut short when the partitions go elsewhere."""
        try:
            async with asyncio.timeout(pause * random.uniform(0.5, 1.5)):
                await self._leaving.wait()
        except TimeoutError:
            return


async def _undecoded(_message: KafkaMessage) -> None:
    """Decode nothing: records are decoded inside the transaction."""
