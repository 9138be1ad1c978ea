"""Whoever comes to a queue in which nobody waits leaves it in the transaction that brought them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import pytest

from integration.workflow.desk import Desk, opened
from recall.kit import wire
from recall.kit.postgres import Connection
from recall.register import Answer
from recall.register.port import Question
from support.stores import TestStores, fresh_database
from unit.workflow.builders import START, TARGET, Wire, at, patient
from workflow import store

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


async def test_why_others_waited_is_taken_back_when_nobody_waits(desk: Desk) -> None:
    await desk.hear(on.saved(), on.counted(0))
    await desk.hear(on.enrolled(0))
    await desk.settle()
    assert reasons(desk) == {"waiting_for_slot"}
    await desk.hear(on.removal(0), on.counted(5, version=2))
    await desk.hear(on.enrolled(1))
    assert (await desk.histogram(TARGET))["being_invited", 1] == 1
    assert reasons(desk) == {"next_to_be_invited"}


def reasons(desk: Desk) -> set[str]:
    return {wait.reason for wait in desk.kept.of(wire.QueueStated)[-1].rounds}


class Ailing:
    """A register that fails, in one way or another, whenever it is asked."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def look_up(self, questions: Sequence[Question], at: datetime) -> list[Answer]:
        del questions, at
        raise self.error


@pytest.mark.parametrize("error", [OSError("no line"), ValueError("no JSON"), TimeoutError()])
async def test_a_register_that_fails_holds_up_no_booking(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    await desk.hear(on.saved(), on.counted(5))
    await desk.hear(on.enrolled(0), on.enrolled(1))
    with monkeypatch.context() as patched:
        patched.setattr(desk.dispatching._leaving, "_register", Ailing(error))
        await desk.hear(on.booked(0), on.unanswered(1))
        assert await desk.histogram(TARGET) == {("booked", 1): 1, ("in_queue", 2): 1}
        assert desk.dispatching._room.known == desk.dispatching._room._whole - 2
    await desk.settle()
    assert await desk.histogram(TARGET) == {("booked", 1): 1, ("being_invited", 2): 1}


async def test_an_invitation_is_withdrawn_before_the_next_one_goes_out(desk: Desk) -> None:
    await desk.hear(on.saved(), on.counted(5))
    await desk.hear(on.enrolled(0))
    await desk.hear(on.enrolled(0, version=2, alert="restricted"), on.enrolled(0, version=3))
    orders = [e.data for e in desk.kept.events if hasattr(e.data, "invitation_id")]
    assert [(type(order), order.round) for order in orders] == [
        (wire.InvitationDispatched, 1),
        (wire.InvitationWithdrawn, 1),
        (wire.InvitationDispatched, 2),
    ]


async def test_newcomers_of_many_targets_are_let_go_together(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    async def lock(connection: Connection, ids: Sequence[str]) -> list[str]:
        asked.append(len(ids))
        return await lock_targets(connection, ids)

    lock_targets = store.lock_targets
    monkeypatch.setattr(store, "lock_targets", lock)
    targets = [Wire(f"target-{n}") for n in range(20)]
    await desk.hear(*(said for t in targets for said in (t.saved(), t.counted(5))))
    await desk.hear(*(target.enrolled(n) for target in targets for n in range(3)))
    assert asked == [20]
    (row,) = await desk.rows("SELECT count(*) FROM patients WHERE status = 'being_invited'")
    assert row["count"] == 60


async def test_batches_and_turns_at_the_same_time_never_exceed_the_room(
    stores: TestStores,
) -> None:
    dsn = await fresh_database(stores)
    async with opened(dsn, stores.role_password) as one, opened(dsn, stores.role_password) as two:
        await one.hear(on.saved(), on.counted(37))

        async def come(desk: Desk, numbers: Sequence[int]) -> None:
            for number in numbers:
                await desk.hear(on.enrolled(number))
                await desk.dispatching.dispatch(TARGET)

        await asyncio.gather(come(one, range(0, 50, 2)), come(two, range(1, 50, 2)))
        await one.settle()
        assert await one.histogram(TARGET) == {("being_invited", 1): 37, ("in_queue", 1): 13}
        invited = one.kept.of(wire.InvitationDispatched) + two.kept.of(wire.InvitationDispatched)
        assert len({d.invitation_id for d in invited}) == len(invited) == 37
        await one.assert_sound()
