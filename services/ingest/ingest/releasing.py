"""Slots released onto a target or withdrawn from it, by their ids and versions."""

from collections.abc import Sequence

from ingest import store
from ingest.enrolling import Desk
from ingest.slots import Slot, SlotProblem, SlotTally
from recall.contracts.instants import instant
from recall.kit import wire
from recall.kit.problems import Problem, not_found
from recall.kit.unit import Unit

PORTION = 2000
"""Slots stored and told of at once."""


async def release(
    unit: Unit,
    desk: Desk,
    target_id: str,
    good: Sequence[tuple[int, Slot]],
    tally: SlotTally,
) -> None:
    """Release those of the slots that are new or were withdrawn; count every one."""
    for start in range(0, len(good), PORTION):
        portion = good[start : start + PORTION]
        ids = [slot.slot_id for _, slot in portion]
        known = await store.lock_slots(unit.connection, target_id, ids)
        released = [
            (slot, version)
            for row, slot in portion
            if (version := _next_version(row, slot, known.get(slot.slot_id), tally)) is not None
        ]
        tally.released += len(released)
        if released:
            await store.save_slots(unit.connection, target_id, released)
            _tell(unit, target_id, released)
            await desk.outbox.store(unit)


async def withdraw(unit: Unit, target_id: str, slot_ids: Sequence[str]) -> int:
    """Withdraw those of the slots that are not withdrawn; returns how many were.

    Who has booked one keeps it: that is for invitations to see, which owns the appointments.

    Raises:
        Problem: 404 when the target has none of the slots.
    """
    found = await store.lock_slots(unit.connection, target_id, slot_ids)
    if not found:
        raise not_found("slot on this target")
    gone = [(slot_id, s.version + 1) for slot_id, s in found.items() if not s.withdrawn]
    await store.withdraw_slots(unit.connection, target_id, gone)
    for slot_id, version in gone:
        event = wire.SlotWithdrawn(target_id=target_id, slot_id=slot_id, version=version)
        unit.emit(event, version)
    return len(gone)


async def check_open(unit: Unit, target_id: str) -> None:
    """Raise 404 for an unknown target, 409 for a closed one."""
    target = await store.find_target(unit.connection, target_id)
    if target is None:
        raise not_found("target")
    if target.saved.state == "closed":
        raise Problem(409, "closed", "The target is closed and takes no more slots.")


def _next_version(
    row: int, slot: Slot, known: store.StoredSlot | None, tally: SlotTally
) -> int | None:
    """The version with which to release a slot; None for one that is not, which is counted."""
    if known is None:
        return 1
    if known.withdrawn:
        return known.version + 1
    if known.slot == slot:
        tally.duplicates += 1
    else:
        tally.reject(
            SlotProblem(
                row,
                "slot_id",
                "slot_differs",
                "A slot with this slot_id was released with another time, length or clinician. "
                "Withdraw it first, or give this one an id of its own.",
            )
        )
    return None


def tell_slots(unit: Unit, slots: Sequence[tuple[str, store.StoredSlot]]) -> None:
    """Tell of slots (with their targets' ids) as they are, released or withdrawn."""
    for target_id, known in slots:
        if known.withdrawn:
            # Who has booked it keeps it, so that it is still asked when and with whom it is.
            _tell(unit, target_id, [(known.slot, known.version - 1)])
            slot_id, version = known.slot.slot_id, known.version
            unit.emit(
                wire.SlotWithdrawn(target_id=target_id, slot_id=slot_id, version=version), version
            )
        else:
            _tell(unit, target_id, [(known.slot, known.version)])


def _tell(unit: Unit, target_id: str, released: Sequence[tuple[Slot, int]]) -> None:
    for slot, version in released:
        event = wire.SlotReleased(
            target_id=target_id,
            slot_id=slot.slot_id,
            version=version,
            starts_at=instant(slot.starts_at),
            minutes=slot.minutes,
            clinician=slot.clinician,
        )
        unit.emit(event, version)
