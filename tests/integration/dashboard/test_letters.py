"""The page of a target's letters: what it shows, and the documents that it passes on."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from integration.dashboard.board import TARGET, Board, opened, patient_id, progressed
from integration.dashboard.test_reading import worked_example
from integration.dashboard.test_web import served
from support.stores import TestStores, fresh_database

BATCH = {
    "batch_id": "2025-09-08-1",
    "cut_off": "2025-09-08T16:30:00.000000Z",
    "formed_at": "2025-09-08T16:30:00.000000Z",
    "letters": 1204,
    "sending": 3,
    "delivered": 1200,
    "failed": 1,
    "reasons": {"returned_gone_away": 1},
    "answered": 900,
    "withdrawn": 2,
}
FOUND: dict[str, Any] = {
    "batches": [BATCH],
    "waiting": 1,
    "next_cut_off": "2025-09-12T16:30:00.000000Z",
}


def invitations(asked: list[str], found: dict[str, Any]) -> FastAPI:
    """Stands in for the service that has the letters."""
    app = FastAPI()

    @app.get("/v1/targets/{target}/letters")
    async def letters(target: str) -> JSONResponse:
        return JSONResponse(found, 200 if found else 404)

    @app.get("/v1/letters/batches/{name}")
    async def document(name: str, request: Request) -> Response:
        asked.append(f"{name}?{request.url.query}")
        if name != "2025-09-08-1.pdf":
            return JSONResponse({"code": "not_found"}, 404)
        named = {"Content-Disposition": f'inline; filename="letters-{name}"', "ETag": '"1"'}
        return Response(b"%PDF", media_type="application/pdf", headers=named)

    @app.get("/v1/invitations/{invitation}/letter.pdf")
    async def letter(invitation: str, request: Request) -> Response:
        asked.append(f"{invitation}?{request.url.query}")
        if invitation != f"{patient_id(1)}.3":
            return JSONResponse({"code": "no_address"}, 409)
        return Response(b"%PDF", media_type="application/pdf")

    return app


@pytest.fixture(scope="module")
def asked() -> list[str]:
    return []


@pytest.fixture(scope="module")
async def board(stores: TestStores, asked: list[str]) -> AsyncIterator[Board]:
    async with (
        served(invitations(asked, FOUND)) as url,
        opened(
            await fresh_database(stores),
            stores.role_password,
            ingest_url=url,
            invitations_url=url,
        ) as found,
    ):
        await found.hear(*worked_example())
        yield found


async def test_each_batch_says_how_far_its_letters_are(board: Board) -> None:
    page = (await board.client.get(f"/targets/{TARGET}/letters")).text
    assert ">1,204<" in page
    assert "1: addressee gone away" in page
    assert "2 were withdrawn later" in page
    assert "1 letter goes to the printer at 5:30 pm on Friday 12 September" in page
    assert f'href="/targets/{TARGET}/letters/2025-09-08-1.csv"' in page
    assert "<script" not in page.partition("<main")[2]


async def test_documents_are_asked_for_this_target_alone(board: Board, asked: list[str]) -> None:
    asked.clear()
    answer = await board.client.get(f"/targets/{TARGET}/letters/2025-09-08-1.pdf?target=other")
    assert (answer.content, answer.headers["content-type"]) == (b"%PDF", "application/pdf")
    assert "letters-2025-09-08-1.pdf" in answer.headers["content-disposition"]
    assert asked == [f"2025-09-08-1.pdf?target={TARGET}"]


async def test_one_patients_letter_can_be_printed_large(board: Board, asked: list[str]) -> None:
    for number in (1, 2):
        letter = progressed(number, version=90, round=3, status="being_invited")
        await board.hear(letter)
    asked.clear()
    here = f"/targets/{TARGET}/patients"
    shown = (await board.client.get(f"{here}/{patient_id(1)}")).text
    assert f"{here}/{patient_id(1)}/letter.pdf?large_print=true" in shown
    answer = await board.client.get(f"{here}/{patient_id(1)}/letter.pdf?large_print=true")
    assert answer.content == b"%PDF"
    assert asked == [f"{patient_id(1)}.3?large_print=true"]
    assert (await board.client.get(f"{here}/{patient_id(2)}/letter.pdf")).status_code == 409
    assert (await board.client.get(f"{here}/{patient_id(900)}/letter.pdf")).status_code == 404


@pytest.mark.parametrize(
    "path", ["letters/none.pdf", "letters/2025-09-08-1.exe", "letters/a%2Fb.pdf"]
)
async def test_what_is_no_document_is_not_there(board: Board, path: str) -> None:
    status = (await board.client.get(f"/targets/{TARGET}/{path}")).status_code
    assert status in {404, 422}


async def test_the_tab_is_there_where_a_round_is_a_letter(board: Board) -> None:
    page = (await board.client.get(f"/targets/{TARGET}")).text
    assert f'href="/targets/{TARGET}/letters"' in page


async def test_no_letters_yet_says_when_there_will_be(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FOUND, "batches", [])
    monkeypatch.setitem(FOUND, "waiting", 0)
    page = (await board.client.get(f"/targets/{TARGET}/letters")).text
    assert "No letter has gone out yet" in page


async def test_a_target_that_invitations_has_not_read_of_yet_has_no_letters(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(FOUND):
        monkeypatch.delitem(FOUND, name)
    page = await board.client.get(f"/targets/{TARGET}/letters")
    assert page.status_code == 200
    assert "No letter has gone out yet" in page.text
