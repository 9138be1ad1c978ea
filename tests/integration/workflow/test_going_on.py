"""Whoever comes to a queue in which nobody waits leaves it in the transaction that brought them."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from integration.workflow.desk import Desk, opened
from recall.kit import wire
from support.stores import TestStores, fresh_database
from unit.workflow.builders import START, TARGET, Wire, at, patient

on = Wire()


@pytest.fixture
async def desk(stores: TestStores) -> AsyncIterator[Desk]:
    async with opened(await fresh_database(stores), stores.role_password) as found:
        yield found
        await found.assert_sound()


async def test_a_new_patient_is_invited_at_once_and_said_once(desk: Desk) -> None:
    await desk.hear(on.saved(), on.counted(2))
    await desk.hear(on.enrolled(0), on.enrolled(1))
    assert await desk.histogram(TARGET) == {("being_invited", 1): 2}
    progressed = desk.kept.of(wire.PatientProgressed)
    assert sorted((p.patient_id, p.status, p.until) for p in progressed) == sorted(
        (patient(n), "being_invited", at(days=7)) for n in range(2)
    )
    dispatches = desk.kept.of(wire.InvitationDispatched)
    assert {d.patient_id: d.version for d in dispatches} == {
        p.patient_id: p.version for p in progressed
    }
    assert await desk.dispatching.due(START) == 0


async def test_silence_leads_to_the_next_rounds_invitation_in_one_step(desk: Desk) -> None:
    await desk.hear(on.saved(), on.counted(2))
    await desk.hear(on.enrolled(0))
    await desk.hear(on.unanswered(0))
    assert await desk.histogram(TARGET) == {("being_invited", 2): 1}
    assert [d.channel for d in desk.kept.of(wire.InvitationDispatched)] == ["sms", "sms-link"]
    await desk.hear(on.unanswered(0))
    assert len(desk.kept.of(wire.InvitationDispatched)) == 2


async def test_where_somebody_waits_the_order_of_the_queue_decides(desk: Desk) -> None:
    await desk.hear(on.saved(), on.counted(1))
    await desk.hear(on.enrolled(0), on.enrolled(1))
    assert await desk.histogram(TARGET) == {("in_queue", 1): 2}
    await desk.hear(on.counted(2, version=2), on.enrolled(2))
    assert await desk.histogram(TARGET) == {("in_queue", 1): 3}
    await desk.settle()
    invited = {d.patient_id for d in desk.kept.of(wire.InvitationDispatched)}
    assert invited == {patient(0), patient(1)}


async def test_a_booking_in_the_same_batch_makes_no_room_that_is_not_there(desk: Desk) -> None:
    await desk.hear(on.saved(invitations_per_slot="2"), on.counted(2, booked=0))
    await desk.hear(*(on.enrolled(n) for n in range(4)))
    assert await desk.histogram(TARGET) == {("being_invited", 1): 4}
    # One slot of two is left, so two may be invited: the two others, and nobody else.
    await desk.hear(on.booked(0), on.unanswered(1))
    assert await desk.histogram(TARGET) == {
        ("booked", 1): 1,
        ("being_invited", 1): 2,
        ("in_queue", 2): 1,
    }


async def test_nobody_goes_on_in_a_pause_at_night_or_without_slots(desk: Desk) -> None:
    night, paused, full = Wire("night"), Wire("paused"), Wire("full")
    await desk.hear(paused.saved(state="paused"), full.saved(), paused.counted(9), full.counted(0))
    await desk.hear(paused.enrolled(0), full.enrolled(0))
    desk.clock.at = START + timedelta(hours=12)
    await desk.hear(night.saved(), night.counted(9))
    await desk.hear(night.enrolled(0))
    await desk.settle()
    assert not desk.kept.of(wire.InvitationDispatched)
    assert {p.status for p in desk.kept.of(wire.PatientProgressed)} == {"in_queue"}


async def test_the_register_has_its_say_on_the_way(desk: Desk) -> None:
    desk.alerts["9990000000"] = "deceased"
    await desk.hear(on.saved(), on.counted(5))
    await desk.hear(on.enrolled(0), on.enrolled(1))
    assert await desk.histogram(TARGET) == {("patient_alert", 1): 1, ("being_invited", 1): 1}
    assert [d.patient_id for d in desk.kept.of(wire.InvitationDispatched)] == [patient(1)]


async def test_while_readers_are_behind_newcomers_wait_for_their_turn(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def far_behind(readers: list[tuple[str, str]]) -> dict[tuple[str, str], tuple[int, int]]:
        return {reader: (1, 8_001) for reader in readers if reader[1] == "dispatches"}

    monkeypatch.setattr(desk.service.readers, "positions", far_behind)
    desk.dispatching._room._moved = {("invitations", "dispatches"): (0, 0.0)}
    await desk.dispatching._room.left(desk.service.readers.positions)
    await desk.hear(on.saved(), on.counted(5))
    await desk.hear(on.enrolled(0))
    assert await desk.histogram(TARGET) == {("in_queue", 1): 1}
    # A practice that has had no turn yet has a small one all the same.
    await desk.settle()
    assert await desk.histogram(TARGET) == {("being_invited", 1): 1}


async def test_while_another_dispatcher_has_the_target_newcomers_wait(desk: Desk) -> None:
    await desk.hear(on.saved(), on.counted(5))
    async with desk.pool.acquire() as other, other.transaction():
        await other.execute("SELECT FROM targets FOR UPDATE")
        await desk.hear(on.enrolled(0))
        assert await desk.histogram(TARGET) == {("in_queue", 1): 1}
    await desk.settle()
    assert await desk.histogram(TARGET) == {("being_invited", 1): 1}


async def test_two_processes_never_let_more_go_than_there_is_room(stores: TestStores) -> None:
    dsn = await fresh_database(stores)
    async with opened(dsn, stores.role_password) as one, opened(dsn, stores.role_password) as two:
        await one.hear(on.saved(), on.counted(10))
        for first in range(0, 30, 6):
            await one.hear(*(on.enrolled(n) for n in range(first, first + 3)))
            await two.hear(*(on.enrolled(n) for n in range(first + 3, first + 6)))
        await one.settle()
        assert await one.histogram(TARGET) == {("being_invited", 1): 10, ("in_queue", 1): 20}
        await one.assert_sound()
