"""Who may ask, and what they are told when something is wrong."""

import asyncpg
import httpx
import pytest
from fastapi import Depends, FastAPI
from pydantic import BaseModel

from recall.kit.access import COOKIE, guard, session_of
from recall.kit.problems import MEDIA_TYPE, SORRY, Problem, install, not_found

TOKEN = "a token of the tests"


class Body(BaseModel):
    name: str
    count: int


def app() -> FastAPI:
    made = FastAPI()
    install(made)

    @made.get("/guarded", dependencies=[Depends(guard(TOKEN))])
    async def guarded() -> str:
        return "in"

    @made.post("/bodies")
    async def bodies(body: Body) -> Body:
        return body

    @made.get("/missing")
    async def missing() -> None:
        raise not_found("target")

    @made.get("/fields")
    async def fields() -> None:
        raise Problem(409, "slot_taken", "The slot is taken.", slot_id="slot-1")

    @made.get("/away/{kind}")
    async def away(kind: str) -> None:
        raise {
            "refused": ConnectionRefusedError(),
            "slow": TimeoutError(),
            "lost": asyncpg.ConnectionDoesNotExistError(),
            "closing": asyncpg.InterfaceError("closing"),
            "deadlock": asyncpg.DeadlockDetectedError(),
            "shutting down": asyncpg.AdminShutdownError(),
        }[kind]

    @made.get("/wrong")
    async def wrong() -> None:
        raise asyncpg.DataError("invalid input for query argument $1: 'Mary Made-Up'")

    return made


async def ask(method: str, path: str, **asked: object) -> httpx.Response:
    transport = httpx.ASGITransport(app=app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.request(method, path, **asked)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {TOKEN}"},
        {"Authorization": f"bearer {TOKEN}"},
        {"Cookie": f"{COOKIE}={session_of(TOKEN)}"},
    ],
)
async def test_the_token_and_the_cookie_made_from_it_open(headers: dict[str, str]) -> None:
    assert (await ask("GET", "/guarded", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {TOKEN} "[:-2]},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": b"Bearer \xff\xfe"},
        {"Cookie": f"{COOKIE}="},
        {"Cookie": f"{COOKIE}={TOKEN}"},
        {"Cookie": f"{COOKIE}={session_of('another token')}"},
        {"Cookie": f"other={session_of(TOKEN)}"},
    ],
)
async def test_nothing_else_opens(headers: dict[str, str]) -> None:
    answer = await ask("GET", "/guarded", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["code"] == "unauthorised"
    assert TOKEN not in answer.text


def test_the_cookie_does_not_give_the_token_away() -> None:
    assert TOKEN not in session_of(TOKEN)
    assert session_of(TOKEN) == session_of(TOKEN)


async def test_a_problem_is_a_json_document_with_a_stable_code() -> None:
    answer = await ask("GET", "/missing")
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    assert answer.json() == {
        "type": "urn:recall:problem:not_found",
        "title": "Not Found",
        "status": 404,
        "code": "not_found",
        "detail": "There is no such target.",
    }


async def test_a_problem_may_say_more() -> None:
    answer = await ask("GET", "/fields")
    assert (answer.status_code, answer.json()["slot_id"]) == (409, "slot-1")


async def test_an_unknown_path_and_a_wrong_method_are_problems_too() -> None:
    assert (await ask("GET", "/nowhere")).json()["code"] == "not_found"
    wrong = await ask("DELETE", "/fields")
    assert wrong.json()["code"] == "method_not_allowed"
    assert wrong.headers["Allow"] == "GET"


async def test_every_wrong_field_is_named_and_no_value_is_repeated() -> None:
    answer = await ask("POST", "/bodies", json={"name": 1, "count": "Mary Made-Up"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["name", "count"]
    assert "Mary" not in answer.text


async def test_a_body_that_is_no_json_is_told_so() -> None:
    answer = await ask(
        "POST", "/bodies", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")


@pytest.mark.parametrize(
    "kind", ["refused", "slow", "lost", "closing", "deadlock", "shutting down"]
)
async def test_a_store_that_is_away_is_a_503_to_try_again(kind: str) -> None:
    answer = await ask("GET", f"/away/{kind}")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "2"


async def test_what_nobody_expected_is_a_problem_that_tells_nothing_of_it() -> None:
    answer = await ask("GET", "/wrong")
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, MEDIA_TYPE)
    assert (answer.json()["code"], answer.json()["detail"]) == ("internal_error", SORRY)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Mary" not in answer.text
    assert "DataError" not in answer.text
