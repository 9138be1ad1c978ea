"""The patients' own page behind a link: nothing before the date of birth, one slot for one person."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from integration.invitations.test_invitations import START, Invitations, patient_id, service
from invitations.pages import router
from recall.kit import wire

__all__ = ["service"]
BORN = {"day": "1", "month": "5", "year": "1980"}


@pytest.fixture
async def browser(service: Invitations) -> AsyncIterator[httpx.AsyncClient]:
    app = service.service.app([router(service.service, service.channels, service.rotation)])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://page") as client:
        yield client


async def link_of(service: Invitations, number: int) -> str:
    await service.hear(service.patient(number), service.dispatch(number, channel="sms-link"))
    service.clock.at = START + timedelta(hours=1)
    return f"/b/{service.channels.token_of(f'{patient_id(number)}.1')}"


async def test_the_date_of_birth_comes_before_anything_else(
    service: Invitations, browser: httpx.AsyncClient
) -> None:
    await service.target()
    link = await link_of(service, 1)
    asked = await browser.get(link)
    assert "What is the patient's date of birth?" in asked.text
    assert "slot-0" not in asked.text
    assert "Ann" not in asked.text
    assert asked.headers["referrer-policy"] == "no-referrer"
    shown = await browser.post(link, data=BORN)
    assert "slot-0" in shown.text
    assert "Monday 15 September" in shown.text


async def test_a_patient_books_and_the_link_then_shows_the_appointment(
    service: Invitations, browser: httpx.AsyncClient
) -> None:
    await service.target()
    link = await link_of(service, 1)
    booked = await browser.post(link, data=BORN | {"slot": "slot-2"})
    assert "Monday 15 September at 9:40 am" in booked.text
    (event,) = service.kept.of(wire.AppointmentBooked)
    assert (event.slot_id, event.via) == ("slot-2", "page")
    again = await browser.get(link)
    assert "Your appointment is booked" in again.text
    await browser.post(link, data=BORN | {"slot": "slot-3"})
    assert len(service.kept.of(wire.AppointmentBooked)) == 1


async def test_who_comes_second_to_a_slot_is_told_kindly_and_chooses_again(
    service: Invitations, browser: httpx.AsyncClient
) -> None:
    await service.target()
    first, second = await link_of(service, 1), await link_of(service, 2)
    await browser.post(first, data=BORN | {"slot": "slot-0"})
    told = await browser.post(second, data=BORN | {"slot": "slot-0"})
    assert "That time has just gone" in told.text
    assert 'value="slot-0"' not in told.text
    await browser.post(second, data=BORN | {"slot": "slot-1"})
    assert [e.slot_id for e in service.kept.of(wire.AppointmentBooked)] == ["slot-0", "slot-1"]


async def test_a_patient_declines(service: Invitations, browser: httpx.AsyncClient) -> None:
    await service.target()
    link = await link_of(service, 1)
    thanked = await browser.post(link, data=BORN | {"decline": "yes"})
    assert "Thank you for telling us" in thanked.text
    assert len(service.kept.of(wire.InvitationDeclined)) == 1


async def test_five_wrong_dates_lock_the_link(
    service: Invitations, browser: httpx.AsyncClient
) -> None:
    await service.target()
    link = await link_of(service, 1)
    for _ in range(5):
        wrong = await browser.post(link, data=BORN | {"year": "1981"})
        assert "There is a problem" in wrong.text
    locked = await browser.post(link, data=BORN)
    assert locked.status_code == 403
    assert "slot-0" not in locked.text


async def test_a_link_expires_with_its_invitation(
    service: Invitations, browser: httpx.AsyncClient
) -> None:
    await service.target()
    link = await link_of(service, 1)
    service.clock.at = START + timedelta(days=7)
    expired = await browser.post(link, data=BORN | {"slot": "slot-0"})
    assert expired.status_code == 410
    assert service.kept.of(wire.AppointmentBooked) == []


async def test_an_unknown_link_says_so(service: Invitations, browser: httpx.AsyncClient) -> None:
    unknown = await browser.get("/b/AAAAAAAAAAAAAAAAAAAAAA")
    assert unknown.status_code == 404
    assert "We do not know this link" in unknown.text


async def test_staff_book_and_decline_for_a_patient_by_phone(
    service: Invitations, browser: httpx.AsyncClient
) -> None:
    from invitations.routes import router as staff

    await service.target()
    await link_of(service, 1)
    app = service.service.app([staff(service.service, service.channels, service.rotation)])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://staff") as client:
        path = f"/v1/patients/{patient_id(1)}/answers"
        assert (await client.post(path, json={"booked": "slot-0"})).status_code == 401
        client.headers["Authorization"] = "Bearer t"
        both = await client.post(path, json={"booked": "slot-0", "declined": True})
        assert both.status_code == 422
        unknown = await client.post(path.replace("0002", "9999"), json={"declined": True})
        assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
        taken = await client.post(path, json={"booked": "slot-99"})
        assert (taken.status_code, taken.json()["code"]) == (409, "slot_taken")
        booked = await client.post(path, json={"booked": "slot-0"})
        assert (booked.status_code, booked.json()["slot_id"]) == (200, "slot-0")
        again = await client.post(path, json={"declined": True})
        assert (again.status_code, again.json()["code"]) == (409, "already_booked")
    (event,) = service.kept.of(wire.AppointmentBooked)
    assert (event.via, event.actor) == ("staff", "staff")
