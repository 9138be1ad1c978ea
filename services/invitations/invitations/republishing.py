"""Free slots told again, as they were counted last."""

from invitations import availability
from invitations.store import boards
from recall.kit.republishing import Teller
from recall.kit.unit import Unit


async def tell_boards(unit: Unit, after: str, most: int) -> str | None:
    """Emit the boards of the targets after an id."""
    found = await boards.boards_after(unit.connection, after, most)
    for target_id, version, content in found:
        if version:
            unit.emit(availability.as_published(target_id, version, content, unit), version)
    return found[-1][0] if len(found) == most else None


TELLERS: dict[str, Teller] = {"slot-availability": tell_boards}
