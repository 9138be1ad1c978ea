"""Dispatches become invitations: open ones go to their channel, impossible ones end at once."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from invitations import batches, store
from invitations.answers import Declined, Invitation, Slot, Stood, Undelivered
from invitations.channels import Channels, Outgoing, contact_for, wording_of
from invitations.desk import offered
from invitations.offering import Rotation
from invitations.store import counter
from invitations.telling import Said, tell_again, tell_ended, tell_outcome
from recall.contracts.events import InvitationDispatched
from recall.contracts.instants import moment
from recall.contracts.vocabulary import UndeliverableReason, is_text_channel
from recall.kit.codec import Event
from recall.kit.unit import Unit

Withdrawal = tuple[str, str, datetime]
"""Actor, reason and moment."""


class Dispatch(msgspec.Struct, frozen=True):
    """One dispatch as it came, with the partition it came on."""

    event: Event
    data: InvitationDispatched
    partition: int


async def invite(
    unit: Unit, dispatches: Sequence[Dispatch], channels: Channels, rotation: Rotation
) -> None:
    """Make the invitations of dispatches that have none yet.

    Patients who are not known yet are kept waiting; everything else about a dispatch is decided
    here and now, in the dispatch's own transaction.  A dispatch that is told again since Kafka's
    data were lost is answered with the end of the patient's last invitation: whoever sends it may
    not have heard; whoever has knows it by its version.
    """
    patients = await store.read_patients(unit.connection, {d.data.patient_id for d in dispatches})
    unknown = [d for d in dispatches if d.data.patient_id not in patients]
    if unknown:
        patients |= await _meet_or_wait(unit, unknown)
    known = {
        (d.data.patient_id, d.data.round): d for d in dispatches if d.data.patient_id in patients
    }
    repeated = set(await store.known_invitations(unit.connection, known))
    told_again = {place for place in repeated if known[place].data.again}
    for place in repeated:
        del known[place]
    if told_again:
        await _tell_ends_again(unit, told_again)
    if known:
        await _make(unit, list(known.values()), patients, channels, rotation)


async def _tell_ends_again(unit: Unit, repeated: Collection[tuple[str, int]]) -> None:
    """How the last invitations of patients ended, if they are among these."""
    since = dict(sorted(repeated))
    made = await store.lock_invitations(unit.connection, since)
    last = {i.patient_id: i for i in sorted(made, key=lambda i: i.round)}
    for invitation in last.values():
        if (invitation.patient_id, invitation.round) in repeated:
            tell_again(unit, invitation)


async def _meet_or_wait(unit: Unit, dispatches: Sequence[Dispatch]) -> dict[str, store.Patient]:
    """Patients who have just become known; the dispatches of the others are kept waiting.

    The patients are asked for once more while none can be stored, since one stored between the
    first look and the waiting would never be waited for.
    """
    await store.hold_patients(unit.connection, {d.partition for d in dispatches})
    met = await store.read_patients(unit.connection, {d.data.patient_id for d in dispatches})
    rows = [
        (d.event.id, d.data.patient_id, d.partition, msgspec.json.encode(d.event))
        for d in dispatches
        if d.data.patient_id not in met
    ]
    if rows:
        await store.add_waiting(unit.connection, rows)
    return met


async def _make(
    unit: Unit,
    dispatches: Sequence[Dispatch],
    patients: Mapping[str, store.Patient],
    channels: Channels,
    rotation: Rotation,
) -> None:
    withdrawn = await store.read_withdrawals(
        unit.connection, [d.data.invitation_id for d in dispatches]
    )
    targets = await store.read_targets(unit.connection, {d.data.target_id for d in dispatches})
    declines = await counter.read_declines(unit.connection, patients)
    made = []
    for d in dispatches:
        version = wording_of(targets.get(d.data.target_id), d.data.round)[1]
        withdrawal = withdrawn.get(d.data.invitation_id)
        invitation = _made(unit, d, patients[d.data.patient_id], version, withdrawal)
        decline = declines.get(d.data.patient_id)
        made.append(_declined(unit, invitation, d, *decline) if decline else invitation)
    offers = await _offers(unit, [i for i in made if i.state == "open"], rotation)
    made = [offered(i, offers[i.invitation_id]) if i.invitation_id in offers else i for i in made]
    openings = {
        i.invitation_id: channels.opening_of(i.invitation_id)
        for i in made
        if i.state == "open" and i.channel != "sms"
    }
    await store.add_invitations(unit.connection, made, openings)
    going = [i for i in made if i.state == "open"]
    await batches.await_cut_off(unit, [i.invitation_id for i in going if i.channel == "letter"])
    await channels.prepare({i.channel for i in going})
    await channels.invite(
        unit,
        [
            Outgoing(
                i,
                patients[i.patient_id],
                targets[i.target_id],
                offers.get(i.invitation_id, ()),
            )
            for i in going
        ],
    )


def _made(
    unit: Unit,
    dispatch: Dispatch,
    patient: store.Patient,
    template_version: int,
    withdrawal: Withdrawal | None,
) -> Invitation:
    """The invitation of a dispatch, ended already where it cannot go out."""
    data = dispatch.data
    invitation = Invitation(
        invitation_id=data.invitation_id,
        patient_id=data.patient_id,
        target_id=data.target_id,
        person_id=patient.person_id,
        round=data.round,
        channel=data.channel,
        template_version=template_version,
        partition=dispatch.partition,
        dispatched_at=moment(data.dispatched_at),
        expires_at=moment(data.expires_at),
        appointment=patient.appointment,
        appointment_at=patient.appointment_at,
    )
    if withdrawal is not None:
        actor, reason, at = withdrawal
        ended = replace(invitation, state="withdrawn", ended_at=at, said=1)
        tell_ended(unit, ended, actor, reason, dispatch.event)
        return ended
    at = invitation.dispatched_at
    said = Said(at, "standing", "invitations", dispatch.event, dispatch.event.id)
    if patient.appointment is not None:
        ended = replace(invitation, state="booked", ended_at=at, said=1)
        tell_outcome(unit, ended, Stood(), said)
        return ended
    impossible = cannot_send(patient, data.channel, at)
    if impossible is not None:
        ended = replace(invitation, state="undeliverable", ended_at=at, reason=impossible, said=1)
        tell_outcome(unit, ended, Undelivered(impossible), said)
        return ended
    return invitation


def _declined(
    unit: Unit, invitation: Invitation, dispatch: Dispatch, at: datetime, actor: str
) -> Invitation:
    """The patient declined by phone while the dispatch was under way: nothing goes out."""
    if invitation.state != "open":
        return invitation
    ended = replace(invitation, state="declined", ended_at=at, said=1)
    tell_outcome(
        unit, ended, Declined(), Said(at, "staff", actor, dispatch.event, dispatch.event.id)
    )
    return ended


def cannot_send(patient: store.Patient, channel: str, at: datetime) -> UndeliverableReason | None:
    """Why a channel cannot reach a patient at an instant, if it cannot."""
    contact = contact_for(patient, at)
    if is_text_channel(channel):
        if patient.opted_out:
            return "opted_out"
        return None if contact.mobile else "no_mobile"
    if channel == "letter":
        return None if contact.address else "no_address"
    return None


async def _offers(
    unit: Unit, invitations: Sequence[Invitation], rotation: Rotation
) -> dict[str, Sequence[Slot]]:
    """Three slots for each invitation answered by letters; the others choose on their page."""
    by_target: dict[str, list[str]] = defaultdict(list)
    for invitation in invitations:
        if invitation.channel == "sms":
            by_target[invitation.target_id].append(invitation.invitation_id)
    offers: dict[str, Sequence[Slot]] = {}
    for target_id, ids in sorted(by_target.items()):
        made = await rotation.offers(unit.connection, target_id, unit.now, len(ids))
        offers |= dict(zip(ids, made, strict=True))
    return offers
