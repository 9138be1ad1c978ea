"""What a practice does itself: makes a target, adds slots, uploads patients, pauses, adjusts."""

import csv
import io

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from browser import worlds
from browser.visiting import NARROW, Recall, Visit, Visits
from launcher.made_up import csv_of

GOOD, BAD = 9, 3


@pytest_asyncio.fixture(loop_scope="session")
async def empty(recall: Recall) -> str:
    """A target of its own with nothing on it."""
    return await worlds.target(recall, "Smear tests")


async def date_in(group: Locator, day: int, month: int, year: int) -> None:
    """Fill the three boxes of a date."""
    for label, value in (("Day", day), ("Month", month), ("Year", year)):
        await group.get_by_label(label, exact=True).fill(str(value))


def rows(number: int) -> bytes:
    """A file of so many good rows."""
    return csv_of(worlds.people(number))


def spoilt() -> bytes:
    """Good rows, a repeated one, and bad ones of three kinds."""
    good = worlds.people(GOOD)
    bad = "9990000000,01/02/1960\r\n9434765919,01/02/1960\r\n,01/02/1960\r\n"
    return csv_of([*good, good[0]]) + bad.encode()


@pytest.mark.parametrize("javascript", [True, False])
async def test_a_target_is_made_filled_and_seen(
    visits: Visits, recall: Recall, javascript: bool
) -> None:
    visit = await visits.begin(javascript=javascript, viewport=None if javascript else NARROW)
    page = visit.page
    await visit.open("/targets")
    async with page.expect_navigation():
        await page.locator("main").get_by_role("link", name="Create a target").click()
    name = f"Flu, {'with' if javascript else 'without'} scripts"
    await page.get_by_label("Name of the target").fill(name)
    await page.get_by_label("ODS code of the practice").fill("A81001")
    await date_in(page.get_by_role("group", name="First day"), 15, 9, 2025)
    await date_in(page.get_by_role("group", name="Last day"), 30, 9, 2025)
    await visit.press("Create target")
    await expect(page.locator("h1")).to_contain_text(name)
    target_id = page.url.split("/targets/")[1].split("?")[0].split("/")[0]

    await visit.open(f"/targets/{target_id}/slots")
    pattern = page.locator("form[action$='/pattern']")
    await date_in(pattern.get_by_role("group", name="First day"), 15, 9, 2025)
    await date_in(pattern.get_by_role("group", name="Last day"), 16, 9, 2025)
    await pattern.get_by_label("First slot starts").fill("09:00")
    await pattern.get_by_label("Last slot ends by").fill("10:00")
    await pattern.get_by_label("Minutes for each slot").fill("20")
    await visit.press("Show what this adds")
    await expect(page.locator("main")).to_contain_text("6 slots")
    if javascript:
        await visit.sound()
    await visit.press("Add these slots")
    await expect(page.locator(".nhsuk-notification-banner")).to_contain_text("6")

    await visit.open(f"/targets/{target_id}/upload")
    await page.locator("input[type=file]").set_input_files(
        {"name": "list.csv", "mimeType": "text/csv", "buffer": rows(4)}
    )
    await page.get_by_role("button", name="Upload", exact=True).click()
    await expect(page.locator("#verdict")).to_be_visible()
    await recall.driver.settle()
    await visit.open(f"/targets/{target_id}")
    await expect(page.locator('[data-number="overview.being_invited"]')).to_have_text("4")
    await expect(page.locator("main")).to_contain_text("6 slots")


async def test_a_file_with_bad_rows_gets_its_verdict_and_gives_them_back(
    visit: Visit, empty: str
) -> None:
    page = visit.page
    await visit.open(f"/targets/{empty}/upload")
    await visit.sound()
    await page.locator("input[type=file]").set_input_files(
        {"name": "list.csv", "mimeType": "text/csv", "buffer": spoilt()}
    )
    await page.get_by_role("button", name="Upload", exact=True).click()
    await expect(page.locator("#verdict")).to_be_visible()
    figures = " ".join(await visit.texts("main dl"))
    for label, n in (("Enrolled", GOOD), ("Duplicate", 1), ("Rejected", BAD)):
        assert label.lower() in figures.lower()
        assert str(n) in figures
    await expect(page.locator("main tbody tr")).to_have_count(BAD)
    await visit.sound()
    async with page.expect_download() as started:
        await page.get_by_role("button", name="Download the rejected rows").click()
    found = (await (await started.value).path()).read_text(encoding="utf-8-sig")
    given_back = list(csv.reader(io.StringIO(found)))
    assert sum("9434765919" in " ".join(row) for row in given_back) == 1
    assert len([row for row in given_back if any(row)]) in {BAD, BAD + 1}


async def test_a_file_that_is_no_list_is_refused_in_words(visit: Visit, empty: str) -> None:
    await visit.open(f"/targets/{empty}/upload")
    await visit.page.locator("input[type=file]").set_input_files(
        {"name": "photo.csv", "mimeType": "text/csv", "buffer": b"\x89PNG\r\n\x1a\n\x00\x00\xff"}
    )
    await visit.page.get_by_role("button", name="Upload", exact=True).click()
    await expect(visit.page.get_by_role("alert")).to_contain_text("not taken")
    await visit.sound()


async def test_mistakes_in_a_new_target_are_said_beside_their_boxes(visit: Visit) -> None:
    await visit.open("/targets/new")
    await visit.sound()
    await visit.press("Create target")
    await expect(visit.page.get_by_role("alert")).to_contain_text("There is a problem")
    await visit.sound()


async def test_the_window_is_adjusted_and_the_target_paused_and_resumed(
    visit: Visit, recall: Recall
) -> None:
    page = visit.page
    target_id = await worlds.target(recall, "Eye checks", worlds.people(2), slots=4)
    await visit.open(f"/targets/{target_id}/settings")
    await visit.sound()
    window = page.locator("#window")
    await date_in(window.get_by_role("group", name="Last day"), 26, 9, 2025)
    await visit.press("Save booking window")
    await expect(page.locator(".nhsuk-notification-banner")).to_be_visible()
    await visit.sound()
    await recall.driver.settle()
    await visit.open(f"/targets/{target_id}")
    await expect(page.locator("main")).to_contain_text("15 to 26 September")

    for act, state in (("Pause", "paused"), ("Resume", "active")):
        await visit.open(f"/targets/{target_id}/settings")
        await visit.press(f"{act} target")
        await visit.sound()
        async with page.expect_navigation():
            await page.locator("main form[method=post] button").click()
        await expect(page.locator(".nhsuk-notification-banner")).to_be_visible()
        await recall.driver.settle()
        assert (await recall.driver.page(target_id))["target"]["state"] == state
