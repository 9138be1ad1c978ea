"""Choosing slots to offer: each target's free slots in turn, so that offers rarely collide."""

from collections.abc import Sequence
from datetime import UTC, datetime

from invitations import store
from invitations.answers import Slot
from recall.kit.postgres import Connection

OFFERED = 3
BEGINNING = (datetime(1970, 1, 1, tzinfo=UTC), "")


class Rotation:
    """Where offering has got to in each target's slots; losing it costs but a few clashes."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[datetime, str]] = {}

    async def take(
        self, connection: Connection, target_id: str, now: datetime, count: int, *, lock: bool
    ) -> list[Slot]:
        """Up to so many bookable slots: on from where the last offers stopped, then from the start.

        With `lock` they are locked for booking and never the same twice.
        """
        place = self._places.get(target_id, BEGINNING)
        found = await store.free_slots(connection, target_id, now, place, count, lock=lock)
        if len(found) < count and place != BEGINNING:
            rest = await store.free_slots(
                connection, target_id, now, BEGINNING, count - len(found), lock=lock
            )
            known = {slot.slot_id for slot in found}
            found += [slot for slot in rest if slot.slot_id not in known]
        if found:
            self._places[target_id] = (found[-1].starts_at, found[-1].slot_id)
        return found

    async def offers(
        self, connection: Connection, target_id: str, now: datetime, people: int
    ) -> list[Sequence[Slot]]:
        """An offer of up to three slots for each of so many people."""
        found = await self.take(connection, target_id, now, people * OFFERED, lock=False)
        return [share(found, people, place) for place in range(people)]


def share(slots: Sequence[Slot], people: int, place: int) -> Sequence[Slot]:
    """One person's three of the slots, spread over time; with too few slots, people share them.

    >>> share([], 2, 0)
    []
    """
    if len(slots) >= people * OFFERED:
        return [slots[place + people * step] for step in range(OFFERED)]
    count = min(OFFERED, len(slots))
    return [slots[(place + step) % len(slots)] for step in range(count)]
