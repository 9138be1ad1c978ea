"""Who watches is told at once, then at most about once a second; a target is read once for all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard import live
from dashboard.live import Live, Snapshot, Told
from dashboard.views import Target


class Store:
    """A target whose free slots change, and how often it was read."""

    def __init__(self) -> None:
        self.available = 0
        self.reads = 0
        self.broken = False

    async def read(self, target_id: str) -> Snapshot:
        self.reads += 1
        if self.broken:
            raise OSError("away")
        found = Target(
            id=target_id,
            name="A",
            practice="A81001",
            state="active",
            rounds=[],
            window_from=date(2025, 9, 15),
            window_to=date(2025, 9, 30),
            available=self.available,
            histogram={},
            queues=[],
        )
        return Snapshot(found, datetime(2025, 9, 12, tzinfo=UTC))


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read unless it was touched; a test that waits for looking says so."""
    monkeypatch.setattr(live, "LOOK_SECONDS", 60.0)
    monkeypatch.setattr(live, "GAP_SECONDS", 0.01)
    monkeypatch.setattr(live, "PAUSE_SECONDS", 0.001)


async def following(changes: AsyncIterator[Told]) -> int:
    async with asyncio.timeout(20):
        return (await anext(changes)).snapshot.target.available


async def test_a_commit_that_touches_a_watched_target_has_it_read_at_once() -> None:
    store = Store()
    found = Live(store.read)
    async with aclosing(found.watch("t-1")) as changes:
        assert await following(changes) == 0
        store.available = 1
        found.touch(["t-2", "t-1"])
        assert await following(changes) == 1


async def test_what_comes_within_the_gap_is_told_after_it_in_one() -> None:
    store = Store()
    found = Live(store.read)
    async with aclosing(found.watch("t-1")) as changes:
        await following(changes)
        for store.available in (1, 2, 3):
            found.touch(["t-1"])
        assert await following(changes) == 3


async def test_all_who_watch_share_one_reading_and_what_is_made_of_it() -> None:
    store = Store()
    made: list[Snapshot] = []
    found = Live(store.read)

    def page(snapshot: Snapshot) -> int:
        made.append(snapshot)
        return snapshot.target.available

    watchers = [found.watch("t-1") for _ in range(50)]
    async with asyncio.timeout(20):
        told = await asyncio.gather(*(anext(watcher) for watcher in watchers))
    assert {one.once(page) for one in told} == {0}
    assert len(made) == 1
    assert store.reads <= 2
    assert found.watching == 1
    for watcher in watchers:
        await watcher.aclose()
    assert found.watching == 0


async def test_changes_of_other_processes_are_found_by_looking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.001)
    store = Store()
    async with aclosing(Live(store.read).watch("t-1")) as changes:
        await following(changes)
        store.available = 1
        assert await following(changes) == 1


async def test_as_of_stays_true_when_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(live, "FRESH_SECONDS", 0.0)
    async with aclosing(Live(Store().read).watch("t-1")) as changes:
        assert [await following(changes), await following(changes)] == [0, 0]


async def test_a_store_in_trouble_is_waited_out() -> None:
    store = Store()
    store.broken = True
    found = Live(store.read)
    async with aclosing(found.watch("t-1")) as changes:
        waiting = asyncio.create_task(following(changes))
        async with asyncio.timeout(20):
            while store.reads < 2:  # noqa: ASYNC110 - the store counts, it does not tell.
                await asyncio.sleep(0)
        store.broken = False
        assert await waiting == 0


async def test_a_folded_batch_touches_its_targets_once_it_is_committed() -> None:
    store = Store()
    committed: list[Any] = []
    found = Live(store.read)
    records = [SimpleNamespace(event=SimpleNamespace(data=SimpleNamespace(target_id="t-1")))]
    batch: Any = SimpleNamespace(
        unit=SimpleNamespace(after_commit=committed.append), records=records
    )

    async def handler(_batch: Any) -> None:
        store.available += 1

    folded = found.after(handler)
    await folded(batch)
    assert committed == []
    async with aclosing(found.watch("t-1")) as changes:
        await following(changes)
        await folded(batch)
        (commit,) = committed
        commit()
        assert await following(changes) == 2
