"""Two owners of a partition, processes frozen and thawed, partitions that change hands."""

import asyncio

import pytest
from aiokafka import TopicPartition

from recall.kit.consuming import Batch
from support.stores import TestStores
from support.toy import (
    PARTITIONS,
    Place,
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


async def test_two_owners_fold_the_same_records_once(place: Place) -> None:
    slots = [slot(n, n % 2) for n in range(100)]
    await feed(place, given(slots))
    async with opened(place) as one, opened(place, instance="two") as two:
        arrived = await one.arrived()
        await asyncio.gather(one.receive(arrived), two.receive(arrived))
        assert await one.totals() == expected(slots)
        assert set(await told(place)) == ids(slots)
        assert sorted(one.batches + two.batches) == [100]


async def test_a_process_frozen_in_a_batch_and_thawed_changes_nothing(place: Place) -> None:
    """Its transaction waits for nobody: the lock of its offsets makes the next owner wait."""
    slots = [slot(n) for n in range(30)]
    reached, thawed = asyncio.Event(), asyncio.Event()

    async def freeze(_batch: Batch) -> None:
        reached.set()
        await thawed.wait()

    await feed(place, given(slots))
    async with opened(place, meddle=freeze) as frozen, opened(place, instance="two") as next_owner:
        arrived = await frozen.arrived()
        old = asyncio.create_task(frozen.receive(arrived[:20]))
        await reached.wait()
        new = asyncio.create_task(next_owner.receive(arrived))
        done, _ = await asyncio.wait([new], timeout=0.3)
        assert not done
        thawed.set()
        await asyncio.gather(old, new)
        assert await frozen.totals() == expected(slots)
        assert next_owner.batches == [10]


async def test_a_process_frozen_after_a_poll_finds_its_records_folded(place: Place) -> None:
    slots = [slot(n) for n in range(30)]
    await feed(place, given(slots))
    async with opened(place) as frozen, opened(place, instance="two") as next_owner:
        polled = await frozen.arrived()
        await next_owner.receive(polled)
        await frozen.receive(polled[:20])
        await frozen.receive(polled[20:])
        assert await frozen.totals() == expected(slots)
        assert frozen.batches == []
        assert frozen.count("recall_records_skipped_total", why="already folded") == 30


async def test_partitions_are_not_given_away_before_the_running_batch_is_done(
    place: Place,
) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def wait(_batch: Batch) -> None:
        reached.set()
        await go_on.wait()

    await feed(place, given([slot(0)]))
    async with opened(place, meddle=wait) as toy:
        batch = asyncio.create_task(toy.receive(await toy.arrived()))
        await reached.wait()
        where = [TopicPartition(place.incoming.name, p) for p in range(PARTITIONS)]
        revoked = asyncio.create_task(toy.consumer.on_partitions_revoked(where))
        done, _ = await asyncio.wait([revoked], timeout=0.2)
        assert not done
        go_on.set()
        await asyncio.gather(batch, revoked)
        assert await toy.totals() == expected([slot(0)])


async def test_a_batch_that_cannot_be_folded_does_not_hold_up_a_rebalance(place: Place) -> None:
    async def fail(_batch: Batch) -> None:
        raise ConnectionError("the database is away")

    await feed(place, given([slot(0)]))
    async with opened(place, meddle=fail) as toy:
        batch = asyncio.create_task(toy.receive(await toy.arrived()))
        await until(lambda: toy.consumer.trouble)
        where = [TopicPartition(place.incoming.name, 0)]
        async with asyncio.timeout(30):
            await toy.consumer.on_partitions_revoked(where)
            await batch
        assert (await toy.next_offsets()).get(0, 0) == 0


async def test_replicas_that_come_and_go_fold_everything_once(place: Place) -> None:
    parts = [[slot(1000 * part + n, n % 2) for n in range(150)] for part in range(4)]
    small = {"batch_records": 10}
    async with opened(place) as judge, running(place, extra=small):
        await feed(place, given(parts[0]))
        async with running(place, instance="two", extra=small) as second:
            await feed(place, given(parts[1]))
            await until(lambda: second.consumer.assigned)
            await feed(place, given(parts[2]))
        await feed(place, given(parts[3]))
        await judge.settle()
        slots = [data for part in parts for data in part]
        assert await judge.totals() == expected(slots)
        assert set(await told(place)) == ids(slots)
