"""The worked example on the target page: every number, and behind it the patients it counts."""

from browser.visiting import Recall, Visit, number_at, number_links, rows_of
from launcher import example

PAGE = f"/targets/{example.TARGET_ID}"


async def test_the_page_shows_the_worked_example_number_by_number(
    visit: Visit, recall: Recall
) -> None:
    await visit.open(PAGE)
    shown = {key: n for key, _, n in await number_links(visit)}
    expected = {f"overview.{name}": n for name, n in example.EXPECTED["overview"].items()}
    for place, row in enumerate(example.EXPECTED["rounds"], 1):
        expected |= {f"rounds.{place}.{name}": n for name, n in row.items()}
    assert {key: shown.get(key) for key in expected} == expected
    said = await recall.driver.page(example.TARGET_ID)
    assert shown == {key: number_at(said, key) for key in shown}
    text = await visit.page.locator("main").inner_text()
    assert "102 slots" in text
    assert "15 to 30 September" in text
    assert "12 September" in text


async def test_the_link_of_every_number_leads_to_as_many_patients(visit: Visit) -> None:
    await visit.open(PAGE)
    numbers = await number_links(visit)
    assert len(numbers) >= 9 + 3 * 5
    counted: dict[str, int] = {}
    for key, href, n in numbers:
        assert href.startswith(f"{PAGE}/patients"), key
        if href not in counted:
            counted[href] = await rows_of(visit, href)
        assert counted[href] == n, (key, href)
