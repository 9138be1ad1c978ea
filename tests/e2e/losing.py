"""The worked example on a stack whose Kafka loses its data, at a moment when much is on its way."""

import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Self

import asyncpg
import pytest

from e2e.audit import Result, result_of
from e2e.monkey import until
from launcher import example
from launcher.driving import SPEED, Driver
from launcher.made_up import csv_of
from launcher.problems import Problem
from launcher.stack import Stack
from recall.contracts.instants import moment
from recall.kit.clock import Run, write_run
from support.stacks import clock_of, simulated


@asynccontextmanager
async def up(folder: Path, at: datetime, *, kafka_lost: bool = False) -> AsyncIterator["Driving"]:
    """A stack on what the folder holds, and who drives it; the clock stands at an instant."""
    scenario = example.cast().scenario
    async with (
        simulated(folder, start=at, scenario=scenario, kafka_lost=kafka_lost) as stack,
        Driving(stack) as driver,
    ):
        yield driver


class Driving(Driver):
    """A driver that knows its stack."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(stack.stack, clock_of(stack))
        self.of, self.clock_file = stack, clock_of(stack)

    async def __aenter__(self) -> Self:
        return self

    async def without(self, service: str) -> None:
        """End a service for good: what is meant for it stays in Kafka."""
        await self.of.processes[service].stop()

    async def alone(self, service: str, now: datetime) -> None:
        """Wait until one service has nothing left to do, whatever the others have."""

        async def settled() -> bool:
            found = await self.get(service, "/settled")
            return bool(found["settled"]) and moment(found["now"]) >= now

        await until(settled)


async def lost_once(folder: Path) -> Result:
    """Play the example; lose Kafka with answers on their way that only invitations has read."""
    people, thursday = example.cast(), example.halts()[2]
    async with up(folder, example.START) as driver:
        await example.prepare(driver)
        await driver.upload(example.TARGET_ID, csv_of(people.first_file))
        await driver.advance(example.START)
        await driver.without("workflow")
        write_run(driver.clock_file, Run(example.START, time.time(), SPEED, thursday))
        await driver.alone("invitations", thursday)
        assert await _booked(driver.of) > 0
    shutil.rmtree(folder / "data/kafka")
    await _refused(folder, thursday)
    async with up(folder, thursday, kafka_lost=True) as driver:
        await driver.advance(thursday)
        for halt in example.halts():
            if halt > thursday:
                await driver.advance(halt)
            if halt == example.SECOND_FILE:
                await driver.upload(example.TARGET_ID, csv_of(people.second_file))
                await driver.settle()
        return await result_of(driver.of, driver, example.TARGET_ID)


async def _refused(folder: Path, now: datetime) -> None:
    """A stack that comes up on empty topics says so at once, and how to mend it."""
    with pytest.raises(Problem, match=r"\./dev up --kafka-lost"):
        async with up(folder, now):
            pytest.fail("it went on as if nothing were lost")


async def _booked(stack: Stack) -> int:
    """How many bookings invitations has that workflow knows nothing of."""
    connection = await asyncpg.connect(stack.admin_dsn)
    try:
        return int(
            await connection.fetchval(
                "SELECT (SELECT count(*) FROM invitations.appointments)"
                " - (SELECT count(*) FROM workflow.patients WHERE status = 'booked')"
            )
        )
    finally:
        await connection.close()
