"""How much may be said before what was said has been read."""

from collections.abc import Mapping, Sequence

import pytest

from recall.kit.readers import CATCHING_UP, LOOK_SECONDS, PATIENCE, Position, Reader, Room

FOLDER, WATCHER = ("workflow", "patients"), ("dashboard", "patient-progress")
MOST = {"patients": 1000, "patient-progress": 4000}


class Machine:
    """The clock, and what the broker says."""

    def __init__(self) -> None:
        self.at = 100.0
        self.found: dict[Reader, Position] = {}
        self.away = False
        self.asked = 0

    async def ask(self, readers: Sequence[Reader]) -> Mapping[Reader, Position]:
        self.asked += 1
        assert {FOLDER, WATCHER} <= set(readers)
        if self.away:
            raise OSError("no broker")
        return self.found


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr("recall.kit.readers.time.monotonic", lambda: made.at)
    return made


async def later(machine: Machine, room: Room, **found: Position) -> int:
    """What room there is after the readers were looked at again."""
    machine.at += 2 * LOOK_SECONDS
    names = {"folder": FOLDER, "watcher": WATCHER}
    machine.found = {names[name]: position for name, position in found.items()}
    return await room.left(machine.ask)


async def test_the_reader_furthest_behind_says_how_much_room_there_is(machine: Machine) -> None:
    room = Room(1000, MOST)
    assert await later(machine, room, folder=(0, 0), watcher=(0, 0)) == 1000
    assert await later(machine, room, folder=(1, 301), watcher=(1, 401)) == 700
    assert await later(machine, room, folder=(2, 302), watcher=(2, 2002)) == 500
    assert await later(machine, room, folder=(3, 5003), watcher=(3, 3)) == 0


async def test_what_was_let_go_takes_room_until_the_next_look(machine: Machine) -> None:
    room = Room(1000, MOST)
    assert await room.left(machine.ask) == 1000
    room.take(600)
    assert await room.left(machine.ask) == 400
    room.take(600)
    assert await room.left(machine.ask) == 0
    assert machine.asked == 1
    assert await later(machine, room) == 1000


async def test_a_reader_that_stands_still_is_not_waited_for(machine: Machine) -> None:
    room = Room(1000, MOST)
    await later(machine, room, folder=(5, 5))
    assert await later(machine, room, folder=(5, 1005)) == 0
    machine.at += PATIENCE
    assert await later(machine, room, folder=(5, 1005)) == 1000
    # It is back.
    assert await later(machine, room, folder=(205, 1005)) == 200


async def test_who_is_behind_at_first_sight_is_waited_for_once_it_moves(machine: Machine) -> None:
    room = Room(1000, MOST)
    assert await later(machine, room, folder=(100, 1000)) == 1000
    assert await later(machine, room, folder=(200, 1000)) == 200


async def test_a_reader_that_catches_up_on_other_things_is_not_waited_for(machine: Machine) -> None:
    room = Room(1000, MOST)
    far = 1000 * CATCHING_UP + 1
    await later(machine, room, folder=(0, far))
    assert await later(machine, room, folder=(10, 10 + far)) == 1000
    assert await later(machine, room, folder=(20, 19 + far)) == 0


async def test_a_broker_that_does_not_answer_is_not_waited_for(machine: Machine) -> None:
    room = Room(1000, MOST)
    await later(machine, room, folder=(0, 0))
    assert await later(machine, room, folder=(1, 701)) == 300
    machine.away = True
    assert await later(machine, room) == 300
    machine.at += PATIENCE
    assert await later(machine, room) == 1000


def test_only_paced_topics_can_be_held_back_for() -> None:
    with pytest.raises(ValueError, match="targets"):
        Room(1000, {"targets": 10})
