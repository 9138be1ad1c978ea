"""What people and programs read: the worked example by number, lists, files, timelines."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from dashboard import store
from dashboard.cells import Cell, Way, way_to
from dashboard.filters import encode_cursor
from integration.dashboard.board import (
    TARGET,
    Board,
    appointment,
    enrolled,
    free,
    opened,
    patient_id,
    progressed,
    saved,
    stated,
)
from recall.kit import wire
from support.stores import TestStores, fresh_database

PATIENTS = f"/v1/targets/{TARGET}/patients"


def worked_example() -> list[Any]:
    """121 patients where the example has them."""
    cells = [
        ("patient_alert", None, 6),
        ("being_invited", 1, 23),
        ("booked", 1, 54),
        ("declined", 1, 3),
        ("being_invited", 2, 19),
        ("booked", 2, 10),
        ("declined", 2, 2),
        ("being_invited", 3, 3),
        ("did_not_book", 3, 1),
    ]
    said: list[Any] = [saved(), free(d15=60, d30=42, d14=7)]
    n = 0
    for status, at_round, patients in cells:
        for _ in range(patients):
            n += 1
            slot = appointment(f"s-{n}") if status == "booked" else None
            said += [enrolled(n), progressed(n, status, at_round, appointment=slot)]
    return said


@pytest.fixture(scope="module")
async def board(stores: TestStores) -> AsyncIterator[Board]:
    async with opened(await fresh_database(stores), stores.role_password) as found:
        await found.hear(*worked_example())
        yield found


@pytest.fixture
async def queue(stores: TestStores) -> AsyncIterator[Board]:
    """A board of its own for one test."""
    async with opened(await fresh_database(stores), stores.role_password) as found:
        yield found


async def everyone(board: Board, **query: Any) -> list[dict[str, Any]]:
    """All pages of a list."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = await board.get(PATIENTS, **query, **({"cursor": cursor} if cursor else {}))
        found += page["patients"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


async def test_the_worked_example_comes_out_exactly(board: Board) -> None:
    said = await board.get(f"/v1/targets/{TARGET}")
    assert said["as_of"] == "2025-09-12T11:00:00Z"
    assert list(said["overview"].values()) == [121, 45, 0, 45, 76, 64, 5, 1, 6]
    assert said["slots"] == {
        "available": 102,
        "booking_window": {"from": "2025-09-15", "to": "2025-09-30"},
    }
    assert [list(row.values())[3:] for row in said["rounds"]] == [
        [0, 23, 54, 3, 35],
        [0, 19, 10, 2, 4],
        [0, 3, 0, 0, 1],
    ]
    assert (await board.get("/v1/targets"))["targets"] == [said]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, 121),
        ({"status": "in_progress"}, 45),
        ({"status": "completed"}, 76),
        ({"status": "booked"}, 64),
        ({"status": "booked", "round": 1}, 54),
        ({"did_not_book_in": 1}, 35),
        ({"did_not_book_in": 2}, 4),
        ({"did_not_book_in": 3}, 1),
        ({"did_not_book_in": 1, "status": "booked"}, 10),
        ({"description": "no_match"}, 6),
        ({"description": "delivered", "round": 2}, 19),
        ({"status": "removed"}, 0),
    ],
)
@pytest.mark.parametrize("sort", ["name", "-nhs_number", "updated_at"])
async def test_a_list_has_as_many_patients_as_the_number_that_links_to_it(
    board: Board, query: dict[str, Any], expected: int, sort: str
) -> None:
    found = await everyone(board, **query, sort=sort, limit=17)
    assert len(found) == expected
    assert len({patient["patient_id"] for patient in found}) == expected


@pytest.mark.parametrize("sort", ["name", "-nhs_number"])
@pytest.mark.parametrize(
    ("status", "limit", "sorts", "passes"),
    [("did_not_book", 17, True, None), ("booked", 17, False, None), ("booked", 1, False, 18)],
)
async def test_every_way_to_a_page_finds_the_same(
    board: Board, status: str, limit: int, sorts: bool, passes: int | None, sort: str
) -> None:
    patients = {"did_not_book": 1, "booked": 64}[status]
    among = [Cell(1, 1, status, "", patients), Cell(2, 1, "others", "", 121 - patients)]
    assert way_to(among[:1], among, limit) == Way(sorts, passes)
    # Whoever booked stands behind 29 others in the order of names: further than is looked one by one.
    found = await everyone(board, status=status, sort=sort, limit=limit)
    assert len(found) == patients
    assert {patient["status"] for patient in found} == {status}
    order = [patient[sort.removeprefix("-")] for patient in found]
    assert order == sorted(order, reverse=sort.startswith("-"))


@pytest.mark.parametrize("sort", ["name", "nhs_number", "updated_at"])
async def test_pages_follow_one_another_in_order_both_ways(board: Board, sort: str) -> None:
    forwards = await everyone(board, sort=sort, limit=13)
    backwards = await everyone(board, sort=f"-{sort}", limit=50)
    assert forwards == backwards[::-1]
    assert [patient[sort] for patient in forwards] == sorted(patient[sort] for patient in forwards)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 501}, "limit"),
        ({"limit": 0}, "limit"),
        ({"nhs_number": "12"}, "nhs_number"),
        ({"status": "gone"}, "status"),
        ({"cursor": "bm90IG9uZQ"}, "cursor"),
        ({"sort": "age"}, "sort"),
    ],
)
async def test_a_question_that_cannot_be_meant_is_a_problem_with_its_field(
    board: Board, query: dict[str, Any], field: str
) -> None:
    answer = await board.client.get(PATIENTS, params=query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize("place", ['["\\u0000","x"]', '["x","a\\nb"]', '["x"]', "nothing"])
async def test_a_cursor_that_no_list_of_targets_gave_out_is_refused(
    board: Board, place: str
) -> None:
    """PostgreSQL refuses NUL: it must not come so far."""
    asked = {"cursor": encode_cursor(place)}
    answer = await board.client.get("/v1/targets", params=asked)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")
    page = await board.client.get("/targets", params=asked)
    assert page.status_code == 422
    assert "This cursor is not of this list." in page.text


async def test_a_cursor_of_the_year_33658_is_refused(board: Board) -> None:
    cursor = encode_cursor(f"updated_at/{patient_id(1)}/{'9' * 18}")
    answer = await board.client.get(PATIENTS, params={"cursor": cursor, "sort": "updated_at"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")


async def test_an_error_that_nobody_expected_is_a_page_for_people_and_tells_nothing(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_given: Any) -> None:
        raise asyncpg.DataError("invalid input for query argument $1: 'Mary Made-Up'")

    monkeypatch.setattr(store, "read_targets", refuse)
    page = await board.client.get("/targets")
    assert (page.status_code, page.headers["X-Content-Type-Options"]) == (500, "nosniff")
    assert "Something went wrong on our side" in page.text
    assert "Mary" not in page.text


@pytest.mark.parametrize(
    "path",
    [
        "/v1/targets/unknown",
        "/v1/targets/%00",
        "/v1/targets/unknown/patients",
        "/v1/targets/unknown/patients.csv",
        "/v1/targets/unknown/events",
        "/v1/targets/unknown/appointments",
        f"{PATIENTS}/{patient_id(999)}",
        f"{PATIENTS}/nobody",
    ],
)
async def test_what_does_not_exist_is_404(board: Board, path: str) -> None:
    answer = await board.client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_queued_patient_waits_for_what_their_rounds_queue_waits_for(queue: Board) -> None:
    await queue.hear(
        saved(),
        enrolled(1),
        enrolled(2),
        progressed(1, "in_queue", 1),
        progressed(2, "in_queue", 2),
        stated(
            (1, "waiting_for_slot", None), (2, "outside_send_window", "2025-09-15T07:00:00.000000Z")
        ),
    )
    said = {p["round"]: p for p in (await queue.get(PATIENTS))["patients"]}
    assert said[1]["description_text"] == "Waiting for a free slot"
    assert said[2]["description_text"] == "Sends Mon 15 Sep 08:00"
    for code, at_round in (("waiting_for_slot", 1), ("outside_send_window", 2)):
        found = await everyone(queue, description=code)
        assert [p["round"] for p in found] == [at_round]
    assert await everyone(queue, description="in_queue") == []
    await queue.hear(stated(version=2))
    assert len(await everyone(queue, description="in_queue")) == 2


async def test_removed_patients_count_nowhere_and_show_when_asked_for(queue: Board) -> None:
    await queue.hear(saved(), enrolled(1), progressed(1, "booked", 1))
    await queue.hear(progressed(1, "removed", 1, version=2, actor="staff", reason="Moved away"))
    assert (await queue.get(f"/v1/targets/{TARGET}"))["overview"]["total_patients"] == 0
    assert await everyone(queue) == []
    assert len(await everyone(queue, status="removed")) == 1
    assert len(await everyone(queue, description="removed")) == 1


async def test_a_timeline_tells_each_thing_once_in_plain_sentences(queue: Board) -> None:
    one = patient_id(1)
    about: dict[str, Any] = {"target_id": TARGET, "patient_id": one}
    invitation = about | {"invitation_id": f"{one}.1", "round": 1, "channel": "sms"}
    events = [
        saved(),
        enrolled(1),
        progressed(1, "in_queue", 1, 1),
        progressed(1, "being_invited", 1, 2, updated_at="2025-09-12T08:01:00.000000Z"),
        progressed(1, "being_invited", 1, 3, updated_at="2025-09-12T08:02:00.000000Z"),
        wire.DeliveryNoted(
            **invitation, version=1, state="sending", needs_reply=False,
            noted_at="2025-09-12T08:01:30.000000Z",
        ),
        wire.DeliveryNoted(
            **invitation, version=2, state="delivered", needs_reply=False,
            noted_at="2025-09-12T08:02:00.000000Z",
        ),
        wire.InvitationUndeliverable(
            **invitation, version=3, reason="opted_out", ended_at="2025-09-12T08:03:00.000000Z"
        ),
        wire.AppointmentBooked(
            **about, invitation_id=f"{one}.2", version=4, round=2, slot_id="s-1",
            starts_at="2025-09-15T08:30:00.000000Z", via="page", actor="patient",
            booked_at="2025-09-12T08:04:00.000000Z",
        ),
        wire.PatientRemovalRequested(
            **about, command_id="c1", actor="staff:Ann", reason="Moved away",
            requested_at="2025-09-12T08:05:00.000000Z",
        ),
        progressed(
            1, "removed", 2, 4, actor="staff:Ann", reason="Moved away",
            updated_at="2025-09-12T08:06:00.000000Z",
        ),
    ]  # fmt: skip
    await queue.hear(*events)
    await queue.hear(*events)
    said = await queue.get(f"{PATIENTS}/{one}")
    assert [entry["text"] for entry in said["timeline"]] == [
        "Put on the target.",
        "Invited: round 1, SMS invitation.",
        "The SMS invitation was delivered.",
        "The SMS invitation could not reach the patient: the patient has opted out of texts.",
        "Booked on the booking page: Mon 15 Sep 09:30.",
        "Removal from the target was asked for. Reason: Moved away",
        "Removed from the target. Reason: Moved away",
    ]
    assert said["timeline"][0] == {
        "at": "2025-09-12T08:00:00Z",
        "what": "enrolled",
        "text": "Put on the target.",
        "actor": "staff",
        "event_id": f"{one}/enrolled/1",
    }
    assert said["alert"] is None


async def test_a_patient_in_alert_says_why_and_what_to_do(board: Board) -> None:
    (first, *_) = await everyone(board, status="patient_alert")
    said = await board.get(f"{PATIENTS}/{first['patient_id']}")
    assert said["alert"]["code"] == "no_match"
    assert said["alert"]["action"]
    assert said["description_text"] == "PDS error: no match"


async def test_the_file_is_safe_for_spreadsheets(queue: Board) -> None:
    await queue.hear(
        saved(),
        enrolled(1, first_name="=1+1", last_name=None),
        progressed(1, "booked", 1, appointment=appointment()),
        enrolled(2, first_name="Siân", last_name='O"Neill, B'),
        progressed(2, "in_queue", 1),
    )
    answer = await queue.client.get(f"{PATIENTS}.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbfNHS number,Name,")
    lines = answer.content.decode("utf-8-sig").split("\r\n")
    assert lines[1].startswith("999 000 0001,'=1+1,SMS invitation,Booked,Booked from SMS,")
    assert lines[2].startswith('999 000 0002,"Siân O""Neill, B",')
    filtered = await queue.client.get(f"{PATIENTS}.csv", params={"status": "booked"})
    assert filtered.text.count("\r\n") == 2


async def test_appointments_say_who_comes_when_and_to_whom(queue: Board) -> None:
    slots = [
        wire.SlotReleased(
            target_id=TARGET, slot_id=f"s-{n}", version=1, minutes=10, clinician="Nurse Li",
            starts_at=f"2025-09-1{n}T22:30:00.000000Z",
        )
        for n in (5, 6)
    ]  # fmt: skip
    await queue.hear(
        saved(),
        *slots,
        wire.SlotWithdrawn(target_id=TARGET, slot_id="s-5", version=2),
        *(enrolled(n) for n in (1, 2)),
        progressed(1, "booked", 1, appointment=appointment("s-6", slots[1].starts_at)),
        progressed(2, "booked", 1, appointment=appointment("s-5", slots[0].starts_at)),
    )
    where = f"/v1/targets/{TARGET}/appointments"
    first = await queue.get(where, limit=1)
    second = await queue.get(where, limit=1, cursor=first["next_cursor"])
    found = first["appointments"] + second["appointments"]
    assert second["next_cursor"] is None
    assert [a["slot_id"] for a in found] == ["s-5", "s-6"]
    assert (found[1]["minutes"], found[1]["clinician"], found[1]["name"]) == (
        10,
        "Nurse Li",
        "Ann Smith001",
    )
    only = await queue.get(where, **{"from": "2025-09-16", "to": "2025-09-16"})
    assert [a["slot_id"] for a in only["appointments"]] == ["s-6"]


async def test_free_slots_outside_the_window_are_not_available(queue: Board) -> None:
    await queue.hear(saved(), free(version=2, d14=5, d15=3, d30=4), free(version=1, d15=100))
    where = f"/v1/targets/{TARGET}"
    assert (await queue.get(where))["slots"]["available"] == 7
    narrowed = wire.BookingWindow(from_date="2025-09-16", to_date="2025-09-30")
    await queue.hear(saved(version=2, booking_window=narrowed))
    assert (await queue.get(where))["slots"]["available"] == 4


async def test_targets_come_in_pages(queue: Board) -> None:
    await queue.hear(*(saved(target_id=f"t-{n}", name=f"Target {n % 2}") for n in range(5)))
    page = await queue.get("/v1/targets", limit=3)
    rest = await queue.get("/v1/targets", limit=3, cursor=page["next_cursor"])
    ids = [target["target"]["id"] for target in page["targets"] + rest["targets"]]
    assert ids == ["t-0", "t-2", "t-4", "t-1", "t-3"]
    assert rest["next_cursor"] is None
