"""Numbers that move while the page is open."""

from datetime import timedelta

from playwright.async_api import expect

from browser import worlds
from browser.visiting import Recall, Visit, number_at, number_links
from launcher import example


async def test_numbers_move_while_patients_answer_without_reload(
    visit: Visit, recall: Recall
) -> None:
    target_id = await worlds.target(recall, "Live", worlds.SCRIPTED, slots=20)
    await visit.open(f"/targets/{target_id}")
    page = visit.page
    await expect(page.locator('[data-number="overview.being_invited"]')).to_have_text("8")
    await expect(page.locator("main")).to_contain_text("20 slots")
    await page.evaluate("() => { window.stillHere = true; }")

    await recall.driver.advance(example.END + timedelta(minutes=30))

    await expect(page.locator('[data-number="overview.booked"]')).to_have_text("5")
    await expect(page.locator('[data-number="overview.declined"]')).to_have_text("2")
    await expect(page.locator('[data-number="rounds.1.being_invited"]')).to_have_text("1")
    await expect(page.locator("main")).to_contain_text("15 slots")
    said = await recall.driver.page(target_id)
    shown = {key: n for key, _, n in await number_links(visit)}
    assert shown == {key: number_at(said, key) for key in shown}
    assert await page.evaluate("() => window.stillHere")
    # Told politely to who cannot see it: what the page counts now.
    announced = page.locator("[role=status][data-announce]")
    await expect(announced).to_contain_text("7")
    assert await visit.violations() == []
