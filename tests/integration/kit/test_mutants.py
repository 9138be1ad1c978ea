"""Each part of the consumer is needed: without it, a fault at a fixed point does harm.

A scenario plays one fault and says what harm it did.  The real consumer comes through every
scenario unharmed; the consumer that lacks the part is harmed by its own one.
"""

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from aiokafka import TopicPartition

from recall.kit import inbox
from recall.kit.consuming import Batch, Consumer
from recall.kit.outbox import Outbox
from recall.kit.postgres import Connection
from recall.kit.publishing import Parcel
from recall.kit.records import Raw, decoded
from recall.kit.unit import Unit
from support.stores import TestStores
from support.toy import (
    CrashError,
    Place,
    Toy,
    crash_at,
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

SLOTS = [slot(n) for n in range(12)]


class AcknowledgesFirst(Consumer):
    """Stores the next offsets before the work is done."""

    async def fold(self, raw: Sequence[Raw]) -> None:
        async with self._outbox.unit() as unit:
            fresh = await super().fence(unit.connection, raw)
            await inbox.advance(unit.connection, self.topic.name, fresh)
        async with self._outbox.unit() as unit:
            good, _ = decoded(self._decode, fresh)
            if good:
                await self._handler(Batch(unit, good))


class HasNoFence(Consumer):
    """Neither locks its offsets nor drops what is folded already."""

    async def fence(self, connection: Connection, raw: Sequence[Raw]) -> list[Raw]:
        await super().fence(connection, [])
        return list(raw)


class SeesNoGap(Consumer):
    """Takes whatever comes first."""

    def accepts(self, partition: int, first: int, expected: int) -> bool:
        del partition, first, expected
        return True


class PublishesAfterTheCommit(Outbox):
    """Has no outbox: what it has to say exists in memory alone."""

    async def _insert(self, connection: Connection, unit: Unit) -> list[int]:
        del connection
        return [-1 - place for place in range(len(unit.outgoing))]


class PublishesBeforeTheCommit(Outbox):
    """Has no outbox: it says what may never come about."""

    async def _store(self, connection: Connection, unit: Unit) -> list[Parcel]:
        del connection
        parcels = [Parcel(-1, t, p, records) for (t, p), records in unit.outgoing.items()]
        await self._publisher.publish(parcels)
        self._probe("published")
        return []


Harm = str | None
Scenario = Callable[[Place, Mapping[str, Any]], Awaitable[Harm]]


async def a_crash_in_the_middle_of_the_work(place: Place, made: Mapping[str, Any]) -> Harm:
    """The process dies while the handler works; the next one is given the same records."""

    async def die(_batch: Batch) -> None:
        raise CrashError

    await feed(place, given(SLOTS))
    async with opened(place, **made, meddle=die) as dying:
        arrived = await dying.arrived()
        with pytest.raises(CrashError):
            await dying.receive(arrived)
    async with opened(place, **made) as following:
        await following.receive(arrived)
        return await harm_to(following, SLOTS)


async def a_process_frozen_after_a_poll(place: Place, made: Mapping[str, Any]) -> Harm:
    """Another one folds the same records meanwhile; then it thaws and goes on with them."""
    await feed(place, given(SLOTS))
    async with opened(place, **made) as frozen, opened(place, **made, instance="two") as other:
        polled = await frozen.arrived()
        await other.receive(polled)
        await frozen.receive(polled)
        return await harm_to(frozen, SLOTS)


async def a_position_ahead_of_what_is_folded(place: Place, made: Mapping[str, Any]) -> Harm:
    """Kafka hands over records from the middle on: somebody committed what was never folded."""
    async with running(place, **made) as toy:
        await until(lambda: toy.consumer.assigned and not toy.consumer._unbegun)
        client = toy.consumer.kafka()
        assert client is not None
        where = TopicPartition(place.incoming.name, 0)
        client.pause(where)
        await feed(place, given(SLOTS))
        client.seek(where, 5)
        client.resume(where)
        await toy.settle()
        return await harm_to(toy, SLOTS)


async def an_old_version_after_a_new_one(place: Place, made: Mapping[str, Any]) -> Harm:
    """A relay repeats a message after the one that replaced it."""
    versions = [slot(1, version=2, minutes=30), slot(1, version=1, minutes=5)]
    await feed(place, given(versions))
    async with opened(place, **made) as toy:
        for record in await toy.arrived():
            await toy.receive([record])
        return await harm_to(toy, versions)


async def a_crash_between_commit_and_publish(place: Place, made: Mapping[str, Any]) -> Harm:
    """The process dies with its change stored and nobody told."""
    await feed(place, given(SLOTS))
    async with opened(place, **made, probe=crash_at("committed")) as dying:
        arrived = await dying.arrived()
        with pytest.raises(CrashError):
            await dying.receive(arrived)
    return await harm_after_relay(place, made, arrived)


async def a_rollback_after_all_was_said(place: Place, made: Mapping[str, Any]) -> Harm:
    """The process dies before its commit and never comes back: nothing may have been told."""
    await feed(place, given(SLOTS))
    async with opened(place, **made, probe=crash_at("published")) as dying:
        await dying.query(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE 'the commit fails' USING ERRCODE = '40001'; END $$"
        )
        await dying.query(
            "CREATE CONSTRAINT TRIGGER refusal AFTER INSERT ON slots "
            "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
        arrived = await dying.arrived()
        with contextlib.suppress(CrashError, asyncpg.SerializationError):
            await dying.consumer.fold(arrived)
        said, done = set(await told(place)), ids_of(await dying.query("SELECT * FROM slots"))
        return None if said <= done else f"{len(said - done)} messages tell what never was"


async def harm_after_relay(place: Place, made: Mapping[str, Any], arrived: list[Any]) -> Harm:
    """What is missing once the next process has done all it can."""
    async with opened(place, **made) as following:
        await following.receive(arrived)
        while await following.outbox.relay():
            pass
        missing = ids(SLOTS) - set(await told(place))
        return f"{len(missing)} messages are lost" if missing else await harm_to(following, SLOTS)


async def harm_to(toy: Toy, slots: Sequence[Any]) -> Harm:
    """How the totals differ from those of a world without faults."""
    found = await toy.totals()
    wanted = expected(slots)
    if found == wanted:
        return None
    (_, folded), (_, once) = found.get("target-0", (0, 0)), wanted["target-0"]
    if folded == once:
        return "wrong totals"
    return f"{abs(once - folded)} records are {'lost' if folded < once else 'folded again'}"


def ids_of(rows: Sequence[Any]) -> set[str]:
    return {f"{row['slot_id']}/released/{row['version']}" for row in rows}


@dataclass(frozen=True)
class Mutant:
    """A consumer without one of its parts, and the scenario that shows it."""

    made: Mapping[str, Any]
    caught_by: Scenario
    harm: str
    """What the scenario finds to be wrong."""


MUTANTS = {
    "acknowledge first": Mutant(
        {"consumer": AcknowledgesFirst},
        a_crash_in_the_middle_of_the_work,
        "12 records are lost",
    ),
    "no fence": Mutant(
        {"consumer": HasNoFence}, a_process_frozen_after_a_poll, "12 records are folded again"
    ),
    "no gap test": Mutant(
        {"consumer": SeesNoGap}, a_position_ahead_of_what_is_folded, "5 records are lost"
    ),
    "no version guard": Mutant({"guard": ""}, an_old_version_after_a_new_one, "wrong totals"),
    "no outbox, published after the commit": Mutant(
        {"outbox": PublishesAfterTheCommit},
        a_crash_between_commit_and_publish,
        "12 messages are lost",
    ),
    "no outbox, published before the commit": Mutant(
        {"outbox": PublishesBeforeTheCommit},
        a_rollback_after_all_was_said,
        "12 messages tell what never was",
    ),
}


@pytest.mark.parametrize("lacking", MUTANTS)
async def test_a_consumer_that_lacks_a_part_is_caught(stores: TestStores, lacking: str) -> None:
    mutant = MUTANTS[lacking]
    caught = {
        who: await mutant.caught_by(await new_place(stores), made)
        for who, made in (("the real one", {}), ("the mutant", mutant.made))
    }
    assert caught == {"the real one": None, "the mutant": mutant.harm}
