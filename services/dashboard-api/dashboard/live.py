"""Live numbers: one poller per watched target and process, however many watch.

A poller asks the database, not the consumers: with several replicas the numbers of a target are
folded by processes that do not know who is watching.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import structlog

log = structlog.get_logger()

LOOK_SECONDS = 0.25
"""How often a watched target is read."""
GAP_SECONDS = 0.7
"""The least time between two changes that watchers are told.

With a look and the folding on top, no change is older than a second when it is seen.
"""

Numbers = dict[str, Any]
Read = Callable[[str], Awaitable[Numbers | None]]
"""The target JSON of a target; None when there is none."""


class _Watched:
    """One target that somebody watches: the last numbers told, and how often they changed."""

    def __init__(self) -> None:
        self.watchers = 0
        self.numbers: Numbers = {}
        self.changes = 0
        self.changed = asyncio.Event()
        self.task: asyncio.Task[None]

    def tell(self, numbers: Numbers) -> None:
        """Let every watcher know."""
        self.numbers = numbers
        self.changes += 1
        self.changed.set()
        self.changed = asyncio.Event()


class Live:
    """Who watches which target."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._watched: dict[str, _Watched] = {}

    @property
    def watching(self) -> int:
        """How many targets are being read for watchers."""
        return len(self._watched)

    async def watch(self, target_id: str) -> AsyncGenerator[Numbers, None]:
        """The numbers now, then each time they change, at most once a GAP_SECONDS."""
        watched = self._join(target_id)
        try:
            seen = 0
            while True:
                if watched.changes == seen:
                    await watched.changed.wait()
                seen = watched.changes
                yield watched.numbers
        finally:
            await self._leave(target_id, watched)

    def _join(self, target_id: str) -> _Watched:
        watched = self._watched.get(target_id)
        if watched is None:
            watched = self._watched[target_id] = _Watched()
            watched.task = asyncio.create_task(
                self._poll(target_id, watched), name=f"live {target_id}"
            )
        watched.watchers += 1
        return watched

    async def _leave(self, target_id: str, watched: _Watched) -> None:
        watched.watchers -= 1
        if watched.watchers == 0:
            del self._watched[target_id]
            watched.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watched.task

    async def _poll(self, target_id: str, watched: _Watched) -> None:
        """Read and tell for as long as somebody watches; a store in trouble is waited out."""
        told_at = -GAP_SECONDS
        while True:
            try:
                numbers = await self._read(target_id)
            except Exception as error:  # noqa: BLE001 - watchers keep what they have until it is over.
                log.warning("live numbers wait for the store", error=type(error).__name__)
                await asyncio.sleep(GAP_SECONDS)
                continue
            if numbers is not None and _differ(numbers, watched.numbers):
                rest = told_at + GAP_SECONDS - time.monotonic()
                if rest > 0:
                    await asyncio.sleep(rest)
                    continue
                watched.tell(numbers)
                told_at = time.monotonic()
            await asyncio.sleep(LOOK_SECONDS)


def _differ(numbers: Numbers, told: Numbers) -> bool:
    """Whether anything but the time of reading changed."""
    return numbers | {"as_of": None} != told | {"as_of": None}
