"""The page of replies that need a person: what it shows, and what its buttons send."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from integration.dashboard.board import TARGET, Board, opened, patient_id, progressed
from integration.dashboard.test_reading import worked_example
from integration.dashboard.test_web import served
from support.stores import TestStores, fresh_database

PATIENT = patient_id(1)
WAITING = {
    "replies": [
        {
            "patient_id": PATIENT,
            "nhs_number": "9990000018",
            "name": "Ann Other",
            "round": 1,
            "channel": "sms",
            "expires_at": "2025-09-15T08:00:00.000000Z",
            "wrote": [{"text": "Can I <b>come</b> at noon?", "at": "2025-09-12T08:00:00.000000Z"}],
            "offer": [
                {
                    "letter": "A",
                    "slot_id": "a",
                    "starts_at": "2025-09-16T08:00:00.000000Z",
                    "free": True,
                },
                {
                    "letter": "B",
                    "slot_id": "b",
                    "starts_at": "2025-09-16T09:00:00.000000Z",
                    "free": False,
                },
            ],
        }
    ],
    "total": 1,
    "free": [{"slot_id": "f", "starts_at": "2025-09-17T08:00:00.000000Z"}],
}


class Others:
    """Stands in for ingest and invitations."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.actors: list[str] = []
        self.waiting: dict[str, Any] = WAITING
        self.refusal: dict[str, Any] | None = None

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/{path:path}")
        async def show(path: str) -> JSONResponse:
            return JSONResponse(self.waiting, 200 if self.waiting else 404)

        @app.post("/{path:path}")
        async def do(path: str, request: Request) -> JSONResponse:
            self.asked.append((path.removeprefix(f"v1/patients/{PATIENT}/"), await request.json()))
            self.actors.append(request.headers["x-actor"])
            return JSONResponse(self.refusal or {}, 409 if self.refusal else 200)

        return app


@pytest.fixture(scope="module")
async def others() -> Others:
    return Others()


@pytest.fixture(scope="module")
async def board(stores: TestStores, others: Others) -> AsyncIterator[Board]:
    async with (
        served(others.app()) as url,
        opened(
            await fresh_database(stores),
            stores.role_password,
            ingest_url=url,
            invitations_url=url,
        ) as found,
    ):
        await found.hear(*worked_example())
        yield found


async def press(board: Board, do: str) -> httpx.Response:
    return await board.client.post(
        f"/targets/{TARGET}/replies", data={"patient": PATIENT, "do": do}, follow_redirects=True
    )


async def test_a_reply_stands_with_its_answers(board: Board, others: Others) -> None:
    others.waiting = WAITING
    page = (await board.client.get(f"/targets/{TARGET}/replies")).text
    assert "Ann Other" in page
    assert "Can I &lt;b&gt;come&lt;/b&gt; at noon?" in page
    assert "999 000 0018" in page
    assert 'value="book:a"' in page
    assert 'value="book:b"' not in page
    assert 'value="book:f"' in page
    assert "<script" not in page.partition("<main")[2]


@pytest.mark.parametrize(
    ("do", "asked", "said"),
    [
        ("book:a", [("answers", {"booked": "a"})], "The appointment is booked"),
        ("decline", [("answers", {"declined": True})], "has declined"),
        ("help", [("replies", {"help": True})], "gets the help text again"),
        ("dealt_with", [("replies", {"dealt_with": True})], "off this list"),
    ],
)
async def test_each_answer_is_one_click(
    board: Board, others: Others, do: str, asked: list[Any], said: str
) -> None:
    others.asked.clear()
    page = await press(board, do)
    assert page.status_code == 200
    assert others.asked == asked
    assert said in page.text


async def test_no_more_texts_is_sent_to_ingest_and_takes_the_reply_off(
    board: Board, others: Others
) -> None:
    others.asked.clear()
    page = await press(board, "opt_out")
    assert "gets no more texts" in page.text
    assert {path for path, _ in others.asked} == {"opt-outs", "replies"}


async def test_who_answers_is_remembered_and_named(board: Board, others: Others) -> None:
    others.actors.clear()
    await press(board, "dealt_with")
    named = await board.client.post(
        f"/targets/{TARGET}/replies",
        data={"do": "name", "name": "Siân <Ng>"},
        follow_redirects=True,
    )
    assert 'value="Siân &lt;Ng&gt;"' in named.text
    await press(board, "dealt_with")
    board.client.cookies.delete("staff_name")
    assert others.actors == ["staff", "Sian <Ng>"]


async def test_a_slot_that_has_just_gone_is_said_kindly(board: Board, others: Others) -> None:
    others.refusal = {"code": "slot_taken", "detail": "Gone."}
    page = await press(board, "book:a")
    others.refusal = None
    assert page.status_code == 200
    assert "That appointment has just gone" in page.text


async def test_nothing_waiting_says_when_something_will(board: Board, others: Others) -> None:
    others.waiting = {"replies": [], "total": 0, "free": []}
    page = (await board.client.get(f"/targets/{TARGET}/replies")).text
    assert "No reply needs you" in page


async def test_a_target_that_invitations_has_not_read_of_yet_has_no_replies(
    board: Board, others: Others
) -> None:
    others.waiting = {}
    page = await board.client.get(f"/targets/{TARGET}/replies")
    assert page.status_code == 200
    assert "No reply needs you" in page.text


async def test_what_is_no_button_is_refused(board: Board) -> None:
    assert (await press(board, "drop tables")).status_code == 422
    unknown = await board.client.post(f"/targets/{TARGET}/replies", data={"patient": "x"})
    assert unknown.status_code == 404


async def test_the_tab_says_how_many_wait(board: Board, others: Others) -> None:
    others.waiting = WAITING
    before = (await board.client.get(f"/targets/{TARGET}")).text
    assert "app-tabs__count" not in before
    await board.hear(
        progressed(7, version=99, round=1, status="being_invited", description="needs_reply")
    )
    for page in ("", "/replies"):
        after = (await board.client.get(f"/targets/{TARGET}{page}")).text
        assert 'app-tabs__count">1<' in after
