"""Finding one patient by NHS number, which stands in no address; the list on a phone."""

import pytest
from playwright.async_api import Request, expect

from browser.visiting import NARROW, Recall, Visit, Visits
from launcher import example

PAGE = f"/targets/{example.TARGET_ID}"
NOBODYS = "999 999 9476"


async def search(visit: Visit, typed: str) -> None:
    """Type into the box and press its button."""
    await visit.page.get_by_label("NHS number", exact=True).fill(typed)
    await visit.press("Find patient")


@pytest.mark.parametrize("javascript", [True, False])
async def test_a_patient_is_found_by_number_and_no_address_has_it(
    visits: Visits, recall: Recall, javascript: bool
) -> None:
    visit = await visits.begin(javascript=javascript, viewport=None if javascript else NARROW)
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    visit.page.on("request", note)
    path = f"/v1{PAGE}/patients"
    (patient,) = (await recall.driver.get("dashboard", path, status="booked", limit="1"))[
        "patients"
    ]
    await visit.open(f"{PAGE}/patients")
    await search(visit, patient["nhs_number"])
    await expect(visit.page.locator("h1")).to_have_text(patient["name"])
    assert visit.page.url.endswith(f"{PAGE}/patients/{patient['patient_id']}")

    await visit.open(f"{PAGE}/patients")
    await search(visit, NOBODYS)
    said = visit.page.get_by_role("region", name="Important")
    await expect(said).to_contain_text("Nobody on this target has this NHS number")
    await expect(visit.page.locator("#list")).to_have_text("121 patients")
    if javascript:
        await visit.sound()

    visit.will_be_refused(f"{PAGE}/patients")
    await search(visit, "12")
    await expect(visit.page.get_by_role("alert")).to_contain_text("An NHS number has 10 digits.")
    if javascript:
        await visit.sound()
    assert not [url for url in asked if patient["nhs_number"] in url or "nhs_number" in url]


async def test_on_a_phone_the_list_is_still_a_table(visits: Visits) -> None:
    visit = await visits.begin(viewport=NARROW)
    await visit.open(f"{PAGE}/patients?status=declined")
    table = visit.page.get_by_role("table")
    assert await table.get_by_role("columnheader").count() == 8
    assert await table.get_by_role("rowheader").count() == 5
    row = table.get_by_role("row").nth(1)
    assert await row.get_by_role("cell").count() == 7
