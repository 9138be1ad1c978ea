"""What happens when two things happen at once: all four services, messages delivered by the test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from recall.kit import wire
from support.play import NUMBERS, START, Play
from support.stores import TestStores, fresh_database
from support.world import opened, silent


@pytest.fixture
async def play(stores: TestStores, tmp_path: Path) -> AsyncIterator[Play]:
    scenario = tmp_path / "scenario.json"
    scenario.write_text(silent())
    dsn = await fresh_database(stores)
    async with opened(dsn, stores.role_password, str(scenario)) as world:
        await world.begin(START)
        yield Play(world)


async def test_a_booking_that_wins_against_a_removal_stands(play: Play) -> None:
    await play.begin([15, 16, 17])
    play.reply("A")
    await play.remove()
    await play.deliver("invitations", "channel-reports")
    await play.settle()
    assert await play.where() == ("removed", 1)
    assert play.booked() == ["s15"]
    assert (await play.shown())["appointment"]["slot_id"] == "s15"
    said = await play.timeline()
    assert "Booked by replying" in said
    assert "Removed from the target. Reason: Moved away." in said


async def test_a_removal_that_wins_against_a_booking_refuses_it(play: Play) -> None:
    await play.begin([15, 16, 17])
    play.reply("A")
    await play.remove()
    await play.deliver("workflow", "patient-requests")
    await play.deliver("invitations", "dispatches")
    await play.settle()
    assert await play.where() == ("removed", 1)
    assert play.booked() == []
    assert "was withdrawn. Reason: Moved away." in await play.timeline()


async def test_whoever_comes_back_with_an_appointment_is_booked_and_not_invited(play: Play) -> None:
    await play.begin([15, 16, 17])
    play.reply("A")
    await play.remove()
    await play.deliver("invitations", "channel-reports")
    await play.settle()
    await play.upload(1)
    await play.settle()
    back = play.patient(enrolment=2)
    assert await play.where(back) == ("booked", 1)
    assert "Already had an appointment" in await play.timeline(back)


async def test_whom_a_pause_does_not_reach_in_time_finishes_the_round_and_waits(play: Play) -> None:
    await play.begin([15, 16, 17])
    await play.upload(2)
    await play.deliver("workflow", "patients")
    await play.ask("POST", "/v1/targets/t/pause")
    assert await play.world.tick("workflow", "dispatch") is False
    assert len(play.world.said(wire.InvitationDispatched)) == 2
    await play.settle()
    await play.wait(days=7)
    assert await play.where() == ("in_queue", 2)
    assert (await play.shown())["description"] == "target_paused"
    await play.ask("POST", "/v1/targets/t/resume")
    await play.settle()
    assert await play.where() == ("being_invited", 2)


async def test_a_slot_that_has_left_the_window_is_not_booked_but_another_offered(
    play: Play,
) -> None:
    await play.begin([15, 16, 17, 25])
    window = {"booking_window": {"from": "2025-09-20"}}
    await play.ask("PATCH", "/v1/targets/t", json=window)
    await play.settle()
    play.reply("A")
    await play.settle()
    assert await play.where() == ("being_invited", 1)
    assert play.booked() == []
    play.reply("A")
    await play.settle()
    assert await play.where() == ("booked", 1)
    assert play.booked() == ["s25"]


async def test_a_late_reply_counts_for_the_later_rounds_invitation(play: Play) -> None:
    await play.begin([15, 16, 17])
    await play.wait(days=7)
    assert await play.where() == ("being_invited", 2)
    play.reply("B", step=1)
    await play.settle()
    assert await play.where() == ("booked", 2)
    assert play.booked() == ["s16"]
    said = await play.timeline()
    assert "to answer by Mon 8 Sep 09:00" in said
    assert "to answer by Mon 15 Sep 09:00" in said


async def test_stop_ends_the_texts_of_a_person_on_every_target(play: Play) -> None:
    await play.begin([15, 16, 17])
    await play.begin([15, 16, 17], target="other")
    play.reply("STOP")
    await play.settle()
    for target in ("t", "other"):
        patient = play.patient(target=target)
        assert await play.where(patient, target) == ("did_not_book", 2)
    endings = play.world.said(wire.InvitationUndeliverable)
    assert [said.reason for said in endings] == ["opted_out"] * 4


async def test_an_alert_just_before_the_invitation_is_cleared_by_asking_again(play: Play) -> None:
    await play.begin([15, 16, 17], patients=2)
    play.world.alerts[NUMBERS[1]] = "restricted"
    await play.wait(days=7)
    alerted = play.patient(1)
    # The invitation of round 1 had ended; before the one of round 2 the register says no.
    assert await play.where(alerted) == ("patient_alert", 2)
    assert await play.where() == ("being_invited", 2)
    play.world.alerts.clear()
    await play.ask("POST", "/v1/targets/t/reprocess", json={"all": True})
    await play.settle()
    assert await play.where(alerted) == ("being_invited", 2)
    assert await play.where() == ("being_invited", 2)


async def test_a_round_that_is_added_takes_those_who_have_not_finished(play: Play) -> None:
    await play.begin([29, 30])
    await play.wait(days=7)
    await play.wait(days=7)
    assert await play.where() == ("did_not_book", 2)
    await play.upload(2)
    await play.settle()
    await play.wait(days=7)
    rounds = [{"channel": "sms"}, {"channel": "sms"}, {"channel": "letter"}]
    window = {"to": "2025-12-31"}
    slots = [{"slot_id": "late", "starts_at": "2025-12-01T09:00:00Z", "minutes": 10}]
    await play.ask("PATCH", "/v1/targets/t", json={"rounds": rounds, "booking_window": window})
    await play.ask("POST", "/v1/targets/t/slots", json={"slots": slots})
    await play.settle()
    await play.wait(days=7)
    assert await play.where(play.patient(1)) == ("being_invited", 3)
    assert await play.where() == ("did_not_book", 2)


async def test_a_closed_target_invites_nobody_and_takes_answers(play: Play) -> None:
    await play.begin([15, 16, 17], patients=2)
    await play.ask("POST", "/v1/targets/t/close")
    await play.settle()
    play.reply("A")
    await play.wait(days=8)
    assert await play.where() == ("booked", 1)
    assert await play.where(play.patient(1)) == ("in_queue", 2)
    assert (await play.shown(play.patient(1)))["description"] == "target_closed"


async def test_a_cancelled_appointment_is_offered_to_the_next_and_its_patient_goes_on(
    play: Play,
) -> None:
    await play.begin([15])
    play.reply("A")
    await play.settle()
    path = f"/v1/patients/{play.patient()}/cancellations"
    await play.ask("POST", path, at="invitations", json={"reason": "The clinic is closed."})
    await play.settle()
    assert await play.where() == ("being_invited", 2)
    assert "The clinic is closed." in await play.timeline()


async def test_a_corrected_patient_keeps_their_place(play: Play) -> None:
    await play.begin([15], patients=2)
    waiting = play.patient(1)
    assert await play.where(waiting) == ("in_queue", 1)
    body = {"first_name": "Zoë", "mobile": "07700 900123"}
    await play.ask("PATCH", f"/v1/patients/{waiting}", json=body)
    await play.settle()
    assert await play.where(waiting) == ("in_queue", 1)
    assert "Details were corrected" in await play.timeline(waiting)
