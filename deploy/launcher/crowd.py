"""A crowd: made-up patients with odds per channel, played to the end of every workflow."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from launcher.driving import Driver
from launcher.made_up import MadeUp, csv_of, made_up, parts
from recall.contracts.instants import LONDON, instant

START = datetime(2025, 9, 1, 9, tzinfo=LONDON)
STEP = timedelta(days=1)
WINDOW_FROM = date(2025, 10, 13)
"""Slots begin after the last round has ended, so that none of them passes meanwhile."""
SLOTS_PER_PATIENT = 1.2
SLOTS_A_DAY = 48
SLOT_MINUTES = 10
DAYS = 25
ROWS_A_FILE = 100_000
SLOTS_A_REQUEST = 5_000
MOST_STEPS = 60

Told = Callable[[dict[str, Any]], None]
"""Called with the target page after each step."""


@dataclass(frozen=True)
class Crowd:
    """How many patients, and the seed that decides everything about them."""

    patients: int
    seed: int

    @property
    def target_id(self) -> str:
        """The target's id: made from the seed, so that the patients' ids are too."""
        return f"crowd-{self.patients}-{self.seed}"

    def people(self) -> list[MadeUp]:
        """The patients: grown-ups, each with a mobile and an address in the register."""
        return made_up(self.patients, self.seed, date(1940, 1, 1), date(1985, 12, 31))

    def target(self) -> dict[str, Any]:
        """The target as it is created."""
        return {
            "target_id": self.target_id,
            "name": f"{self.patients:,} made-up patients",
            "practice": "A81001",
            "rounds": [
                {"channel": "sms", "name": "SMS invitation", "respond_within": "P7D"},
                {"channel": "sms-link", "name": "SMS link invitation", "respond_within": "P7D"},
                {"channel": "letter", "name": "Letter invitation", "respond_within": "P14D"},
            ],
            "booking_window": {
                "from": WINDOW_FROM.isoformat(),
                "to": (WINDOW_FROM + timedelta(days=DAYS)).isoformat(),
            },
            "invitations_per_slot": 1.0,
        }

    def slots(self) -> list[dict[str, Any]]:
        """1.2 slots a patient, of as many clinicians as that takes."""
        wanted = int(self.patients * SLOTS_PER_PATIENT) + 1
        first = datetime(WINDOW_FROM.year, WINDOW_FROM.month, WINDOW_FROM.day, 9, tzinfo=LONDON)
        return [
            {
                "slot_id": f"slot-{number}",
                "starts_at": instant(
                    first
                    + timedelta(
                        days=number % DAYS,
                        minutes=SLOT_MINUTES * (number // DAYS % SLOTS_A_DAY),
                    )
                ),
                "minutes": SLOT_MINUTES,
                "clinician": f"Nurse {number // (DAYS * SLOTS_A_DAY) + 1}",
            }
            for number in range(wanted)
        ]


async def prepare(driver: Driver, crowd: Crowd) -> None:
    """Create the target and release its slots."""
    await driver.post("ingest", "/v1/targets", json=crowd.target())
    slots = crowd.slots()
    for start in range(0, len(slots), SLOTS_A_REQUEST):
        part = slots[start : start + SLOTS_A_REQUEST]
        await driver.post("ingest", f"/v1/targets/{crowd.target_id}/slots", json={"slots": part})
    await driver.settle()


def files(crowd: Crowd) -> list[bytes]:
    """The crowd as the practice's CSV files."""
    return [csv_of(part) for part in parts(crowd.people(), ROWS_A_FILE)]


async def upload(driver: Driver, crowd: Crowd, made: Sequence[bytes]) -> list[dict[str, Any]]:
    """Upload the crowd's files; the verdicts on them."""
    return [await driver.upload(crowd.target_id, content) for content in made]


async def run_out(
    driver: Driver, crowd: Crowd, told: Told, step: timedelta = STEP
) -> dict[str, Any]:
    """Let time pass in steps until nobody is in progress; returns the page."""
    for count in range(MOST_STEPS):
        await driver.advance(START + count * step)
        page = await driver.page(crowd.target_id)
        told(page)
        if page["overview"]["in_progress"] == 0 and page["overview"]["total_patients"]:
            break
    return page
