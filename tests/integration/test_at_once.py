"""What happens when two things happen at once: all four services, messages delivered by the test."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from recall.contracts.instants import instant
from recall.kit import wire
from support.people import nhs_numbers
from support.stores import TestStores, fresh_database
from support.world import World, opened, silent

START = datetime(2025, 9, 1, 8, tzinfo=UTC)
"""Monday 1 September 2025, 09:00 in London."""
NUMBERS = list(islice(nhs_numbers(11), 4))
CSV = {"Content-Type": "text/csv"}


class Play:
    """A practice, its patients and the phone company."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.reports = 0

    async def ask(self, method: str, path: str, at: str = "ingest", **body: Any) -> Any:
        answer = await self.world.ask(at, method, path, **body)
        assert answer.is_success, answer.text
        return answer.json()

    async def begin(self, days: list[int], patients: int = 1, target: str = "t") -> None:
        """A target of two rounds with a slot on each of these days, and patients."""
        body = {
            "target_id": target,
            "name": "Childhood Immunisations",
            "practice": "A81001",
            "rounds": [{"channel": "sms"}, {"channel": "sms"}],
            "booking_window": {"from": "2025-09-15", "to": "2025-09-30"},
        }
        slots = [
            {"slot_id": f"s{day}", "starts_at": f"2025-09-{day}T09:00:00Z", "minutes": 10}
            for day in days
        ]
        await self.ask("POST", "/v1/targets", json=body)
        await self.ask("POST", f"/v1/targets/{target}/slots", json={"slots": slots})
        await self.upload(patients, target)
        await self.settle()

    async def upload(self, patients: int, target: str = "t") -> None:
        content = "".join(f"{number},17/05/1980\n" for number in NUMBERS[:patients])
        await self.ask("POST", f"/v1/targets/{target}/uploads", content=content, headers=CSV)

    async def settle(self) -> None:
        await self.world.settle(lambda _: 0)

    async def deliver(self, service: str, topic: str) -> None:
        """One consumer catches up, the others do not."""
        said = list(self.world.pending[service, topic])
        assert await self.world.fold((service, topic), said)

    async def wait(self, **time: float) -> None:
        self.world.clock.at += timedelta(**time)
        await self.settle()

    async def remove(self, number: str = NUMBERS[0]) -> None:
        body = {"nhs_numbers": [number], "reason": "Moved away."}
        await self.ask("POST", "/v1/targets/t/removals", json=body)

    def patient(self, place: int = 0, target: str = "t", enrolment: int = 1) -> str:
        """The id of an enrolment."""
        enrolled = self.world.said(wire.PatientEnrolled)
        (found,) = {
            str(said.patient_id)
            for said in enrolled
            if (said.nhs_number, said.target_id, said.enrolment)
            == (NUMBERS[place], target, enrolment)
        }
        return found

    def reply(self, text: str, patient: str | None = None, step: int = 1) -> None:
        """A reply reaches the phone company; nobody has read its report yet."""
        self.reports += 1
        who = patient or self.patient()
        (target,) = {
            s.target_id for s in self.world.said(wire.PatientEnrolled) if s.patient_id == who
        }
        self.world.report(
            wire.ReplyReceived(
                target_id=target,
                patient_id=who,
                invitation_id=f"{who}.{step}",
                channel="sms",
                report_id=f"r{self.reports}",
                text=text,
                received_at=instant(self.world.clock.at),
            ),
            self.reports,
        )

    async def where(self, patient: str | None = None, target: str = "t") -> tuple[str, int]:
        found = await self.shown(patient, target)
        return found["status"], found["round"]

    async def shown(self, patient: str | None = None, target: str = "t") -> Any:
        """The patient as the dashboard shows them."""
        path = f"/v1/targets/{target}/patients/{patient or self.patient()}"
        return await self.ask("GET", path, at="dashboard")

    async def timeline(self, patient: str | None = None) -> str:
        found = await self.shown(patient)
        return "\n".join(entry["text"] for entry in found["timeline"])

    def booked(self) -> list[str]:
        return [said.slot_id for said in self.world.said(wire.AppointmentBooked)]


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
