"""Messages told once their change is stored, through crashes and outages of the broker."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from recall.kit.consuming import Batch
from recall.kit.kafka import partition_of
from recall.kit.publishing import RecordTooLargeError
from support.stores import TestStores
from support.toy import (
    CrashError,
    Place,
    Toy,
    crash_at,
    downstream,
    expected,
    feed,
    given,
    ids,
    new_place,
    opened,
    read_all,
    slot,
    target_of,
    told,
)

SLOTS = [slot(n, n % 2) for n in range(40)]


@pytest.fixture
async def place(stores: TestStores) -> Place:
    return await new_place(stores)


async def age(toy: Toy, seconds: float) -> None:
    """Make the outbox's rows older, as if time had passed."""
    await toy.query("UPDATE outbox SET stored_at = stored_at - make_interval(secs => $1)", seconds)


async def relayed(toy: Toy) -> None:
    while await toy.outbox.relay():
        pass


async def test_a_crash_between_commit_and_publish_loses_no_message(place: Place) -> None:
    await feed(place, given(SLOTS))
    async with opened(place, probe=crash_at("committed")) as toy:
        with pytest.raises(CrashError):
            await toy.receive(await toy.arrived())
        assert await told(place) == {}
    async with opened(place) as toy:
        await relayed(toy)
        assert await toy.totals() == expected(SLOTS)
        assert await told(place) == dict.fromkeys(ids(SLOTS), 1)
        assert await toy.outbox.measure() == 0


async def test_a_crash_between_publish_and_delete_repeats_what_readers_absorb(
    stores: TestStores, place: Place
) -> None:
    await feed(place, given(SLOTS))
    async with opened(place, probe=crash_at("published")) as toy:
        with pytest.raises(CrashError):
            await toy.receive(await toy.arrived())
    async with opened(place) as toy:
        await relayed(toy)
        assert await told(place) == dict.fromkeys(ids(SLOTS), 2)
    async with opened(await downstream(stores, place)) as reader:
        await reader.receive(await reader.arrived())
        minutes = {target: total for target, (total, _) in (await reader.totals()).items()}
        assert minutes == {target: total for target, (total, _) in expected(SLOTS).items()}


async def test_a_killed_process_leaves_its_messages_to_the_next(place: Place) -> None:
    await feed(place, given(SLOTS))
    child = await in_a_process(place, "committed")
    assert await child.wait() == -signal.SIGKILL
    async with opened(place) as toy:
        assert await toy.totals() == expected(SLOTS)
        assert await told(place) == {}
        await age(toy, 3.5)
        await relayed(toy)
        assert await told(place) == dict.fromkeys(ids(SLOTS), 1)


async def test_a_process_killed_before_its_messages_are_deleted_repeats_them(
    place: Place,
) -> None:
    await feed(place, given(SLOTS))
    child = await in_a_process(place, "published")
    assert await child.wait() == -signal.SIGKILL
    async with opened(place) as toy:
        await toy.receive(await toy.arrived())
        await age(toy, 3.5)
        await relayed(toy)
        assert await toy.totals() == expected(SLOTS)
        assert await told(place) == dict.fromkeys(ids(SLOTS), 2)


async def test_a_process_whose_consumer_is_stuck_ends(place: Place) -> None:
    await feed(place, given(SLOTS))
    child = await in_a_process(place, "stuck")
    async with asyncio.timeout(60):
        assert await child.wait() == 70


async def in_a_process(place: Place, what: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "support.toy",
        place.bootstrap,
        place.dsn,
        place.incoming.name,
        place.outgoing.name,
        place.group,
        what,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def test_another_instances_rows_are_taken_only_once_they_are_orphans(place: Place) -> None:
    await feed(place, given(SLOTS))
    async with opened(place, probe=crash_at("committed"), instance="gone") as toy:
        with pytest.raises(CrashError):
            await toy.receive(await toy.arrived())
    async with opened(place, instance="heir") as heir:
        assert not await heir.outbox.relay()
        await age(heir, 2.0)
        assert not await heir.outbox.relay()
        await age(heir, 1.1)
        assert await heir.outbox.relay()
        assert set(await told(place)) == ids(SLOTS)


async def test_two_relays_never_take_the_same_rows(place: Place) -> None:
    await feed(place, given(SLOTS))
    async with opened(place, probe=crash_at("committed"), instance="gone") as toy:
        with pytest.raises(CrashError):
            await toy.receive(await toy.arrived())
        await age(toy, 10)
    async with opened(place, instance="one") as one, opened(place, instance="two") as two:
        await asyncio.gather(relayed(one), relayed(two), relayed(one), relayed(two))
        assert await told(place) == dict.fromkeys(ids(SLOTS), 1)


async def test_a_broken_callback_leaves_the_messages_to_this_process_own_relay(
    place: Place,
) -> None:
    def broken() -> None:
        raise RuntimeError("a callback broke")

    async with opened(place) as toy:
        with pytest.raises(RuntimeError):
            await say(toy, after_commit=broken)
        assert await toy.outbox.measure() == 1
        assert await toy.outbox.relay()
        assert set(await told(place)) == ids([slot(1)])


async def test_the_relay_leaves_alone_what_a_unit_is_publishing(place: Place) -> None:
    """Even when the unit commits between the relay's question and its answer."""
    async with opened(place) as toy:
        publishing, go_on = asyncio.Event(), asyncio.Event()
        publish = toy.publisher.publish

        async def slowly(parcels: Any) -> None:
            publishing.set()
            await go_on.wait()
            await publish(parcels)

        toy.publisher.publish = slowly  # type: ignore[method-assign]
        unit = asyncio.create_task(say(toy))
        await publishing.wait()
        own, toy.outbox._publishing = toy.outbox._publishing, AsIfEmpty(toy.outbox._publishing)
        assert not await toy.outbox.relay()
        toy.outbox._publishing = own
        go_on.set()
        await unit
        assert await told(place) == dict.fromkeys(ids([slot(1)]), 1)


class AsIfEmpty(set[int]):
    """A set whose members are not listed yet when the relay asks its question."""

    def __iter__(self) -> Any:
        return iter(())


def no_more() -> None:
    """Nothing follows the commit."""


async def say(toy: Toy, then: str = "SELECT 1", after_commit: Callable[[], None] = no_more) -> None:
    """One unit that tells of one slot and then asks the database something."""
    async with toy.outbox.unit() as unit:
        unit.emit(slot(1), 1, topic=toy.place.outgoing, partition=0)
        unit.after_commit(after_commit)
        await unit.connection.execute(then)


async def test_what_is_rolled_back_is_never_told(place: Place) -> None:
    async with opened(place) as toy:
        with pytest.raises(asyncpg.UndefinedTableError):
            await say(toy, "SELECT * FROM no_such_table")
        await relayed(toy)
        assert await told(place) == {}


async def test_a_rolled_back_unit_forgets_nothing_that_was_published(place: Place) -> None:
    """Deleting published rows is part of the next unit, which may fail."""
    async with opened(place) as toy:
        await say(toy)
        with pytest.raises(KeyError):
            async with toy.outbox.unit():
                raise KeyError
        assert not await toy.outbox.relay()
        assert await toy.query("SELECT * FROM outbox") == []
        assert await told(place) == dict.fromkeys(ids([slot(1)]), 1)


async def test_what_is_stored_early_is_told_by_the_relay_after_the_commit(place: Place) -> None:
    async with opened(place) as toy:
        async with toy.outbox.unit() as unit:
            unit.emit(slot(1), 1, topic=place.outgoing, partition=0)
            await toy.outbox.store(unit)
            assert not unit.outgoing
            assert not await toy.outbox.relay()
            unit.emit(slot(2), 1, topic=place.outgoing, partition=1)
        await relayed(toy)
        assert await told(place) == dict.fromkeys(ids([slot(1), slot(2)]), 1)


async def test_without_a_partition_the_keys_own_is_taken(place: Place) -> None:
    async with opened(place) as toy, toy.outbox.unit() as unit:
        unit.emit(slot(1), 1, topic=place.outgoing)
        partition = partition_of(target_of(0), unit.partitions)
        assert list(unit.outgoing) == [(place.outgoing.name, partition)]


async def test_a_record_the_broker_would_refuse_is_refused_before(place: Place) -> None:
    async with opened(place) as toy:
        with pytest.raises(RecordTooLargeError):
            async with toy.outbox.unit() as unit:
                unit.emit(slot(1, clinician="x" * 1_000_000), 1, topic=place.outgoing, partition=0)
        await say(toy)
        assert set(await told(place)) == ids([slot(1)])


async def test_more_than_one_batch_holds_arrives_in_order(place: Place) -> None:
    large = [slot(n, clinician="x" * 300_000) for n in range(8)]
    async with opened(place) as toy:
        async with toy.outbox.unit() as unit:
            for data in large:
                unit.emit(data, 1, topic=place.outgoing, partition=0)
        records = await read_all(place.bootstrap, place.outgoing.name)
        found = [json.loads(record.value)["id"] for record in records]
        assert found == [f"slot-0-{n}/released/1" for n in range(8)]


async def test_a_trace_goes_on_from_cause_to_effect(place: Place) -> None:
    traces: list[str | None] = []

    async def note(batch: Batch) -> None:
        event = batch.records[0].event
        caused = type(event)(
            **{name: getattr(event, name) for name in event.__struct_fields__}  # type: ignore[attr-defined]
            | {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
        )
        traces.append(batch.unit._traceparent(caused))
        traces.append(batch.unit._traceparent(None))

    await feed(place, given([slot(1)]))
    async with opened(place, meddle=note) as toy:
        await toy.receive(await toy.arrived())
        continued, begun = traces
        assert continued is not None
        assert begun is not None
        assert continued.startswith(f"00-{'a' * 32}-")
        assert not begun.startswith(f"00-{'a' * 32}-")
        assert continued[36:] == begun[36:]
