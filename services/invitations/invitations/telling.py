"""Outcomes as events: how an effect on an invitation reads on `invitation-outcomes`."""

from datetime import datetime
from typing import cast

import msgspec

from invitations.answers import (
    Booked,
    Cancelled,
    Declined,
    Invitation,
    Noted,
    Stood,
    Told,
    Undelivered,
)
from recall.contracts.instants import instant
from recall.contracts.vocabulary import AnsweredVia, UndeliverableReason
from recall.kit import wire
from recall.kit.codec import Event
from recall.kit.unit import Unit

EVENTS_A_ROUND = 1_000_000
"""A later round's versions are above all of an earlier one's."""


class Said(msgspec.Struct, frozen=True, gc=False):
    """How an answer came: when its channel received it, by which way, from whom, in which event."""

    at: datetime
    via: AnsweredVia
    actor: str
    cause: Event | None
    cause_id: str
    direct: bool = False
    """Whether it answers no invitation: staff took it from somebody who had none open."""
    reason: str | None = None
    """Why an appointment is cancelled, where staff say why."""
    on: str | None = None
    """The invitation that the patient answered, by whose channel they are told; None: the one that
    the answer applies to."""


def version_of(invitation: Invitation) -> int:
    """The version of what was last said about the invitation's patient."""
    return invitation.round * EVENTS_A_ROUND + invitation.said


def tell_outcome(unit: Unit, invitation: Invitation, effect: Told, said: Said) -> None:
    """Emit the event of an effect.

    Raises:
        TypeError: the effect is none that others are told of.
    """
    at, version = instant(said.at), version_of(invitation)
    unit.emit(
        _event(invitation, effect, said, at, version),
        version,
        at=at,
        cause=said.cause,
        partition=invitation.partition,
    )


def _event(i: Invitation, effect: Told, said: Said, at: str, version: int) -> object:
    match effect:
        case Booked(slot):
            return _booked(i, slot.slot_id, instant(slot.starts_at), said, version)
        case Stood() if i.appointment is not None and i.appointment_at is not None:
            standing = msgspec.structs.replace(said, via="standing")
            return _booked(i, i.appointment, instant(i.appointment_at), standing, version)
        case Declined():
            return wire.InvitationDeclined(
                target_id=i.target_id,
                patient_id=i.patient_id,
                invitation_id=None if said.direct else i.invitation_id,
                version=version,
                round=None if said.direct else i.round,
                via=said.via,
                actor=said.actor,
                declined_at=at,
            )
        case Undelivered(reason):
            return wire.InvitationUndeliverable(
                target_id=i.target_id,
                patient_id=i.patient_id,
                invitation_id=i.invitation_id,
                version=version,
                round=i.round,
                channel=i.channel,
                reason=reason,
                ended_at=at,
            )
        case Cancelled(slot_id):
            return wire.AppointmentCancelled(
                target_id=i.target_id,
                patient_id=i.patient_id,
                version=version,
                slot_id=slot_id,
                actor=said.actor,
                reason=said.reason or "Cancelled by the patient",
                cancelled_at=at,
            )
        case Noted(news):
            return wire.DeliveryNoted(
                target_id=i.target_id,
                patient_id=i.patient_id,
                invitation_id=i.invitation_id,
                version=version,
                round=i.round,
                channel=i.channel,
                state=i.delivery or "sending",
                needs_reply=i.needs_reply,
                noted_at=at,
                news=news,
                actor=said.actor if news in {"dealt_with", "help_sent"} else None,
            )
        case _:
            raise TypeError(f"nobody is told of {effect!r}")


def _booked(i: Invitation, slot_id: str, starts_at: str, said: Said, version: int) -> object:
    return wire.AppointmentBooked(
        target_id=i.target_id,
        patient_id=i.patient_id,
        invitation_id=None if said.direct else i.invitation_id,
        version=version,
        round=None if said.direct else i.round,
        slot_id=slot_id,
        starts_at=starts_at,
        via=said.via,
        actor=said.actor,
        booked_at=instant(said.at),
    )


def tell_unanswered(unit: Unit, i: Invitation) -> None:
    """Emit that the time to answer passed."""
    at, version = instant(i.expires_at), version_of(i)
    unit.emit(
        wire.InvitationUnanswered(
            target_id=i.target_id,
            patient_id=i.patient_id,
            invitation_id=i.invitation_id,
            version=version,
            round=i.round,
            channel=i.channel,
            expired_at=at,
        ),
        version,
        at=at,
        partition=i.partition,
    )


def tell_ended(unit: Unit, i: Invitation, actor: str, reason: str, cause: Event | None) -> None:
    """Emit that the invitation was withdrawn."""
    version = version_of(i)
    unit.emit(
        wire.InvitationEnded(
            target_id=i.target_id,
            patient_id=i.patient_id,
            invitation_id=i.invitation_id,
            version=version,
            round=i.round,
            channel=i.channel,
            reason=reason,
            actor=actor,
            ended_at=instant(i.ended_at or unit.now),
        ),
        version,
        cause=cause,
        partition=i.partition,
    )


def tell_again(unit: Unit, i: Invitation) -> None:
    """Emit once more how an invitation ended, as far as it is known still.

    It has the version of what was said last, and so the same id.  By which way an answer came is
    not kept: it reads as one that staff noted.
    """
    at = i.ended_at
    if i.state == "open" or at is None:
        return
    # Whoever holds a slot though the invitation ended otherwise was booked by staff.
    said = Said(at, "staff", "invitations", None, "", direct=i.state != "booked")
    if i.appointment is not None:
        tell_outcome(unit, i, Stood(), said)
    elif i.state == "declined":
        tell_outcome(unit, i, Declined(), msgspec.structs.replace(said, direct=False))
    elif i.state == "undeliverable":
        reason = cast("UndeliverableReason", i.reason or "technical_failure")
        tell_outcome(unit, i, Undelivered(reason), said)
    elif i.state == "unanswered":
        tell_unanswered(unit, i)
    elif i.state == "withdrawn":
        tell_ended(unit, i, "invitations", "The invitation had been withdrawn.", None)
