from collections.abc import AsyncIterator

import pytest

from integration.workflow.desk import Desk, opened
from recall.kit import wire
from support.stores import TestStores, fresh_database
from unit.workflow.builders import TARGET, Wire

on = Wire()


@pytest.fixture
async def desk(stores: TestStores) -> AsyncIterator[Desk]:
    async with opened(await fresh_database(stores), stores.role_password) as found:
        yield found
        await found.assert_sound()


async def test_patients_leave_the_queue_as_far_as_there_is_room(desk: Desk) -> None:
    await desk.hear(on.saved(), on.counted(3), *(on.enrolled(n) for n in range(5)))
    await desk.settle()
    assert await desk.histogram(TARGET) == {("being_invited", 1): 3, ("in_queue", 1): 2}
    dispatches = desk.kept.of(wire.InvitationDispatched)
    assert [d.channel for d in dispatches] == ["sms"] * 3
    (stated,) = desk.kept.of(wire.QueueStated)
    assert {w.reason for w in stated.rounds} == {"waiting_for_slot"}
