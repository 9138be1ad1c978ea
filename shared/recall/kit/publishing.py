"""Publishing at speed: whole batches per partition through an idempotent producer.

The producer is thrown away after an error that leaves it useless for a partition
(aiokafka#1017); what it did not get acknowledged is published again from the outbox.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from aiokafka import AIOKafkaProducer

from recall.kit.codec import HEADERS
from recall.kit.kafka import MAX_RECORD_BYTES, PARTITION_FETCH_BYTES

log = structlog.get_logger()

BATCH_BYTES = PARTITION_FETCH_BYTES
"""As much as a reader asks for: of a larger batch it could not leave the rest with the broker."""
START_SECONDS = 10.0
PUBLISH_SECONDS = 30.0
STOP_SECONDS = 5.0

_HEADERS = list(HEADERS)
"""The client's compiled batch builder takes a list and nothing else."""

Keyed = tuple[bytes, bytes]
"""A record: its key and its value."""


@dataclass(frozen=True)
class Parcel:
    """Records for one partition of one topic, in order; `row` is their outbox row."""

    row: int
    topic: str
    partition: int
    records: Sequence[Keyed]


class RecordTooLargeError(ValueError):
    """A record that the broker would refuse, told before it can do harm."""


def checked(key: bytes, value: bytes) -> Keyed:
    """The record, if the broker will take its size.

    Raises:
        RecordTooLargeError: it would be refused, which would kill an idempotent producer.
    """
    if len(key) + len(value) > MAX_RECORD_BYTES:
        raise RecordTooLargeError(f"a record of {len(value)} bytes is over {MAX_RECORD_BYTES}")
    return key, value


class Publisher:
    """One producer, made when first needed and made anew after it broke."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def publish(self, parcels: Sequence[Parcel]) -> None:
        """Send all parcels and wait until the broker has acknowledged every record.

        Raises:
            KafkaError, TimeoutError: some are not acknowledged; publish the parcels again.
        """
        producer = await self._started()
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                sent = [s for parcel in parcels for s in await _send(producer, parcel)]
                await asyncio.gather(*sent)
        except BaseException:
            await self._discard(producer)
            raise

    async def stop(self) -> None:
        """Close the producer; what was not acknowledged stays in the outbox."""
        if self._producer is not None:
            await self._discard(self._producer)

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    enable_idempotence=True,
                    acks="all",
                    max_batch_size=BATCH_BYTES,
                    request_timeout_ms=15_000,
                )
                try:
                    async with asyncio.timeout(START_SECONDS):
                        await producer.start()
                except BaseException:
                    await _stop(producer)
                    raise
                self._producer = producer
            return self._producer

    async def _discard(self, producer: AIOKafkaProducer) -> None:
        """Let go of a producer; a second caller with the same one finds it gone already."""
        if self._producer is producer:
            self._producer = None
            await _stop(producer)


async def _stop(producer: AIOKafkaProducer) -> None:
    """Close a producer, which never returns while the broker is away (aiokafka#1101)."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(STOP_SECONDS):
            await producer.stop()


async def _send(producer: AIOKafkaProducer, parcel: Parcel) -> list["asyncio.Future[object]"]:
    """Hand one parcel to the producer in as few batches as fit; returns what to wait for."""
    sent = []
    builder = producer.create_batch()
    for key, value in parcel.records:
        if builder.append(timestamp=None, key=key, value=value, headers=_HEADERS) is None:
            sent.append(
                await producer.send_batch(builder, parcel.topic, partition=parcel.partition)
            )
            builder = producer.create_batch()
            builder.append(timestamp=None, key=key, value=value, headers=_HEADERS)
    builder.close()
    sent.append(await producer.send_batch(builder, parcel.topic, partition=parcel.partition))
    return sent
