"""Temporary failures: when an invitation goes out again, and doing so when the time has come."""

from collections.abc import Mapping
from typing import Final

from invitations import store
from invitations.answers import Invitation, Slot
from invitations.channels import Channels, Outgoing
from invitations.desk import offered
from invitations.offering import Rotation
from invitations.places import place_of
from invitations.store import resending
from recall.kit.service import Service
from recall.kit.unit import Unit
from recall.texts.standard import offers_slots

AT_ONCE: Final = 500


async def resend(service: Service, channels: Channels, rotation: Rotation) -> bool:
    """Send again what is due; returns whether there may be more."""
    async with service.unit() as unit:
        due = await resending.take(unit.connection, unit.now, AT_ONCE)
        if due:
            await _send(unit, channels, rotation, due)
    return len(due) == AT_ONCE


async def _send(unit: Unit, channels: Channels, rotation: Rotation, due: Mapping[str, int]) -> None:
    patients = {place_of(name)[0]: 0 for name in due}
    locked = await store.lock_invitations(unit.connection, patients)
    open_still = [
        i
        for i in locked
        if i.invitation_id in due and i.state == "open" and unit.now < i.expires_at
    ]
    if not open_still:
        return
    known = await store.read_patients(unit.connection, patients)
    targets = await store.read_targets(unit.connection, {i.target_id for i in open_still})
    going = [await _again(unit, i, rotation) for i in open_still]
    await store.save_invitations(unit.connection, [i for i, _ in going])
    outgoing = [
        Outgoing(
            i,
            known[i.patient_id],
            targets[i.target_id],
            offer,
            sent_at=unit.now,
            attempt=due[i.invitation_id],
        )
        for i, offer in going
    ]
    await channels.prepare({i.channel for i in open_still})
    await channels.invite(unit, outgoing)


async def _again(unit: Unit, i: Invitation, rotation: Rotation) -> tuple[Invitation, list[Slot]]:
    """The invitation with slots that are free now: those it offered before may be gone."""
    if not offers_slots(i.channel):
        return i, []
    (offer,) = await rotation.offers(unit.connection, i.target_id, unit.now, 1)
    return offered(i, offer), list(offer)
