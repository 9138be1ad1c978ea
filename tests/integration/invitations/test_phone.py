"""The simulated phone: its texts, its answers, who may look, and what stands in no address."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from integration.invitations.test_invitations import START, Invitations, patient_id, service
from invitations import phones
from invitations.app import create_app
from invitations.settings import Settings
from recall.kit import wire
from recall.kit.access import COOKIE, session_of

__all__ = ["service"]


@pytest.fixture
async def phone(service: Invitations) -> AsyncIterator[httpx.AsyncClient]:
    app = service.service.app([phones.router(service.service, patience=0)])
    app.mount(phones.ASSETS.prefix, phones.ASSETS)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://phone",
        cookies={COOKIE: session_of("t")},
        follow_redirects=True,
    ) as client:
        yield client


async def pick(phone: httpx.AsyncClient, number: str = "07700 900123") -> httpx.Response:
    return await phone.post("/phone/find", data={"number": number})


async def answer(service: Invitations, phone: httpx.AsyncClient, text: str) -> str:
    before = len(service.kept.of(wire.ReplyReceived))
    service.clock.at += timedelta(minutes=1)
    assert (await phone.post("/phone/answer", data={"text": text})).status_code == 200
    (said,) = service.kept.of(wire.ReplyReceived)[before:]
    await service.hear(said)
    return (await phone.get("/phone")).text


async def invited(service: Invitations, channel: str = "sms") -> None:
    await service.target()
    await service.hear(service.patient(1), service.dispatch(1, channel=channel))
    service.clock.at = START + timedelta(hours=1)


async def test_a_person_reads_the_text_answers_b_and_is_told_of_the_booking(
    service: Invitations, phone: httpx.AsyncClient
) -> None:
    await invited(service)
    shown = await pick(phone)
    assert "Dear Ann, you are invited to book a Childhood Immunisations" in shown.text
    assert "2 parts, GSM-7" in shown.text
    told = await answer(service, phone, "b please")
    assert "your Childhood Immunisations appointment is on Monday 15 September at" in told
    (booked,) = service.kept.of(wire.AppointmentBooked)
    assert booked.via == "reply"
    # The person has taken the patient's place: nothing is made up for them any more.
    rows = await service.rows("SELECT kind FROM simulated_acts")
    assert [row["kind"] for row in rows if row["kind"] != "delivered"] == []


async def test_every_answer_has_its_text(service: Invitations, phone: httpx.AsyncClient) -> None:
    await invited(service)
    await pick(phone)
    assert "we did not understand" in await answer(service, phone, "What is this?")
    assert (await answer(service, phone, "Hm")).count("we did not understand") == 1
    assert "is on Monday" in await answer(service, phone, "A.")
    assert "appointment is cancelled" in await answer(service, phone, "CANCEL")
    assert "Please call the practice" in await answer(service, phone, "A")
    assert "You will get no more texts" in await answer(service, phone, "stop")
    assert "texts from us again" in await answer(service, phone, "START")
    assert len(service.kept.of(wire.AppointmentCancelled)) == 1


async def test_who_writes_by_text_is_told_by_text_while_a_letter_is_open(
    service: Invitations, phone: httpx.AsyncClient
) -> None:
    await invited(service)
    await pick(phone)
    await answer(service, phone, "STOP")
    await service.hear(service.dispatch(1, round_number=2, channel="letter"))
    assert "texts from us again" in await answer(service, phone, "START")
    assert "your Childhood Immunisations appointment is on" in await answer(service, phone, "A")
    (booked,) = service.kept.of(wire.AppointmentBooked)
    assert booked.round == 2


async def test_answers_stand_before_the_texts_they_bring_even_when_the_clock_stands_still(
    service: Invitations, phone: httpx.AsyncClient
) -> None:
    await invited(service)
    await pick(phone)
    for word in ("A", "CANCEL", "STOP", "START"):
        service.clock.at -= timedelta(minutes=1)
        shown = await answer(service, phone, word)
    said = re.findall(r'phone-words">(.*?)</p>', shown)
    assert [text.split()[0] for text in said] == [
        *("Dear", "A", "Dear", "CANCEL", "Your", "STOP", "You", "START", "You")
    ]


async def test_a_link_in_a_text_can_be_followed(
    service: Invitations, phone: httpx.AsyncClient
) -> None:
    await invited(service, "sms-link")
    shown = await pick(phone, "999 000 0018")
    link = service.channels.link_of(f"{patient_id(1)}.1")
    assert f'<a href="{link}">{link}</a>' in shown.text


async def test_what_a_patient_is_called_or_writes_is_text_and_no_page(
    service: Invitations, phone: httpx.AsyncClient
) -> None:
    await invited(service)
    await pick(phone)
    told = await answer(service, phone, "<b>me</b>\x00 \u202e")
    assert "&lt;b&gt;me&lt;/b&gt;" in told


async def test_patients_with_one_number_are_told_apart(
    service: Invitations, phone: httpx.AsyncClient
) -> None:
    await invited(service)
    await service.hear(service.patient(2))
    both = await pick(phone)
    assert "2 patients have this number" in both.text
    picked = await phone.post("/phone/pick", data={"patient": patient_id(2)})
    assert "No text has come to this phone yet" in picked.text
    gone = await phone.post("/phone/leave")
    assert "Mobile or NHS number" in gone.text


async def test_only_made_up_people_are_found_and_none_stands_in_an_address(
    service: Invitations, phone: httpx.AsyncClient
) -> None:
    await invited(service)
    for number in ("07911 123456", "943 476 5919", ""):
        refused = await pick(phone, number)
        assert refused.status_code == 422
        assert "Enter a made-up mobile" in refused.text
    unknown = await pick(phone, "07700 900999")
    assert unknown.status_code == 404
    assert "Nobody on a target has this number" in unknown.text
    shown = await pick(phone)
    assert str(shown.url) == "http://phone/phone"
    assert shown.headers["cache-control"] == "no-store"


async def test_the_phone_is_for_staff_and_for_its_own_pages(
    service: Invitations, phone: httpx.AsyncClient
) -> None:
    await invited(service)
    await pick(phone)
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://elsewhere.example"}
    refused = await phone.post("/phone/answer", data={"text": "A"}, headers=foreign)
    assert refused.status_code == 403
    assert service.kept.of(wire.ReplyReceived) == []
    phone.cookies.clear()
    stranger = await phone.get("/phone")
    assert stranger.status_code == 401
    assert "sign-in link" in stranger.text
    assert (await phone.get(phones.ASSETS.address("phone.css"))).status_code == 200


@pytest.mark.parametrize(("channels", "status"), [("sms,letter", 401), ("letter", 404), ("", 404)])
async def test_without_simulated_texts_there_is_no_phone(channels: str, status: int) -> None:
    settings = Settings(
        kafka_bootstrap_servers="127.0.0.1:1",
        database_url="postgresql://nobody@127.0.0.1:1/none",
        port=1,
        token="t",
        link_key="00" * 16,
        simulated_channels=channels,
    )
    transport = httpx.ASGITransport(app=create_app(settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://phone") as client:
        assert (await client.get("/phone")).status_code == status


async def test_only_the_latest_texts_are_kept(service: Invitations) -> None:
    await invited(service)
    await service.rows(
        "INSERT INTO sent_texts (invitation_id, kind, body, sent_at)"
        " SELECT 'x', 'help', 'x', $1 FROM generate_series(1, 20010)",
        START,
    )
    await phones.prune(service.service)
    (row,) = await service.rows("SELECT count(*) AS kept FROM sent_texts")
    assert row["kept"] == 20_000
