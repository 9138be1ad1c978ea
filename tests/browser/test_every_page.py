"""Every page in every state: nothing for axe-core to find, nothing that sticks out of a phone."""

from dataclasses import dataclass

import pytest
import pytest_asyncio

from browser import worlds
from browser.visiting import NARROW, Recall, Visit, Visits
from launcher import example

PAGE = f"/targets/{example.TARGET_ID}"
ON_A_PHONE = ("target-size", "color-contrast", "scrollable-region-focusable")
"""What a narrow screen may bring about; the rest does not depend on it."""
TABS = (
    *("", "/patients", "/appointments", "/alerts", "/replies", "/letters", "/upload", "/slots"),
    "/settings",
)
CHANGED_BY_STATE = ("", "/patients", "/upload", "/slots", "/settings")


@dataclass(frozen=True)
class Shown:
    """A page and the status it answers with."""

    path: str
    status: int = 200


Pages = dict[str, list[Shown]]
GROUPS = ("example", "empty", "paused", "closed", "one patient", "asking", "refused")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pages(recall: Recall) -> Pages:
    """All pages of staff's, in all states that looking alone shows."""
    empty = await worlds.target(recall, "Nobody yet")
    paused = await worlds.target(recall, "On hold", worlds.people(3))
    closed = await worlds.target(recall, "Over", worlds.people(2))
    await recall.driver.post("ingest", f"/v1/targets/{paused}/pause")
    await recall.driver.post("ingest", f"/v1/targets/{closed}/close")
    await recall.driver.settle()
    people = [
        (await recall.driver.get("dashboard", f"/v1{PAGE}/patients", status=status, limit="1"))[
            "patients"
        ][0]["patient_id"]
        for status in ("booked", "being_invited", "patient_alert")
    ]
    return {
        "example": [
            *(Shown(path) for path in ("/", "/targets")),
            *(Shown(f"{PAGE}{tab}") for tab in TABS),
            Shown(f"{PAGE}/patients?status=booked&sort=-updated_at&limit=10"),
        ],
        "empty": [Shown(f"/targets/{empty}{tab}") for tab in TABS],
        "paused": [Shown(f"/targets/{paused}{tab}") for tab in CHANGED_BY_STATE],
        "closed": [Shown(f"/targets/{closed}{tab}") for tab in CHANGED_BY_STATE],
        "one patient": [Shown(f"{PAGE}/patients/{patient_id}") for patient_id in people],
        "asking": [
            Shown("/targets/new"),
            Shown(f"{PAGE}/settings/pause"),
            Shown(f"{PAGE}/settings/close"),
            Shown(f"/targets/{paused}/settings/resume"),
            Shown(f"{PAGE}/remove?whom=all&status=booked"),
            Shown(f"{PAGE}/reprocess?whom=all&status=patient_alert"),
            Shown(f"{PAGE}/slots?day=2025-09-15"),
        ],
        "refused": [
            Shown(f"{PAGE}/patients?status=removed"),
            Shown(f"{PAGE}/patients?nhs_number=12", 422),
            Shown("/targets/nowhere", 404),
            Shown("/nowhere", 404),
        ],
    }


@pytest.mark.parametrize("group", GROUPS)
async def test_axe_finds_nothing_on_any_page(visit: Visit, pages: Pages, group: str) -> None:
    found = []
    for page in pages[group]:
        await visit.open(page.path, page.status)
        found += await visit.violations()
    assert not found, "\n".join(found)


@pytest.mark.parametrize("group", GROUPS)
async def test_every_page_fits_a_phone_and_can_be_tapped(
    visits: Visits, pages: Pages, group: str
) -> None:
    visit = await visits.begin(viewport=NARROW)
    found = []
    for page in pages[group]:
        await visit.open(page.path, page.status)
        found += await visit.overflow()
        found += await visit.violations(*ON_A_PHONE)
    assert not found, "\n".join(found)


async def test_without_signing_in_every_page_says_how_to(visits: Visits, pages: Pages) -> None:
    visit = await visits.begin(signed_in=False)
    await visit.open(PAGE, 401)
    assert "Sign in" in await visit.page.locator("h1").inner_text()
    assert await visit.violations() == []
    for page in pages["example"]:
        await visit.open(page.path, 401)


async def test_a_command_from_elsewhere_is_refused_with_a_page(visit: Visit) -> None:
    address = f"{visit.recall.address}{PAGE}/patients"
    answer = await visit.context.request.post(
        address, headers={"Origin": "http://elsewhere.example", "Accept": "text/html"}
    )
    assert answer.status == 403
    await visit.open(PAGE)
    await visit.page.set_content(await answer.text())
    assert await visit.violations() == []


def test_a_list_of_no_targets_says_what_to_do(recall: Recall) -> None:
    assert recall.empty == []
    assert "target" in recall.empty_text.lower()


async def test_the_letters_of_the_example_are_told_and_can_be_printed(visits: Visits) -> None:
    visit = await visits.begin(javascript=False)
    await visit.open(PAGE)
    await visit.page.get_by_role("link", name="Letters").click()
    (row,) = await visit.page.locator("tbody tr").all()
    assert (await row.locator("td").all_inner_texts())[0] == "4"
    assert "gone away" in await row.inner_text()
    for name, begins in (("Letters (PDF)", b"%PDF"), ("Manifest (CSV)", b"batch_id,")):
        address = await row.get_by_role("link", name=name).get_attribute("href")
        answer = await visit.context.request.get(f"{visit.recall.address}{address}")
        assert (await answer.body()).startswith(begins)


@pytest.mark.parametrize("javascript", [True, False])
async def test_every_tab_is_there_with_and_without_javascript(
    visits: Visits, javascript: bool
) -> None:
    visit = await visits.begin(javascript=javascript)
    await visit.open(PAGE)
    tabs = visit.page.get_by_role("navigation", name="Target").get_by_role("link")
    names = [(await tab.inner_text()).strip() for tab in await tabs.all()]
    assert names[:2] == ["Dashboard", "Patient list"]
