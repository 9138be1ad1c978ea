"""Removing patients from the list: one, some, all that match; each asked about, with a reason."""

import pytest_asyncio
from playwright.async_api import expect

from browser import worlds
from browser.test_ways import follow, tab_to
from browser.visiting import Recall, Visit, Visits

PATIENTS, SLOTS = 8, 3


@pytest_asyncio.fixture(loop_scope="session")
async def listed(recall: Recall) -> str:
    """A target of its own: three of its patients are being invited, the others are in queue."""
    return await worlds.target(recall, "Shingles", worlds.people(PATIENTS), slots=SLOTS)


async def confirm(visit: Visit, count: int) -> None:
    """Give a reason and go through with it; the result names how many."""
    page = visit.page
    await visit.sound()
    await page.get_by_role("radio").first.check()
    await page.get_by_label("Your name or initials").fill("AO")
    async with page.expect_navigation():
        await page.locator("main form[method=post] button").click()
    said = f"{count} patient{'' if count == 1 else 's'}"
    await expect(page.locator(".nhsuk-notification-banner")).to_contain_text(said)
    await visit.sound()


async def left(recall: Recall, target_id: str) -> tuple[int, int]:
    """How many patients are on the target, and in its queue, once all is done."""
    await recall.driver.settle()
    overview = (await recall.driver.page(target_id))["overview"]
    return overview["total_patients"], overview["in_queue"]


async def test_one_then_some_then_all_that_match_are_removed(
    visit: Visit, recall: Recall, listed: str
) -> None:
    page, list_of = visit.page, f"/targets/{listed}/patients"
    assert await left(recall, listed) == (8, 5)

    await visit.open(f"{list_of}?status=in_queue")
    name = await page.locator("main tbody th a").first.inner_text()
    await page.get_by_role("checkbox", name=name).first.check()
    await visit.press("Remove selected")
    await expect(page.locator("main")).to_contain_text(name)
    await confirm(visit, 1)
    assert await left(recall, listed) == (7, 4)

    await visit.open(f"{list_of}?status=in_queue")
    for box in (await page.locator("main tbody input[type=checkbox]").all())[:2]:
        await box.check()
    await visit.press("Remove selected")
    await confirm(visit, 2)
    assert await left(recall, listed) == (5, 2)

    await visit.open(f"{list_of}?status=in_queue")
    await visit.press("Remove all 2 that match", role="link")
    await confirm(visit, 2)
    assert await left(recall, listed) == (3, 0)

    # The page says the same, and those removed are found when somebody looks for them.
    await visit.open(f"/targets/{listed}")
    await expect(page.locator('[data-number="overview.total_patients"]')).to_have_text("3")
    await visit.open(f"{list_of}?status=removed")
    await expect(page.locator("main tbody tr")).to_have_count(5)
    await visit.press(name, role="link")
    await expect(page.locator("main")).to_contain_text("AO")
    await visit.sound()


async def test_without_a_reason_or_without_anybody_nothing_is_removed(
    visit: Visit, recall: Recall, listed: str
) -> None:
    page, list_of = visit.page, f"/targets/{listed}/patients"
    await visit.open(list_of)
    visit.will_be_refused(f"/targets/{listed}/remove?")
    await visit.press("Remove selected")
    await expect(page.locator("h1")).to_have_text("Nobody is selected")
    await visit.sound()
    await visit.open(list_of)
    await page.locator("main tbody input[type=checkbox]").first.check()
    await visit.press("Remove selected")
    async with page.expect_navigation():
        await page.locator("main form[method=post] button").click()
    await expect(page.get_by_role("alert")).to_contain_text("There is a problem")
    await visit.sound()
    assert await left(recall, listed) == (8, 5)


async def test_by_keyboard_alone_a_patient_is_removed(
    visit: Visit, recall: Recall, listed: str
) -> None:
    page = visit.page
    await visit.open(f"/targets/{listed}")
    await follow(visit, page.get_by_role("link", name="Patient list", exact=True))
    await tab_to(visit, page.locator("main tbody input[type=checkbox]").first)
    await page.keyboard.press("Space")
    await follow(visit, page.get_by_role("button", name="Remove selected"))
    await tab_to(visit, page.get_by_role("radio").first)
    await page.keyboard.press("Space")
    await follow(visit, page.locator("main form[method=post] button"))
    await expect(page.locator(".nhsuk-notification-banner")).to_contain_text("1 patient")
    assert (await left(recall, listed))[0] == PATIENTS - 1


async def test_without_javascript_a_patient_is_removed(
    visits: Visits, recall: Recall, listed: str
) -> None:
    visit = await visits.begin(javascript=False)
    await visit.open(f"/targets/{listed}/patients")
    await visit.page.locator("main tbody input[type=checkbox]").first.check()
    await visit.press("Remove selected")
    await visit.page.get_by_role("radio").first.check()
    async with visit.page.expect_navigation():
        await visit.page.locator("main form[method=post] button").click()
    assert (await left(recall, listed))[0] == PATIENTS - 1
