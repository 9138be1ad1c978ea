"""A seeded monkey: the same crowd with and without faults must end in the same result.

    cd tests && ../.venv/bin/python -m e2e.monkey --seed 7 --patients 2000 --rounds 5

The monkey kills processes with SIGKILL, freezes consumers past their session while a second
replica takes over and then thaws them beside it, repeats records and throws garbage on topics.
When a fault strikes is drawn from the seed and told in steps of the run's own progress: after so
many looks of the driver during a day, hence in the middle of work.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import logging
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import asyncpg
import httpx
from aiokafka.errors import KafkaError

from e2e.audit import Result, complaints, differences, records_of, result_of
from e2e.garbage import MARK, thrown
from e2e.records import write
from e2e.staff import LAST_DAY, Staff
from launcher.crowd import START, STEP, Crowd
from launcher.driving import Driver
from launcher.ports import free_ports
from launcher.problems import Problem
from launcher.process import KeptProcess
from launcher.stack import Stack, is_ready
from launcher.sums import broken
from recall.contracts.topics import TOPICS
from support.stacks import clock_of, simulated

KILLED = ("ingest", "workflow", "invitations", "dashboard", "postgres", "kafka")
FROZEN = ("workflow", "invitations", "dashboard")
SESSION_SECONDS = 6.0
"""The shortest session that the broker allows by default."""
DAYS = 22
"""The days on which faults begin; everybody has completed a week after the last of them."""
MOST_DAYS = 60
LOOKS = 12
"""How far into a day's work a fault may strike, in looks of the driver."""
LOOK_SECONDS = 0.02
REPEATED = 150
PATIENCE = 180.0

Kind = Literal["kill", "freeze", "repeat", "throw"]
Say = Callable[[str], None]
T = TypeVar("T")


@dataclass(frozen=True, order=True)
class Fault:
    """What goes wrong and when: on which day of the run, after how many looks of that day."""

    day: int
    looks: int
    kind: Kind
    victim: str = ""

    def __str__(self) -> str:
        return f"day {self.day}, look {self.looks}: {self.kind} {self.victim}".rstrip()


def plan(seed: int) -> list[Fault]:
    """Every process killed, every consumer frozen, records repeated twice and garbage thrown."""
    draw = random.Random(seed)
    wanted: list[tuple[Kind, str]] = [
        *(("kill", name) for name in KILLED),
        *(("freeze", name) for name in FROZEN),
        ("kill", draw.choice(FROZEN)),
        ("repeat", ""),
        ("repeat", ""),
        ("throw", ""),
        ("throw", ""),
    ]  # fmt: skip
    return sorted(
        # Many of a crowd's messages travel on three days: half of the faults strike then.
        Fault(draw.choice((draw.randrange(DAYS), 0, 9, 15)), draw.randrange(LOOKS), kind, name)
        for kind, name in wanted
    )


@dataclass
class Monkey:
    """Carries out a plan on a running stack, driven by the looks of whoever waits for work."""

    stack: Stack
    faults: list[Fault]
    draw: random.Random
    say: Say
    day: int = 0
    looks: int = 0
    done: list[str] = field(default_factory=list)
    _running: list["asyncio.Task[None]"] = field(default_factory=list)

    async def look(self) -> None:
        """Strike with what is due; what takes its time goes on in the background."""
        self.looks += 1
        while self.faults and (self.faults[0].day, self.faults[0].looks) <= (self.day, self.looks):
            fault = self.faults.pop(0)
            self._tell(str(fault))
            self._running.append(asyncio.create_task(self._strike(fault), name=str(fault)))
            await asyncio.sleep(0)

    def next_day(self, day: int) -> None:
        """Count the looks anew."""
        self.day, self.looks = day, 0

    async def rest(self) -> None:
        """Wait until every fault is over and every process is ready again."""
        await asyncio.gather(*self._running)
        for name in KILLED:
            await until(self._ready(name))

    def _tell(self, what: str) -> None:
        self.done.append(what)
        self.say(f"monkey: {what}")

    async def _strike(self, fault: Fault) -> None:
        match fault.kind:
            case "kill":
                await self._kill(fault.victim)
            case "freeze":
                await self._freeze(fault.victim)
            case "repeat":
                await insist(self._repeat)
            case "throw":
                await insist(self._throw)

    async def _kill(self, victim: str) -> None:
        process = self.stack.processes[victim]
        if process.pid is None:
            await until(self._runs(victim))
        assert process.pid is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)

    async def _freeze(self, victim: str) -> None:
        """Stop a process past its session, let a replica take over, thaw it, end the replica."""
        pid = self.stack.processes[victim].pid
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        replica = replica_of(self.stack, victim)
        try:
            await replica.start()
            await asyncio.sleep(max(0.0, began + SESSION_SECONDS * 1.3 - time.monotonic()))
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
            self.say(f"monkey: thawed {victim} beside its replica")
            await until(self._ready(victim))
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
            await replica.stop()

    async def _repeat(self) -> None:
        """Write records again that are on the topics already, old ones too, in any order."""
        there = [record for record in await records_of(self.stack) if record.key != MARK]
        chosen = self.draw.sample(there, min(REPEATED, len(there)))
        await write(self.stack.stack["kafka"], chosen)

    async def _throw(self) -> None:
        """Throw garbage on every topic."""
        garbage = [
            record
            for topic in TOPICS.values()
            for record in thrown(
                self.draw,
                topic.name,
                topic.carries[0].event_type,
                self.stack.options.partitions,
            )
        ]
        await write(self.stack.stack["kafka"], garbage)

    def _runs(self, name: str) -> Callable[[], Awaitable[bool]]:
        async def runs() -> bool:
            return self.stack.processes[name].pid is not None

        return runs

    def _ready(self, name: str) -> Callable[[], Awaitable[bool]]:
        async def ready() -> bool:
            process = self.stack.processes[name]
            return process.pid is not None and await process.spec.ready()

        return ready


def replica_of(stack: Stack, name: str) -> KeptProcess:
    """A second process of a service, on a port of its own, with a log of its own."""
    spec = stack.processes[name].spec
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"

    async def ready() -> bool:
        return await is_ready(url)

    return KeptProcess(
        dataclasses.replace(
            spec,
            name=f"{name}-replica",
            environment=dict(spec.environment) | {"PORT": str(port)},
            log=spec.log.with_name(f"{name}-replica.log"),
            ready=ready,
            ready_within=PATIENCE,
        )
    )


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition of other processes, which have no event to wait for."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 - as said
            await asyncio.sleep(0.05)


PASSING = (
    httpx.HTTPError,
    Problem,
    OSError,
    TimeoutError,
    KafkaError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # A connection that breaks while it is being made may be asked of in the wrong state.
    asyncpg.InternalClientError,
)
"""What a client meets while what it asks is being started again."""


async def insist(call: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Do something until it works, as anybody's program does whose server is being restarted."""
    last: Exception | None = None
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    return await call()
                except PASSING as error:
                    last = error
                    await asyncio.sleep(0.2)
    except TimeoutError:
        raise TimeoutError(f"it never worked: {last!r}") from last


async def play(stack: Stack, crowd: Crowd, monkey: Monkey) -> Result:
    """Play the crowd to the end of every workflow while the monkey does what it does.

    Raises:
        AssertionError: a rule does not hold, with every fault that was done.
    """
    async with Driver(stack.stack, clock_of(stack), monkey.look) as driver:
        staff = Staff(driver, crowd, stack.admin_dsn, insist)
        await staff.prepare()
        await _while_looking(staff.upload(), monkey)
        for day in range(MOST_DAYS):
            monkey.next_day(day)
            for act in staff.of(day):
                await _while_looking(act(), monkey)
                await driver.settle()
            await driver.advance(START + day * STEP)
            page = await insist(lambda: driver.page(crowd.target_id))
            assert not broken(page), (broken(page), monkey.done)
            over = not page["overview"]["in_progress"] and not monkey.faults
            if over and day >= LAST_DAY:
                break
        await monkey.rest()
        # A frozen consumer is late: once more, with every process back.
        await driver.settle()
        found = await complaints(stack, driver, crowd.target_id)
        assert not found, "\n".join([*found, "after:", *monkey.done])
        return await result_of(stack, driver, crowd.target_id, staff.done)


async def _while_looking(work: Coroutine[Any, Any, None], monkey: Monkey) -> None:
    """Let the monkey look while a command is under way."""
    task = asyncio.create_task(work)
    while not task.done():
        await asyncio.wait([task], timeout=LOOK_SECONDS)
        await monkey.look()
    await task


async def run(folder: Path, crowd: Crowd, faults: list[Fault], seed: int, say: Say) -> Result:
    """One run on a stack of its own; the seed draws what is repeated and thrown."""
    began = time.monotonic()
    extra = {"SESSION_TIMEOUT_MS": str(int(SESSION_SECONDS * 1000))}
    async with simulated(folder, start=START, seed=crowd.seed, extra=extra) as stack:
        say(f"up after {time.monotonic() - began:.1f} s")
        monkey = Monkey(stack, list(faults), random.Random(seed), say)
        result = await play(stack, crowd, monkey)
        say(f"settled after {time.monotonic() - began:.1f} s, {len(faults)} faults, "
            f"restarts: {stack.restarts}")  # fmt: skip
        return result


def _say(what: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {what}\n")


async def _rounds(patients: int, seed: int, rounds: int, keep: Path | None) -> int:
    """A run without faults, then runs with; returns how many of them differed."""
    crowd = Crowd(patients, seed)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="monkey-") as made:
        folder = keep or Path(made)
        expected = await run(folder / "calm", crowd, [], seed, _say)
        for one in range(seed, seed + rounds):
            _say(f"seed {one}")
            try:
                found = await run(folder / f"seed-{one}", crowd, plan(one), one, _say)
                lines = differences(expected, found)
            except (AssertionError, Problem, TimeoutError) as error:
                lines = [repr(error) if not str(error) else str(error)]
            failed += bool(lines)
            _say("\n".join(["DIFFERENT:", *lines] if lines else ["the same"]))
    return failed


def main() -> None:
    """Run it from the command line; the exit status is the number of runs that differed."""
    parser = argparse.ArgumentParser(prog="python -m e2e.monkey", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the crowd and of the first round")
    parser.add_argument("--patients", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=1, help="runs with faults, seed by seed")
    parser.add_argument("--keep", type=Path, help="keep the stacks' logs and data in this folder")
    given = parser.parse_args()
    # What the client says of a broker that was killed is no news here.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    sys.exit(asyncio.run(_rounds(given.patients, given.seed, given.rounds, given.keep)))


if __name__ == "__main__":
    main()
