"""Requests to the other services, and what their answers say to a page."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from dashboard.sending import Answer, FieldError, Sender
from recall.kit.problems import Problem


def sender(answer: httpx.Response | Exception, seen: list[httpx.Request]) -> Sender:
    async def reply(request: httpx.Request) -> httpx.Response:
        await request.aread()
        seen.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    http = httpx.AsyncClient(transport=httpx.MockTransport(reply))
    urls: Any = {"ingest": "http://ingest/", "invitations": "http://invitations"}
    return Sender(http, urls, "a-token")


async def test_a_command_goes_to_its_service_with_the_stacks_token() -> None:
    seen: list[httpx.Request] = []
    there = sender(httpx.Response(201, json={"made": True}, headers={"ETag": '"1"'}), seen)
    answer = await there.send("POST", "/v1/targets", json={"a": 1}, headers={"If-Match": "2"})
    assert (answer.status, answer.body, answer.headers["etag"]) == (201, {"made": True}, '"1"')
    (request,) = seen
    assert str(request.url) == "http://ingest/v1/targets"
    assert request.headers["authorization"] == "Bearer a-token"
    assert (request.headers["if-match"], request.content) == ("2", b'{"a":1}')


async def test_a_body_is_sent_as_it_comes() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"a", b"b"):
            yield piece

    seen: list[httpx.Request] = []
    there = sender(httpx.Response(204), seen)
    answer = await there.send("POST", "/x", to="invitations", content=pieces())
    assert (answer.ok, answer.body) == (True, None)
    assert (seen[0].url.host, seen[0].content) == ("invitations", b"ab")


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("late"),
        httpx.Response(502, text="<html>"),
    ],
)
async def test_a_service_that_does_not_answer_is_a_502(trouble: httpx.Response | Exception) -> None:
    with pytest.raises(Problem) as raised:
        await sender(trouble, []).send("GET", "/v1/targets/t-1")
    assert (raised.value.status, raised.value.code) == (502, "upstream_unavailable")


def test_a_problem_gives_its_errors_by_field() -> None:
    errors = [{"field": "rounds.0.name", "message": "Write 1 to 120 characters."}]
    answer = Answer(422, {"code": "invalid", "detail": "rounds.0.name: …", "errors": errors})
    assert answer.field_errors == [FieldError("rounds.0.name", "Write 1 to 120 characters.")]


def test_a_problem_without_fields_is_one_error_of_the_whole() -> None:
    answer = Answer(409, {"code": "closed", "detail": "The target is closed for good."})
    assert answer.field_errors == [FieldError("", "The target is closed for good.")]
    assert (answer.problem().status, answer.problem().code) == (409, "closed")
    assert Answer(200, {}).field_errors == []
    assert Answer(500, None).field_errors[0].message
