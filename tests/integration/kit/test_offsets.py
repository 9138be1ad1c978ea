"""Gaps, holes, topics made anew and retention: where the log and the stored offsets disagree."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import IncompatibleBrokerVersion
from aiokafka.structs import OffsetAndMetadata

from recall.kit.codec import HEADERS
from recall.kit.consuming import Batch
from recall.kit.kafka import create_topics
from recall.kit.topic_ids import ask
from support.stores import TestStores
from support.toy import (
    PARTITIONS,
    POISON,
    Place,
    Toy,
    expected,
    feed,
    given,
    new_place,
    opened,
    running,
    slot,
    until,
)


@pytest.fixture
async def place(stores: TestStores) -> Place:
    return await new_place(stores)


@asynccontextmanager
async def admin_of(place: Place) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=place.bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def commit(place: Place, offset: int) -> None:
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


def alarms(toy: Toy, why: str) -> float:
    return toy.count("recall_offset_alarms_total", why=why)


class Rewound:
    """Stands in for the client: notes where it was told to read on from."""

    def __init__(self, place: Place, ours: set[int]) -> None:
        self.sought: dict[int, int] = {}
        self.ours = {TopicPartition(place.incoming.name, partition) for partition in ours}

    def assignment(self) -> set[TopicPartition]:
        return self.ours

    def seek(self, where: TopicPartition, offset: int) -> None:
        if where not in self.ours:
            raise RuntimeError("not assigned")
        self.sought[where.partition] = offset


def reads_with(toy: Toy, client: Rewound) -> None:
    toy.consumer._subscriber = SimpleNamespace(consumer=client)  # type: ignore[assignment]


async def test_kafka_is_told_how_far_the_topic_is_folded(place: Place) -> None:
    await feed(place, given([slot(n, n % 2) for n in range(10)]))
    async with running(place) as toy:
        await toy.settle()
        await toy.consumer.hint()
    consumer = AIOKafkaConsumer(bootstrap_servers=place.bootstrap, group_id=place.group)
    await consumer.start()
    try:
        for partition in range(PARTITIONS):
            assert await consumer.committed(TopicPartition(place.incoming.name, partition)) == 5
    finally:
        await consumer.stop()


async def test_a_hint_that_gets_no_answer_is_given_up(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would hold up the watch, whose ticks say that this process lives."""

    class Silent(Rewound):
        async def commit(self, _offsets: Any) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr("recall.kit.consuming.HINT_SECONDS", 0.05)
    async with opened(place) as toy:
        reads_with(toy, Silent(place, {0}))
        toy.consumer.assigned, toy.consumer.next_offsets = {0}, {0: 5}
        async with asyncio.timeout(30):
            await toy.consumer.hint()
        assert toy.consumer._hinted == {}


async def test_a_commit_ahead_of_the_database_skips_nothing(place: Place) -> None:
    slots = [slot(n, n % 2) for n in range(20)]
    await feed(place, given(slots))
    await commit(place, 7)
    async with running(place) as toy:
        await toy.settle()
        assert await toy.totals() == expected(slots)


async def test_a_position_that_jumps_ahead_is_brought_back(place: Place) -> None:
    slots = [slot(n) for n in range(20)]
    async with running(place) as toy:
        await until(lambda: toy.consumer.assigned)
        client = toy.consumer.kafka()
        assert client is not None
        where = TopicPartition(place.incoming.name, 0)
        client.pause(where)
        await feed(place, given(slots))
        client.seek(where, 11)
        client.resume(where)
        await toy.settle()
        assert await toy.totals() == expected(slots)
        assert alarms(toy, "hole") == 0


async def test_poison_in_one_partition_makes_no_hole_of_a_gap_in_another(place: Place) -> None:
    slots = [slot(n, n % 2) for n in range(40)]
    await feed(place, given([*slots, slot(99, 0, clinician=POISON)]))
    async with opened(place) as toy:
        arrived = await toy.arrived()
        client = Rewound(place, {0, 1})
        reads_with(toy, client)
        await toy.receive([r for r in arrived if r.partition == 0 or r.offset >= 5])
        assert client.sought == {1: 0}
        assert (await toy.next_offsets())[1] == 0
        assert len(await toy.dead_letters()) == 1
        await toy.receive([r for r in arrived if r.partition == 1])
        assert await toy.totals() == expected(slots)
        assert alarms(toy, "hole") == 0


async def test_a_lost_connection_makes_no_hole_of_a_gap(place: Place) -> None:
    slots = [slot(n, n % 2) for n in range(20)]
    losses = ["once"]

    async def lose_the_connection(batch: Batch) -> None:
        if losses:
            losses.pop()
            await batch.unit.connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    await feed(place, given(slots))
    async with opened(place, meddle=lose_the_connection) as toy:
        arrived = await toy.arrived()
        reads_with(toy, Rewound(place, {0, 1}))
        await toy.receive([r for r in arrived if r.partition == 0 or r.offset >= 5])
        assert not losses
        assert await toy.next_offsets() == {0: 10, 1: 0}


async def test_a_gap_in_a_partition_that_went_elsewhere_is_no_hole(place: Place) -> None:
    """Its new owner folds what is missing; this process neither folds it nor fails."""
    await feed(place, given([slot(n, n % 2) for n in range(20)]))
    async with opened(place) as toy:
        arrived = await toy.arrived()
        client = Rewound(place, {0})
        reads_with(toy, client)
        for _ in range(2):
            await toy.receive([r for r in arrived if r.partition == 0])
        await toy.receive([r for r in arrived if r.offset >= 5])
        assert await toy.next_offsets() == {0: 10, 1: 0}
        assert toy.consumer.trouble is None


@pytest.mark.parametrize(("compacted", "alarmed"), [(True, 0), (False, 1)])
async def test_a_hole_in_the_log_is_passed_once_it_is_sure(
    stores: TestStores, compacted: bool, alarmed: int
) -> None:
    """A transaction's marker takes an offset that no client ever sees."""
    place = await new_place(stores, compacted=compacted)
    first, second = [slot(n) for n in range(5)], [slot(n) for n in range(5, 9)]
    async with running(place) as toy:
        await feed_in_a_transaction(place, first)
        await until_folded(toy, 5)
        await feed_in_a_transaction(place, second)
        await until_folded(toy, 10)
        assert await toy.totals() == expected(first + second)
        assert alarms(toy, "hole") == alarmed


async def feed_in_a_transaction(place: Place, slots: list[Any]) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=place.bootstrap, transactional_id=f"{place.group}-writer"
    )
    await producer.start()
    try:
        async with producer.transaction():
            for record in given(slots):
                await producer.send(
                    place.incoming.name,
                    record.value,
                    record.key,
                    partition=record.partition,
                    headers=list(HEADERS),
                )
    finally:
        await producer.stop()


async def until_folded(toy: Toy, offset: int) -> None:
    async def folded() -> bool:
        return (await toy.next_offsets()).get(0) == offset

    await until(folded)


async def test_a_topic_made_anew_is_held_with_an_alarm(place: Place) -> None:
    await feed(place, given([slot(n) for n in range(10)]))
    async with running(place) as toy:
        await toy.settle()
    await make_anew(place)
    anew = [slot(100 + n, n % 2) for n in range(6)]
    await feed(place, given(anew))
    async with running(place) as toy:
        await until(lambda: alarms(toy, "above end") == 1)

        async def other_partition_folded() -> bool:
            return (await toy.next_offsets())[1] == 3

        await until(other_partition_folded)
        assert toy.consumer.trouble is not None
        assert "was made anew" in toy.consumer.trouble
        assert await toy.next_offsets() == {0: 10, 1: 3}
        assert toy.count("recall_records_skipped_total", why="already folded") == 0
        await toy.query("DELETE FROM inbox_offsets WHERE partition = 0")
    async with running(place) as toy:
        await toy.settle()
        assert toy.consumer.trouble is None
        assert (await toy.next_offsets()) == {0: 3, 1: 3}


async def test_a_topic_made_anew_is_held_though_it_has_grown_past_what_was_read(
    place: Place,
) -> None:
    """By its offsets it would pass for the old one, and its first records for folded ones."""
    await feed(place, given([slot(n) for n in range(4)]))
    async with running(place) as toy:
        await toy.settle()
    await make_anew(place)
    anew = [slot(100 + n) for n in range(9)]
    await feed(place, given(anew))
    async with running(place) as toy:
        await until(lambda: alarms(toy, "another topic") == 1)
        assert "was made anew" in str(toy.consumer.trouble)
        assert await toy.next_offsets() == {0: 4, 1: 0}
        await toy.query("DELETE FROM inbox_offsets")
    async with running(place) as toy:
        await toy.settle()
        assert alarms(toy, "another topic") == 0
        assert (await toy.next_offsets())[0] == len(anew)


async def test_a_broker_that_tells_no_ids_is_taken_at_its_offsets(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def too_old(*_: object) -> None:
        raise IncompatibleBrokerVersion

    monkeypatch.setattr("aiokafka.client.AIOKafkaClient.send", too_old)
    assert await ask(AIOKafkaClient(bootstrap_servers=place.bootstrap), ["a"]) == {}


async def make_anew(place: Place) -> None:
    """Delete the topic and make it again, as soon as the broker lets go of the old one."""
    async with admin_of(place) as admin:
        await admin.delete_topics([place.incoming.name])

    async def made() -> bool:
        return bool(await create_topics(place.bootstrap, [place.incoming], PARTITIONS))

    await until(made)


async def test_records_that_retention_took_are_an_alarm_and_the_rest_is_folded(
    place: Place,
) -> None:
    async with opened(place) as toy:
        await feed(place, given([slot(n) for n in range(3)]))
        await toy.receive(await toy.arrived())
    rest = [slot(n) for n in range(10, 20)]
    await feed(place, given([slot(n) for n in range(3, 10)] + rest))
    async with admin_of(place) as admin:
        where = TopicPartition(place.incoming.name, 0)
        await admin.delete_records({where: RecordsToDelete(before_offset=10)})
    async with running(place) as toy:
        await toy.settle()
        assert alarms(toy, "below begin") == 1
        assert await toy.totals() == expected([slot(n) for n in range(3)] + rest)


async def test_beginnings_that_could_not_be_found_are_looked_for_again(place: Place) -> None:
    """Until then a topic made anew would pass for one that is already folded."""
    await feed(place, given([slot(n) for n in range(4)]))
    async with opened(place) as toy:
        arrived = await toy.arrived()
        await toy.receive(arrived)
        await toy.query("UPDATE inbox_offsets SET next_offset = 50 WHERE partition = 0")
    async with opened(place) as toy:
        found, toy.consumer._ends = toy.consumer._ends, None  # type: ignore[assignment]
        await toy.consumer.on_partitions_assigned([TopicPartition(place.incoming.name, 0)])
        assert alarms(toy, "above end") == 0
        assert toy.consumer.trouble is not None
        toy.consumer._ends = found
        await toy.consumer.begin()
        assert alarms(toy, "above end") == 1
        assert "was made anew" in toy.consumer.trouble
        await toy.receive(arrived)
        assert "was made anew" in toy.consumer.trouble
