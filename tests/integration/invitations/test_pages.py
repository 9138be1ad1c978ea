"""The patients' own page behind a link: nothing before the date of birth, one slot for one person."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from integration.invitations.test_invitations import START, Invitations, patient_id, service
from invitations import limiting
from invitations.codes import grouped
from invitations.pages import router
from invitations.store import links
from recall.kit import wire

__all__ = ["service"]
BORN = {"step": "birth", "day": "1", "month": "5", "year": "1980"}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PROOF = re.compile(r'name="proof" value="([^"]+)"')


@pytest.fixture
def pages(service: Invitations) -> FastAPI:
    return service.service.app([router(service.service, service.channels, service.rotation, {})])


@asynccontextmanager
async def visiting(pages: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=pages)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://page", follow_redirects=True
    ) as client:
        yield client


@pytest.fixture
async def browser(pages: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with visiting(pages) as client:
        yield client


async def link_of(service: Invitations, number: int, channel: str = "sms-link") -> str:
    await service.hear(service.patient(number), service.dispatch(number, channel=channel))
    service.clock.at = START + timedelta(hours=1)
    return f"/b/{service.channels.token_of(f'{patient_id(number)}.1')}"


async def answer(
    browser: httpx.AsyncClient, link: str, step: str, query: str, **more: str
) -> httpx.Response:
    """Look at the page that asks whether it shall be so, and say yes."""
    asked = await browser.get(f"{link}?{query}")
    (proof,) = PROOF.findall(asked.text)
    return await browser.post(link, data={"step": step, "proof": proof} | more)


async def book(browser: httpx.AsyncClient, link: str, slot: str) -> httpx.Response:
    return await answer(browser, link, "book", f"slot={slot}", slot=slot)


async def test_the_date_of_birth_comes_before_anything_else(
    service: Invitations, browser: httpx.AsyncClient
) -> None:
    await service.target()
    link = await link_of(service, 1)
    for query in ("", "?slot=slot-0", "?decline=true", "?start=2025-09-15"):
        asked = await browser.get(link + query)
        assert "What is the date of birth?" in asked.text
        assert not any(word in asked.text for word in ("slot-0", "Ann", "Immunisations"))
    assert asked.headers["referrer-policy"] == "no-referrer"
    assert asked.headers["cache-control"] == "no-store"
    assert "noindex" in asked.headers["x-robots-tag"]
    assert "script-src" not in asked.headers["content-security-policy"]
    shown = await browser.post(link, data=BORN)
    assert shown.history[0].status_code == 303
    assert "slot-0" in shown.text
    assert "Monday 15 September" in shown.text


async def test_a_patient_books_and_the_link_then_shows_the_appointment(
    service: Invitations, browser: httpx.AsyncClient, pages: FastAPI
) -> None:
    await service.target()
    link = await link_of(service, 1)
    await browser.post(link, data=BORN)
    booked = await book(browser, link, "slot-2")
    assert "Your appointment is booked" in booked.text
    assert "Monday 15 September at 9:40 am" in booked.text
    (event,) = service.kept.of(wire.AppointmentBooked)
    assert (event.slot_id, event.via) == ("slot-2", "page")
    async with visiting(pages) as another:
        asked = await another.get(link)
        assert "What is the date of birth?" in asked.text
        assert "9:40" not in asked.text
        assert "9:40" in (await another.post(link, data=BORN)).text
    await browser.post(link, data={"step": "book", "slot": "slot-3"})
    assert len(service.kept.of(wire.AppointmentBooked)) == 1


async def test_nothing_is_booked_without_a_visit_and_the_forms_own_proof(
    service: Invitations, browser: httpx.AsyncClient, pages: FastAPI
) -> None:
    await service.target()
    link, other = await link_of(service, 1), await link_of(service, 2)
    await browser.post(other, data=BORN)
    (proof,) = PROOF.findall((await browser.get(f"{other}?slot=slot-0")).text)
    async with visiting(pages) as stranger:
        for data in ({"proof": proof}, {"proof": ""}, BORN | {"year": "1981"}):
            await stranger.post(link, data={"step": "book", "slot": "slot-0"} | data)
            await stranger.post(other, data={"step": "book", "slot": "slot-0"} | data)
    await browser.post(other, data={"step": "book", "slot": "slot-0", "proof": "0" * 32})
    elsewhere = await browser.post(
        other,
        data={"step": "book", "slot": "slot-0", "proof": proof},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert elsewhere.status_code == 403
    assert service.kept.of(wire.AppointmentBooked) == []
    odd = await browser.post(other, data={"step": "book", "slot": "a\x00b", "proof": proof})
    assert odd.status_code == 422


async def test_who_comes_second_to_a_slot_is_told_kindly_and_chooses_again(
    service: Invitations, browser: httpx.AsyncClient, pages: FastAPI
) -> None:
    await service.target()
    first, second = await link_of(service, 1), await link_of(service, 2)
    await browser.post(first, data=BORN)
    await browser.post(second, data=BORN)
    (proof,) = PROOF.findall((await browser.get(f"{second}?slot=slot-0")).text)
    await book(browser, first, "slot-0")
    late = {"step": "book", "slot": "slot-0", "proof": proof}
    told = await browser.post(second, data=late)
    assert "That time has just gone" in told.text
    assert 'value="slot-0"' not in told.text
    assert "That time has just gone" in (await browser.get(f"{second}?slot=slot-0")).text
    await book(browser, second, "slot-1")
    assert [e.slot_id for e in service.kept.of(wire.AppointmentBooked)] == ["slot-0", "slot-1"]


async def test_of_all_who_click_the_same_slot_at_once_one_gets_it(
    service: Invitations, pages: FastAPI
) -> None:
    await service.target()
    people = range(5)
    links = [await link_of(service, number) for number in people]

    async def click(link: str) -> str:
        async with visiting(pages) as browser:
            await browser.post(link, data=BORN)
            (proof,) = PROOF.findall((await browser.get(f"{link}?slot=slot-0")).text)
            await ready.wait()
            data = {"step": "book", "slot": "slot-0", "proof": proof}
            return (await browser.post(link, data=data)).text

    ready = asyncio.Barrier(len(people))
    told = await asyncio.gather(*(click(link) for link in links))
    assert sum("Your appointment is booked" in text for text in told) == 1
    assert sum("That time has just gone" in text for text in told) == len(people) - 1
    assert len(service.kept.of(wire.AppointmentBooked)) == 1
    assert len(await service.rows("SELECT 1 FROM appointments")) == 1


async def test_one_patient_who_clicks_two_slots_at_once_gets_one(
    service: Invitations, browser: httpx.AsyncClient
) -> None:
    await service.target()
    link = await link_of(service, 1)
    await browser.post(link, data=BORN)
    told = await asyncio.gather(book(browser, link, "slot-0"), book(browser, link, "slot-1"))
    assert all("Your appointment is booked" in page.text for page in told)
    assert len(service.kept.of(wire.AppointmentBooked)) == 1


async def test_a_patient_declines_after_being_asked_again(
    service: Invitations, browser: httpx.AsyncClient
) -> None:
    await service.target()
    link = await link_of(service, 1)
    await browser.post(link, data=BORN)
    assert "Are you sure" in (await browser.get(f"{link}?decline=true")).text
    assert service.kept.of(wire.InvitationDeclined) == []
    thanked = await answer(browser, link, "decline", "decline=true")
    assert "Thank you for telling us" in thanked.text
    assert len(service.kept.of(wire.InvitationDeclined)) == 1


async def test_a_patient_cancels_on_the_page_and_the_slot_is_free_again(
    service: Invitations, browser: httpx.AsyncClient
) -> None:
    await service.target()
    link = await link_of(service, 1)
    await browser.post(link, data=BORN)
    await book(browser, link, "slot-2")
    told = await answer(browser, link, "cancel", "cancel=true")
    assert "Your appointment is cancelled" in told.text
    (event,) = service.kept.of(wire.AppointmentCancelled)
    assert (event.slot_id, event.actor) == ("slot-2", "patient")
    other = await link_of(service, 2)
    assert "slot-2" in (await browser.post(other, data=BORN)).text


async def test_five_wrong_dates_lock_the_link(
    service: Invitations, browser: httpx.AsyncClient
) -> None:
    await service.target()
    link = await link_of(service, 1)
    none = await browser.post(link, data=BORN | {"month": "13"})
    assert "Enter a date of birth" in none.text
    for left in (4, 3, 2, 1):
        wrong = await browser.post(link, data=BORN | {"year": "1981"})
        assert f"You have {left} tr" in wrong.text
    last = await browser.post(link, data=BORN | {"year": "1981"})
    locked = await browser.post(link, data=BORN)
    assert last.status_code == locked.status_code == (await browser.get(link)).status_code == 403
    assert "slot-0" not in locked.text


async def test_wrong_dates_at_the_same_moment_get_no_tries_for_nothing(
    service: Invitations, browser: httpx.AsyncClient
) -> None:
    await service.target()
    link = await link_of(service, 1)
    years = [str(year) for year in range(1940, 1952)]
    tried = await asyncio.gather(*(browser.post(link, data=BORN | {"year": y}) for y in years))
    assert sum("This is not the date of birth" in page.text for page in tried) == 4
    assert (await browser.post(link, data=BORN)).status_code == 403


async def test_the_right_date_gives_the_tries_back(
    service: Invitations, browser: httpx.AsyncClient
) -> None:
    await service.target()
    link = await link_of(service, 1)
    for _ in range(3):
        for _ in range(4):
            await browser.post(link, data=BORN | {"day": "2"})
        assert "Choose a time" in (await browser.post(link, data=BORN)).text


async def test_a_link_expires_with_its_invitation(
    service: Invitations, browser: httpx.AsyncClient
) -> None:
    await service.target()
    link = await link_of(service, 1)
    await browser.post(link, data=BORN)
    (proof,) = PROOF.findall((await browser.get(f"{link}?slot=slot-0")).text)
    service.clock.at = START + timedelta(days=7)
    expired = await browser.post(link, data={"step": "book", "slot": "slot-0", "proof": proof})
    assert expired.status_code == 410
    assert "This link has expired" in expired.text
    assert service.kept.of(wire.AppointmentBooked) == []


async def test_a_removed_patients_link_says_that_the_invitation_has_ended(
    service: Invitations, browser: httpx.AsyncClient
) -> None:
    await service.target()
    link = await link_of(service, 1)
    await browser.post(link, data=BORN)
    (proof,) = PROOF.findall((await browser.get(f"{link}?slot=slot-0")).text)
    await service.hear(service.withdrawal(1))
    ended = await browser.post(link, data={"step": "book", "slot": "slot-0", "proof": proof})
    assert ended.status_code == 410
    assert "This invitation has ended" in ended.text
    assert service.kept.of(wire.AppointmentBooked) == []


async def test_who_chooses_nothing_is_asked_to_and_without_slots_one_is_told_whom_to_call(
    service: Invitations, browser: httpx.AsyncClient
) -> None:
    await service.target(slots=1)
    link, other = await link_of(service, 1), await link_of(service, 2)
    await browser.post(link, data=BORN)
    assert "There is a problem" in (await browser.get(f"{link}?choosing=true")).text
    await book(browser, link, "slot-0")
    empty = await browser.post(other, data=BORN)
    assert "No free appointment at the moment" in empty.text
    assert "01632 960" in empty.text


async def test_an_unknown_link_says_so(service: Invitations, browser: httpx.AsyncClient) -> None:
    for token in ("AAAAAAAAAAAAAAAAAAAAAA", "%00", "x" * 3000):
        unknown = await browser.get(f"/b/{token}")
        assert unknown.status_code == 404
        assert "We do not know this link" in unknown.text


async def test_an_error_that_nobody_expected_is_a_page_that_tells_nothing_of_it(
    service: Invitations, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_given: Any) -> None:
        raise asyncpg.DataError("invalid input for query argument $1: 'Mary Made-Up'")

    await service.target()
    link = await link_of(service, 1)
    monkeypatch.setattr(links, "read_link", refuse)
    page = await browser.get(link)
    assert (page.status_code, page.headers["Cache-Control"]) == (500, "no-store")
    assert "Sorry, there is a problem" in page.text
    assert "Mary" not in page.text


async def test_a_letters_code_leads_to_the_page_however_it_is_typed(
    service: Invitations, browser: httpx.AsyncClient
) -> None:
    await service.target()
    link = await link_of(service, 1, channel="letter")
    assert "Enter the code from your letter" in (await browser.get("/b")).text
    code = grouped(service.channels.code_of(f"{patient_id(1)}.1"))
    for typed in (code, code.lower(), code.replace(" ", "-"), f"  {code.replace(' ', '')} "):
        shown = await browser.post("/b", data={"code": typed})
        assert shown.url.path == link
        assert "What is the date of birth?" in shown.text
    assert "Enter the code" in (await browser.post("/b", data={"code": ""})).text
    wrong = await browser.post("/b", data={"code": code[:-1] + ("2" if code[-1] != "2" else "3")})
    assert (wrong.status_code, "Check the code" in wrong.text) == (422, True)


async def test_two_invitations_found_by_the_same_hash_keep_their_own_links_and_codes(
    service: Invitations, browser: httpx.AsyncClient
) -> None:
    await service.target()
    first, second = await link_of(service, 1), await link_of(service, 2)
    stranger = service.channels.opening_of("somebody")
    await service.rows("UPDATE invitations SET opening = $1", stranger)
    assert (await browser.get(first)).status_code == 404
    assert (await browser.get(f"/b/{service.channels.token_of('somebody')}")).status_code == 404
    guess = service.channels.code_of("somebody")
    assert (await browser.post("/b", data={"code": guess})).status_code == 404
    await service.rows(
        "UPDATE invitations SET opening = $1", service.channels.opening_of(f"{patient_id(2)}.1")
    )
    assert "What is the date of birth?" in (await browser.get(second)).text
    shown = await browser.post("/b", data={"code": service.channels.code_of(f"{patient_id(2)}.1")})
    assert shown.url.path == second


async def test_the_help_text_of_a_page_leads_to_it_while_it_is_open(
    service: Invitations, browser: httpx.AsyncClient
) -> None:
    await service.target()
    link = await link_of(service, 1)
    await service.hear(service.reply(1, "A"))
    texts = "SELECT body FROM sent_texts WHERE kind = 'help'"
    (help_text,) = [row["body"] for row in await service.rows(texts)]
    assert link in help_text
    assert "letter" not in help_text


async def test_who_guesses_codes_has_to_wait_whichever_process_they_ask(
    service: Invitations, browser: httpx.AsyncClient
) -> None:
    await service.target()
    link = await link_of(service, 1, channel="letter")
    right = {"code": service.channels.code_of(f"{patient_id(1)}.1")}
    guess = {"code": service.channels.code_of("nobody")}
    second = service.service.app([router(service.service, service.channels, service.rotation, {})])
    async with visiting(second) as other:
        tried = await asyncio.gather(
            *(one.post("/b", data=guess) for one in (browser, other) * limiting.TRIES)
        )
        statuses = Counter(answer.status_code for answer in tried)
        assert statuses == {404: limiting.TRIES, 429: limiting.TRIES}
        assert (await browser.post("/b", data=right)).status_code == 429
        await service.rows(
            "UPDATE code_tries SET tried_at = array_fill($1::timestamptz, ARRAY[10])", LONG_AGO
        )
        for _ in range(limiting.TRIES + 1):
            assert (await other.post("/b", data=right)).url.path == link, "a right one counts not"
        assert (await browser.post("/b", data=guess)).status_code == 404


async def test_addresses_that_tried_codes_are_forgotten_and_never_stored_as_they_are(
    service: Invitations, browser: httpx.AsyncClient
) -> None:
    await browser.post("/b", data={"code": service.channels.code_of("nobody")})
    (row,) = await service.rows("SELECT address FROM code_tries")
    assert b"127.0.0.1" not in row["address"]
    await limiting.prune(service.service)
    assert await service.rows("SELECT 1 FROM code_tries"), "it still counts"
    await service.rows("UPDATE code_tries SET last_at = $1", LONG_AGO)
    await limiting.prune(service.service)
    assert not await service.rows("SELECT 1 FROM code_tries")


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
