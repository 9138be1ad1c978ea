import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from importlib.resources import files
from typing import Any

import asyncpg
import pytest

from integration.workflow.desk import Desk, opened
from recall.kit import wire
from recall.kit.consuming import Batch
from recall.kit.migrating import migrations
from recall.kit.sql import queries
from support.alone import records_of
from support.stores import TestStores, fresh_database
from unit.workflow.builders import START, TARGET, Wire, at, patient

on = Wire()
Status = tuple[str, int]


@pytest.fixture
async def desk(stores: TestStores) -> AsyncIterator[Desk]:
    async with opened(await fresh_database(stores), stores.role_password) as found:
        yield found
        await found.assert_sound()


async def begin(desk: Desk, patients: int, slots: int, **target: Any) -> None:
    """So many patients on a target with so many free slots."""
    await desk.hear(on.saved(**target), on.counted(slots))
    await desk.hear(*(on.enrolled(n) for n in range(patients)))
    await desk.settle()


def reasons(desk: Desk) -> list[tuple[set[str], str | None]]:
    """What was stated about the queue, statement by statement."""
    stated = desk.kept.of(wire.QueueStated)
    return [({w.reason for w in s.rounds}, s.rounds[0].until) for s in stated]


async def where(desk: Desk, number: int, target: str = TARGET) -> Status:
    (row,) = await desk.rows(
        "SELECT status, round FROM patients WHERE patient_id = $1", patient(number, target)
    )
    return row["status"], row["round"]


async def test_patients_leave_the_queue_in_upload_order_as_far_as_there_is_room(desk: Desk) -> None:
    await begin(desk, patients=5, slots=3)
    assert await desk.histogram(TARGET) == {("being_invited", 1): 3, ("in_queue", 1): 2}
    dispatches = desk.kept.of(wire.InvitationDispatched)
    assert {d.patient_id for d in dispatches} == {patient(n) for n in range(3)}
    assert {(d.channel, d.dispatched_at, d.expires_at) for d in dispatches} == {
        ("sms", at(), at(days=7))
    }
    assert reasons(desk) == [({"waiting_for_slot"}, None)]
    assert await desk.dispatching.due(START) == 0


async def test_a_freed_place_is_taken_by_the_later_round_first(desk: Desk) -> None:
    await begin(desk, patients=3, slots=2)
    await desk.hear(on.unanswered(1))
    assert await desk.dispatching.due(START) == 1
    await desk.settle()
    assert await desk.histogram(TARGET) == {
        ("being_invited", 1): 1,
        ("being_invited", 2): 1,
        ("in_queue", 1): 1,
    }
    assert desk.kept.of(wire.InvitationDispatched)[-1].channel == "sms-link"


async def test_more_free_slots_and_a_higher_ratio_open_the_gate(desk: Desk) -> None:
    await begin(desk, patients=8, slots=2)
    await desk.hear(on.counted(3, version=2))
    await desk.settle()
    assert (await desk.histogram(TARGET))["being_invited", 1] == 3
    await desk.hear(on.counted(1, version=1), on.saved(version=2, invitations_per_slot="1.5"))
    await desk.settle()
    assert (await desk.histogram(TARGET))["being_invited", 1] == 5
    await desk.hear(on.saved(version=3, invitations_per_slot=None))
    await desk.settle()
    assert (await desk.histogram(TARGET))["being_invited", 1] == 8


async def test_outcomes_move_patients_to_the_end_of_the_workflow(desk: Desk) -> None:
    await begin(desk, patients=4, slots=9)
    for step in (1, 2, 3):
        await desk.hear(on.unanswered(0, version=step, step=step))
        await desk.settle()
    await desk.hear(on.booked(1), on.declined(2), on.undeliverable(3, reason="deceased"))
    assert await desk.histogram(TARGET) == {
        ("did_not_book", 3): 1,
        ("booked", 1): 1,
        ("declined", 1): 1,
        ("patient_alert", 1): 1,
    }
    last = {p.patient_id: p for p in desk.kept.of(wire.PatientProgressed)}
    assert last[patient(1)].appointment.slot_id == "slot-1"
    assert (last[patient(3)].alert, last[patient(3)].description) == ("deceased", "deceased")
    assert last[patient(0)].description == "unanswered"


async def test_a_second_delivery_of_everything_changes_and_says_nothing(desk: Desk) -> None:
    await begin(desk, patients=3, slots=9)
    said = [on.booked(0), on.unanswered(1), on.noted(2), on.removal(2)]
    await desk.hear(*said)
    await desk.settle()
    before, heard = await desk.rows("SELECT * FROM patients ORDER BY 1"), len(desk.kept.events)
    await desk.hear(*said, *(on.enrolled(n) for n in range(3)), on.saved(), on.counted(9))
    await desk.settle()
    assert await desk.rows("SELECT * FROM patients ORDER BY 1") == before
    assert len(desk.kept.events) == heard


async def test_a_paused_target_folds_answers_and_dispatches_nobody(desk: Desk) -> None:
    await begin(desk, patients=3, slots=2)
    await desk.hear(on.saved(version=2, state="paused"))
    await desk.hear(on.unanswered(0), on.booked(1))
    await desk.settle()
    assert await desk.histogram(TARGET) == {
        ("in_queue", 1): 1,
        ("in_queue", 2): 1,
        ("booked", 1): 1,
    }
    assert reasons(desk)[-1] == ({"target_paused"}, None)
    await desk.hear(on.saved(version=3))
    await desk.settle()
    assert (await desk.histogram(TARGET))["being_invited", 2] == 1


async def test_at_night_the_queue_waits_until_the_window_opens(desk: Desk) -> None:
    desk.clock.at = START + timedelta(hours=12)
    await begin(desk, patients=2, slots=9)
    opens = START + timedelta(hours=23)
    assert reasons(desk) == [({"outside_send_window"}, "2025-09-02T07:00:00.000000Z")]
    assert await desk.dispatching.due(opens - timedelta(seconds=1)) == 0
    assert await desk.dispatching.due(opens) == 1
    desk.clock.at = opens
    assert await desk.dispatching.step() is False  # The opening alone wakes it, in one pass.
    assert await desk.histogram(TARGET) == {("being_invited", 1): 2}
    assert desk.kept.of(wire.InvitationDispatched)[0].expires_at == at(days=7, hours=23)


async def test_the_register_is_asked_again_just_before_dispatch(desk: Desk) -> None:
    desk.alerts["9990000000"] = "deceased"
    await begin(desk, patients=2, slots=1)
    assert await desk.histogram(TARGET) == {("patient_alert", 1): 1, ("being_invited", 1): 1}
    assert [d.patient_id for d in desk.kept.of(wire.InvitationDispatched)] == [patient(1)]
    del desk.alerts["9990000000"]
    await desk.hear(on.counted(5, version=2), on.enrolled(0, version=2))
    await desk.settle()
    assert await where(desk, 0) == ("being_invited", 1)


async def test_removal_withdraws_the_open_invitation(desk: Desk) -> None:
    await begin(desk, patients=2, slots=1)
    await desk.hear(on.removal(0), on.removal(1))
    (withdrawn,) = desk.kept.of(wire.InvitationWithdrawn)
    assert (withdrawn.invitation_id, withdrawn.reason) == (f"{patient(0)}.1", "Moved away.")
    await desk.hear(on.booked(0))
    assert await where(desk, 0) == ("removed", 1)
    assert desk.kept.of(wire.PatientProgressed)[-1].appointment.slot_id == "slot-0"


async def test_what_is_said_of_a_patient_not_met_yet_waits_for_them(desk: Desk) -> None:
    await desk.hear(on.saved(), on.counted(0))
    await desk.hear(on.removal(0), on.booked(1), on.booked(1))
    assert not desk.kept.of(wire.PatientProgressed)
    assert len(await desk.rows("SELECT * FROM waiting_messages")) == 2
    await desk.hear(on.enrolled(0), on.enrolled(1))
    assert await where(desk, 0) == ("removed", 1)
    assert await where(desk, 1) == ("booked", 1)
    assert not await desk.rows("SELECT * FROM waiting_messages")


async def test_an_enrolment_in_hand_is_waited_for(desk: Desk) -> None:
    """No message is put to wait behind the back of the enrolment it waits for."""
    await desk.hear(on.saved(), on.counted(0))
    (enrolled,) = records_of("patients", [on.enrolled(0)])
    async with desk.service.unit() as unit:
        await unit.connection.fetch(
            "SELECT FROM inbox_offsets WHERE topic = 'patients' AND partition = $1 FOR UPDATE",
            enrolled.partition,
        )
        await desk.workflow.on_patients(Batch(unit, [enrolled]))
        removing = asyncio.create_task(desk.hear(on.removal(0)))
        await until_somebody_waits_for_a_lock(desk)
    await removing
    assert await where(desk, 0) == ("removed", 1)
    assert not await desk.rows("SELECT * FROM waiting_messages")


async def until_somebody_waits_for_a_lock(desk: Desk) -> None:
    async with asyncio.timeout(10):
        while not await desk.rows("SELECT FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_patients_of_a_target_not_read_yet_wait_for_it(desk: Desk) -> None:
    await desk.hear(on.enrolled(0), on.counted(5))
    await desk.settle()
    assert await where(desk, 0) == ("in_queue", 1)
    await desk.hear(on.saved())
    await desk.settle()
    assert await where(desk, 0) == ("being_invited", 1)


async def test_a_large_target_does_not_hold_up_a_small_one(stores: TestStores) -> None:
    small = Wire("small")
    async with opened(await fresh_database(stores), stores.role_password, portion=5) as desk:
        await desk.hear(on.saved(), small.saved(practice="B82002"))
        await desk.hear(
            *(on.enrolled(n) for n in range(20)), *(small.enrolled(n) for n in range(3))
        )
        await desk.hear(on.counted(50), small.counted(50))
        desk.dispatching._scanned_at = -1e9
        assert await desk.dispatching.step()
        assert await desk.dispatching.step()
        assert await desk.histogram(TARGET) == {("being_invited", 1): 5, ("in_queue", 1): 15}
        assert await desk.histogram("small") == {("being_invited", 1): 3}
        assert await desk.settle() > 1
        await desk.assert_sound()


async def test_many_targets_of_one_practice_do_not_hold_up_another_practice(
    stores: TestStores,
) -> None:
    many, other = [Wire(f"many-{n}") for n in range(4)], Wire("other")
    async with opened(await fresh_database(stores), stores.role_password, portion=2) as desk:
        for target in many:
            await desk.hear(target.saved(), target.counted(50))
            await desk.hear(*(target.enrolled(n) for n in range(10)))
        assert await desk.dispatching.step()
        # In the midst of forty patients of one practice, two of another arrive.
        await desk.hear(other.saved(practice="B82002"), other.counted(50))
        await desk.hear(*(other.enrolled(n) for n in range(2)))
        assert await desk.dispatching.step()
        assert await desk.dispatching.step()
        assert await desk.histogram("other") == {("being_invited", 1): 2}
        invited = await desk.rows(INVITED)
        assert invited[0]["count"] == 6
        await desk.settle()
        assert (await desk.rows(INVITED))[0]["count"] == 42
        await desk.assert_sound()


async def test_a_booking_is_known_before_the_free_slots_are_counted_again(desk: Desk) -> None:
    await desk.hear(on.saved(), on.counted(3, booked=0))
    await desk.hear(*(on.enrolled(n) for n in range(6)))
    await desk.settle()
    await desk.hear(on.booked(0), on.booked(1))
    await desk.settle()
    # Two of the three slots are gone, though the count that says so is still on its way.
    assert (await desk.histogram(TARGET))["being_invited", 1] == 1
    await desk.hear(on.counted(1, version=2, booked=2))
    await desk.settle()
    assert (await desk.histogram(TARGET))["being_invited", 1] == 1
    # A count may also run ahead of the bookings that it includes.
    await desk.hear(on.counted(0, version=3, booked=3))
    await desk.settle()
    assert (await desk.histogram(TARGET))["being_invited", 1] == 1
    await desk.hear(on.counted(4, version=4, booked=3))
    await desk.settle()
    assert (await desk.histogram(TARGET))["being_invited", 1] == 4


async def test_a_cancelled_appointment_opens_the_gate_for_the_next_patient(desk: Desk) -> None:
    await desk.hear(on.saved(), on.counted(1, booked=0))
    await desk.hear(on.enrolled(0), on.enrolled(1))
    await desk.settle()
    await desk.hear(on.booked(0), on.counted(0, version=2, booked=1))
    await desk.settle()
    assert reasons(desk)[-1] == ({"waiting_for_slot"}, None)
    await desk.hear(on.cancelled(0), on.counted(1, version=3, booked=0))
    await desk.settle()
    # Later rounds first: the slot that was freed is offered to the one who gave it back.
    assert await where(desk, 0) == ("being_invited", 2)
    assert await where(desk, 1) == ("in_queue", 1)


async def test_dispatchers_side_by_side_never_exceed_the_room_or_invite_twice(
    stores: TestStores,
) -> None:
    dsn = await fresh_database(stores)
    async with (
        opened(dsn, stores.role_password, portion=7) as one,
        opened(dsn, stores.role_password, portion=7) as two,
    ):
        await one.hear(on.saved(), on.counted(60))
        await one.hear(*(on.enrolled(n) for n in range(100)))
        most = 0

        async def rush(desk: Desk, numbers: Sequence[int]) -> None:
            nonlocal most
            for number in numbers:
                await desk.dispatching.dispatch(TARGET)
                await desk.hear(on.unanswered(number))
                most = max(most, (await desk.rows(INVITED))[0]["count"])

        await asyncio.gather(rush(one, range(0, 30, 2)), rush(two, range(1, 30, 2)))
        await one.settle()
        await two.settle()
        dispatches = one.kept.of(wire.InvitationDispatched) + two.kept.of(wire.InvitationDispatched)
        assert len(dispatches) == len({d.invitation_id for d in dispatches})
        assert most <= 60
        assert (await one.rows(INVITED))[0]["count"] == 60
        await one.assert_sound()


INVITED = "SELECT count(*) FROM patients WHERE status = 'being_invited'"


async def test_a_second_invitation_in_a_round_is_refused_by_the_table(desk: Desk) -> None:
    await begin(desk, patients=1, slots=1)
    await desk.rows("UPDATE patients SET status = 'in_queue', invited_round = 0")
    await desk.rows("UPDATE tallies SET in_queue = 1, being_invited = 0")
    with pytest.raises(asyncpg.UniqueViolationError):
        await desk.dispatching.dispatch(TARGET)


async def test_a_crash_before_the_commit_leaves_no_trace(desk: Desk) -> None:
    await begin(desk, patients=2, slots=1)
    before = await desk.rows("SELECT * FROM patients ORDER BY 1")
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - the crash comes before the commit.
        async with desk.service.unit() as unit:
            await desk.workflow.on_invitation_outcomes(
                Batch(unit, records_of("invitation-outcomes", [on.booked(0)]))
            )
            raise KeyboardInterrupt
    assert await desk.rows("SELECT * FROM patients ORDER BY 1") == before
    await desk.hear(on.booked(0))
    assert await where(desk, 0) == ("booked", 1)


async def test_the_migrations_arrive_at_the_schema(stores: TestStores) -> None:
    described = []
    for text in (
        "".join(m.text for m in migrations("workflow") if m.name.startswith("workflow/")),
        (migrations_folder() / "schema.sql").read_text(),
    ):
        connection = await asyncpg.connect(await fresh_database(stores))
        await connection.execute(text)
        described.append(await connection.fetch(DESCRIBED))
        await connection.close()
    assert described[0] == described[1]
    assert described[0]


def migrations_folder() -> Any:
    return files("workflow") / "sql"


DESCRIBED = """
SELECT table_name, column_name::text, data_type, is_nullable
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), '' FROM pg_constraint
WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT tablename, indexname, indexdef, '' FROM pg_indexes WHERE schemaname = 'public'
ORDER BY 1, 2, 3
"""


async def test_every_query_suits_the_tables(desk: Desk) -> None:
    async with desk.pool.acquire() as connection:
        for text in queries("workflow").values():
            await connection.prepare(text)
