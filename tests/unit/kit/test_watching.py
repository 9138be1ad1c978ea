"""A stuck consumer ends its process; an outage, a thaw or a stopped consumer does not."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from recall.contracts.topics import TOPICS
from recall.kit.metrics import Metrics
from recall.kit.watching import Watch

SLOTS = TOPICS["slots"]


@dataclass
class World:
    """What a watch asks, and the machine's clock."""

    at: float = 1000.0
    stored: dict[int, int] = field(default_factory=lambda: {0: 5})
    end: int = 5
    outbox: int = 0
    timers: int = 0
    ended: int | None = None
    metrics: Metrics = field(default_factory=lambda: Metrics("toy"))
    topic: Any = SLOTS
    assigned: set[int] = field(default_factory=lambda: {0})
    stopped: bool = False

    async def begin(self) -> None:
        """As a consumer that has begun everywhere."""

    async def measure(self) -> int:
        return self.outbox

    async def all_ends(self, topics: Any, partitions: Any) -> dict[tuple[str, int], int]:
        return {(SLOTS.name, 0): self.end}

    def now(self) -> datetime:
        return datetime(2025, 9, 1, tzinfo=UTC)

    async def timers_due(self, _now: datetime) -> int:
        return self.timers


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr("recall.kit.watching.time.monotonic", lambda: made.at)
    monkeypatch.setattr("recall.kit.watching.os._exit", lambda code: setattr(made, "ended", code))
    return made


@pytest.fixture
def watch(world: World, monkeypatch: pytest.MonkeyPatch) -> Watch:
    made = Watch(
        consumers=[world],  # type: ignore[list-item]
        pool=None,  # type: ignore[arg-type]
        ends=world,  # type: ignore[arg-type]
        outbox=world,  # type: ignore[arg-type]
        metrics=world.metrics,
        clock=world,
        partitions=1,
        patience=60.0,
        timers_due=world.timers_due,
    )

    async def stored() -> dict[tuple[str, int], Any]:
        return {
            (SLOTS.name, partition): {"next_offset": offset, "appended_at": None}
            for partition, offset in world.stored.items()
        }

    monkeypatch.setattr(made, "_stored", stored)
    return made


async def look(world: World, watch: Watch, seconds: int) -> None:
    for _ in range(seconds):
        world.at += 1
        await watch.step()


async def test_a_consumer_with_lag_that_finishes_nothing_ends_its_process(
    world: World, watch: Watch
) -> None:
    world.end = 9
    await look(world, watch, 60)
    assert world.ended is None
    await look(world, watch, 3)
    assert world.ended == 70


async def test_a_consumer_that_finishes_something_goes_on(world: World, watch: Watch) -> None:
    world.end = 900
    for _ in range(5):
        await look(world, watch, 50)
        world.stored[0] += 1
    assert world.ended is None


async def test_a_consumer_without_lag_may_rest(world: World, watch: Watch) -> None:
    await look(world, watch, 300)
    world.end = 6
    await look(world, watch, 30)
    assert world.ended is None


async def test_a_consumer_that_stopped_on_purpose_is_left_to_people(
    world: World, watch: Watch
) -> None:
    world.end, world.stopped = 9, True
    await look(world, watch, 300)
    assert world.ended is None


async def test_another_replicas_partition_is_its_own_business(world: World, watch: Watch) -> None:
    world.end, world.assigned = 9, {1}
    await look(world, watch, 300)
    assert world.ended is None


async def test_time_in_which_a_store_was_away_does_not_count(world: World, watch: Watch) -> None:
    world.end = 9
    await look(world, watch, 20)
    world.at += 600
    await look(world, watch, 20)
    assert world.ended is None


async def test_records_that_were_never_read_are_lag(world: World, watch: Watch) -> None:
    world.stored.clear()
    settled = await watch.settled()
    assert (settled.settled, settled.lag) == (False, 5)


async def test_a_service_is_settled_when_nothing_at_all_is_left(world: World, watch: Watch) -> None:
    assert (await watch.settled()).settled
    for name in ("outbox", "timers"):
        setattr(world, name, 1)
        assert not (await watch.settled()).settled
        setattr(world, name, 0)
    world.end = 6
    assert not (await watch.settled()).settled


async def test_any_work_makes_the_sum_of_positions_grow(world: World, watch: Watch) -> None:
    before = (await watch.settled()).work
    world.end = 6
    during = (await watch.settled()).work
    world.stored[0] = 6
    assert before < during < (await watch.settled()).work


async def test_lag_is_measured_for_people(world: World, watch: Watch) -> None:
    world.end = 9
    await watch.step()
    where = {"service": "toy", "topic": SLOTS.name, "partition": "0"}
    value = world.metrics.registry.get_sample_value("recall_consumer_lag_records", where)
    assert value == 4
