"""Leaving the queue: what a turn of dispatch and a batch that goes straight on have in common."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

import prometheus_client

from recall.contracts.instants import instant, london_date
from recall.contracts.vocabulary import AlertCode
from recall.kit.unit import Unit
from recall.register import Person, Register, alert_of
from recall.windows import bank_holidays
from workflow import messages, store
from workflow.decide import Folded, Happening, Patient, fold, tallied
from workflow.pacing import Plan, Round, plan
from workflow.store import Queue

_KNOWN = "known"


class Leaving:
    """Decides and stores, in somebody's unit of work, who leaves the queues of locked targets."""

    def __init__(self, register: Register, metrics: prometheus_client.CollectorRegistry) -> None:
        self._register = register
        # Patients who left the queue, by what became of them.
        self._left_queue = prometheus_client.Counter(
            "workflow_patients_dispatched_total",
            "Patients who left the queue, by the status they went to.",
            ["status"],
            registry=metrics,
        )

    async def decide(
        self, unit: Unit, queues: Mapping[str, Queue], taken: Sequence[Patient]
    ) -> list[Folded]:
        """What becomes of those who are taken from the queues: invited, or an alert."""
        alerts = await self._alerts(taken, unit.now)
        rounds = {
            (target_id, step.round): (step, len(queue.settings.rounds))
            for target_id, queue in queues.items()
            for step in queue.settings.rounds
        }
        return [
            _left(unit, patient, alert, *rounds[patient.target_id, patient.round])
            for patient, alert in zip(taken, alerts, strict=True)
        ]

    async def store(
        self, unit: Unit, queues: Iterable[Queue], folded: Sequence[Folded], shard: str
    ) -> None:
        """Count who left, note their invitations, and state why the others wait.

        The patients' own rows are the caller's to write, and the changes to tell of.
        """
        await store.add_tallies(unit.connection, shard, tallied(folded))
        invited = [change.after for change in folded if change.channel]
        if invited:
            await store.add_dispatched(unit.connection, invited)
        more = Counter(patient.target_id for patient in invited)
        for queue in queues:
            await _state(unit, queue, more[queue.settings.target_id])
        unit.after_commit(lambda: self._count(folded))

    def _count(self, folded: Sequence[Folded]) -> None:
        for change in folded:
            self._left_queue.labels(change.after.status).inc()

    async def _alerts(self, taken: Sequence[Patient], now: datetime) -> list[AlertCode | None]:
        """Ask the register, just before anything is sent, who may not be invited."""
        people = [_person(patient) for patient in taken]
        questions = [(person.nhs_number, person.date_of_birth) for person in people]
        answers = await self._register.look_up(questions, now)
        today = london_date(now)
        return [
            alert_of(person, answer, today) for person, answer in zip(people, answers, strict=True)
        ]


def planned(queue: Queue, now: datetime, invited: int = 0) -> Plan:
    """What a target may do now, once `invited` more are being invited."""
    invited += queue.being_invited
    return plan(queue.settings, queue.availability, invited, now, bank_holidays(now))


def is_due(queue: Queue, now: datetime) -> bool:
    """Whether a turn would take anybody, or state anything new."""
    found = planned(queue, now)
    return found.moves(queue.in_queue) or messages.waits_text(found.waits) != queue.stated


def _left(
    unit: Unit, patient: Patient, alert: AlertCode | None, step: Round, rounds: int
) -> Folded:
    """A patient who is taken from the queue of a round."""
    if alert is not None:
        return fold(patient, [Happening(event="alerted", at=unit.now_text, alert=alert)], rounds)
    expires_at = instant(unit.now + step.respond_within)
    found = fold(patient, [messages.dispatched(unit.now_text, expires_at)], rounds)
    return found._replace(channel=step.channel)


async def _state(unit: Unit, queue: Queue, invited: int) -> None:
    """Publish why each round waits, if that has changed."""
    waits = planned(queue, unit.now, invited).waits
    text = messages.waits_text(waits)
    if text == queue.stated:
        return
    target_id, version = queue.settings.target_id, queue.stated_version + 1
    await store.put_queue_state(unit.connection, target_id, version, text)
    unit.emit(messages.queue_stated(target_id, version, waits, unit.now_text), version)


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
