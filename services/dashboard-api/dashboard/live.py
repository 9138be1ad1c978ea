"""Live targets: read once for all who watch, told at once and then at most about once a second.

A commit of this process that touched a watched target has it read at once.  With several replicas
the numbers of a target are also folded by processes that do not know who is watching: so it is
read now and then besides.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import structlog

from dashboard.views import Target
from recall.kit.consuming import Batch, Handler

log = structlog.get_logger()

LOOK_SECONDS = 0.25
"""How often a watched target is read when nothing here says that it changed."""
GAP_SECONDS = 0.7
"""The least time between two changes that are told: what happens just after one is shown within a
second nevertheless, folding and reading included."""
PAUSE_SECONDS = 0.05
"""The least time between two readings."""
FRESH_SECONDS = 60.0
"""After so long without a change watchers are told that nothing changed: "as of" stays true."""

T = TypeVar("T")


@dataclass(frozen=True)
class Snapshot:
    """A target as it was at an instant of business time."""

    target: Target
    as_of: datetime


Read = Callable[[str], Awaitable[Snapshot | None]]
"""What a target is now; None when there is none."""


class Told:
    """One change; what is made of it for watchers is made once, however many they are."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._made: dict[Callable[[Snapshot], Any], Any] = {}

    def once(self, make: Callable[[Snapshot], T]) -> T:
        """What a function makes of the snapshot."""
        if make not in self._made:
            self._made[make] = make(self.snapshot)
        found: T = self._made[make]
        return found


class _Watched:
    """One target that somebody watches: what was told last, and how often it changed."""

    def __init__(self) -> None:
        self.watchers = 0
        self.told: Told
        self.changes = 0
        self.changed = asyncio.Event()
        self.touched = asyncio.Event()
        self.task: asyncio.Task[None]

    def tell(self, snapshot: Snapshot) -> None:
        """Let every watcher know."""
        self.told = Told(snapshot)
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

    def touch(self, target_ids: Iterable[str]) -> None:
        """These targets may have changed: read those that are watched."""
        for target_id in target_ids:
            watched = self._watched.get(target_id)
            if watched is not None:
                watched.touched.set()

    def after(self, handler: Handler) -> Handler:
        """The handler, and when its batch is committed the batch's targets are touched."""

        async def folded(batch: Batch) -> None:
            await handler(batch)
            if self._watched:
                found = {record.event.data.target_id for record in batch.records}
                batch.unit.after_commit(lambda: self.touch(found))

        return folded

    async def watch(self, target_id: str) -> AsyncGenerator[Told, None]:
        """The target now, then each time it changes, at most once a GAP_SECONDS."""
        watched = self._join(target_id)
        try:
            seen = 0
            while True:
                if watched.changes == seen:
                    await watched.changed.wait()
                seen = watched.changes
                yield watched.told
        finally:
            await self._leave(target_id, watched)

    def _join(self, target_id: str) -> _Watched:
        watched = self._watched.get(target_id)
        if watched is None:
            watched = self._watched[target_id] = _Watched()
            watched.task = asyncio.create_task(
                self._follow(target_id, watched), name=f"live {target_id}"
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

    async def _follow(self, target_id: str, watched: _Watched) -> None:
        """Read and tell for as long as somebody watches; a store in trouble is waited out."""
        told_at = 0.0
        while True:
            watched.touched.clear()
            try:
                snapshot = await self._read(target_id)
            except Exception as error:  # noqa: BLE001 - watchers keep what they have until it is over.
                log.warning("live numbers wait for the store", error=type(error).__name__)
                await asyncio.sleep(GAP_SECONDS)
                continue
            if snapshot is not None and _is_news(snapshot, watched, told_at):
                watched.tell(snapshot)
                told_at = time.monotonic()
                await asyncio.sleep(GAP_SECONDS)
            else:
                await asyncio.sleep(PAUSE_SECONDS)
                await _rest(watched.touched)


def _is_news(snapshot: Snapshot, watched: _Watched, told_at: float) -> bool:
    """Whether anything but the time of reading changed, or the last word is old."""
    if not watched.changes or snapshot.target != watched.told.snapshot.target:
        return True
    return time.monotonic() - told_at > FRESH_SECONDS


async def _rest(touched: asyncio.Event) -> None:
    """Until the target is touched, or it is time to look."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LOOK_SECONDS):
            await touched.wait()
