"""What the consumer makes of good records, repeats, garbage and poison, on the real stores."""

import asyncio
import gc
import json
import random
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.fetch import FetchRequest, FetchRequest_v11
from aiokafka.structs import ConsumerRecord, OffsetAndMetadata

from recall.kit.consuming import Batch, Consumer, Raw
from recall.kit.kafka import (
    BUSY_FETCH_MS,
    IDLE_FETCH_MS,
    MAX_RECORD_BYTES,
    PARTITION_FETCH_BYTES,
)
from support.stores import TestStores
from support.toy import (
    PARTITIONS,
    POISON,
    Given,
    Place,
    encoded,
    expected,
    feed,
    given,
    ids,
    new_place,
    opened,
    running,
    slot,
    told,
    until,
)


@pytest.fixture
async def place(stores: TestStores) -> Place:
    return await new_place(stores)


async def reset_group(place: Place, offset: int) -> None:
    """Commit an offset to Kafka for the group, as an operator's tool would."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=place.bootstrap, group_id=place.group, enable_auto_commit=False
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(place.incoming.name, p) for p in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.commit({tp: OffsetAndMetadata(offset, "") for tp in partitions})
    finally:
        await consumer.stop()


FEW = 10
"""What the libraries keep of a batch: a record for their logs, one of a fetch given up."""


def held(topic: str) -> list[ConsumerRecord]:
    """The topic's records that this process has in memory."""
    records = (found for found in gc.get_objects() if type(found) is ConsumerRecord)
    return [record for record in records if record.topic == topic]


async def test_a_fetch_waits_shortly_while_records_come_and_long_while_none_do(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []
    send = AIOKafkaClient.send

    async def noted(client: AIOKafkaClient, node: Any, request: Any, **options: Any) -> Any:
        if isinstance(request, FetchRequest):
            waits.append(request.build(FetchRequest_v11).max_wait_time)
        return await send(client, node, request, **options)

    monkeypatch.setattr(AIOKafkaClient, "send", noted)
    async with running(place):
        await until(lambda: IDLE_FETCH_MS in waits)
        assert BUSY_FETCH_MS not in waits
        await feed(place, given([slot(1), slot(2, 1)]))
        await until(lambda: BUSY_FETCH_MS in waits)
        await until(lambda: waits[-1] == IDLE_FETCH_MS)


async def test_everything_is_folded_and_told_once(place: Place) -> None:
    slots = [slot(n, n % 2, minutes=1 + n % 60) for n in range(500)]
    await feed(place, given(slots))
    async with running(place) as toy:
        await toy.settle()
        assert await toy.totals() == expected(slots)
        assert set(await told(place)) == ids(slots)


async def test_what_is_folded_is_let_go_at_once_and_not_when_the_collector_comes(
    place: Place,
) -> None:
    # A cycle that held the batch would keep its records, whole, for thousands of batches; a timer
    # that was set meanwhile, in the library's context, for minutes.
    gc.disable()
    try:
        await feed(place, given([slot(n, n % 2) for n in range(100)]))
        async with running(place) as toy:
            await toy.settle()
            await until(lambda: len(held(place.incoming.name)) < FEW)
    finally:
        gc.enable()


class Weighing(Consumer):
    """A consumer that knows how many bytes each of its batches had."""

    def __init__(self, **wired: Any) -> None:
        super().__init__(**wired)
        self.weighed: list[int] = []

    async def receive(self, raw: Sequence[Raw]) -> None:
        self.weighed.append(sum(len(record.value or b"") for record in raw))
        await super().receive(raw)


async def test_a_batch_has_so_many_bytes_at_most_and_a_large_record_comes_all_the_same(
    place: Place,
) -> None:
    large = [Given(b"x" * 50_000, n % PARTITIONS) for n in range(40)]
    await feed(place, [*large, Given(b"x" * (MAX_RECORD_BYTES - 100), 0)])
    async with running(place, consumer=Weighing) as toy:
        await toy.settle()
        weighed = toy.consumer.weighed
        assert len(await toy.dead_letters()) == len(large) + 1
        # The largest record came with what another partition gave, and nothing of its own.
        assert max(weighed) < MAX_RECORD_BYTES + PARTITION_FETCH_BYTES
        assert sum(weight <= PARTITIONS * PARTITION_FETCH_BYTES for weight in weighed) > 2


async def test_repeats_are_folded_and_change_nothing(place: Place) -> None:
    slots = [slot(n, n % 2) for n in range(60)]
    repeated = random.Random(7).sample(slots * 3, len(slots) * 3)
    await feed(place, given(repeated))
    async with running(place, extra={"batch_records": 7}) as toy:
        await toy.settle()
        assert await toy.totals() == expected(repeated)
        assert set(await told(place)) == ids(slots)


async def test_a_replay_from_the_beginning_folds_nothing_again(place: Place) -> None:
    slots = [slot(n, n % 2) for n in range(100)]
    await feed(place, given(slots))
    async with running(place) as toy:
        await toy.settle()
    await reset_group(place, 0)
    late = [slot(1000, 0), slot(1000, 1)]
    await feed(place, given(late))
    async with running(place) as toy:
        await toy.settle()
        assert await toy.totals() == expected(slots + late)


def changed(change: dict[str, Any]) -> bytes:
    """A slot's record with some of its data replaced."""
    event = json.loads(encoded(slot(1)))
    event["data"] |= change
    return json.dumps(event).encode()


GARBAGE: dict[str, tuple[Given, str | None]] = {
    "no JSON": (Given(b"\x00\x01garbage"), "unreadable"),
    "empty": (Given(b""), "unreadable"),
    "half a record": (Given(encoded(slot(1))[:-20]), "unreadable"),
    "not UTF-8": (
        Given(encoded(slot(1, clinician="Zo")).replace(b"Zo", b"\xff\xfe")),
        "unreadable",
    ),
    "a lone surrogate": (
        Given(encoded(slot(1, clinician="Zo")).replace(b"Zo", b"\\ud800")),
        "unreadable",
    ),
    "an array": (Given(b"[]"), "invalid"),
    "an unknown type": (Given(encoded(slot(1)).replace(b"released.v1", b"eaten.v9")), "invalid"),
    "a wrong field": (Given(changed({"minutes": "ten"})), "invalid"),
    "a field out of bounds": (Given(changed({"minutes": 0})), "invalid"),
    "a version too large for a column": (Given(changed({"version": 2**63})), "invalid"),
    "huge": (Given(b'{"a":"' + b"x" * 900_000 + b'"}'), "invalid"),
    "deep": (Given(encoded(slot(1))[:-1] + b',"x":' + b"[" * 100_000 + b"}"), "unreadable"),
    "a tombstone": (Given(None), None),
}


@pytest.mark.parametrize("kind", GARBAGE)
async def test_garbage_is_put_aside_alone(place: Place, kind: str) -> None:
    garbage, reason = GARBAGE[kind]
    slots = [slot(n) for n in range(2, 6)]
    good = given(slots)
    await feed(place, [*good[:2], garbage, *good[2:]])
    async with opened(place) as toy:
        async with asyncio.timeout(30):
            await toy.receive(await toy.arrived())
        assert await toy.totals() == expected(slots)
        letters = await toy.dead_letters()
        if reason is None:
            assert letters == []
            assert toy.count("recall_records_skipped_total", why="null value") == 1
        else:
            (letter,) = letters
            assert (letter["record_offset"], letter["record_value"]) == (2, garbage.value)
            assert (letter["reason"], letter["record_key"]) == (reason, garbage.key)
            assert toy.count("recall_dead_letters_total", reason=reason) == 1
        assert (await toy.next_offsets())[0] == 5


async def test_a_header_that_is_not_utf8_harms_nobody(place: Place) -> None:
    slots = [slot(n) for n in range(3)]
    records = given(slots)
    records[1] = Given(records[1].value, headers=[("content-type", b"\xff\xfe"), ("x", b"\x80")])
    await feed(place, records)
    async with running(place) as toy:
        await toy.settle()
        assert await toy.totals() == expected(slots)
        assert await toy.dead_letters() == []


async def test_a_poisonous_record_is_found_and_put_aside_alone(place: Place) -> None:
    slots = [slot(n, n % 2) for n in range(64)]
    records = given(slots)
    poison = slot(100, 0, clinician=POISON)
    records.insert(37, *given([poison]))
    await feed(place, records)
    async with running(place) as toy:
        await toy.settle()
        assert await toy.totals() == expected(slots)
        assert set(await told(place)) == ids(slots)
        (letter,) = await toy.dead_letters()
        assert letter["record_value"] == encoded(poison)
        assert letter["reason"] == "unfoldable"
        assert letter["detail"] == "ValueError: poison: slot-0-100"
        assert toy.consumer.trouble is None


async def test_what_the_database_refuses_is_put_aside_alone(place: Place) -> None:
    """A NUL is a character of JSON and of no text in PostgreSQL."""
    slots = [slot(n) for n in range(5)]

    async def write_clinicians(batch: Batch) -> None:
        names = [record.event.data.clinician for record in batch.records]
        await batch.unit.connection.execute("SELECT unnest($1::text[])", names)

    await feed(place, [*given(slots), *given([slot(9, clinician="Dr \x00")])])
    async with opened(place, meddle=write_clinicians) as toy:
        await toy.receive(await toy.arrived())
        assert await toy.totals() == expected(slots)
        (letter,) = await toy.dead_letters()
        assert letter["reason"] == "unfoldable"


async def test_a_reason_that_cannot_be_stored_as_it_is_stops_nothing(place: Place) -> None:
    async def refuse(batch: Batch) -> None:
        if any(record.event.data.slot_id == "slot-0-1" for record in batch.records):
            raise ValueError("a NUL \x00 and half a character \ud800")

    await feed(place, given([slot(0), slot(1), slot(2)]))
    async with opened(place, meddle=refuse) as toy:
        async with asyncio.timeout(30):
            await toy.receive(await toy.arrived())
        assert [letter["record_offset"] for letter in await toy.dead_letters()] == [1]


async def test_the_values_of_a_refused_statement_are_in_no_reason(place: Place) -> None:
    async def mistyped(batch: Batch) -> None:
        await batch.unit.connection.execute("SELECT $1::int", "Mary Made-Up")

    await feed(place, given([slot(0)]))
    async with opened(place, meddle=mistyped) as toy:
        await toy.receive(await toy.arrived())
        (letter,) = await toy.dead_letters()
        assert "invalid input for query argument" in letter["detail"]
        assert "Mary" not in letter["detail"]


async def test_a_conflict_that_passes_puts_nothing_aside(place: Place) -> None:
    """Two transactions may meet in a unique constraint; the second attempt sees the first's row."""
    conflicts = ["once"]

    async def conflict(_batch: Batch) -> None:
        if conflicts:
            raise asyncpg.UniqueViolationError(conflicts.pop())

    await feed(place, given([slot(0)]))
    async with opened(place, meddle=conflict) as toy:
        await toy.receive(await toy.arrived())
        assert await toy.totals() == expected([slot(0)])
        assert await toy.dead_letters() == []


async def test_too_many_bad_records_in_a_row_stop_the_consumer_and_lose_nothing(
    place: Place,
) -> None:
    slots = [slot(n) for n in range(20)]
    bad = [Given(b"garbage")] * 6
    await feed(place, [*given(slots[:10]), *bad, *given(slots[10:])])
    async with running(place, limit=5, extra={"batch_records": 4}) as toy:
        await until(lambda: toy.consumer.stopped)
        assert toy.consumer.trouble is not None
        assert "bad records in a row" in toy.consumer.trouble
        assert (await toy.next_offsets())[0] < 10 + len(bad)
    async with running(place, limit=50) as toy:
        await toy.settle()
        assert await toy.totals() == expected(slots)
        assert len(await toy.dead_letters()) == len(bad)
        assert toy.consumer.trouble is None


async def test_bad_records_among_good_ones_stop_nothing(place: Place) -> None:
    slots = [slot(n) for n in range(30)]
    mixed = [record for good in given(slots) for record in (Given(b"garbage"), good)]
    await feed(place, mixed)
    async with opened(place, limit=5) as toy:
        async with asyncio.timeout(30):
            await toy.receive(await toy.arrived())
        assert await toy.totals() == expected(slots)
        assert len(await toy.dead_letters()) == 30


async def test_poisonous_records_in_a_row_stop_the_consumer_too(place: Place) -> None:
    await feed(place, given([slot(n, clinician=POISON) for n in range(8)]))
    async with running(place, limit=5) as toy:
        await until(lambda: toy.consumer.stopped)
        assert len(await toy.dead_letters()) == 5
        assert (await toy.next_offsets())[0] == 5


async def test_a_batch_whose_connection_is_ended_is_folded_again(place: Place) -> None:
    slots = [slot(n, n % 2) for n in range(50)]
    attempts = []

    async def lose_the_connection(batch: Batch) -> None:
        attempts.append(len(batch.records))
        if len(attempts) <= 2:
            await batch.unit.connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    await feed(place, given(slots))
    async with running(place, meddle=lose_the_connection) as toy:
        await toy.settle()
        assert len(attempts) > 2
        assert await toy.totals() == expected(slots)
        assert set(await told(place)) == ids(slots)
        assert toy.count("recall_batch_retries_total") >= 2
        assert toy.consumer.trouble is None


async def test_trouble_is_told_while_a_batch_cannot_be_folded(place: Place) -> None:
    open_again = asyncio.Event()

    async def fail(_batch: Batch) -> None:
        if not open_again.is_set():
            raise ConnectionError("the database is away")

    await feed(place, given([slot(1)]))
    async with running(place, meddle=fail) as toy:
        trouble = await until(lambda: toy.consumer.trouble)
        assert trouble == f"{place.incoming.name}: ConnectionError: the database is away"
        assert await toy.totals() == {}
        open_again.set()
        await toy.settle()
        await until(lambda: toy.consumer.trouble is None)
        assert await toy.totals() == expected([slot(1)])
