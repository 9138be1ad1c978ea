"""A practice in the world of all four services: what staff and patients do, in the words of tests."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from recall.contracts.instants import instant
from recall.kit import wire
from support.people import nhs_numbers
from support.world import World

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
        await self.world.tick("ingest", "hand on")

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
