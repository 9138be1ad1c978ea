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
        for change in portion.folded:
            self._left_queue.labels(change.after.status).inc()
        return portion

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
        alerts = await self._alerts(taken, unit.now)
        steps = {step.round: step for step in queue.settings.rounds}
        folded = [
            fold(patient, [_leaving(unit, steps[patient.round], alert)], len(steps))
            for patient, alert in zip(taken, alerts, strict=True)
        ]
        await _write(unit, folded, steps)
        return Portion(folded, more=len(taken) == most)

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


async def _write(unit: Unit, folded: Sequence[Folded], steps: dict[int, Round]) -> None:
    """Store and publish who left the queue."""
    after = [change.after for change in folded]
    invited = [patient for patient in after if patient.status == "being_invited"]
    await store.move_patients(unit.connection, after)
    await store.add_dispatched(unit.connection, invited)
    await store.add_tallies(unit.connection, SHARD, tallied(folded))
    for patient in invited:
        unit.emit(
            messages.invitation_dispatched(patient, steps[patient.round].channel),
            patient.version,
            partition=patient.partition,
        )
    for patient in after:
        unit.emit(messages.progressed(patient), patient.version, partition=patient.partition)


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
