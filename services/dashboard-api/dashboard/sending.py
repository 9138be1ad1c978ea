"""The one place from which requests go on to ingest and invitations, with the stack's token.

Pages `send` a command and get its answer decoded; `stream` passes bodies on in both directions and
keeps nothing of them.
"""

from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

import httpx
import msgspec
import structlog
from starlette.requests import ClientDisconnect

from recall.kit.problems import Problem

log = structlog.get_logger()

To = Literal["ingest", "invitations"]

TIMEOUT = httpx.Timeout(10.0, read=300.0, write=60.0)
"""An upload of a million rows is judged before it is answered: reading waits longest."""


@dataclass(frozen=True)
class FieldError:
    """What is wrong with a field of what was sent: `rounds.0.name`, or empty for the whole."""

    field: str
    message: str


@dataclass(frozen=True)
class Answer:
    """What a service answered: its status and its JSON, decoded; None where there was none."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether it did what it was asked."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's own classes.

    @property
    def code(self) -> str:
        """The stable code of a problem; empty when there is none."""
        return self._member("code")

    @property
    def detail(self) -> str:
        """A problem in a plain sentence: what is wrong and what to do."""
        return self._member("detail") or "That did not work. Try again in a moment."

    @property
    def field_errors(self) -> list[FieldError]:
        """A problem's errors by field; the whole problem as one when it names no field."""
        if self.ok:
            return []
        errors = self.body.get("errors") if isinstance(self.body, dict) else None
        if not isinstance(errors, list) or not errors:
            return [FieldError("", self.detail)]
        return [FieldError(str(e.get("field", "")), str(e.get("message", ""))) for e in errors]

    def problem(self) -> Problem:
        """The problem to raise where a page has nothing better to say of it."""
        return Problem(self.status, self.code or "refused", self.detail)

    def found(self, missing: Any) -> Any:
        """What was asked for, or `missing` where the service does not know of it.

        Raises:
            Problem: any other that it answered.
        """
        if self.status == HTTPStatus.NOT_FOUND:
            return missing
        if not self.ok:
            raise self.problem()
        return self.body

    def _member(self, name: str) -> str:
        found = self.body.get(name) if isinstance(self.body, dict) else None
        return found if isinstance(found, str) else ""


class Sender:
    """Sends requests to the other services, over one pool of connections."""

    def __init__(self, http: httpx.AsyncClient, urls: Mapping[To, str], token: str) -> None:
        self._http = http
        self._urls = {to: url.rstrip("/") for to, url in urls.items()}
        self._token = token

    async def send(
        self,
        method: str,
        path: str,
        *,
        to: To = "ingest",
        json: Any = None,
        content: bytes | AsyncIterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request whose answer is small, and decode that.

        Raises:
            Problem: 502, the service does not answer or answers with what is no JSON.
        """
        given = dict(headers or {})
        if json is not None:
            content = msgspec.json.encode(json)
            given.setdefault("content-type", "application/json")
        response = await self.stream(method, path, to=to, content=content, headers=given)
        try:
            text = await response.aread()
            body = msgspec.json.decode(text) if text else None
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            raise _unavailable(error) from error
        finally:
            await response.aclose()
        return Answer(response.status_code, body, response.headers)

    async def stream(
        self,
        method: str,
        path: str,
        *,
        to: To,
        content: bytes | AsyncIterable[bytes] | None,
        headers: Mapping[str, str],
    ) -> httpx.Response:
        """Send a request as its body comes in; who called reads the answer and closes it.

        Raises:
            Problem: 502, the service does not answer; 400, the body ended before it was whole.
        """
        request = self._http.build_request(
            method,
            self._urls[to] + path,
            headers={**headers, "authorization": f"Bearer {self._token}"},
            content=content,
        )
        try:
            return await self._http.send(request, stream=True)
        except ClientDisconnect as error:
            raise Problem(400, "disconnected", "The request ended before its body did.") from error
        except httpx.HTTPError as error:
            raise _unavailable(error) from error


def client() -> httpx.AsyncClient:
    """The client that requests are sent on with."""
    return httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False)


def _unavailable(error: Exception) -> Problem:
    log.warning("a command could not be passed on", error=type(error).__name__)
    return Problem(
        502,
        "upstream_unavailable",
        "The service that does this is not answering. Nothing is known to have been done; "
        "try again in a moment.",
    )
