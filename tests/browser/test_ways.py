"""The main job by other ways than a mouse on a wide screen: by keyboard, without JavaScript."""

from playwright.async_api import Locator, expect

from browser.visiting import Visit, Visits, number_links
from launcher import example

PAGE = f"/targets/{example.TARGET_ID}"
MOST_TABS = 120
SEEN = """
(one) => {
    const style = getComputedStyle(one);
    const other = style.outlineStyle !== "none" || style.boxShadow !== "none";
    return document.activeElement === one && other;
}
"""
"""Whether something has the focus and shows it."""


async def tab_to(visit: Visit, wanted: Locator) -> None:
    """Press Tab until something has the focus, which must be seen on it."""
    for _ in range(MOST_TABS):
        await visit.page.keyboard.press("Tab")
        if await wanted.evaluate("(one) => one === document.activeElement"):
            assert await wanted.evaluate(SEEN), "the focus is not seen"
            return
    raise AssertionError(f"{MOST_TABS} times Tab did not reach {wanted}")


async def follow(visit: Visit, wanted: Locator) -> None:
    """Go along a link by keyboard."""
    await tab_to(visit, wanted)
    async with visit.page.expect_navigation():
        await visit.page.keyboard.press("Enter")


async def test_the_first_tab_skips_to_what_the_page_is_about(visit: Visit) -> None:
    await visit.open(PAGE)
    await visit.page.keyboard.press("Tab")
    skip = visit.page.get_by_role("link", name="Skip to main content")
    await expect(skip).to_be_focused()
    await visit.page.keyboard.press("Enter")
    inside = "() => document.querySelector('main').contains(document.activeElement)"
    await visit.page.keyboard.press("Tab")
    assert await visit.page.evaluate(inside)


async def test_by_keyboard_from_the_targets_to_a_patient_behind_a_number(visit: Visit) -> None:
    page = visit.page
    await visit.open("/targets")
    await follow(visit, page.get_by_role("link", name=example.TARGET["name"]).first)
    booked = page.locator(
        'a:has([data-number="overview.booked"]), a[data-number="overview.booked"]'
    )
    await follow(visit, booked.first)
    assert "status=booked" in page.url
    await follow(visit, page.locator("main table tbody tr a").first)
    await expect(page.locator("main")).to_contain_text("Booked")


async def test_without_javascript_every_number_and_its_patients_are_there(
    visits: Visits,
) -> None:
    visit = await visits.begin(javascript=False)
    await visit.open(PAGE)
    # Scripts of the test run all the same; those of the page did not.
    shown = {key: n for key, _, n in await number_links(visit)}
    overview = example.EXPECTED["overview"]
    assert {name: shown[f"overview.{name}"] for name in overview} == overview
    async with visit.page.expect_navigation():
        await visit.page.locator('a:has([data-number="overview.declined"])').first.click()
    assert await visit.page.locator("main table tbody tr").count() == overview["declined"]
