"""Messages in: each handler folds one topic's batch in its transaction."""

from collections.abc import Sequence
from datetime import date
from functools import partial

import msgspec
from msgspec.structs import replace

from invitations import store
from invitations.answers import Slots, chosen, report_delivery
from invitations.answers import reply as answer
from invitations.channels import Channels
from invitations.desk import Desk
from invitations.inviting import Dispatch, invite
from invitations.offering import Rotation
from invitations.places import Place, place_of
from invitations.replies import Meaning, meaning_of
from invitations.telling import Said, tell_ended
from recall.contracts.events import (
    DeliveryReported,
    InvitationWithdrawn,
    PatientEnrolled,
    ReplyReceived,
    SlotReleased,
    SlotWithdrawn,
    TargetSaved,
)
from recall.contracts.instants import london_date, moment
from recall.contracts.topics import TOPICS
from recall.kit import wire
from recall.kit.codec import Event, decoder
from recall.kit.consuming import Batch, Handler, Record
from recall.kit.kafka import partition_of
from recall.kit.unit import Unit

_decode_dispatch = decoder(TOPICS["dispatches"].carries)

Replies = dict[tuple[str, str], Meaning]
"""What replies mean, by invitation id and report id."""


def handlers(channels: Channels, rotation: Rotation) -> dict[str, Handler]:
    """The handler of each topic this service reads."""
    return {
        "targets": on_targets,
        "patients": partial(on_patients, channels=channels, rotation=rotation),
        "patient-requests": partial(on_patient_requests, channels=channels, rotation=rotation),
        "slots": on_slots,
        "dispatches": partial(on_dispatches, channels=channels, rotation=rotation),
        "channel-reports": partial(on_channel_reports, channels=channels, rotation=rotation),
    }


async def on_targets(batch: Batch) -> None:
    """Keep what inviting needs of targets; a moved window changes what may be booked."""
    newest: dict[str, TargetSaved] = {}
    for record in batch.records:
        target: TargetSaved = record.event.data
        known = newest.get(target.target_id)
        if known is None or known.version < target.version:
            newest[target.target_id] = target
    rows = [
        (
            t.target_id,
            t.version,
            t.practice,
            t.name,
            date.fromisoformat(t.booking_window.from_date),
            date.fromisoformat(t.booking_window.to_date),
            msgspec.json.encode(t.rounds).decode(),
        )
        for _, t in sorted(newest.items())
    ]
    await store.save_targets(batch.unit.connection, rows)
    await store.mark_dirty(batch.unit.connection, dict.fromkeys(newest, 0))


async def on_patients(batch: Batch, *, channels: Channels, rotation: Rotation) -> None:
    """Keep how patients are reached, then do what waited for them."""
    newest: dict[str, tuple[int, PatientEnrolled]] = {}
    for record in batch.records:
        patient: PatientEnrolled = record.event.data
        known = newest.get(patient.patient_id)
        if known is None or known[1].version < patient.version:
            newest[patient.patient_id] = (record.partition, patient)
    connection = batch.unit.connection
    await store.save_patients(
        connection, [_patient_row(partition, p) for _, (partition, p) in sorted(newest.items())]
    )
    waiting = await store.take_waiting(connection, list(newest))
    events = [(_decode_dispatch(event), partition) for partition, event in waiting]
    await _fold_dispatches(batch.unit, events, channels, rotation)


def _patient_row(partition: int, p: PatientEnrolled) -> tuple[object, ...]:
    return (
        p.patient_id,
        p.target_id,
        p.person_id,
        p.version,
        partition,
        p.nhs_number,
        date.fromisoformat(p.date_of_birth),
        p.first_name,
        p.last_name,
        p.mobile,
        "\n".join(p.address),
        p.postcode,
        p.carer_name,
        p.carer_mobile,
    )


async def on_patient_requests(batch: Batch, *, channels: Channels, rotation: Rotation) -> None:
    """Remember removals; opt-outs by staff end open texts as a STOP would."""
    desk = Desk(batch.unit, channels, rotation)
    removed = []
    for record in batch.records:
        data = record.event.data
        if isinstance(data, wire.OptOutRequested):
            desk.opt_out(data.person_id, moment(data.requested_at))
        else:
            removed.append(data.patient_id)
    if removed:
        await store.add_removals(batch.unit.connection, removed)
    await desk.close()


async def on_slots(batch: Batch) -> None:
    """Keep the practices' slots; of one slot the highest version counts."""
    newest: dict[tuple[str, str], SlotReleased | SlotWithdrawn] = {}
    for record in batch.records:
        data: SlotReleased | SlotWithdrawn = record.event.data
        key = (data.target_id, data.slot_id)
        known = newest.get(key)
        if known is None or known.version < data.version:
            newest[key] = data
    connection = batch.unit.connection
    released = [s for s in newest.values() if isinstance(s, wire.SlotReleased)]
    withdrawn = [s for s in newest.values() if isinstance(s, wire.SlotWithdrawn)]
    rows = [
        (
            s.target_id,
            s.slot_id,
            s.version,
            moment(s.starts_at),
            london_date(moment(s.starts_at)),
            s.minutes,
            s.clinician,
        )
        for s in sorted(released, key=lambda s: (s.target_id, s.slot_id))
    ]
    if rows:
        await store.save_slots(connection, rows)
    if withdrawn:
        gone = sorted((s.target_id, s.slot_id, s.version) for s in withdrawn)
        await store.withdraw_slots(connection, gone)
    await store.mark_dirty(connection, dict.fromkeys((target for target, _ in newest), 0))


async def on_dispatches(batch: Batch, *, channels: Channels, rotation: Rotation) -> None:
    """Invite whom workflow dispatched; withdraw what it withdrew."""
    events = [(record.event, record.partition) for record in batch.records]
    await _fold_dispatches(batch.unit, events, channels, rotation)


async def _fold_dispatches(
    unit: Unit, events: Sequence[tuple[Event, int]], channels: Channels, rotation: Rotation
) -> None:
    withdrawals = [e for e, _ in events if isinstance(e.data, wire.InvitationWithdrawn)]
    if withdrawals:
        # Stored first: a dispatch of the same batch must find its withdrawal.
        await _keep_withdrawals(unit, withdrawals)
    dispatches = [
        Dispatch(event, event.data, partition)
        for event, partition in events
        if isinstance(event.data, wire.InvitationDispatched)
    ]
    if dispatches:
        await invite(unit, dispatches, channels, rotation)
    if withdrawals:
        await _withdraw(unit, withdrawals, channels, rotation)


async def _keep_withdrawals(unit: Unit, events: Sequence[Event]) -> None:
    rows = []
    for event in events:
        data: InvitationWithdrawn = event.data
        rows.append((data.invitation_id, data.actor, data.reason, moment(data.withdrawn_at)))
    await store.add_withdrawals(unit.connection, sorted(rows))


async def _withdraw(
    unit: Unit, events: Sequence[Event], channels: Channels, rotation: Rotation
) -> None:
    """End open invitations of removed patients as withdrawn; an answer that came first stands."""
    desk = Desk(unit, channels, rotation)
    await desk.load_from((event.data.patient_id, event.data.round) for event in events)
    unmade = [e.data for e in events if e.data.invitation_id not in desk.invitations]
    if unmade:
        # A patient who is becoming known now may be getting the invitation that this ends.
        partitions = {partition_of(data.patient_id, unit.partitions) for data in unmade}
        await store.hold_patients(unit.connection, partitions)
        await desk.load_from((data.patient_id, data.round) for data in unmade)
    for event in events:
        data: InvitationWithdrawn = event.data
        ended = desk.withdraw(data.invitation_id, moment(data.withdrawn_at))
        if ended is not None:
            tell_ended(unit, ended, data.actor, data.reason, event)
            channels.recall(unit, ended, data.actor, data.reason)
    await desk.close()


async def on_channel_reports(batch: Batch, *, channels: Channels, rotation: Rotation) -> None:
    """Fold what channels say: deliveries and replies, ours and the plugins' alike."""
    unit = batch.unit
    desk = Desk(unit, channels, rotation)
    await desk.load_from(_place(record) for record in batch.records)
    for record in batch.records:
        if record.event.data.invitation_id not in desk.invitations:
            raise ValueError("a report about an invitation that was never made")
    served = {r.event.data.channel for r in batch.records}
    if plugins := {channel for channel in served if not channels.simulates(channel)}:
        await store.add_served(unit.connection, plugins)
    fresh = await _new_replies(unit, batch.records)
    await desk.lock_slots(_slots_asked_for(desk, fresh))
    for record in batch.records:
        _fold_report(desk, record, fresh)
    await desk.close()


def _place(record: Record) -> Place:
    """The invitation that a report is about; late answers look at later ones, too."""
    data = record.event.data
    return data.patient_id, place_of(data.invitation_id)[1]


async def _new_replies(unit: Unit, records: Sequence[Record]) -> Replies:
    """Store the replies of a batch; returns what those mean that had not come before."""
    rows = {}
    for record in records:
        data = record.event.data
        if isinstance(data, wire.ReplyReceived):
            key = (data.invitation_id, data.report_id)
            at = moment(data.received_at)
            rows[key] = (*key, data.text, meaning_of(data.text), at)
    if not rows:
        return {}
    fresh = await store.add_replies(unit.connection, [rows[key] for key in sorted(rows)])
    return {key: rows[key][3] for key in fresh}


def _slots_asked_for(desk: Desk, fresh: Replies) -> set[tuple[str, str]]:
    """The slots that this batch's replies choose from the offers which they answer."""
    asked = set()
    for (invitation_id, _), meaning in fresh.items():
        given = desk.invitations[invitation_id]
        slot = chosen(given, meaning)
        if slot:
            asked.add((given.target_id, slot))
    return asked


def _fold_report(desk: Desk, record: Record, fresh: Replies) -> None:
    data = record.event.data
    at = min(moment(data.received_at), desk.unit.now)
    said = Said(at, "reply", "patient", record.event, record.event.id, on=data.invitation_id)
    invitation = desk.invitation(data.invitation_id)
    if isinstance(data, wire.DeliveryReported):
        report: DeliveryReported = data
        step = report_delivery(
            invitation, report.state, report.reason, at, temporary=report.temporary
        )
        desk.apply(step, said)
        return
    meaning = fresh.pop((data.invitation_id, data.report_id), None)
    if meaning is None:
        return
    reply: ReplyReceived = data
    current = desk.open_of(reply.patient_id, invitation)
    # A late letter means the offer it was an answer to, whichever invitation is open now.
    answered = replace(current, offer=invitation.offer)
    slots: Slots = desk.slots[current.target_id]
    after, effects = answer(answered, meaning, slots, at)
    kept = current if after is answered else replace(after, offer=current.offer)
    desk.apply((kept, effects), said)
