"""Pages, signing in, headers, live numbers, and commands that are passed on."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from dashboard import assets, live
from integration.dashboard.board import (
    TARGET,
    TOKEN,
    Board,
    enrolled,
    free,
    opened,
    patient_id,
    progressed,
    saved,
)
from integration.dashboard.test_reading import worked_example
from recall.kit.access import COOKIE, session_of
from support.stores import TestStores, fresh_database


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """An app on a port of its own, without its lifespan."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, lifespan="off", log_config=None, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells by this flag alone.
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


def upstream(seen: list[dict[str, Any]]) -> FastAPI:
    """Stands in for ingest and invitations: tells what it was asked."""
    app = FastAPI()

    @app.api_route("/{path:path}", methods=["GET", "POST", "PATCH", "DELETE"])
    async def anything(path: str, request: Request) -> JSONResponse:
        size, largest = 0, 0
        async for piece in request.stream():
            size, largest = size + len(piece), max(largest, len(piece))
        seen.append(
            {
                "asked": f"{request.method} /{path}",
                "query": request.url.query,
                "headers": dict(request.headers),
                "size": size,
                "largest": largest,
            }
        )
        return JSONResponse({"path": path}, 202, headers={"ETag": '"7"', "X-Other": "no"})

    return app


@pytest.fixture(scope="module")
async def board(stores: TestStores) -> AsyncIterator[Board]:
    async with opened(await fresh_database(stores), stores.role_password) as found:
        await found.hear(*worked_example())
        yield found


@pytest.fixture
def browser(board: Board) -> httpx.AsyncClient:
    """A client that has no token, only what cookies it is given."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(board.app), base_url="http://board")


async def test_the_sign_in_link_sets_a_cookie_that_scripts_cannot_read(
    browser: httpx.AsyncClient,
) -> None:
    answer = await browser.get("/sign-in", params={"key": TOKEN})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie
    assert (await browser.get("/")).status_code == 200


async def test_a_wrong_link_signs_nobody_in(browser: httpx.AsyncClient) -> None:
    for key in ("", "wrong", "é"):
        answer = await browser.get("/sign-in", params={"key": key})
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers


async def test_without_a_cookie_pages_say_sign_in_and_json_is_a_problem(
    browser: httpx.AsyncClient,
) -> None:
    page = await browser.get(f"/targets/{TARGET}")
    assert (page.status_code, page.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert "Sign in" in page.text
    answer = await browser.get(f"/v1/targets/{TARGET}")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised")


async def test_every_route_but_health_and_signing_in_needs_the_token(
    board: Board, browser: httpx.AsyncClient
) -> None:
    open_to_all = {"/livez", "/readyz", "/metrics", "/version", "/sign-in"}
    paths = board.app.openapi()["paths"]
    assert "/v1/targets/{target_id}/patients" in paths
    for path, methods in paths.items():
        for method in methods:
            answer = await browser.request(method, re.sub(r"{\w+}", TARGET, path))
            assert answer.status_code == 401, (method, path)
    assert not open_to_all & set(paths)


async def test_every_answer_forbids_what_a_page_does_not_need(browser: httpx.AsyncClient) -> None:
    for path in ("/", "/v1/targets", assets.address("recall.css"), "/livez"):
        answer = await browser.get(path)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        kept = "public, max-age=31536000, immutable" if "/static/" in path else "no-store"
        assert answer.headers["cache-control"] == kept


async def test_the_target_page_shows_every_number_and_links_to_its_patients(board: Board) -> None:
    page = (await board.client.get(f"/targets/{TARGET}")).text
    shown = dict(re.findall(r'data-number="([\w.]+)">([\d,]+)<', page))
    said = await board.get(f"/v1/targets/{TARGET}")
    expected = {f"overview.{name}": str(n) for name, n in said["overview"].items()}
    for row in said["rounds"]:
        for name in ("in_queue", "being_invited", "booked", "declined", "did_not_book"):
            expected[f"rounds.{row['round']}.{name}"] = str(row[name])
            expected[f"totals.{name}"] = str(said["overview"][name])
    assert shown == expected
    for text in ("102 slots", "15 to 30 September", "As of 12 September 2025 at midday"):
        assert text in page
    assert "These 35 patients move to the next round" in page
    links = re.findall(r'href="(/targets/t-1/patients[^"]*)"[^>]*>(?:<span[^>]*>)?(\d+)<', page)
    assert len(links) == len(expected)
    for link, n in links:
        listed = (await board.client.get(link.replace("&amp;", "&"))).text
        assert f">{n} patient{'' if n == '1' else 's'}</h2>" in listed, link


async def test_the_list_of_targets_has_each_with_its_numbers(board: Board) -> None:
    for path in ("/", "/targets"):
        page = (await board.client.get(path)).text
        assert f'href="/targets/{TARGET}"' in page
        assert 'aria-label="121 All patients, Childhood Immunisations"' in page
        assert "102 slots available, 15 to 30 September" in page
        assert 'href="/targets/new"' in page
    assert (await board.client.get("/targets?cursor=x")).status_code == 422


async def test_a_target_that_is_not_there_is_a_page_and_no_stream(board: Board) -> None:
    for path in ("/targets/nothing", "/targets/nothing/events"):
        answer = await board.client.get(path)
        assert (answer.status_code, "Page not found" in answer.text) == (404, True)


async def test_no_reading_sends_anything_on(stores: TestStores) -> None:
    seen: list[dict[str, Any]] = []
    dsn = await fresh_database(stores)
    async with (
        served(upstream(seen)) as other,
        opened(dsn, stores.role_password, ingest_url=other, invitations_url=other) as found,
    ):
        await found.hear(*worked_example())
        paths = sorted(pages_of(found.app.routes))
        assert "/targets/{target_id}" in paths
        found.client._transport = httpx.ASGITransport(found.app, raise_app_exceptions=False)
        for path in paths:
            of_patient = path.replace("{patient_id}", patient_id(1))
            await found.client.get(re.sub(r"{\w+}", TARGET, of_patient))
    assert {asked["asked"].split()[0] for asked in seen} <= {"GET"}


async def test_the_list_pages_on_and_keeps_its_filters(board: Board) -> None:
    page = (await board.client.get(f"/targets/{TARGET}/patients?status=booked&limit=40")).text
    (following,) = re.findall(r'rel="next" href="([^"]+)"', page)
    rest = (await board.client.get(following.replace("&amp;", "&"))).text
    assert page.count('scope="row"') == 40
    assert rest.count('scope="row"') == 24
    assert 'rel="next"' not in rest


async def test_a_search_leads_to_the_patient_and_no_address_holds_the_number(board: Board) -> None:
    path = f"/targets/{TARGET}/patients"
    for typed in ("9990000007", " 999 000 0007 "):
        answer = await board.client.post(path, data={"nhs_number": typed})
        assert (answer.status_code, answer.headers["location"]) == (303, f"{path}/{patient_id(7)}")
    page = (await board.client.get(path)).text
    assert f'method="post" action="{path}"' in page
    assert not re.search(r"999.?000|nhs_number=", " ".join(re.findall(r'href="([^"]*)"', page)))


async def test_a_wrong_number_is_said_beside_its_field(board: Board) -> None:
    path = f"/targets/{TARGET}/patients"
    answer = await board.client.post(path, data={"nhs_number": "<b>12"})
    assert answer.status_code == 422
    assert "An NHS number has 10 digits." in answer.text
    assert 'value="&lt;b&gt;12"' in answer.text
    assert "<b>12" not in answer.text
    empty = await board.client.post(path, data={"nhs_number": " "})
    assert (empty.status_code, "Enter an NHS number." in empty.text) == (422, True)


async def test_a_number_of_nobody_is_said_above_the_list(board: Board) -> None:
    answer = await board.client.post(
        f"/targets/{TARGET}/patients", data={"nhs_number": "9990009999"}
    )
    assert answer.status_code == 200
    assert "Nobody on this target has this NHS number" in answer.text
    assert "999 000 9999" in answer.text
    assert "121 patients</h2>" in answer.text
    assert (await board.client.post("/targets/nothing/patients")).status_code == 415


async def test_a_number_in_the_address_of_a_page_is_refused_and_not_repeated(
    board: Board,
) -> None:
    for page in ("patients?", "patients?status=booked&", "remove?whom=all&", "reprocess?whom=all&"):
        answer = await board.client.get(f"/targets/{TARGET}/{page}nhs_number=9990000007")
        assert answer.status_code == 422, page
        assert "9990000007" not in answer.text.replace(" ", "")
    empty = await board.client.get(f"/targets/{TARGET}/patients?nhs_number=&status=booked")
    assert empty.status_code == 200


async def test_a_search_by_cookie_must_come_from_our_own_pages(
    browser: httpx.AsyncClient,
) -> None:
    browser.cookies.set(COOKIE, session_of(TOKEN))
    for origin, status in (("http://elsewhere", 403), ("http://board", 303)):
        answer = await browser.post(
            f"/targets/{TARGET}/patients",
            data={"nhs_number": "9990000007"},
            headers={"Origin": origin},
        )
        assert answer.status_code == status


async def test_a_patients_page_tells_their_story(board: Board) -> None:
    (patient,) = (await board.get(f"/v1/targets/{TARGET}/patients", nhs_number="9990000001"))[
        "patients"
    ]
    page = (await board.client.get(f"/targets/{TARGET}/patients/{patient['patient_id']}")).text
    for text in ("Ann Smith001", "999 000 0001", "What to do:", "Put on the target."):
        assert text in page
    missing = await board.client.get(f"/targets/{TARGET}/patients/nobody")
    assert (missing.status_code, "Page not found" in missing.text) == (404, True)


@pytest.mark.parametrize(
    ("method", "path", "to"),
    [
        ("POST", "/v1/targets", "ingest"),
        ("PATCH", f"/v1/targets/{TARGET}", "ingest"),
        ("POST", f"/v1/targets/{TARGET}/pause", "ingest"),
        ("POST", f"/v1/targets/{TARGET}/removals", "ingest"),
        ("DELETE", f"/v1/targets/{TARGET}/slots/s-1", "ingest"),
        ("GET", "/v1/uploads/u-1", "ingest"),
        ("POST", "/v1/patients/0190cafe-0000-8000-8000-000000000001/answers", "invitations"),
    ],
)
async def test_commands_go_to_the_service_that_does_them(
    stores: TestStores, method: str, path: str, to: str
) -> None:
    seen: dict[str, list[dict[str, Any]]] = {"ingest": [], "invitations": []}
    dsn = await fresh_database(stores)
    async with (
        served(upstream(seen["ingest"])) as ingest,
        served(upstream(seen["invitations"])) as invitations,
        opened(dsn, stores.role_password, ingest_url=ingest, invitations_url=invitations) as found,
    ):
        body = None if method in {"GET", "DELETE"} else {"reason": "Moved away"}
        answer = await found.client.request(
            method, f"{path}?a=1&b=%20", json=body, headers={"If-Match": '"6"', "X-Mine": "1"}
        )
    assert (answer.status_code, answer.headers["etag"]) == (202, '"7"')
    assert "x-other" not in answer.headers
    (asked,) = seen[to]
    assert asked["asked"] == f"{method} {path}"
    assert asked["query"] == "a=1&b=%20"
    assert asked["headers"]["authorization"] == f"Bearer {TOKEN}"
    assert asked["headers"]["if-match"] == '"6"'
    assert "x-mine" not in asked["headers"]


async def test_an_upload_is_streamed_through_in_pieces(stores: TestStores) -> None:
    seen: list[dict[str, Any]] = []

    async def file() -> AsyncIterator[bytes]:
        for _ in range(400):
            yield b"9990000018,01/02/2015\n" * 1000

    dsn = await fresh_database(stores)
    async with (
        served(upstream(seen)) as ingest,
        opened(dsn, stores.role_password, ingest_url=ingest) as found,
        served(found.app) as address,
        httpx.AsyncClient(base_url=address) as client,
    ):
        answer = await client.post(
            f"/v1/targets/{TARGET}/uploads",
            content=file(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "text/csv"},
        )
    assert answer.status_code == 202
    assert seen[0]["size"] == 400 * 22_000
    assert seen[0]["largest"] < 1_000_000
    assert seen[0]["headers"]["content-type"] == "text/csv"


async def test_a_service_that_is_away_is_said_so(board: Board) -> None:
    board_ = board.client
    answer = await board_.post(f"/v1/targets/{TARGET}/pause")
    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_unavailable")


@pytest.mark.parametrize("origin", [None, "null", "http://elsewhere", "http://board.elsewhere"])
async def test_a_command_by_cookie_must_come_from_our_own_pages(
    browser: httpx.AsyncClient, origin: str | None
) -> None:
    browser.cookies.set(COOKIE, session_of(TOKEN))
    headers = {} if origin is None else {"Origin": origin}
    answer = await browser.post(f"/v1/targets/{TARGET}/pause", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_origin")
    answer = await browser.post(f"/v1/targets/{TARGET}/pause", headers={"Origin": "http://board"})
    assert answer.status_code == 502


def pages_of(routes: Sequence[Any]) -> set[str]:
    """Every address that answers a GET from the stores and ends."""
    found = set()
    for route in routes:
        found |= pages_of(getattr(getattr(route, "original_router", None), "routes", []))
        if "GET" in (getattr(route, "methods", None) or ()):
            found.add(route.path)
    return {
        path for path in found if path.startswith(("/targets", "/v1/")) and "/events" not in path
    }


async def told(lines: AsyncIterator[str]) -> dict[str, Any]:
    """The next event of a stream."""
    async for line in lines:
        if line.startswith("data: "):
            found: dict[str, Any] = json.loads(line.removeprefix("data: "))
            return found
    raise AssertionError("the stream has ended")


async def test_live_numbers_come_when_they_change_and_end_with_the_reader(
    stores: TestStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(live, "GAP_SECONDS", 0.05)
    async with (
        opened(await fresh_database(stores), stores.role_password) as found,
        served(found.app) as address,
        httpx.AsyncClient(base_url=address, timeout=10) as client,
    ):
        await found.hear(saved(), enrolled(1), progressed(1, "in_queue"))
        where, who = f"/v1/targets/{TARGET}/events", {"Authorization": f"Bearer {TOKEN}"}
        async with (
            client.stream("GET", where, headers=who) as first,
            client.stream("GET", where, headers=who) as second,
        ):
            assert first.headers["content-type"].startswith("text/event-stream")
            readers = [first.aiter_lines(), second.aiter_lines()]
            assert [(await told(r))["overview"]["in_queue"] for r in readers] == [1, 1]
            polling = [t for t in asyncio.all_tasks() if t.get_name().startswith("live ")]
            assert len(polling) == 1
            await found.hear(progressed(1, "booked", version=2))
            assert [(await told(r))["overview"]["booked"] for r in readers] == [1, 1]
        async with asyncio.timeout(5):
            await asyncio.gather(*polling, return_exceptions=True)


async def test_an_open_page_is_sent_the_parts_that_it_is_made_of(
    stores: TestStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "GAP_SECONDS", 0.05)
    async with (
        opened(await fresh_database(stores), stores.role_password) as found,
        served(found.app) as address,
        httpx.AsyncClient(
            base_url=address, timeout=10, headers={"Authorization": f"Bearer {TOKEN}"}
        ) as client,
    ):
        await found.hear(saved(), enrolled(1), progressed(1, "in_queue"))
        page = (await client.get(f"/targets/{TARGET}")).text
        parts = set(re.findall(r'data-part="([\w-]+)"', page))
        assert parts >= {"state", "notices", "as-of", "overview", "slots", "queues", "rounds"}
        async with client.stream("GET", f"/targets/{TARGET}/events") as answer:
            lines = answer.aiter_lines()
            now = await event_of(lines)
            assert set(re.findall(r'data-part="([\w-]+)"', now)) == parts
            for part in re.findall(r'<(?:div|p)[^>]* data-part="[^>]*>', now):
                assert part in page
            assert 'data-number="overview.in_queue">1<' in now
            await found.hear(progressed(1, "booked", version=2), free(d15=7))
            await found.hear(saved(version=2, state="paused"))
            while "This target is paused" not in now:
                now = await event_of(lines)
            assert 'data-number="overview.booked">1<' in now
            assert "<strong data-slots>7 slots</strong>" in now
            assert "0 in progress, 1 completed, 1 booked, 7 slots available." in now


async def event_of(lines: AsyncIterator[str]) -> str:
    """The next event's data, whole."""
    found: list[str] = []
    async for line in lines:
        if line.startswith("data: "):
            found.append(line.removeprefix("data: "))
        elif not line and found:
            return "\n".join(found)
    raise AssertionError("the stream has ended")
