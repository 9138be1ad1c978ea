"""The worked example: 121 patients of one practice, played by a script until the page shows it.

Who answers when is written down here and nowhere computed: 6 alerts, then 54 bookings and 3
declines by text, 10 and 2 by link, 4 links that fail at once, a letter that comes back.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from launcher.driving import Driver
from launcher.made_up import MadeUp, csv_of, made_up
from recall.contracts.instants import LONDON, instant

SEED = 121
TARGET_ID = "childhood-immunisations"
START = datetime(2025, 9, 1, 9, tzinfo=LONDON)
SECOND_FILE = datetime(2025, 9, 7, 9, tzinfo=LONDON)
END = datetime(2025, 9, 12, 12, tzinfo=LONDON)
FIRST_FILE_ROWS, SECOND_FILE_ROWS, SLOTS = 98, 23, 166
ALERTS = (
    "no_match",
    "multiple_matches",
    "superseded",
    "deceased",
    "restricted",
    "no_match",
)
BOOKED_BY_TEXT, DECLINED_BY_TEXT = 54, 3
LINKS_FAILED, BOOKED_BY_LINK, DECLINED_BY_LINK = 4, 10, 2
SLOT_MINUTES = 20
SLOTS_A_DAY = 14

TARGET: dict[str, Any] = {
    "target_id": TARGET_ID,
    "name": "Childhood Immunisations",
    "practice": "A81001",
    "rounds": [
        {"channel": "sms", "name": "SMS invitation", "respond_within": "P7D"},
        {"channel": "sms-link", "name": "SMS link invitation", "respond_within": "P7D"},
        {"channel": "letter", "name": "Letter invitation", "respond_within": "P14D"},
    ],
    "booking_window": {"from": "2025-09-15", "to": "2025-09-30"},
    "invitations_per_slot": 1.0,
}

EXPECTED: dict[str, Any] = {
    "as_of": "2025-09-12T11:00:00Z",
    "overview": {
        "total_patients": 121,
        "in_progress": 45,
        "in_queue": 0,
        "being_invited": 45,
        "completed": 76,
        "booked": 64,
        "declined": 5,
        "did_not_book": 1,
        "patient_alert": 6,
    },
    "slots": {"available": 102, "booking_window": {"from": "2025-09-15", "to": "2025-09-30"}},
    "rounds": [
        {"in_queue": 0, "being_invited": 23, "booked": 54, "declined": 3, "did_not_book": 35},
        {"in_queue": 0, "being_invited": 19, "booked": 10, "declined": 2, "did_not_book": 4},
        {"in_queue": 0, "being_invited": 3, "booked": 0, "declined": 0, "did_not_book": 1},
    ],
}


@dataclass(frozen=True)
class Cast:
    """The two files, and what the simulated world does to the people in them."""

    first_file: list[MadeUp]
    second_file: list[MadeUp]
    scenario: dict[str, Any]


def cast() -> Cast:
    """Everybody in the example, always the same."""
    people = made_up(FIRST_FILE_ROWS + SECOND_FILE_ROWS, SEED, date(2022, 3, 1), date(2025, 6, 30))
    first, second = people[:FIRST_FILE_ROWS], people[FIRST_FILE_ROWS:]
    alerts = {p.nhs_number: code for p, code in zip(first[:: 98 // 6], ALERTS, strict=False)}
    invited = [p.nhs_number for p in first if p.nhs_number not in alerts]
    scenario = {"register": alerts, "answers": _answers(invited), "silent_unless_scripted": True}
    return Cast(first, second, scenario)


def _answers(invited: list[str]) -> dict[str, dict[str, dict[str, str]]]:
    """The script by NHS number and round; whoever is not in it stays silent."""
    booked, rest = invited[:BOOKED_BY_TEXT], invited[BOOKED_BY_TEXT:]
    declined, silent = rest[:DECLINED_BY_TEXT], rest[DECLINED_BY_TEXT:]
    script: dict[str, dict[str, dict[str, str]]] = {}
    for place, number in enumerate(booked):
        script[number] = {"1": {"do": "book", "after": _hours(1 + place * 1.6)}}
    for place, number in enumerate(declined):
        script[number] = {"1": {"do": "decline", "after": _hours(5 + place * 30)}}
    failed, rest = silent[:LINKS_FAILED], silent[LINKS_FAILED:]
    for number in failed:
        script[number] = {"2": {"fail": "unreachable", "after": "PT0S"}}
    script[failed[0]]["3"] = {"fail": "returned_gone_away", "after": "P3DT1H"}
    for place, number in enumerate(rest[:BOOKED_BY_LINK]):
        script[number] = {"2": {"do": "book", "after": _hours(2 + place * 9)}}
    for place, number in enumerate(rest[BOOKED_BY_LINK : BOOKED_BY_LINK + DECLINED_BY_LINK]):
        script[number] = {"2": {"do": "decline", "after": _hours(20 + place * 40)}}
    return script


def _hours(hours: float) -> str:
    minutes = round(hours * 60)
    return f"PT{minutes // 60}H{minutes % 60}M"


def slots() -> list[dict[str, Any]]:
    """166 slots of 20 minutes from Monday 15 September, 9 am, on working days to the 30th."""
    days = [date(2025, 9, 15) + timedelta(days=n) for n in range(16)]
    working = [day for day in days if day.weekday() < 5]  # noqa: PLR2004 - Saturday is 5.
    times = [
        datetime(day.year, day.month, day.day, 9, tzinfo=LONDON)
        + timedelta(minutes=SLOT_MINUTES * place)
        for day in working
        for place in range(SLOTS_A_DAY)
    ]
    return [
        {"starts_at": instant(at), "minutes": SLOT_MINUTES, "clinician": "Nurse Okafor"}
        for at in times[:SLOTS]
    ]


def halts() -> list[datetime]:
    """Where the clock stands still on its way: each morning, and when something happens."""
    mornings = [START + timedelta(days=n) for n in range(1, 12)]
    return [*mornings, END]


async def prepare(driver: Driver) -> None:
    """Make the target and release its slots."""
    await driver.post("ingest", "/v1/targets", json=TARGET)
    await driver.post("ingest", f"/v1/targets/{TARGET_ID}/slots", json={"slots": slots()})
    await driver.settle()


async def play(driver: Driver) -> dict[str, Any]:
    """Play the script on a stack whose clock stands at START; returns the page."""
    people = cast()
    await prepare(driver)
    await driver.upload(TARGET_ID, csv_of(people.first_file))
    await driver.advance(START)
    for halt in halts():
        await driver.advance(halt)
        if halt == SECOND_FILE:
            await driver.upload(TARGET_ID, csv_of(people.second_file))
            await driver.settle()
    return await driver.page(TARGET_ID)
