"""`./dev pictures`: the pages of docs/pages.md, photographed on the worked example."""

import asyncio
import logging
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import cast

from playwright.async_api import async_playwright

from browser import worlds
from browser.visiting import NARROW, WIDE, Recall, Visit, Visits
from invitations.codes import grouped
from invitations.letters import Content, Letter, Opening
from invitations.practices import practice_of
from invitations.printing import Job, document_of
from launcher import chromium, example, show
from launcher.driving import Driver
from launcher.made_up import csv_of
from launcher.paths import ROOT, RUN
from support.stacks import clock_of, simulated

FOLDER = ROOT / "docs/pictures"
MOST_BYTES = 200_000
PAGE = f"/targets/{example.TARGET_ID}"

Prepare = Callable[[Visit], Awaitable[None]]
"""Brings a visit to what is to be seen."""


async def target_page(visit: Visit) -> None:
    """Where everyone is."""
    await visit.open(PAGE)


async def patient_list(visit: Visit) -> None:
    """Those who did not book in round 1, the last changes first."""
    await visit.open(f"{PAGE}/patients?did_not_book_in=1&sort=-updated_at&limit=8")


async def patient(visit: Visit) -> None:
    """Somebody who booked in the second round: a timeline with something in it."""
    found = await visit.recall.driver.get(
        "dashboard",
        f"/v1/targets/{example.TARGET_ID}/patients",
        status="booked",
        round="2",
        limit="1",
    )
    await visit.open(f"{PAGE}/patients/{found['patients'][0]['patient_id']}")


async def booking_page(visit: Visit) -> None:
    """The free times, as somebody sees them who was sent a link and has not answered."""
    found = await visit.recall.driver.get(
        "dashboard",
        f"/v1/targets/{example.TARGET_ID}/patients",
        status="being_invited",
        round="2",
        limit="1",
    )
    number = found["patients"][0]["nhs_number"]
    person = next(one for one in example.cast().first_file if one.nhs_number == number)
    await visit.open(await worlds.link_of(visit.recall, example.TARGET_ID, person, 2))
    born = {"Day": person.born.day, "Month": person.born.month, "Year": person.born.year}
    for name, value in born.items():
        await visit.page.get_by_label(name).fill(str(value))
    await visit.press("Continue")


async def alerts(visit: Visit) -> None:
    """Why somebody could not be processed, and what to do."""
    await visit.open(f"{PAGE}/alerts")


async def upload_verdict(visit: Visit) -> None:
    """What became of a file with some bad rows, on a target beside the example."""
    target_id = await worlds.target(visit.recall, "Shingles")
    await visit.open(f"/targets/{target_id}/upload")
    bad = "9990000000,01/02/1960\r\n9991110001,31/02/1960\r\n,01/02/1960\r\n"
    file = csv_of(worlds.people(24)) + bad.encode()
    await visit.page.locator("input[type=file]").set_input_files(
        {"name": "shingles.csv", "mimeType": "text/csv", "buffer": file}
    )
    await visit.page.get_by_role("button", name="Upload", exact=True).click()
    await visit.page.locator("#verdict").wait_for()


PICTURES: dict[str, tuple[dict[str, int], Prepare]] = {
    "target-page": (WIDE, target_page),
    "target-page-on-a-phone": (NARROW, target_page),
    "patient-list": (WIDE, patient_list),
    "patient": (WIDE, patient),
    "booking-page": (NARROW, booking_page),
    "alerts": (WIDE, alerts),
    "upload-verdict": (WIDE, upload_verdict),
}


def letter() -> None:
    """A letter as it is printed, to somebody made up."""
    content = Content(
        addressee="Parent or carer of Leo James",
        address=("Parent or carer of Leo James", "70 Cedar Close", "Larkstone", "ZY11 8GG"),
        greeting="Dear parent or carer",
        patient="Leo James",
        for_child=True,
        target=str(example.TARGET["name"]),
        practice=practice_of("A81001", {}),
        written_on=example.END.date() - timedelta(days=4),
        expires_at=example.END + timedelta(days=10),
    )
    code = grouped(worlds.channels().code_of("somebody"))
    opening = Opening("booking.example/b", code, "https://booking.example/b/somebody")
    job = Job("Letter", [Letter("somebody", content, opening)])
    pages = document_of(job).compile(format="png", ppi=72)
    page = pages[0] if isinstance(pages, list) else pages
    (FOLDER / "letter.png").write_bytes(cast("bytes", page))


async def take(recall: Recall, visits: Visits) -> list[str]:
    """Take every picture; returns what is wrong with them."""
    wrong = []
    for name, (viewport, prepare) in PICTURES.items():
        visit = await visits.begin(viewport=viewport)
        await prepare(visit)
        picture = FOLDER / f"{name}.png"
        await visit.page.screenshot(path=picture, full_page=True, animations="disabled")
        size = picture.stat().st_size
        show.say(f"{picture.relative_to(ROOT)}: {size // 1000} kB")
        if size > MOST_BYTES:
            wrong.append(f"{name} has {size} bytes")
    return wrong + visits.wrong


async def main() -> int:
    """Play the worked example and take its pictures; returns the exit status."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    FOLDER.mkdir(exist_ok=True)
    RUN.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix="pictures-", dir=RUN, ignore_cleanup_errors=True
    ) as name:
        show.say("Playing the worked example …")
        async with (
            simulated(Path(name), start=example.START, scenario=worlds.scenario()) as stack,
            Driver(stack.stack, clock_of(stack)) as driver,
            async_playwright() as playwright,
        ):
            await example.play(driver)
            letter()
            recall = Recall(stack, driver)
            browser = await playwright.chromium.launch(
                executable_path=chromium.find(), args=["--no-sandbox", "--disable-gpu"]
            )
            visits = Visits(browser, recall)
            wrong = await take(recall, visits)
            await visits.end()
            await browser.close()
    for one in wrong:
        show.say(one)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
