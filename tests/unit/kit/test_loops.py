"""A loop steps while busy, rests when not, wakes when called and outlives its step's troubles."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from recall.kit import loops
from recall.kit.loops import Loop
from support.toy import until

LONG = 3600.0


@asynccontextmanager
async def stepping(step: Callable[[], Awaitable[bool]], every: float = LONG) -> AsyncIterator[Loop]:
    loop = Loop("stepping", step, every)
    task = asyncio.create_task(loop.run())
    try:
        yield loop
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Steps:
    """Counts its calls; each answers or raises what comes next, and rests when nothing is left."""

    def __init__(self, *answers: bool | Exception) -> None:
        self.answers = list(answers)
        self.count = 0

    async def __call__(self) -> bool:
        self.count += 1
        answer = self.answers.pop(0) if self.answers else False
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_a_busy_loop_steps_again_at_once() -> None:
    steps = Steps(True, True, True)
    async with stepping(steps):
        await until(lambda: steps.count == 4)


async def test_a_resting_loop_steps_when_woken() -> None:
    steps = Steps()
    async with stepping(steps) as loop:
        await until(lambda: steps.count == 1)
        loop.wake()
        await until(lambda: steps.count == 2)


async def test_a_call_during_a_step_is_not_lost() -> None:
    begun, go_on, count = asyncio.Event(), asyncio.Event(), 0

    async def step() -> bool:
        nonlocal count
        count += 1
        begun.set()
        await go_on.wait()
        return False

    async with stepping(step) as loop:
        await begun.wait()
        loop.wake()
        go_on.set()
        await until(lambda: count == 2)


async def test_a_resting_loop_steps_again_after_its_time() -> None:
    steps = Steps()
    async with stepping(steps, every=0.01):
        await until(lambda: steps.count >= 3)


async def test_trouble_is_told_until_a_step_succeeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "FIRST_PAUSE", 0.2)
    steps = Steps(ConnectionError("the store is away"), False)
    async with stepping(steps) as loop:
        await until(lambda: loop.trouble == "stepping: ConnectionError: the store is away")
        await until(lambda: loop.trouble is None)
        assert steps.count == 2


async def test_pauses_double_up_to_a_longest_and_begin_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def slept(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    monkeypatch.setattr("recall.kit.loops.asyncio.sleep", slept)
    monkeypatch.setattr("recall.kit.loops.random.uniform", lambda _low, _high: 1.0)
    errors = [OSError()] * 8
    steps = Steps(*errors, True, OSError())
    async with stepping(steps):
        while steps.count < 11:
            await sleep(0)
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 0.1]


async def test_a_loop_tells_when_it_last_stepped() -> None:
    steps = Steps()
    async with stepping(steps, every=0.01) as loop:
        before = loop.ticked_at
        await until(lambda: loop.ticked_at > before)


async def test_a_loop_that_rests_for_long_is_not_stale_meanwhile() -> None:
    """Some come round every ten minutes; liveness must not call them dead after one."""
    loop = Loop("stepping", Steps(), 600.0)
    loop.ticked_at -= 600.0 + 59.0
    assert not loop.is_stale(60.0)
    loop.ticked_at -= 2.0
    assert loop.is_stale(60.0)
