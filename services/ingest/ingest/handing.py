"""Handing patients on: what uploads have accepted goes out by turns, a portion at a time.

An upload stores its patients and answers; it publishes nothing.  Published at once, the records of
a large file would stand in every queue from `patients` to the page, and whoever uploads next would
wait behind them all: the partitions of a topic are read in order, whoever's the records are.  So
they wait here, where the order can still be chosen.  Practices take turns, and no more is let go
than the readers keep up with, so that the queues behind us stay short.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from prometheus_client import Gauge

from ingest.store import portions
from ingest.store.portions import Waiting
from recall.kit.readers import Position, Reader, Room
from recall.kit.service import Service
from recall.turns import Turns

NAME = "hand on"
TICK_SECONDS = 0.1
SCAN_SECONDS = 1.0
"""How often to look for what another process or a crash left; uploads wake the loop."""
PORTION = 250
"""Patients of one turn: a small practice waits for so many of each other practice at most."""
AHEAD = 5000
"""Patients handed on and not yet read.  More would make everybody wait longer, fewer would leave
the readers idle until they are next asked how far they are (measured: docs/adr/0013)."""
AT_ONCE = 2000
"""Patients handed on in one transaction, at most."""
WORTH = 1000
"""With less room than this only new practices have a turn: for everybody behind us, many small
batches are far more work than a few large ones."""
BEHIND = {"patients": AHEAD, "dispatches": AHEAD, "patient-progress": 4 * AHEAD}
"""Records that readers may be behind: a patient is some four of `patient-progress`."""


class HandingOn:
    """Hands on what waits; `step` is the loop's step, `wake` what uploads call after a commit."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._turns = Turns()
        self._room = Room(AHEAD, BEHIND)
        self._left: Counter[str] = Counter()
        self._stuck = False
        self._scanned_at = -SCAN_SECONDS
        self._loop = service.every(TICK_SECONDS, NAME, self.step)
        registry = service.metrics.registry
        # What was accepted and nobody else knows of yet: grows while readers are behind.
        self._waiting = Gauge(
            "ingest_patients_waiting",
            "Accepted patients who wait to be handed on.",
            registry=registry,
        )
        # Whether it moves: a large upload takes its time, but a portion should never.
        self._age = Gauge(
            "ingest_patients_waiting_age_seconds",
            "Seconds that those have waited who have waited longest to be handed on; else 0.",
            registry=registry,
        )

    def wake(self) -> None:
        """Look now: patients were accepted."""
        self._scanned_at = -SCAN_SECONDS
        self._loop.wake()

    async def step(self) -> bool:
        """Hand on what there is room for; returns whether more may go at once."""
        if time.monotonic() - self._scanned_at >= SCAN_SECONDS:
            await self._look()
        if not self._turns:
            return False
        room = await self._room.left(self._ask)
        if self._stuck:
            return False
        chosen = self.choose(room, time.monotonic())
        if not chosen:
            return False
        self._room.take(await self._hand_on(chosen))
        return bool(self._turns)

    async def _ask(self, readers: Sequence[Reader]) -> Mapping[Reader, Position]:
        """Where the readers are; also whether what was handed on gets out at all.

        While Kafka is away it does not: what waits here may as well go on waiting here.
        """
        self._stuck = await self._service.outbox.measure() > AHEAD
        return {} if self._stuck else await self._service.readers.positions(readers)

    def choose(self, room: int, now: float) -> Counter[str]:
        """How many portions of which targets go: turn by turn while there is room.

        Practices that have had no turn for a second have one in any case.
        """
        chosen: Counter[str] = Counter()
        new_only = room < WORTH
        while (patients := sum(chosen.values()) * PORTION) < AT_ONCE:
            turn = self._turns.take(now, new_only=new_only or patients >= room)
            if turn is None:
                break
            practice, target_id = turn
            chosen[target_id] += 1
            self._left[target_id] -= 1
            if self._left[target_id] > 0:
                self._turns.line_up(practice, target_id)
        return chosen

    async def _look(self) -> None:
        """Line up the targets of which somebody waits, and tell the metrics."""
        async with self._service.pool.acquire() as connection:
            found = await portions.read_portions(connection)
        self._scanned_at = time.monotonic()
        self._tell(found)
        self._left = Counter({one.target_id: one.portions for one in found})
        for one in found:
            self._turns.line_up(one.practice, one.target_id)

    async def _hand_on(self, chosen: Counter[str]) -> int:
        """Publish portions, in one transaction; returns how many patients they were.

        Published means in the outbox: from there on the kit sees to it that they get out.
        """
        async with self._service.unit() as unit:
            taken = await portions.take_portions(unit.connection, chosen)
            for _, portion in taken:
                unit.take_up(portion.records)
        return sum(portion.patients for _, portion in taken)

    def _tell(self, found: list[Waiting]) -> None:
        self._waiting.set(sum(one.patients for one in found))
        oldest = min((one.oldest for one in found), default=None)
        age = 0.0 if oldest is None else (datetime.now(UTC) - oldest).total_seconds()
        self._age.set(max(0.0, age))
