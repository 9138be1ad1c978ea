"""A target with everything on it: a crowd through three rounds, paced by slots and send windows.

Slots come in portions, so that the gate opens and shuts; windows are working hours, without the
bank holiday that falls in the first week; patients are removed in the midst of it, some of them
come back with another file, and for a day the target is paused.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from launcher.driving import Driver
from launcher.made_up import MadeUp, csv_of, made_up, parts
from launcher.problems import Problem
from recall.contracts.ids import draw
from recall.contracts.instants import LONDON, instant

FIRST_DAY: Final = date(2025, 8, 21)
"""A Thursday; the Monday after is England's late summer bank holiday."""
BANK_HOLIDAY: Final = date(2025, 8, 25)
START: Final = datetime.combine(FIRST_DAY, time(7), LONDON)
OPENS: Final = time(9)
CLOSES: Final = time(17)
STOPS: Final = (time(10), time(16, 30))
"""When the clock halts on a working day, in the send window and near its end; else at noon."""
NOON: Final = time(12)
MOST_DAYS: Final = 60
WINDOW: Final = (date(2025, 11, 3), date(2025, 11, 28))
PORTIONS: Final = 5
PORTION: Final = 0.18
"""Slots for each patient in a portion; a portion comes on each of the first days."""
RATIO: Final = 2.0
REMOVED: Final = 0.01
REMOVALS: Final = (1, 4, 6)
"""On these days, counted from the first, some patients are removed."""
BACK: Final = 7
"""On this day those of the first removal are uploaded again."""
PAUSED: Final = 5
ROWS_A_FILE: Final = 100_000
AT_ONCE: Final = 5_000
SLOTS_A_DAY: Final = 48

Told = Callable[[dict[str, Any]], None]
"""Called with the target page at every stop."""


@dataclass(frozen=True)
class Campaign:
    """How many patients, and the seed that decides everything about them."""

    patients: int
    seed: int

    @property
    def target_id(self) -> str:
        """The target's id: made from the seed, so that the patients' ids are too."""
        return f"campaign-{self.patients}-{self.seed}"

    def people(self) -> list[MadeUp]:
        """The patients, grown-ups."""
        return made_up(self.patients, self.seed, date(1940, 1, 1), date(1985, 12, 31))

    def target(self) -> dict[str, Any]:
        """The target as it is created."""
        hours = {
            "days": ["mon", "tue", "wed", "thu", "fri"],
            "from": f"{OPENS:%H:%M}",
            "to": f"{CLOSES:%H:%M}",
            "bank_holidays": False,
        }
        return {
            "target_id": self.target_id,
            "name": f"{self.patients:,} made-up patients",
            "practice": "A81001",
            "rounds": [
                {"channel": channel, "respond_within": within, "send_window": hours}
                for channel, within in (("sms", "P2D"), ("sms-link", "P2D"), ("letter", "P4D"))
            ],
            "booking_window": {"from": WINDOW[0].isoformat(), "to": WINDOW[1].isoformat()},
            "invitations_per_slot": RATIO,
        }

    def slots(self, portion: int) -> list[dict[str, Any]]:
        """The slots of one portion."""
        count = int(self.patients * PORTION) + 1
        first = datetime.combine(WINDOW[0], time(9), LONDON)
        days = (WINDOW[1] - WINDOW[0]).days + 1
        return [
            {
                "slot_id": f"slot-{portion}-{n}",
                "starts_at": instant(
                    first + timedelta(days=n % days, minutes=10 * (n // days % SLOTS_A_DAY))
                ),
                "minutes": 10,
                "clinician": f"Nurse {portion}-{n // (days * SLOTS_A_DAY)}",
            }
            for n in range(count)
        ]

    def removed(self, day: int) -> list[MadeUp]:
        """Who is removed on a day: some of those whom the seed names."""
        return [
            person
            for person in self.people()
            if draw(self.seed, person.nhs_number, f"removed-{day}") < REMOVED
        ]


async def play(driver: Driver, campaign: Campaign, told: Told) -> dict[str, Any]:
    """Play it to the end of every workflow; returns the target page.

    Raises:
        Problem: somebody is still in progress after all the days.
    """
    await driver.advance(START)
    await driver.post("ingest", "/v1/targets", json=campaign.target())
    for part in parts(campaign.people(), ROWS_A_FILE):
        await driver.upload(campaign.target_id, csv_of(part))
    for number in range(MOST_DAYS):
        await _staff(driver, campaign, number)
        for stop in _stops(number):
            await driver.advance(stop)
            page = await driver.page(campaign.target_id)
            told(page)
        if number > BACK and not page["overview"]["in_progress"]:
            return page
    left = page["overview"]["in_progress"]
    raise Problem(f"After {MOST_DAYS} days {left} patients are still in progress.")


def _stops(number: int) -> Iterator[datetime]:
    day = FIRST_DAY + timedelta(days=number)
    works = day.weekday() < 5 and day != BANK_HOLIDAY  # noqa: PLR2004 - Saturday.
    return (datetime.combine(day, stop, LONDON) for stop in (STOPS if works else (NOON,)))


async def _staff(driver: Driver, campaign: Campaign, number: int) -> None:
    """What the practice does on a day; nothing waits for what it brings about."""
    path = f"/v1/targets/{campaign.target_id}"
    if number == PAUSED:
        await driver.post("ingest", f"{path}/pause")
    if number == PAUSED + 1:
        await driver.post("ingest", f"{path}/resume")
    if number < PORTIONS:
        for some in parts(campaign.slots(number), AT_ONCE):
            await driver.post("ingest", f"{path}/slots", json={"slots": some})
    if number in REMOVALS:
        numbers = [person.nhs_number for person in campaign.removed(number)]
        for ids in parts(numbers, AT_ONCE):
            body = {"nhs_numbers": ids, "reason": "Has moved away."}
            await driver.post("ingest", f"{path}/removals", json=body)
    if number == BACK:
        back = campaign.removed(REMOVALS[0])
        if back:
            await driver.upload(campaign.target_id, csv_of(back))
