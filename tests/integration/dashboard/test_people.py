"""The pages about patients: choosing, removing, reprocessing, one patient, alerts, appointments."""

import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from dashboard import errand_store, errands, staff
from dashboard.errand import Chosen
from dashboard.filters import Filters
from integration.dashboard.board import (
    TARGET,
    Board,
    appointment,
    enrolled,
    opened,
    patient_id,
    progressed,
    saved,
)
from integration.dashboard.test_reading import worked_example
from integration.dashboard.test_web import served
from recall.kit import wire
from support.stores import TestStores, fresh_database

HERE = f"/targets/{TARGET}"
KEY = "0190cafe-0000-4000-8000-00000000abcd"


class Upstream:
    """Stands in for ingest and invitations: keeps what it is asked, answers as it is told."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        self.answers: list[JSONResponse] = []
        self.app = FastAPI()

        @self.app.api_route("/{path:path}", methods=["POST", "PATCH"])
        async def anything(path: str, request: Request) -> JSONResponse:
            body = await request.json()
            self.asked.append((request.method, f"/{path}", dict(request.headers), body))
            if self.answers:
                return self.answers.pop(0)
            return JSONResponse({"request_id": "r", "count": len(body.get("patients", "1"))}, 202)


@pytest.fixture(scope="module")
async def standing(stores: TestStores) -> AsyncIterator[tuple[Board, Upstream]]:
    """One board and one upstream for all tests here."""
    upstream = Upstream()
    dsn = await fresh_database(stores)
    async with (
        served(upstream.app) as address,
        opened(dsn, stores.role_password, ingest_url=address, invitations_url=address) as found,
    ):
        yield found, upstream


@pytest.fixture
def upstream(standing: tuple[Board, Upstream]) -> Upstream:
    """Nothing asked of it yet."""
    standing[1].asked.clear()
    standing[1].answers.clear()
    return standing[1]


@pytest.fixture
async def board(
    standing: tuple[Board, Upstream], upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> Board:
    """Its tables empty but for the target; errands are sent when a test says so."""
    monkeypatch.setattr(errands, "SHOWN_WITHIN_SECONDS", 0)
    monkeypatch.setattr(staff.posted, "SEEN_WITHIN_SECONDS", 0)
    found = standing[0]
    tables = (
        "targets, cells, identities, patients, counts, slots, timeline, errands, errand_patients"
    )
    await found.rows(f"TRUNCATE {tables}")
    await found.hear(saved())
    return found


async def send_errands(board: Board) -> None:
    """Run the loop's step until nothing is left."""
    (loop,) = (loop for loop in board.app.state.service.loops if loop.name == "errands")
    while await loop._step():
        pass


async def page(board: Board, path: str, status: int = 200) -> str:
    answer = await board.client.get(path)
    assert answer.status_code == status, answer.text
    return unescape(answer.text)


async def filled(
    board: Board, path: str, status: int = 303, /, **typed: str
) -> tuple[str, httpx.Response]:
    """Open a form, fill it in and send it, as a browser does."""
    shown = (await board.client.get(path)).text
    fields = [
        (name, unescape(value))
        for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', shown)
    ]
    action = unescape(re.findall(r'<form method="post" action="([^"]+)"', shown)[0])
    answer = await board.client.post(
        action,
        content=httpx.QueryParams([*fields, *typed.items()]).__str__(),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == status, answer.text
    return shown, answer


async def test_the_ticked_patients_are_removed_once_with_reason_and_actor(
    board: Board, upstream: Upstream
) -> None:
    await board.hear(*(enrolled(n) for n in (1, 2, 3)))
    await board.hear(*(progressed(n, "in_queue") for n in (1, 2, 3)))
    path = f"{HERE}/remove?status=in_queue&patient={patient_id(1)}&patient={patient_id(2)}"
    shown, first = await filled(
        board, path, why="other", reason="Moved to Leeds", name="Siân Jones"
    )
    assert "Remove 2 patients from this target?" in shown
    assert "Ann Smith001" in shown
    key = UUID(first.headers["location"].rpartition("/")[2])
    assert "Removing patients" in await page(board, first.headers["location"])
    await send_errands(board)
    ((method, where, headers, body),) = upstream.asked
    assert (method, where) == ("POST", f"/v1/targets/{TARGET}/removals")
    assert body == {"patients": [patient_id(1), patient_id(2)], "reason": "Moved to Leeds"}
    assert headers["x-actor"] == "Sian Jones"
    assert headers["idempotency-key"] == f"{key}/0"
    done = await page(board, first.headers["location"])
    assert "2 patients were removed" in done
    assert "Moved to Leeds" in done
    assert f"{HERE}/patients?status=in_queue" in done


async def test_the_same_confirmation_again_removes_nobody_again(
    board: Board, upstream: Upstream
) -> None:
    await board.hear(enrolled(1), progressed(1, "in_queue"), enrolled(2), progressed(2, "in_queue"))
    form = f"key={KEY}&why=Has+died&patient={patient_id(1)}"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answers = [
        await board.client.post(f"{HERE}/remove", content=form, headers=headers) for _ in range(3)
    ]
    assert {a.headers["location"] for a in answers} == {f"{HERE}/errands/{KEY}"}
    await send_errands(board)
    again = await board.client.post(f"{HERE}/remove", content=form, headers=headers)
    await send_errands(board)
    assert again.status_code == 303
    assert len(upstream.asked) == 1


async def test_all_that_match_are_settled_at_confirmation_and_sent_in_batches(
    board: Board, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errand_store, "BATCH", 10)
    await board.hear(*worked_example())
    await board.hear(*(enrolled(n) for n in (200, 201)), progressed(200, "removed"))
    path = f"{HERE}/remove?did_not_book_in=1&whom=all"
    shown, answer = await filled(board, path, why="Uploaded by mistake")
    assert "Remove 35 patients from this target?" in shown
    assert "Did not book in: 1. SMS invitation" in shown
    await board.hear(progressed(201, "in_queue", 2))
    await send_errands(board)
    sent = [asked[3]["patients"] for asked in upstream.asked]
    assert [len(ids) for ids in sent] == [10, 10, 10, 5]
    listed = await board.get(f"/v1/targets/{TARGET}/patients", did_not_book_in=1, limit=500)
    expected = {found["patient_id"] for found in listed["patients"]} - {patient_id(201)}
    assert {one for ids in sent for one in ids} == expected
    assert len({asked[2]["idempotency-key"] for asked in upstream.asked}) == 4
    assert "35 patients were removed" in await page(board, answer.headers["location"])


async def test_a_search_finds_who_was_removed_and_who_was_uploaded_again_as_they_are_now(
    board: Board,
) -> None:
    async def found() -> str:
        form = {"nhs_number": "999 000 0001"}
        answer = await board.client.post(f"{HERE}/patients", data=form)
        return str(answer.headers.get("location", "nobody"))

    # Who is known by name alone is not on the list yet.
    await board.hear(enrolled(1))
    assert await found() == "nobody"
    await board.hear(progressed(1, "removed"))
    assert await found() == f"{HERE}/patients/{patient_id(1)}"
    assert "was removed from the target" in await page(board, await found())
    again = enrolled(2, nhs_number="9990000001", enrolment=2)
    await board.hear(again, progressed(2, "in_queue", updated_at="2025-09-01T08:00:00.000000Z"))
    assert await found() == f"{HERE}/patients/{patient_id(2)}"


async def test_a_batch_is_sent_again_with_its_key_until_it_is_answered(
    board: Board, upstream: Upstream
) -> None:
    await board.hear(enrolled(1), progressed(1, "booked", appointment=appointment()))
    path = f"{HERE}/remove?patient={patient_id(1)}"
    shown, answer = await filled(board, path, why="Has died")
    assert "1 has an appointment to come." in shown
    upstream.answers.append(JSONResponse({"detail": "A store is not answering."}, 503))
    with pytest.raises(errands._Waiting):
        await send_errands(board)
    waiting = await page(board, answer.headers["location"])
    assert "goes on by itself" in waiting
    upstream.answers.append(JSONResponse({"request_id": "r", "count": 0}, 202))
    await send_errands(board)
    assert [a[2]["idempotency-key"] for a in upstream.asked][0:2] == [
        upstream.asked[0][2]["idempotency-key"]
    ] * 2
    done = await page(board, answer.headers["location"])
    assert "0 patients were removed" in done
    assert "1 of the 1 patient chosen was not on the target any more." in done


async def test_a_refusal_ends_the_errand_and_is_told(board: Board, upstream: Upstream) -> None:
    await board.hear(enrolled(1), progressed(1, "in_queue"))
    _, answer = await filled(board, f"{HERE}/remove?patient={patient_id(1)}", why="Has died")
    upstream.answers.append(JSONResponse({"detail": "No <such> thing."}, 422))
    await send_errands(board)
    assert "No <such> thing." in await page(board, answer.headers["location"])


async def test_a_removal_needs_a_reason_and_somebody(board: Board) -> None:
    await board.hear(enrolled(1), progressed(1, "in_queue"))
    path = f"{HERE}/remove?patient={patient_id(1)}"
    _, answer = await filled(board, path, 422, why="other", reason="  ", name="Ann")
    assert "Choose a reason, or write one." in answer.text
    assert 'value="Ann"' in answer.text
    assert "Select at least one patient." in await page(board, f"{HERE}/remove", 422)
    assert "Nobody to remove" in await page(board, f"{HERE}/remove?whom=all&status=removed")
    assert "Nobody to reprocess" in await page(board, f"{HERE}/reprocess?whom=all")
    await page(board, f"{HERE}/errands/{KEY}", 404)
    assert await board.rows("SELECT 1 FROM errands") == []


async def test_reprocess_takes_those_in_alert_by_their_ids_and_nobody_else(
    board: Board, upstream: Upstream
) -> None:
    await board.hear(*(enrolled(n) for n in (1, 2, 3)))
    await board.hear(
        progressed(1, "patient_alert", None),
        progressed(2, "patient_alert", 2, alert="deceased", description="deceased"),
        progressed(3, "in_queue"),
    )
    _, answer = await filled(board, f"{HERE}/reprocess?whom=all")
    await send_errands(board)
    (asked,) = upstream.asked
    assert asked[1] == f"/v1/targets/{TARGET}/reprocess"
    assert asked[3] == {"patients": [patient_id(1), patient_id(2)]}
    assert "2 patients were checked again" in await page(board, answer.headers["location"])


async def test_alerts_are_grouped_with_what_to_do_and_lead_to_their_patients(board: Board) -> None:
    assert "No alerts" in await page(board, f"{HERE}/alerts")
    await board.hear(*(enrolled(n) for n in (1, 2, 3)))
    await board.hear(
        progressed(1, "patient_alert", None),
        progressed(2, "patient_alert", None),
        progressed(3, "patient_alert", 1, alert="deceased", description="deceased"),
    )
    shown = await page(board, f"{HERE}/alerts")
    assert "3 patients with an alert" in shown
    assert shown.index("PDS error: no match") < shown.index("PDS error: patient has died")
    link = f"{HERE}/patients?status=patient_alert&description=no_match"
    assert f'<a href="{link}">2 patients</a>' in shown
    assert ">2 patients</h2>" in await page(board, link)


async def test_a_patients_page_keeps_delivery_apart_from_booking(board: Board) -> None:
    slot = wire.SlotReleased(
        target_id=TARGET, slot_id="s-1", version=1, minutes=10, clinician="Nurse Li",
        starts_at="2025-09-15T08:30:00.000000Z",
    )  # fmt: skip
    booked = progressed(1, "booked", appointment=appointment(), delivery="failed")
    await board.hear(slot, enrolled(1), booked)
    shown = await page(board, f"{HERE}/patients/{patient_id(1)}")
    assert "SMS was not delivered" in shown
    assert "Monday 15 September 2025, 9:30 am" in shown
    assert "10 minutes, with Nurse Li" in shown
    assert "Cancel the appointment" in shown
    assert "By Recall" not in shown


@pytest.mark.parametrize(
    ("act", "typed", "asked"),
    [
        ("correct", {"mobile": "07700 900001", "address": "1 Road\r\nTown", "clear": "carer_mobile"},
         ("PATCH", "", {"mobile": "07700 900001", "address": ["1 Road", "Town"],
                        "carer_name": None, "carer_mobile": None})),
        ("opt-out", {"reason": "By phone"}, ("POST", "/opt-outs", {"reason": "By phone"})),
        ("book", {"slot": "s-2"}, ("POST", "/answers", {"booked": "s-2"})),
        ("decline", {}, ("POST", "/answers", {"declined": True})),
        ("cancel", {"reason": "Ill"}, ("POST", "/cancellations", {"reason": "Ill"})),
    ],
)  # fmt: skip
async def test_what_staff_do_for_one_patient_goes_to_its_service(
    board: Board, upstream: Upstream, act: str, typed: dict[str, str], asked: Any
) -> None:
    await board.hear(enrolled(1), progressed(1, "being_invited"))
    path = f"{HERE}/patients/{patient_id(1)}"
    _, answer = await filled(board, f"{path}/{act}", **(typed | {"name": "Ann"}))
    ((method, where, headers, body),) = upstream.asked
    assert (method, where, body) == (asked[0], f"/v1/patients/{patient_id(1)}{asked[1]}", asked[2])
    assert headers["x-actor"] == "Ann"
    assert "nhsuk-notification-banner--success" in await page(board, answer.headers["location"])


async def test_what_a_service_refuses_stands_beside_its_field(
    board: Board, upstream: Upstream
) -> None:
    await board.hear(enrolled(1), progressed(1, "being_invited"))
    path = f"{HERE}/patients/{patient_id(1)}"
    wrong = {"errors": [{"field": "mobile", "message": "This is no UK mobile number."}]}
    upstream.answers.append(JSONResponse(wrong, 422))
    _, answer = await filled(board, f"{path}/correct", 422, mobile="12")
    assert 'href="#mobile"' in answer.text
    assert 'id="mobile-wrong"' in answer.text
    for act, message in (("correct", "at least one"), ("book", "Choose a slot"), ("cancel", "why")):
        _, answer = (
            await filled(board, f"{path}/{act}", 422)
            if act != "book"
            else (
                "",
                await board.client.post(
                    f"{path}/book",
                    content=f"key={KEY}",
                    headers={"Content-Type": "application/x-www-form-urlencoded"},
                ),
            )
        )
        assert (answer.status_code, message in answer.text) == (422, True)


async def test_staff_book_only_what_is_free_in_the_window_and_not_withdrawn(board: Board) -> None:
    def slot(n: int, at: str) -> Any:
        return wire.SlotReleased(
            target_id=TARGET, slot_id=f"s-{n}", version=1, minutes=10, clinician=None,
            starts_at=f"2025-{at}T08:00:00.000000Z",
        )  # fmt: skip

    await board.hear(
        *(slot(n, at) for n, at in enumerate(["09-11", "09-16", "09-17", "09-18", "10-02"]))
    )
    await board.hear(
        wire.SlotWithdrawn(target_id=TARGET, slot_id="s-2", version=2),
        enrolled(1),
        enrolled(2),
        progressed(1, "being_invited"),
        progressed(2, "booked", appointment=appointment("s-3", "2025-09-18T08:00:00.000000Z")),
    )
    shown = await page(board, f"{HERE}/patients/{patient_id(1)}/book")
    assert re.findall(r'<option value="(s-\d)"', shown) == ["s-1"]
    assert "Tuesday 16 September 2025" in shown


async def test_appointments_come_by_day_and_clinician(board: Board) -> None:
    assert "Nobody has an appointment yet" in await page(board, f"{HERE}/appointments")
    starts = ["2025-09-15T08:00:00.000000Z", "2025-09-15T11:00:00.000000Z"]
    starts.append("2025-09-15T23:30:00.000000Z")
    who = ["Nurse Li", "Dr Oz", "Nurse Li"]
    for n, (at, clinician) in enumerate(zip(starts, who, strict=True), 1):
        slot = wire.SlotReleased(
            target_id=TARGET, slot_id=f"s-{n}", version=1, minutes=10, clinician=clinician,
            starts_at=at,
        )  # fmt: skip
        booked = progressed(n, "booked", appointment=appointment(f"s-{n}", at))
        await board.hear(slot, enrolled(n), booked)
    shown = await page(board, f"{HERE}/appointments")
    assert re.findall(r'id="day-([\d-]+)"', shown) == ["2025-09-15", "2025-09-16"]
    assert "2 appointments" in shown
    assert all(time in shown for time in (">9 am<", ">midday<", ">12:30 am<"))
    mine = await page(board, f"{HERE}/appointments?clinician=Nurse+Li&from=2025-09-16")
    assert ("Ann Smith003" in mine, "Ann Smith001" in mine) == (True, False)
    assert "No appointment matches" in await page(board, f"{HERE}/appointments?from=2025-10-01")
    wrong = await page(board, f"{HERE}/appointments?from=2025-09-16&to=2025-09-15", 422)
    assert 'href="#to"' in wrong
    file = await board.client.get(
        f"/v1/targets/{TARGET}/appointments.csv", params={"clinician": "Dr Oz"}
    )
    assert file.text.splitlines()[1:] == [
        "2025-09-15,12:00,10,Dr Oz,999 000 0002,Ann Smith002,Booked"
    ]
    assert (
        'filename="childhood-immunisations-appointments-2025-09-12.csv"'
        in (file.headers["content-disposition"])
    )


async def test_the_list_says_how_it_is_sorted_and_whom_it_lets_choose(board: Board) -> None:
    empty = await page(board, f"{HERE}/patients")
    assert "No patients yet" in empty
    await board.hear(enrolled(1), progressed(1, "in_queue"), enrolled(2), progressed(2, "removed"))
    shown = await page(board, f"{HERE}/patients?sort=-updated_at&limit=1")
    assert 'aria-sort="descending"' in shown
    assert f'name="patient" value="{patient_id(1)}"' in shown
    assert "Remove all 1 on this target" in shown
    gone = await page(board, f"{HERE}/patients?status=removed")
    assert 'name="patient"' not in gone
    assert "No patient matches" in await page(board, f"{HERE}/patients?status=booked")


async def test_upstream_down_is_a_page_that_says_so(stores: TestStores) -> None:
    dsn = await fresh_database(stores)
    async with opened(dsn, stores.role_password, ingest_url="http://127.0.0.1:1") as found:
        await found.hear(saved(), enrolled(1), progressed(1, "in_queue"))
        path = f"{HERE}/patients/{patient_id(1)}/opt-out"
        _, answer = await filled(found, path, 502, reason="By phone")
    assert "is not answering" in answer.text


def test_a_choice_of_all_carries_its_filter() -> None:
    assert Chosen(Filters(status="booked")).patients is None
