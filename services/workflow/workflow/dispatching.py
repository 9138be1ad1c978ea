"""The dispatch step: who leaves the queue now.

A look reads the targets that were woken, or all on which somebody waits, plans purely, and lines up
those whose queue may move or whose reason for waiting has changed.  Each turn is a transaction and
one portion, so that neither a large target nor a busy practice holds up another.  Nor do those who
have been dispatched: while the readers of what dispatch says are behind, it holds back, for what
has left the queue goes its way in the order of the log, and nobody can be put before it any more.

Whoever comes to a queue in which nobody waits, and may go, goes in the transaction that brought
them: being in a queue for no time needs no message, no row moved twice and no turn.
"""

import time
from collections import Counter as Count
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from prometheus_client import Counter

from recall.contracts.instants import instant, london_date, moment
from recall.contracts.vocabulary import AlertCode
from recall.kit.readers import Room
from recall.kit.service import Service
from recall.kit.unit import Unit
from recall.register import Person, Register, alert_of
from recall.turns import Turns
from recall.windows import bank_holidays
from workflow import messages, store
from workflow.decide import Folded, Happening, Patient, fold, tallied
from workflow.pacing import Plan, Round, plan
from workflow.store import Queue

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
_KNOWN = "known"


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
        self._register = register
        self._portion = portion
        self._pending: set[str] = set()
        self._turns = Turns()
        self._room = Room(AHEAD, BEHIND)
        self._scanned_at = 0.0
        self._look_again: datetime | None = None
        self._loop = service.every(TICK_SECONDS, "dispatch", self.step)
        # Patients who left the queue, by what became of them.
        self._left_queue = Counter(
            "workflow_patients_dispatched_total",
            "Patients who left the queue, by the status they went to.",
            ["status"],
            registry=service.metrics.registry,
        )

    def wake(self, targets: Iterable[str]) -> None:
        """Look at these targets now."""
        self._pending.update(targets)
        self._loop.wake()

    async def step(self) -> bool:
        """One turn: a portion of one target; returns whether another has a turn at once."""
        await self._look()
        if not self._turns:
            if not self._room.whole:  # Whoever goes straight on goes by the last look at it.
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
            if not await store.lock_target(unit.connection, target_id):
                return Portion()
            queues = await store.read_queues(unit.connection, [target_id])
            if not queues:
                return Portion()
            portion = await self._move(unit, queues[0], ahead)
            await self._state(unit, queues[0], portion.folded)
        self._count(portion.folded)
        return portion

    async def go_on(self, unit: Unit, folded: Sequence[Folded], shard: str) -> list[Folded]:
        """Let those who have just come to a queue leave it at once, if nobody waits there.

        Args:
            unit: of the batch that brought them; their rows are locked or not there yet, and the
                tallies know of them.
            folded: the batch's changes.
            shard: the tallies to move.

        Returns:
            The batch's changes in their order, with what became of those who went.
        """
        arrived: dict[str, list[Folded]] = defaultdict(list)
        if not self._turns:
            for change in folded:
                if change.progressed and change.after.status == "in_queue":
                    arrived[change.after.target_id].append(change)
        gone: dict[str, Folded] = {}
        for target_id, some in sorted(arrived.items()):
            for change in await self._straight_on(unit, target_id, some, shard):
                gone[change.after.patient_id] = change
        return [
            change._replace(after=gone[change.after.patient_id].after)
            if change.after.patient_id in gone
            else change
            for change in folded
        ]

    async def _straight_on(
        self, unit: Unit, target_id: str, arrived: Sequence[Folded], shard: str
    ) -> list[Folded]:
        """Those who leave a target's queue in the transaction in which they came: all, or none.

        Where not all can go, or others wait, the order of the queue decides: that is for a turn.
        """
        if not await store.lock_target(unit.connection, target_id):
            return []
        queue = next(iter(await store.read_queues(unit.connection, [target_id])), None)
        if queue is None or _waiting(queue) != Count(change.after.round for change in arrived):
            return []
        now = planned(queue, unit.now)
        going = [change.after for change in arrived if change.after.round in now.open_rounds]
        if len(going) > min(now.room, self._room.known, self._portion):
            return []
        folded = await self._taken(unit, queue, going)
        await _count_and_invite(unit, folded, queue, shard)
        self._room.take(len(folded))
        unit.after_commit(lambda: self._count(folded))
        return folded

    def _count(self, folded: Sequence[Folded]) -> None:
        for change in folded:
            self._left_queue.labels(change.after.status).inc()

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
        """Take who may go, ask the register about them, and let them go."""
        now = planned(queue, unit.now)
        if not now.moves(queue.in_queue):
            return Portion()
        most = min(now.room, self._portion, ahead)
        target_id = queue.settings.target_id
        taken = await store.take_from_queue(unit.connection, target_id, now.open_rounds, most)
        if not taken:
            return Portion()
        folded = await self._taken(unit, queue, taken)
        after = [change.after for change in folded]
        await store.move_patients(unit.connection, after)
        await _count_and_invite(unit, folded, queue, SHARD)
        for patient in after:
            unit.emit(messages.progressed(patient), patient.version, partition=patient.partition)
        return Portion(folded, more=len(taken) == most)

    async def _taken(self, unit: Unit, queue: Queue, taken: Sequence[Patient]) -> list[Folded]:
        """What becomes of those who are taken from the queue: invited, or an alert."""
        alerts = await self._alerts(taken, unit.now)
        steps = {step.round: step for step in queue.settings.rounds}
        return [
            fold(patient, [_leaving(unit, steps[patient.round], alert)], len(steps))
            for patient, alert in zip(taken, alerts, strict=True)
        ]

    async def _alerts(self, taken: Sequence[Patient], now: datetime) -> list[AlertCode | None]:
        """Ask the register, just before anything is sent, who may not be invited."""
        people = [_person(patient) for patient in taken]
        questions = [(person.nhs_number, person.date_of_birth) for person in people]
        answers = await self._register.look_up(questions, now)
        today = london_date(now)
        return [
            alert_of(person, answer, today) for person, answer in zip(people, answers, strict=True)
        ]

    async def _state(self, unit: Unit, queue: Queue, folded: Sequence[Folded]) -> None:
        """Publish why each round waits, if that has changed."""
        invited = sum(change.after.status == "being_invited" for change in folded)
        waits = planned(queue, unit.now, invited).waits
        text = messages.waits_text(waits)
        if text == queue.stated:
            return
        target_id, version = queue.settings.target_id, queue.stated_version + 1
        await store.put_queue_state(unit.connection, target_id, version, text)
        unit.emit(messages.queue_stated(target_id, version, waits, unit.now_text), version)


def planned(queue: Queue, now: datetime, invited: int = 0) -> Plan:
    """What a target may do now, once `invited` more are being invited."""
    invited += queue.being_invited
    return plan(queue.settings, queue.availability, invited, now, bank_holidays(now))


def is_due(queue: Queue, now: datetime) -> bool:
    """Whether a pass would take anybody, or state anything new."""
    found = planned(queue, now)
    return found.moves(queue.in_queue) or messages.waits_text(found.waits) != queue.stated


def _leaving(unit: Unit, step: Round, alert: AlertCode | None) -> Happening:
    """What happens to a patient who is taken from the queue."""
    if alert is not None:
        return Happening(event="alerted", at=unit.now_text, alert=alert)
    return messages.dispatched(unit.now_text, instant(unit.now + step.respond_within))


def _waiting(queue: Queue) -> Count[int]:
    """How many wait, by round."""
    return +Count(queue.in_queue)


async def _count_and_invite(unit: Unit, folded: Sequence[Folded], queue: Queue, shard: str) -> None:
    """Move the tallies by those who left the queue, and order their invitations."""
    invited = [c.after for c in folded if c.after.status == "being_invited"]
    await store.add_tallies(unit.connection, shard, tallied(folded))
    await store.add_dispatched(unit.connection, invited)
    channels = {step.round: step.channel for step in queue.settings.rounds}
    for patient in invited:
        unit.emit(
            messages.invitation_dispatched(patient, channels[patient.round]),
            patient.version,
            partition=patient.partition,
        )


def _person(patient: Patient) -> Person:
    """A patient as the register's rules see them.

    Workflow keeps no contact details: the rules ask only whether there are any, so a word stands
    for each that is known.
    """
    address = (_KNOWN,) if patient.has_address else ()
    return Person(
        patient.nhs_number,
        date.fromisoformat(patient.date_of_birth),
        mobile=_KNOWN if patient.has_mobile else None,
        address=address,
        postcode=_KNOWN if patient.has_address else None,
        carer_mobile=_KNOWN if patient.has_carer_mobile else None,
    )
