"""Watching: lag for people, the watchdog, and whether anything is still in flight."""

import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import asyncpg
import structlog
from prometheus_client import Gauge

from recall.contracts.instants import instant
from recall.kit.clock import Clock
from recall.kit.consuming import Consumer
from recall.kit.kafka import Ends
from recall.kit.metrics import Metrics
from recall.kit.outbox import Outbox
from recall.kit.postgres import Pool
from recall.kit.sql import queries

log = structlog.get_logger()
SQL = queries("recall.kit")

LONGEST_LOOK = 5.0
"""Seconds of one look that count: in a longer one, a store or this process was away itself."""
EXIT_STUCK = 70
"""The exit status of a process whose consumer is stuck: its supervisor starts it again."""

Position = tuple[str, int]
"""A topic and a partition."""

TimersDue = Callable[[datetime], Awaitable[int]]
"""How many of a service's timers are due at a business instant and not yet claimed."""


@dataclass(frozen=True)
class Settled:
    """Whether a service has nothing left to do at this business instant."""

    settled: bool
    lag: int
    outbox: int
    timers_due: int
    work: int
    """A sum of positions: it grows with any work, so equal sums mean that none was done."""
    now: str


class Watch:
    """Measures every consumer of a process against what the broker and the database say."""

    def __init__(  # noqa: PLR0913 - wired in one place, by name.
        self,
        *,
        consumers: Sequence[Consumer],
        pool: Pool,
        ends: Ends,
        outbox: Outbox,
        metrics: Metrics,
        clock: Clock,
        partitions: int,
        patience: float,
        timers_due: TimersDue,
    ) -> None:
        self._consumers = consumers
        self._pool = pool
        self._ends = ends
        self._outbox = outbox
        self._metrics = metrics
        self._clock = clock
        self._partitions = range(partitions)
        self._patience = patience
        self._timers_due = timers_due
        self._moved: dict[Position, tuple[int, float]] = {}
        self._known: dict[Position, tuple[Gauge, Gauge]] = {}
        self._looked_at = time.monotonic()
        self._watched = 0.0

    async def step(self) -> bool:
        """Measure once; ends the process when a consumer has been stuck for too long."""
        stored = await self._stored()
        ends = await self._all_ends()
        await self._outbox.measure()
        self._look()
        for consumer in self._consumers:
            await consumer.begin()
            stuck = [
                partition
                for partition in self._partitions
                if self._measured((consumer.topic.name, partition), stored, ends) > self._patience
            ]
            if not consumer.stopped and any(
                p in consumer.assigned or not consumer.assigned for p in stuck
            ):
                log.critical("a consumer is stuck: this process ends", topic=consumer.topic.name)
                os._exit(EXIT_STUCK)
        return False

    def _look(self) -> None:
        """Count the time in which the stores answered: a consumer has no other to finish in."""
        now = time.monotonic()
        self._watched += min(LONGEST_LOOK, now - self._looked_at)
        self._looked_at = now

    async def settled(self) -> Settled:
        """What is left to do; exact at the moment of asking."""
        now = self._clock.now()
        timers = await self._timers_due(now)
        outbox = await self._outbox.measure()
        ends = await self._all_ends()
        stored = await self._stored()
        lag = sum(max(0, end - _next(stored, position, 0)) for position, end in ends.items())
        work = sum(ends.values()) + sum(row["next_offset"] for row in stored.values())
        idle = lag == 0 and outbox == 0 and timers == 0
        return Settled(idle, lag, outbox, timers, work, instant(now))

    def _gauges(self, position: Position) -> tuple[Gauge, Gauge]:
        """The lag gauges of a partition, looked up once: there are hundreds."""
        if position not in self._known:
            where = (self._metrics.service, position[0], str(position[1]))
            self._known[position] = (
                self._metrics.lag_records.labels(*where),
                self._metrics.lag_seconds.labels(*where),
            )
        return self._known[position]

    async def _stored(self) -> dict[Position, asyncpg.Record]:
        async with self._pool.acquire() as connection:
            rows = await connection.fetch(SQL["read_offsets"])
        return {(row["topic"], row["partition"]): row for row in rows}

    async def _all_ends(self) -> dict[Position, int]:
        topics = [consumer.topic.name for consumer in self._consumers]
        return await self._ends.all_ends(topics, self._partitions) if topics else {}

    def _measured(
        self,
        position: Position,
        stored: Mapping[Position, asyncpg.Record],
        ends: Mapping[Position, int],
    ) -> float:
        """Tell the metrics of one partition; returns for how many seconds its lag has not moved."""
        row, end = stored.get(position), ends[position]
        lag = max(0, end - _next(stored, position, 0))
        appended = None if row is None else row["appended_at"]
        age = (datetime.now(UTC) - appended).total_seconds() if lag and appended else 0.0
        records, seconds = self._gauges(position)
        records.set(lag)
        seconds.set(max(0.0, age))
        next_offset = _next(stored, position, -1)
        seen, since = self._moved.get(position, (None, 0.0))
        if seen != next_offset or not lag:
            since = self._watched
            self._moved[position] = (next_offset, since)
        return self._watched - since


def _next(stored: Mapping[Position, asyncpg.Record], position: Position, default: int) -> int:
    """The stored next offset; a partition never read yet has none."""
    row = stored.get(position)
    return default if row is None else int(row["next_offset"])


def as_json(settled: Settled) -> dict[str, object]:
    """The answer of `GET /settled`."""
    return asdict(settled)
