"""Which commands by cookie come from our own pages."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from dashboard.origin import SameOrigin, own
from dashboard.rendering import failed
from recall.kit.access import COOKIE

HERE = {"host": "board:8004"}


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        ({"origin": "http://board:8004"}, True),
        ({"origin": "https://board:8004"}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"referer": "http://board:8004/targets"}, True),
        ({"origin": "http://board:8004", "sec-fetch-site": "same-origin"}, True),
        ({}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://board:8005"}, False),
        ({"origin": "http://board:8004.elsewhere"}, False),
        ({"origin": "http://[broken"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "http://board:8004"}, False),
        ({"sec-fetch-site": "same-origin", "origin": "http://elsewhere"}, False),
        ({"referer": "http://elsewhere/?http://board:8004/"}, False),
    ],
)
def test_whatever_a_browser_says_of_where_it_comes_from_must_name_our_host(
    said: dict[str, str], ours: bool
) -> None:
    assert own(HERE | said) is ours


def client(calls: list[str]) -> httpx.AsyncClient:
    app = FastAPI()

    @app.api_route("/x", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def reached() -> dict[str, Any]:
        calls.append("x")
        return {}

    app.add_middleware(SameOrigin, page=failed)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://board:8004")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_command_by_cookie_from_elsewhere_reaches_nothing(method: str) -> None:
    calls: list[str] = []
    cookie = {"cookie": f"other=1; {COOKIE}=abc"}
    async with client(calls) as browser:
        for headers in ({}, {"origin": "http://elsewhere"}):
            answer = await browser.request(method, "/x", headers=cookie | headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "wrong_origin")
        page = await browser.request(method, "/x", headers=cookie | {"accept": "text/html,*/*"})
        assert page.status_code == 403
        assert "<h1" in page.text
        assert calls == []
        await browser.request(method, "/x", headers=cookie | {"origin": "http://board:8004"})
    assert calls == ["x"]


async def test_reading_and_programs_with_the_token_are_not_asked_where_they_come_from() -> None:
    calls: list[str] = []
    async with client(calls) as program:
        await program.get("/x", headers={"cookie": f"{COOKIE}=abc"})
        await program.post("/x", headers={"authorization": "Bearer t"})
        await program.post("/x")
    assert calls == ["x"] * 3
