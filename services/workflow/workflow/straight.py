"""Straight on: whoever comes to a queue in which nobody waits leaves it in the same transaction.

Being in a queue for no time needs no message, no row moved twice and no turn.  It is a short cut
and never the only way: where anything speaks against it all of a target's newcomers wait, and the
order of the queue decides.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import structlog

from recall.kit.readers import Room
from recall.kit.unit import Unit
from recall.turns import Turns
from workflow import store
from workflow.decide import Folded, Patient
from workflow.leaving import Leaving, planned
from workflow.store import Queue

log = structlog.get_logger()

REGISTER_SECONDS = 2.0
"""A register that takes longer must not hold up the batch: those who came wait for a turn."""

Newcomers = Mapping[str, Sequence[Folded]]
"""The changes that brought patients to the queues of targets."""


class Straight:
    """Lets a batch's newcomers go on."""

    def __init__(self, leaving: Leaving, room: Room, turns: Turns, most: int) -> None:
        """Of a target not more than `most` go at once, and nobody while others have a turn."""
        self._leaving = leaving
        self._room = room
        self._turns = turns
        self._most = most

    async def go_on(self, unit: Unit, folded: Sequence[Folded], shard: str) -> Sequence[Folded]:
        """The batch's changes in their order, with what became of those who went.

        Args:
            unit: of the batch; the patients' rows are locked or not there yet, and the tallies
                know of the changes.
            folded: the batch's changes.
            shard: the tallies to move.
        """
        newcomers = _newcomers(folded)
        going = await self._who_may(unit, newcomers)
        if not going:
            return folded
        queues = await self._locked(unit, going)
        allowed = self._chosen(unit, queues, newcomers)
        gone = await self._gone(unit, queues, [p for some in allowed.values() for p in some])
        if not gone:
            return folded
        for target_id in allowed:
            self._turns.had(queues[target_id].practice, time.monotonic())
        await self._leaving.store(unit, [queues[t] for t in allowed], gone, shard)
        after = {change.after.patient_id: change for change in gone}
        return [_joined(change, after.get(change.after.patient_id)) for change in folded]

    async def _who_may(self, unit: Unit, newcomers: Newcomers) -> dict[str, list[Patient]]:
        """Those who might go on by what can be seen without a lock; mostly nobody, or all."""
        if not newcomers or self._turns or not self._room.known:
            return {}
        queues = await store.read_queues(unit.connection, sorted(newcomers))
        return self._chosen(unit, {q.settings.target_id: q for q in queues}, newcomers)

    async def _locked(self, unit: Unit, going: Mapping[str, Sequence[Patient]]) -> dict[str, Queue]:
        """The queues of the targets that no dispatcher holds, as they are under the lock."""
        free = await store.lock_targets(unit.connection, sorted(going))
        queues = await store.read_queues(unit.connection, free)
        return {queue.settings.target_id: queue for queue in queues}

    def _chosen(
        self, unit: Unit, queues: Mapping[str, Queue], newcomers: Newcomers
    ) -> dict[str, list[Patient]]:
        """By target who goes on: all whose round may send, if nobody else waits and all fit."""
        found: dict[str, list[Patient]] = {}
        room = self._room.known
        for target_id, queue in queues.items():
            arrived = [change.after for change in newcomers[target_id]]
            if +Counter(queue.in_queue) != Counter(patient.round for patient in arrived):
                continue
            now = planned(queue, unit.now)
            going = [patient for patient in arrived if patient.round in now.open_rounds]
            if going and len(going) <= min(now.room, self._most, room):
                found[target_id] = going
                room -= len(going)
        return found

    async def _gone(
        self, unit: Unit, queues: Mapping[str, Queue], going: Sequence[Patient]
    ) -> list[Folded]:
        """What becomes of them; nothing yet where the register does not say."""
        if not going:
            return []
        self._room.take(len(going))  # Before waiting: other topics' batches ask for it, too.
        try:
            async with asyncio.timeout(REGISTER_SECONDS):
                return await self._leaving.decide(unit, queues, going)
        except Exception as error:  # noqa: BLE001 - whatever ails the register, a turn asks again.
            self._room.take(-len(going))
            log.warning(
                "newcomers wait for a turn", error=type(error).__name__, patients=len(going)
            )
            return []


def _newcomers(folded: Sequence[Folded]) -> Newcomers:
    found: dict[str, list[Folded]] = defaultdict(list)
    for change in folded:
        if change.progressed and change.after.status == "in_queue":
            found[change.after.target_id].append(change)
    return found


def _joined(change: Folded, gone: Folded | None) -> Folded:
    """What a batch did to a patient, and then the queue, as one change."""
    return change if gone is None else change._replace(after=gone.after, channel=gone.channel)
