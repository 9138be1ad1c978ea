"""Simulated channels at work: due acts become reports, or visits to the booking page."""

from collections import defaultdict
from collections.abc import Sequence
from typing import cast

from invitations.answers import book, decline
from invitations.channels import Channels
from invitations.desk import Desk
from invitations.offering import Rotation
from invitations.store import acts
from invitations.telling import Said
from recall.contracts.instants import instant
from recall.contracts.post import said_of_letter
from recall.contracts.vocabulary import Delivery, UndeliverableReason
from recall.kit import wire
from recall.kit.service import Service
from recall.kit.unit import Unit

AT_ONCE = 2000
Due = tuple[int, acts.Act]
"""An act with its id."""


async def act(service: Service, channels: Channels, rotation: Rotation) -> bool:
    """Do what is due; returns whether there may be more."""
    async with service.unit() as unit:
        due = await acts.take(unit.connection, unit.now, AT_ONCE)
        reports = [one for one in due if one[1].kind != "visit"]
        visits = [one for one in due if one[1].kind == "visit"]
        for number, one in reports:
            _report(unit, number, one)
        if visits:
            await _visit(unit, visits, channels, rotation)
    return len(due) == AT_ONCE


def _report(unit: Unit, number: int, act: acts.Act) -> None:
    """Emit what a plugin would: through the topic, at the moment the channel learnt it."""
    report_id, at = f"simulated-{number}", instant(act.due_at)
    what, data = _reported(act, report_id, at)
    unit.emit(data, report_id, what=what, at=at, partition=act.partition)


def _reported(act: acts.Act, report_id: str, at: str) -> tuple[str, object]:
    if act.kind == "reply":
        return "reply", wire.ReplyReceived(
            target_id=act.target_id,
            patient_id=act.patient_id,
            invitation_id=act.invitation_id,
            channel=act.channel,
            report_id=report_id,
            text=act.said,
            received_at=at,
        )
    state, reason = _delivery(act)
    temporary = act.kind == "delayed"
    return state, wire.DeliveryReported(
        target_id=act.target_id,
        patient_id=act.patient_id,
        invitation_id=act.invitation_id,
        channel=act.channel,
        report_id=report_id,
        state=state,
        reason=reason,
        temporary=temporary,
        received_at=at,
    )


def _delivery(act: acts.Act) -> tuple[Delivery, UndeliverableReason | None]:
    """How far a message got: by the supplier's words for a letter, else by the act's own."""
    if act.kind == "supplier":
        said = said_of_letter(act.said)
        return said.delivery, said.reason
    if act.kind in {"failed", "delayed"}:
        return "failed", cast("UndeliverableReason", act.said)
    return "delivered", None


async def _visit(unit: Unit, visits: Sequence[Due], channels: Channels, rotation: Rotation) -> None:
    """Simulated patients on the booking page: take any free slot, or decline."""
    desk = Desk(unit, channels, rotation)
    await desk.load_from((visit.patient_id, visit.round) for _, visit in visits)
    wanted: dict[str, int] = defaultdict(int)
    for _, visit in visits:
        if visit.said != "DECLINE":
            wanted[visit.target_id] += 1
    free = {
        target: await desk.take_slots(target, count) for target, count in sorted(wanted.items())
    }
    for number, visit in visits:
        invitation = desk.invitation(visit.invitation_id)
        if invitation.state != "open" or visit.due_at >= invitation.expires_at:
            continue  # The page says that the link has expired.
        said = Said(visit.due_at, "page", "patient", None, f"simulated-{number}")
        if visit.said == "DECLINE":
            desk.apply(decline(invitation, visit.due_at), said)
            continue
        slot = free[visit.target_id].pop() if free[visit.target_id] else None
        desk.apply(book(invitation, slot, visit.due_at), said)
    await desk.close()
