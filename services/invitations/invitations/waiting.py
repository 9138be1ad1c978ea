"""The replies that need a person, as staff see them."""

from collections.abc import Mapping, Sequence

from invitations import store
from invitations.answers import Slot
from invitations.offering import BEGINNING
from invitations.phone import Wrote
from invitations.store import counter
from recall.contracts.instants import instant
from recall.kit.problems import not_found
from recall.kit.unit import Unit

MOST_SHOWN = 100
"""Replies shown at once; the others follow as these are dealt with."""
FIRST_FREE = 6
"""Free slots named beside those on offer."""


async def replies(unit: Unit, target_id: str) -> dict[str, object]:
    """What patients of a target wrote that nobody but a person can answer.

    Raises:
        Problem: 404, there is no such target.
    """
    connection = unit.connection
    if not await store.read_targets(connection, [target_id]):
        raise not_found("target")
    total = await counter.count_waiting(connection, target_id)
    waiting = await counter.list_waiting(connection, target_id, MOST_SHOWN)
    wrote = await counter.read_replies(connection, [one.invitation_id for one in waiting])
    offered = {slot for one in waiting for slot in one.offer if slot}
    slots = await counter.read_slots(connection, target_id, sorted(offered), unit.now)
    free = await store.free_slots(
        connection, target_id, unit.now, BEGINNING, FIRST_FREE, lock=False
    )
    return {
        "replies": [_shown(one, wrote.get(one.invitation_id, ()), slots) for one in waiting],
        "total": total,
        "free": [_slot(slot) for slot in free],
    }


def _shown(
    one: counter.Waiting, wrote: Sequence[Wrote], slots: Mapping[str, Slot]
) -> dict[str, object]:
    lettered = zip("ABC", one.offer, strict=True)
    offer = [(letter, slots[slot]) for letter, slot in lettered if slot and slot in slots]
    return {
        "patient_id": one.patient_id,
        "nhs_number": one.nhs_number,
        "name": one.name,
        "round": one.round,
        "channel": one.channel,
        "expires_at": instant(one.expires_at),
        "wrote": [{"text": said.text, "at": instant(said.at)} for said in wrote],
        "offer": [
            {"letter": letter, "free": slot.bookable, **_slot(slot)} for letter, slot in offer
        ],
    }


def _slot(slot: Slot) -> dict[str, object]:
    return {"slot_id": slot.slot_id, "starts_at": instant(slot.starts_at)}
