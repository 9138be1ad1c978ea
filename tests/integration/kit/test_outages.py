"""The stores stand still, die and come back; what was committed is folded and told.

These stores are the tests' own: nothing else notices, and a server of few databases recovers soon.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiokafka.errors import KafkaError

from launcher.problems import Problem
from recall.kit import publishing
from recall.kit.consuming import Batch
from recall.kit.kafka import create_topics
from support.stores import TestStores, embedded
from support.toy import (
    Place,
    Toy,
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

pytestmark = pytest.mark.own_stores

SLOTS = [slot(n, n % 2) for n in range(40)]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestStores]:
    """Stores that may be stopped and killed."""
    made = embedded(tmp_path_factory.mktemp("own"), None, None)
    try:
        stores = made.__enter__()
    except Problem as problem:
        pytest.skip(f"stores of our own cannot be had here: {problem}")
    yield stores
    made.__exit__(None, None, None)


@pytest.fixture
async def place(own: TestStores) -> Place:
    return await new_place(own)


def process_of(own: TestStores, name: str) -> int:
    pid = own.processes[name].pid
    assert pid is not None
    return pid


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A publisher that gives up after a second."""

    def apply() -> None:
        for name in ("START_SECONDS", "PUBLISH_SECONDS", "STOP_SECONDS"):
            monkeypatch.setattr(publishing, name, 1.0)

    return apply


async def test_a_broker_that_is_away_while_publishing_loses_nothing(
    own: TestStores, place: Place, impatient: Callable[[], None]
) -> None:
    pid = process_of(own, "kafka")
    await feed(place, given(SLOTS))
    async with opened(place) as toy:
        arrived = await toy.arrived()
        await toy.receive([record for record in arrived if record.offset == 0])
        impatient()
        os.kill(pid, signal.SIGSTOP)
        try:
            async with asyncio.timeout(30):
                await toy.receive(arrived)
            assert await toy.totals() == expected(SLOTS)
            assert await toy.outbox.measure() == len(SLOTS) - 2
            with pytest.raises((TimeoutError, KafkaError)):
                await toy.outbox.relay()
        finally:
            os.kill(pid, signal.SIGCONT)
        await until(lambda: published(toy))
        assert set(await told(place)) >= ids(SLOTS)
    await until(lambda: is_whole(place))


async def published(toy: Toy) -> bool:
    try:
        await toy.outbox.relay()
    except (TimeoutError, KafkaError):
        return False
    return await toy.outbox.measure() == 0


async def test_a_killed_broker_loses_nothing(
    own: TestStores, place: Place, impatient: Callable[[], None]
) -> None:
    pid = process_of(own, "kafka")
    impatient()
    late = [slot(1000 + n, n % 2) for n in range(40)]
    async with running(place) as toy:
        await feed(place, given(SLOTS))
        os.kill(pid, signal.SIGKILL)
        await until(lambda: own.processes["kafka"].pid not in {pid, None})
        await until(lambda: fed(place, late))
        await toy.settle()
        assert set(await told(place)) == ids(SLOTS + late)
        minutes = {target: total for target, (total, _) in (await toy.totals()).items()}
        assert minutes == {t: total for t, (total, _) in expected(SLOTS + late).items()}
    await until(lambda: is_whole(place))


async def is_whole(place: Place) -> bool:
    """Whether the broker is back in its own cluster, for the tests that follow."""
    try:
        return await create_topics(place.bootstrap, [place.incoming], 1) == []
    except (KafkaError, AttributeError):
        return False


async def fed(place: Place, slots: list[Any]) -> bool:
    try:
        async with asyncio.timeout(5):
            await feed(place, given(slots))
    except (TimeoutError, KafkaError):
        return False
    return True


async def test_a_crash_of_the_database_loses_nothing(own: TestStores, place: Place) -> None:
    """A backend killed outright takes all others down: the database recovers from its log."""
    crashes = ["once"]

    async def crash(batch: Batch) -> None:
        if crashes:
            crashes.pop()
            pid = await batch.unit.connection.fetchval("SELECT pg_backend_pid()")
            os.kill(pid, signal.SIGKILL)

    await feed(place, given(SLOTS))
    async with running(place, meddle=crash) as toy:
        await until(lambda: settled_again(toy))
        assert not crashes
        assert await toy.totals() == expected(SLOTS)
        assert set(await told(place)) == ids(SLOTS)
        await until(lambda: toy.consumer.trouble is None)


async def settled_again(toy: Toy) -> bool:
    try:
        return await toy.settled()
    except Exception:  # noqa: BLE001 - the database is on its way back.
        return False
