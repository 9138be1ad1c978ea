"""A day's letters into batches: each letter into exactly one, when its cut-off has passed.

What a letter says is fixed when its batch is formed: until then a correction of the patient still
counts, from then on the batch can be printed again at any time and is the same.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from invitations import store
from invitations.channels import Channels, contact_for
from invitations.codes import grouped
from invitations.letters import Content, Letter, Opening
from invitations.mailing import cut_off_after
from invitations.practices import Practices, practice_of
from invitations.store import letters
from invitations.store.letters import Waiting
from recall.contracts.instants import london_date
from recall.kit import wire
from recall.kit.service import Service
from recall.kit.unit import Unit

AT_ONCE = 1000
"""Letters put into batches in one transaction."""
BATCH_LETTERS = 250
"""Letters in a batch, at most: printing takes half a megabyte for each, beside sixty."""


async def await_cut_off(unit: Unit, ids: Sequence[str]) -> None:
    """Have the letters of invitations that go out now wait for the next cut-off."""
    if ids:
        await letters.add_letters(unit.connection, ids, cut_off_after(unit.now))


async def form(service: Service, practices: Practices) -> bool:
    """Form the next batch that is due; returns whether there may be more."""
    async with service.unit() as unit:
        waiting = await letters.take_letters(unit.connection, unit.now, AT_ONCE)
        if waiting:
            await _form(unit, waiting, practices)
    return bool(waiting)


async def _form(unit: Unit, waiting: Sequence[Waiting], practices: Practices) -> None:
    going = [one for one in waiting if one.going]
    contents = await _contents(unit, going, practices)
    addressed = {name: content for name, content in contents.items() if content.address}
    for one in going:
        if one.invitation_id not in addressed:
            _report_no_address(unit, one)
    left_out = [one.invitation_id for one in waiting if one.invitation_id not in addressed]
    if left_out:
        await letters.delete_letters(unit.connection, left_out)
    if addressed:
        cut_off = waiting[0].cut_off
        kept = {name: msgspec.msgpack.encode(content) for name, content in addressed.items()}
        day = london_date(cut_off).isoformat()
        for batch in _batches(kept):
            await letters.add_batch(unit.connection, day, cut_off, unit.now, batch)


def _batches(kept: dict[str, bytes]) -> list[dict[str, bytes]]:
    """As many letters as one document is to have, in order."""
    names = list(kept)
    starts = range(0, len(names), BATCH_LETTERS)
    return [{n: kept[n] for n in names[start : start + BATCH_LETTERS]} for start in starts]


async def _contents(
    unit: Unit, waiting: Sequence[Waiting], practices: Practices
) -> dict[str, Content]:
    """What letters say, by invitation id."""
    patients = await store.read_patients(unit.connection, {one.patient_id for one in waiting})
    targets = await store.read_targets(unit.connection, {p.target_id for p in patients.values()})
    found = {}
    for one in waiting:
        patient = patients[one.patient_id]
        target = targets[patient.target_id]
        found[one.invitation_id] = content_of(
            patient, target, practices, one.cut_off, one.expires_at
        )
    return found


def content_of(
    patient: store.Patient,
    target: store.Target,
    practices: Practices,
    sent_at: datetime,
    expires_at: datetime,
) -> Content:
    """What a letter says that goes out at an instant; without an address it cannot go."""
    contact = contact_for(patient, sent_at)
    name = " ".join(part for part in (patient.first_name, patient.last_name) if part)
    lines = (contact.addressee, *contact.address, contact.postcode)
    return Content(
        addressee=contact.addressee,
        address=tuple(line for line in lines if line) if contact.address else (),
        greeting=contact.greeting,
        patient=name or "the patient",
        for_child=contact.for_child,
        target=target.name,
        practice=practice_of(target.practice, practices),
        written_on=london_date(sent_at),
        expires_at=expires_at,
    )


def letter_of(channels: Channels, invitation_id: str, content: Content) -> Letter:
    """A letter with what opens the patient's page, which is kept nowhere."""
    opening = Opening(
        channels.page, grouped(channels.code_of(invitation_id)), channels.link_of(invitation_id)
    )
    return Letter(invitation_id, content, opening)


def _report_no_address(unit: Unit, one: Waiting) -> None:
    """The address has gone since the invitation went out: the supplier would refuse the letter."""
    unit.emit(
        wire.DeliveryReported(
            target_id=one.target_id,
            patient_id=one.patient_id,
            invitation_id=one.invitation_id,
            channel=one.channel,
            report_id="no-address",
            state="failed",
            reason="no_address",
            received_at=unit.now_text,
        ),
        "no-address",
        what="failed",
        partition=one.partition,
    )
