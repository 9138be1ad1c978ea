"""The dispatch step: who leaves the queue now.

A look reads the targets that were woken, or all on which somebody waits, plans purely, and lines up
those whose queue may move or whose reason for waiting has changed.  Each turn is a transaction and
one portion, so that neither a large target nor a busy practice holds up another.  Nor do those who
have been dispatched: while the readers of what dispatch says are behind, it holds back, for what
has left the queue goes its way in the order of the log, and nobody can be put before it any more.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from recall.contracts.instants import moment
from recall.kit.readers import Room
from recall.kit.service import Service
from recall.kit.unit import Unit
from recall.register import Register
from recall.turns import Turns
from workflow import store
from workflow.decide import Folded, Patient
from workflow.leaving import Leaving, is_due, planned
from workflow.store import Queue
from workflow.straight import Straight
from workflow.telling import tell

TICK_SECONDS = 0.05
SCAN_SECONDS = 0.5
"""How often all targets are looked at, whatever has or has not woken the loop (machine time)."""
SMALL_TURN = 250
"""Patients of a turn, at most, when it is only had because the practice is new (recall.turns)."""
AHEAD = 8000
"""Patients dispatched and not yet read of: some two seconds' work.  What ingest hands on is held to
less, so this counts when many wait already: when a send window opens, or a round has ended."""
WORTH = 1000
"""With less room than this only new practices have a turn: batches are to be worth their while."""
BEHIND = {"dispatches": AHEAD, "channel-reports": 4 * AHEAD, "patient-progress": 4 * AHEAD}
"""Records that readers may be behind: a patient is some four of each of the last two."""
SHARD = "dispatch"


@dataclass(frozen=True)
class Portion:
    """What one transaction of dispatch did.

    Attributes:
        folded: the patients taken, before and after.
        more: whether the same target may go on at once.
    """

    folded: Sequence[Folded] = ()
    more: bool = False


class Dispatching:
    """Moves queues; `step` is the loop's step, `wake` what handlers call after their commit."""

    def __init__(self, service: Service, register: Register, portion: int) -> None:
        self._service = service
        self._portion = portion
        self._pending: set[str] = set()
        self._turns = Turns()
        self._room = Room(AHEAD, BEHIND)
        self._leaving = Leaving(register, service.metrics.registry)
        self._straight = Straight(self._leaving, self._room, self._turns, portion)
        self._scanned_at = 0.0
        self._look_again: datetime | None = None
        self._loop = service.every(TICK_SECONDS, "dispatch", self.step)

    def wake(self, targets: Iterable[str]) -> None:
        """Look at these targets now."""
        self._pending.update(targets)
        self._loop.wake()

    async def step(self) -> bool:
        """One turn: a portion of one target; returns whether another has a turn at once."""
        await self._look()
        if not self._turns:
            # Whoever goes straight on goes by the last look at the readers.
            if not self._room.whole or self._room.age > SCAN_SECONDS:
                await self._room.left(self._service.readers.positions)
            return False
        room = await self._room.left(self._service.readers.positions)
        turn = self._turns.take(time.monotonic(), new_only=room < WORTH)
        if turn is None:
            return False
        practice, target_id = turn
        portion = await self.dispatch(target_id, max(room, SMALL_TURN))
        self._room.take(len(portion.folded))
        if portion.more:
            self._turns.line_up(practice, target_id)
        return bool(self._turns)

    async def _look(self) -> None:
        """Line up the targets that have something to do, of those woken or of all."""
        targets = self._wanted(self._service.clock.now())
        if targets is not None and not targets:
            return
        for queue in await self._read(targets):
            if is_due(queue, self._service.clock.now()):
                self._turns.line_up(queue.practice, queue.settings.target_id)

    async def due(self, now: datetime) -> int:
        """How many targets a pass at this instant would do something for."""
        async with self._service.pool.acquire() as connection:
            queues = await store.read_queues(connection, None)
        return sum(is_due(queue, now) for queue in queues)

    async def dispatch(self, target_id: str, ahead: int = AHEAD) -> Portion:
        """One portion of one target in one transaction, unless another dispatcher has it.

        `ahead` is how many may be dispatched before the readers have caught up.
        """
        async with self._service.unit() as unit:
            if not await store.lock_targets(unit.connection, [target_id]):
                return Portion()
            queues = await store.read_queues(unit.connection, [target_id])
            if not queues:
                return Portion()
            return await self._move(unit, queues[0], ahead)

    async def go_on(self, unit: Unit, folded: Sequence[Folded], shard: str) -> Sequence[Folded]:
        """Let those whom a batch brings to a queue leave it at once, if nothing is against it."""
        return await self._straight.go_on(unit, folded, shard)

    def _wanted(self, now: datetime) -> list[str] | None:
        """The targets to look at: None for all, from time to time and when a window opens."""
        opens = self._look_again is not None and self._look_again <= now
        woken, self._pending = self._pending, set()
        if opens or time.monotonic() - self._scanned_at > SCAN_SECONDS:
            return None
        return sorted(woken)

    async def _read(self, targets: Sequence[str] | None) -> list[Queue]:
        async with self._service.pool.acquire() as connection:
            queues = await store.read_queues(connection, targets)
        if targets is None:
            self._scanned_at = time.monotonic()
            now = self._service.clock.now()
            untils = [w.until for q in queues for w in planned(q, now).waits if w.until]
            self._look_again = moment(min(untils)) if untils else None
        return queues

    async def _move(self, unit: Unit, queue: Queue, ahead: int) -> Portion:
        """Take who may go, let them go, and state why the others wait."""
        now = planned(queue, unit.now)
        target_id = queue.settings.target_id
        most = min(now.room, self._portion, ahead)
        taken: list[Patient] = []
        if now.moves(queue.in_queue):
            rounds = now.open_rounds
            taken = await store.take_from_queue(unit.connection, target_id, rounds, most)
        folded = await self._leaving.decide(unit, {target_id: queue}, taken) if taken else []
        await store.move_patients(unit.connection, [change.after for change in folded])
        await self._leaving.store(unit, [queue], folded, SHARD)
        for change in folded:
            tell(unit, change)
        return Portion(folded, more=bool(taken) and len(taken) == most)
