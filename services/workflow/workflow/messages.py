"""Translations: what is read into the words of `decide` and `pacing`, and states into events."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast

import msgspec

from recall.contracts import events
from recall.contracts.ids import invitation_id
from recall.contracts.instants import duration, moment
from recall.contracts.vocabulary import (
    ALERTS,
    UNDELIVERABLE_TEXTS,
    AnsweredVia,
    Description,
    Status,
    TargetState,
)
from recall.kit import wire
from recall.kit.codec import Event
from recall.kit.consuming import Record
from recall.windows import Window
from workflow.decide import SERVICE, Enrolment, Happening, Patient, Withdrawal
from workflow.pacing import Availability, Round, Settings, Wait

INVITATIONS = "invitations"
"""The actor of what invitations decides of itself."""


def enrolment_of(record: Record) -> Enrolment:
    """An enrolment without the contact details: workflow asks only whether there are any."""
    said: events.PatientEnrolled = record.event.data
    return Enrolment(
        patient_id=said.patient_id,
        target_id=said.target_id,
        partition=record.partition,
        position=said.position,
        version=said.version,
        nhs_number=said.nhs_number,
        date_of_birth=said.date_of_birth,
        has_mobile=said.mobile is not None,
        has_address=bool(said.address and said.postcode),
        has_carer_mobile=said.carer_mobile is not None,
        alert=said.alert,
        actor=said.actor,
        at=said.enrolled_at,
    )


def happening_of(event: Event) -> Happening | None:
    """What an outcome or a request says has happened; None if it is not workflow's business."""
    translate = _HAPPENINGS.get(type(event.data))
    return None if translate is None else translate(event.data)


def tells_a_happening(event: Event) -> bool:
    """Whether there is a happening of an event; cheaper than making it."""
    return type(event.data) in _HAPPENINGS


def _booked(said: events.AppointmentBooked) -> Happening:
    return Happening(
        event="booked",
        at=said.booked_at,
        actor=said.actor,
        version=said.version,
        round=said.round,
        description=_BOOKED[said.via],
        slot=(said.slot_id, said.starts_at),
    )


def _declined(said: events.InvitationDeclined) -> Happening:
    return Happening(
        event="declined",
        at=said.declined_at,
        actor=said.actor,
        version=said.version,
        round=said.round,
        description=_DECLINED[said.via],
    )


def _unanswered(said: events.InvitationUnanswered) -> Happening:
    return Happening(
        event="unanswered",
        at=said.expired_at,
        actor=INVITATIONS,
        version=said.version,
        round=said.round,
        description="unanswered",
    )


def _undeliverable(said: events.InvitationUndeliverable) -> Happening:
    died = said.reason == "deceased"
    return Happening(
        event="died" if died else "undeliverable",
        at=said.ended_at,
        actor=INVITATIONS,
        reason=UNDELIVERABLE_TEXTS[said.reason],
        version=said.version,
        round=said.round,
        description="deceased" if died else "undeliverable",
        alert="deceased" if died else None,
    )


def _ended(said: events.InvitationEnded) -> Happening:
    return Happening(
        event="ended", at=said.ended_at, actor=said.actor, version=said.version, round=said.round
    )


def _cancelled(said: events.AppointmentCancelled) -> Happening:
    return Happening(
        event="cancelled",
        at=said.cancelled_at,
        actor=said.actor,
        reason=said.reason,
        version=said.version,
        description="cancelled",
    )


def _noted(said: events.DeliveryNoted) -> Happening:
    return Happening(
        event="noted",
        at=said.noted_at,
        actor=said.actor or INVITATIONS,
        version=said.version,
        round=said.round,
        description="needs_reply" if said.needs_reply else said.state,
        delivery=said.state,
    )


def _removed(said: events.PatientRemovalRequested) -> Happening:
    return Happening(event="removed", at=said.requested_at, actor=said.actor, reason=said.reason)


_HAPPENINGS: dict[type[Any], Callable[[Any], Happening]] = {
    wire.AppointmentBooked: _booked,
    wire.InvitationDeclined: _declined,
    wire.InvitationUnanswered: _unanswered,
    wire.InvitationUndeliverable: _undeliverable,
    wire.InvitationEnded: _ended,
    wire.AppointmentCancelled: _cancelled,
    wire.DeliveryNoted: _noted,
    wire.PatientRemovalRequested: _removed,
}

_BOOKED: dict[AnsweredVia, Description] = {
    "reply": "booked_by_reply",
    "page": "booked_by_page",
    "staff": "booked_by_staff",
    "standing": "booked_standing",
}

_DECLINED: dict[AnsweredVia, Description] = {
    "reply": "declined_by_reply",
    "page": "declined_by_page",
    "staff": "declined_by_staff",
    # Only an appointment can stand already; should a decline say so, staff know of it.
    "standing": "declined_by_staff",
}


def dispatched(at: str, expires_at: str) -> Happening:
    """An invitation going out now."""
    return Happening(
        event="dispatched", at=at, description="sending", until=expires_at, delivery="sending"
    )


def progressed(patient: Patient) -> events.PatientProgressed:
    """A patient's whole status."""
    slot, starts_at = patient.slot_id, patient.slot_starts_at
    return wire.PatientProgressed(
        target_id=patient.target_id,
        patient_id=patient.patient_id,
        version=patient.version,
        round=patient.round or None,
        status=cast("Status", patient.status),
        description=patient.description,
        until=patient.until,
        alert=patient.alert,
        delivery=patient.delivery,
        appointment=wire.Appointment(slot_id=slot, starts_at=starts_at)
        if slot and starts_at
        else None,
        actor=patient.actor,
        reason=patient.reason,
        updated_at=patient.updated_at,
    )


def invitation_dispatched(
    patient: Patient, channel: str, *, again: bool = False
) -> events.InvitationDispatched:
    """The order to invite a patient who has just left the queue, or once more, if it was lost."""
    assert patient.until is not None  # noqa: S101 - dispatch set it.
    return wire.InvitationDispatched(
        target_id=patient.target_id,
        patient_id=patient.patient_id,
        invitation_id=invitation_id(patient.patient_id, patient.round),
        version=patient.version,
        round=patient.round,
        channel=channel,
        dispatched_at=patient.updated_at,
        expires_at=patient.until,
        again=again,
    )


def invitation_withdrawn(patient: Patient, withdrawal: Withdrawal) -> events.InvitationWithdrawn:
    """The order to end an invitation that is out."""
    what = withdrawal.what
    reason = what.reason or (ALERTS[what.alert].title if what.alert else "Removed")
    return wire.InvitationWithdrawn(
        target_id=patient.target_id,
        patient_id=patient.patient_id,
        invitation_id=invitation_id(patient.patient_id, withdrawal.round),
        version=withdrawal.version,
        round=withdrawal.round,
        actor=what.actor or SERVICE,
        reason=reason,
        withdrawn_at=what.at,
    )


def queue_stated(
    target_id: str, version: int, waits: Sequence[Wait], at: str
) -> events.QueueStated:
    """Why each round of a target waits."""
    rounds = [wire.RoundQueue(round=w.round, reason=w.reason, until=w.until) for w in waits]
    return wire.QueueStated(target_id=target_id, version=version, rounds=rounds, stated_at=at)


def waits_text(waits: Sequence[Wait]) -> str:
    """The waits as one text: equal texts mean that there is nothing new to publish."""
    return msgspec.json.encode(waits).decode()


def waits_of(text: str) -> tuple[Wait, ...]:
    """The waits as they were stored."""
    return _decode_waits(text)


def rounds_text(target: events.TargetSaved) -> str:
    """The rounds of a target as they are stored."""
    return msgspec.json.encode(target.rounds).decode()


def days_text(availability: events.SlotAvailability) -> str:
    """The free slots by day as they are stored."""
    return msgspec.json.encode([(day.date, day.free) for day in availability.days]).decode()


@lru_cache(maxsize=4096)
def settings_of(
    target_id: str,
    state: TargetState,
    rounds: str,
    from_date: str,
    to_date: str,
    ratio: str | None,
) -> Settings:
    """A target as it was stored."""
    steps = tuple(
        Round(
            round=step.round,
            channel=step.channel,
            respond_within=duration(step.respond_within),
            window=Window(
                days=frozenset(step.send_window.days),
                opens=step.send_window.from_time,
                closes=step.send_window.to_time,
                bank_holidays=step.send_window.bank_holidays,
            ),
        )
        for step in _decode_rounds(rounds)
    )
    return Settings(
        target_id=target_id,
        state=state,
        rounds=steps,
        from_date=from_date,
        to_date=to_date,
        ratio=None if ratio is None else Decimal(ratio),
    )


def availability_of(
    days: str | None, last_slot_at: str | None, counted: int | None, booked: int
) -> Availability:
    """Free slots as they were stored; none while nothing has been counted yet.

    Args:
        days: the free slots by day.
        last_slot_at: when the window's last slot begins.
        counted: how many appointments the count knew of, if it says so.
        booked: how many patients are known to hold a slot by now.
    """
    if days is None:
        return Availability()
    return Availability(
        days=_decode_days(days),
        last_slot_at=None if last_slot_at is None else moment(last_slot_at),
        taken=0 if counted is None else max(0, booked - counted),
    )


def _decode_rounds(text: str) -> list[events.Round]:
    return cast("list[events.Round]", _ROUNDS.decode(text))


_ROUNDS: Any = msgspec.json.Decoder(list.__class_getitem__(wire.Round))
_decode_waits = msgspec.json.Decoder(tuple[Wait, ...]).decode
_decode_days = msgspec.json.Decoder(tuple[tuple[str, int], ...]).decode
