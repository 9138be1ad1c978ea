"""The patients' own page, on a phone: the birthday first, then an appointment or no."""

import pytest
import pytest_asyncio
from playwright.async_api import expect

from browser import worlds
from browser.visiting import NARROW, Recall, Visit, Visits
from invitations.codes import grouped
from launcher.made_up import MadeUp

SMALLEST = {"width": 320, "height": 640}
ROUNDS = [{"channel": "sms-link", "name": "SMS link invitation", "respond_within": "P7D"}]


@pytest_asyncio.fixture(loop_scope="session")
async def phone(visits: Visits) -> Visit:
    """A patient, who is nobody to staff's pages."""
    return await visits.begin(viewport=NARROW, signed_in=False)


async def tell_birthday(visit: Visit, person: MadeUp, day: int | None = None) -> None:
    """Answer the page's first question."""
    page = visit.page
    await page.get_by_label("Day").fill(str(day or person.born.day))
    await page.get_by_label("Month").fill(str(person.born.month))
    await page.get_by_label("Year").fill(str(person.born.year))
    await visit.press("Continue")


async def test_a_patient_books_on_their_phone_and_staff_see_it(
    phone: Visit, recall: Recall
) -> None:
    person, *others = worlds.people(2)
    target_id = await worlds.target(recall, "By link", [person, *others], slots=4, rounds=ROUNDS)
    await phone.open(await worlds.link_of(recall, target_id, person))
    await phone.sound()
    await expect(phone.page.locator("main")).not_to_contain_text("Wednesday")

    await tell_birthday(phone, person, day=person.born.day % 28 + 1)
    await expect(phone.page.get_by_role("alert")).to_contain_text("date of birth")
    await phone.sound()

    await tell_birthday(phone, person)
    await phone.sound()
    await phone.press("Continue")
    await expect(phone.page.get_by_role("alert")).to_contain_text("Choose a time")
    await phone.sound()
    await phone.page.get_by_role("radio").first.check()
    await phone.press("Continue")
    await phone.sound()
    await phone.press("Book this appointment")
    await expect(phone.page.locator("h1")).to_have_text("Your appointment is booked")
    await phone.sound()

    await recall.driver.settle()
    said = await recall.driver.page(target_id)
    assert (said["overview"]["booked"], said["slots"]["available"]) == (1, 3)

    await phone.press("Cancel this appointment", role="link")
    await phone.sound()
    await phone.press("Cancel this appointment")
    await expect(phone.page.locator("h1")).to_have_text("Your appointment is cancelled")
    await phone.sound()
    await recall.driver.settle()
    said = await recall.driver.page(target_id)
    assert (said["overview"]["did_not_book"], said["slots"]["available"]) == (1, 4)


@pytest.mark.parametrize("javascript", [True, False])
async def test_a_patient_says_no(visits: Visits, recall: Recall, javascript: bool) -> None:
    (person,) = worlds.people(1)
    target_id = await worlds.target(recall, "By link", [person], slots=2, rounds=ROUNDS)
    phone = await visits.begin(viewport=NARROW, signed_in=False, javascript=javascript)
    await phone.open(await worlds.link_of(recall, target_id, person))
    await tell_birthday(phone, person)
    await phone.press("I do not want an appointment", role="link")
    await expect(phone.page.locator("h1")).to_contain_text("Are you sure")
    await phone.press("I do not want an appointment")
    await expect(phone.page.locator("h1")).to_have_text("Thank you for telling us")
    await recall.driver.settle()
    assert (await recall.driver.page(target_id))["overview"]["declined"] == 1


async def test_a_letters_code_is_typed_on_the_smallest_phone(
    visits: Visits, recall: Recall
) -> None:
    (person,) = worlds.people(1)
    rounds = [{"channel": "letter", "name": "Letter", "respond_within": "P14D"}]
    target_id = await worlds.target(recall, "By letter", [person], slots=2, rounds=rounds)
    phone = await visits.begin(viewport=SMALLEST, signed_in=False)
    await phone.open(f"{recall.stack.stack['invitations']}/b")
    await phone.sound()
    await phone.page.get_by_label("Enter the code").fill("ABC")
    await phone.press("Continue")
    await expect(phone.page.get_by_role("alert")).to_contain_text("Check the code")
    await phone.sound()
    code = worlds.channels().code_of(f"{await worlds.patient_id(recall, target_id, person)}.1")
    await phone.page.get_by_label("Enter the code").fill(grouped(code).lower())
    await phone.press("Continue")
    await tell_birthday(phone, person)
    await expect(phone.page.locator("h1")).to_have_text("Choose a time")
    await phone.sound()


async def test_a_link_that_nobody_was_sent_says_what_to_do(phone: Visit, recall: Recall) -> None:
    await phone.open(f"{recall.stack.stack['invitations']}/b/{'A' * 22}", 404)
    await phone.sound()
