"""What staff do by phone: answers of anybody in progress, cancellations, replies dealt with."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from integration.invitations.test_invitations import START, Invitations, patient_id, service
from invitations.routes import router
from recall.kit import wire
from recall.kit.consuming import Batch
from support.alone import records_of

__all__ = ["service"]


@pytest.fixture
async def staff(service: Invitations) -> AsyncIterator[httpx.AsyncClient]:
    app = service.service.app([router(service.service, service.channels, service.rotation)])
    transport = httpx.ASGITransport(app=app)
    headers = {"Authorization": "Bearer t", "X-Actor": "staff:ann"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://staff", headers=headers
    ) as client:
        yield client


async def say(staff: httpx.AsyncClient, number: int, what: str, body: Any) -> httpx.Response:
    return await staff.post(f"/v1/patients/{patient_id(number)}/{what}", json=body)


async def test_a_patient_in_queue_before_round_1_books_by_phone_and_is_never_texted(
    service: Invitations, staff: httpx.AsyncClient
) -> None:
    await service.target()
    await service.hear(service.patient(1))
    booked = await say(staff, 1, "answers", {"booked": "slot-2"})
    assert (booked.status_code, booked.json()["outcome"]) == (200, "booked")
    (event,) = service.kept.of(wire.AppointmentBooked)
    assert (event.invitation_id, event.round, event.via) == (None, None, "staff")
    assert (event.version, event.actor) == (1, "staff:ann")

    # The dispatch that was under way finds the appointment.
    await service.hear(service.dispatch(1))
    assert await service.states() == {f"{patient_id(1)}.1": "booked"}
    _, standing = service.kept.of(wire.AppointmentBooked)
    assert (standing.slot_id, standing.via) == ("slot-2", "standing")
    assert await service.rows("SELECT 1 FROM simulated_acts") == []

    again = await say(staff, 1, "answers", {"booked": "slot-3"})
    assert (again.status_code, again.json()["code"]) == (409, "already_booked")


async def test_a_patient_in_queue_declines_by_phone_and_a_dispatch_under_way_goes_nowhere(
    service: Invitations, staff: httpx.AsyncClient
) -> None:
    await service.target()
    await service.hear(service.patient(1))
    declined = await say(staff, 1, "answers", {"declined": True})
    assert (declined.status_code, declined.json()["outcome"]) == (200, "declined")
    await service.hear(service.dispatch(1))
    assert await service.states() == {f"{patient_id(1)}.1": "declined"}
    first, second = service.kept.of(wire.InvitationDeclined)
    assert (first.invitation_id, first.round) == (None, None)
    assert second.invitation_id == f"{patient_id(1)}.1"
    assert second.version > first.version
    assert await service.rows("SELECT 1 FROM simulated_acts") == []


async def test_between_two_rounds_a_phone_call_leaves_the_ended_invitation_as_it_is(
    service: Invitations, staff: httpx.AsyncClient
) -> None:
    await service.target()
    await service.hear(service.patient(1), service.dispatch(1))
    await service.rows(
        "UPDATE invitations SET state = 'unanswered', ended_at = expires_at, said = 1"
    )
    service.clock.at = START + timedelta(days=8)
    booked = await say(staff, 1, "answers", {"booked": "slot-0"})
    assert booked.status_code == 200
    assert await service.states() == {f"{patient_id(1)}.1": "unanswered"}
    (event,) = service.kept.of(wire.AppointmentBooked)
    assert event.round is None
    assert event.version == 1_000_002


async def test_a_call_and_a_dispatch_at_the_same_moment_give_one_outcome(
    service: Invitations, staff: httpx.AsyncClient
) -> None:
    people = range(8)
    await service.target(slots=8)
    await service.hear(*(service.patient(number) for number in people))
    await service.rows(
        "INSERT INTO inbox_offsets (topic, partition, next_offset) "
        "SELECT t, p, 0 FROM generate_series(0, 11) AS p, unnest('{dispatches,patients}'::text[]) AS t"
    )

    async def dispatch(number: int) -> None:
        # As the consumer does: the offsets of the batch are locked before it is folded.
        records = records_of("dispatches", [service.dispatch(number)])
        async with service.service.unit() as unit:
            await unit.connection.execute(
                "SELECT 1 FROM inbox_offsets WHERE topic = 'dispatches' AND partition = $1 FOR UPDATE",
                records[0].partition,
            )
            await service.handlers["dispatches"](Batch(unit, records))

    answers = [{"booked": f"slot-{n}"} if n % 2 else {"declined": True} for n in people]
    calls = [asyncio.create_task(say(staff, n, "answers", answers[n])) for n in people]
    await asyncio.gather(*(dispatch(n) for n in people), *calls)
    assert {call.result().status_code for call in calls} == {200}
    states = await service.states()
    assert [states[f"{patient_id(n)}.1"] for n in people] == ["declined", "booked"] * 4
    rows = await service.rows("SELECT patient_id::text FROM appointments ORDER BY 1")
    assert [row["patient_id"] for row in rows] == [patient_id(n) for n in people if n % 2]


async def test_a_removed_patient_is_not_booked(
    service: Invitations, staff: httpx.AsyncClient
) -> None:
    await service.target()
    await service.hear(service.patient(1))
    await service.rows("INSERT INTO removals VALUES ($1)", patient_id(1))
    refused = await say(staff, 1, "answers", {"booked": "slot-0"})
    assert (refused.status_code, refused.json()["code"]) == (409, "removed")


async def test_a_cancelled_appointment_frees_its_slot_and_says_why(
    service: Invitations, staff: httpx.AsyncClient
) -> None:
    await service.target()
    await service.hear(service.patient(1), service.dispatch(1), service.patient(2))
    service.clock.at = START + timedelta(hours=1)
    nothing = await say(staff, 1, "cancellations", {"reason": "Ill"})
    assert (nothing.status_code, nothing.json()["code"]) == (409, "no_appointment")
    for number in (1, 2):
        await say(staff, number, "answers", {"booked": f"slot-{number}"})
        done = await say(staff, number, "cancellations", {"reason": "On holiday"})
        assert (done.status_code, done.json()["cancelled"]) == (200, f"slot-{number}")
    assert await service.rows("SELECT 1 FROM appointments") == []
    assert await service.rows("SELECT 1 FROM slots WHERE booked") == []
    events = service.kept.of(wire.AppointmentCancelled)
    assert [(e.reason, e.actor, e.version) for e in events] == [
        ("On holiday", "staff:ann", 1_000_002),
        ("On holiday", "staff:ann", 2),
    ]
    again = await say(staff, 2, "answers", {"booked": "slot-2"})
    assert again.status_code == 200
    assert service.kept.of(wire.AppointmentBooked)[-1].version == 3


async def test_two_cancellations_at_once_cancel_once(
    service: Invitations, staff: httpx.AsyncClient
) -> None:
    await service.target()
    await service.hear(service.patient(1), service.dispatch(1))
    service.clock.at = START + timedelta(hours=1)
    await service.hear(service.reply(1, "A"))
    calls = [
        asyncio.create_task(say(staff, 1, "cancellations", {"reason": "Ill"})) for _ in range(3)
    ]
    text = asyncio.create_task(service.hear(service.reply(1, "CANCEL", "r2")))
    await asyncio.wait([text, *calls])
    if text.exception():  # Outpaced: the consumer does the batch again.
        await service.hear(service.reply(1, "CANCEL", "r2"))
    assert {call.result().status_code for call in calls} <= {200, 409}
    assert len(service.kept.of(wire.AppointmentCancelled)) == 1
    assert await service.rows("SELECT 1 FROM slots WHERE booked") == []


async def test_an_appointment_that_has_begun_is_not_cancelled(
    service: Invitations, staff: httpx.AsyncClient
) -> None:
    await service.target()
    await service.hear(service.patient(1))
    await say(staff, 1, "answers", {"booked": "slot-0"})
    service.clock.at = START + timedelta(days=14)
    late = await say(staff, 1, "cancellations", {"reason": "Did not come"})
    assert (late.status_code, late.json()["code"]) == (409, "appointment_past")


@pytest.mark.parametrize("target", ["nobody", "%00", "t%0a"])
async def test_a_target_that_is_not_known_has_no_replies_but_a_404(
    service: Invitations, staff: httpx.AsyncClient, target: str
) -> None:
    await service.target()
    answer = await staff.get(f"/v1/targets/{target}/replies")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_replies_that_nobody_understands_wait_for_staff_until_they_are_dealt_with(
    service: Invitations, staff: httpx.AsyncClient
) -> None:
    await service.target()
    await service.hear(service.patient(1), service.dispatch(1))
    offer = await service.offer_of(1)
    await service.hear(service.patient(2), service.dispatch(2))
    service.clock.at = START + timedelta(hours=3)
    assert (await staff.get("/v1/targets/t/replies")).json()["replies"] == []
    await service.hear(service.reply(1, "Can I come at noon?", "r1", hours=1))
    await service.hear(service.reply(1, "Hello?", "r2", hours=2), service.reply(2, "Who?", "r3"))

    shown = (await staff.get("/v1/targets/t/replies")).json()
    assert shown["total"] == 1
    (one,) = shown["replies"]
    assert one["name"] == "Ann Other"
    assert [said["text"] for said in one["wrote"]] == ["Can I come at noon?", "Hello?"]
    assert [slot["slot_id"] for slot in one["offer"]] == offer
    assert all(slot["free"] for slot in one["offer"])
    assert [slot["slot_id"] for slot in shown["free"]] == [f"slot-{n}" for n in range(6)]

    both = await say(staff, 1, "replies", {"help": True, "dealt_with": True})
    assert both.status_code == 422
    helped = await say(staff, 1, "replies", {"help": True})
    assert (helped.status_code, helped.json()["help_sent"]) == (200, True)
    noted = service.kept.of(wire.DeliveryNoted)[-1]
    assert (noted.needs_reply, noted.news, noted.actor) == (False, "help_sent", "staff:ann")
    none = await say(staff, 1, "replies", {"dealt_with": True})
    assert (none.status_code, none.json()["code"]) == (409, "nothing_waiting")
    assert (await staff.get("/v1/targets/t/replies")).json()["total"] == 0

    await service.hear(service.reply(1, "Still nothing", "r4", hours=3))
    assert (await staff.get("/v1/targets/t/replies")).json()["total"] == 1
    booked = await say(staff, 1, "answers", {"booked": offer[1]})
    assert booked.status_code == 200
    assert (await staff.get("/v1/targets/t/replies")).json()["total"] == 0
