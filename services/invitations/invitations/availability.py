"""Publishes how many slots are free: one publisher counts a target, when something changed."""

from datetime import datetime

import msgspec

from invitations import store
from recall.contracts.instants import instant
from recall.kit import wire
from recall.kit.service import Service
from recall.kit.unit import Unit


async def publish(service: Service) -> bool:
    """Count the targets that changed, or whose next slot has begun, and say what is new."""
    async with service.unit() as unit:
        for target_id in await store.take_dirty(unit.connection, unit.now):
            await _count(unit, target_id)
    return False


async def _count(unit: Unit, target_id: str) -> None:
    version, before = await store.lock_board(unit.connection, target_id)
    days, first, last = await store.count_free(unit.connection, target_id, unit.now)
    counted = wire.SlotAvailability(
        target_id=target_id,
        version=version + 1,
        days=[wire.FreeSlots(date=day.isoformat(), free=free) for day, free in days],
        last_slot_at=None if last is None else instant(last),
        counted_at=unit.now_text,
    )
    content = _content(counted.days, last)
    if content == before:
        await store.save_board(unit.connection, target_id, version, content, first)
        return
    await store.save_board(unit.connection, target_id, version + 1, content, first)
    unit.emit(counted, version + 1)


def as_published(target_id: str, version: int, content: str, unit: Unit) -> object:
    """The event of a count that was published before, from the board's content."""
    days, last = _decode_content(content)
    return wire.SlotAvailability(
        target_id=target_id,
        version=version,
        days=[wire.FreeSlots(date=day.date, free=day.free) for day in days],
        last_slot_at=None if last is None else instant(last),
        counted_at=unit.now_text,
    )


class _Day(msgspec.Struct):
    """One London day of a board's content."""

    date: str
    free: int


_decode_content = msgspec.json.Decoder(tuple[list[_Day], datetime | None]).decode


def _content(days: object, last: datetime | None) -> str:
    """What a count says, as text to compare with the last one."""
    return msgspec.json.encode([days, last]).decode()
