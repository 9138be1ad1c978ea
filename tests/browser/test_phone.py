"""The simulated phone: somebody takes a made-up patient's place and answers a text."""

from playwright.async_api import expect

from browser import worlds
from browser.visiting import NARROW, Recall, Visits


async def test_a_reply_on_the_simulated_phone_books_the_slot(
    visits: Visits, recall: Recall
) -> None:
    (person,) = worlds.people(1)
    target_id = await worlds.target(recall, "By text", [person], slots=3)
    address = f"{recall.stack.stack['invitations']}/phone"
    stranger = await visits.begin(viewport=NARROW, signed_in=False)
    await stranger.open(address, 401)
    await stranger.sound()
    phone = await visits.begin(viewport=NARROW)
    await phone.open(address)
    await phone.sound()
    await phone.page.get_by_label("Mobile or NHS number").fill(person.nhs_number)
    await phone.press("Show the phone")
    await phone.sound()
    await phone.press("A")
    await expect(phone.page.locator(".phone-texts")).to_contain_text("A")
    await recall.driver.settle()
    await phone.press("Show new texts", role="link")
    await phone.sound()
    overview = (await recall.driver.page(target_id))["overview"]
    assert overview["booked"] == 1
