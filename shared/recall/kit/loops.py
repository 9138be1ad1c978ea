"""Loops: work that comes due by the clock or when something wakes it."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

import structlog

from recall.kit.reasons import reason_of

log = structlog.get_logger()

Step = Callable[[], Awaitable[bool]]
"""Does one portion of work; returns whether there may be more at once."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0


class Loop:
    """Runs a step until stopped: at once again while busy, else after a pause or when woken."""

    def __init__(self, name: str, step: Step, every: float) -> None:
        self.name = name
        self.ticked_at = time.monotonic()
        self.trouble: str | None = None
        self._step = step
        self._every = every
        self._wake = asyncio.Event()

    def is_stale(self, patience: float) -> bool:
        """Whether it has not come round for so many seconds beyond its own rest."""
        return time.monotonic() - self.ticked_at > self._every + patience

    def wake(self) -> None:
        """Do the next step now."""
        self._wake.set()

    async def run(self) -> None:
        """Step for ever; an error is told, waited out with back-off, and the step done again."""
        pause = FIRST_PAUSE
        while True:
            self._wake.clear()
            try:
                busy = await self._step()
            except Exception as error:  # noqa: BLE001 - a loop outlives whatever ails its step.
                self.trouble = f"{self.name}: {reason_of(error)}"
                log.warning("a step will be done again", loop=self.name, error=self.trouble)
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))
                pause = min(LONGEST_PAUSE, pause * 2)
            else:
                self.trouble, pause = None, FIRST_PAUSE
                if not busy:
                    await self._rest()
            self.ticked_at = time.monotonic()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self._every):
                await self._wake.wait()
        except TimeoutError:
            return
