"""Publishes how many slots are free: one publisher counts a target, when something changed."""

from datetime import datetime

import msgspec

from invitations.store import boards
from recall.contracts.instants import instant
from recall.kit import wire
from recall.kit.service import Service
from recall.kit.unit import Unit


async def publish(service: Service) -> bool:
    """Count the targets that changed, or whose next slot has begun, and say what is new."""
    async with service.unit() as unit:
        for target_id, booked in await boards.take_dirty(unit.connection, unit.now):
            await _count(unit, target_id, booked)
    return False


async def _count(unit: Unit, target_id: str, booked: int) -> None:
    """Count a target of which so many more slots are booked than when it was counted last."""
    version, before, earlier = await boards.lock_board(unit.connection, target_id)
    found, first, last = await boards.count_free(unit.connection, target_id, unit.now)
    days = [wire.FreeSlots(date=day.isoformat(), free=free) for day, free in found]
    booked += earlier
    content = msgspec.json.encode([days, last, max(0, booked)]).decode()
    changed = content != before
    version += changed
    await boards.save_board(
        unit.connection, target_id, version=version, content=content, booked=booked,
        next_start=first,
    )  # fmt: skip
    if changed:
        unit.emit(as_published(target_id, version, content, unit), version)


def as_published(target_id: str, version: int, content: str, unit: Unit) -> object:
    """The event of a count, from the board's content."""
    days, last, booked = _decode_content(content)
    return wire.SlotAvailability(
        target_id=target_id,
        version=version,
        days=[wire.FreeSlots(date=day.date, free=day.free) for day in days],
        last_slot_at=None if last is None else instant(last),
        booked=booked,
        counted_at=unit.now_text,
    )


class _Day(msgspec.Struct):
    """One London day of a board's content."""

    date: str
    free: int


_decode_content = msgspec.json.Decoder(tuple[list[_Day], datetime | None, int]).decode
