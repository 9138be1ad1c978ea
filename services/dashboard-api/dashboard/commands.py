"""Commands of staff, passed on: browsers talk to the dashboard alone.

Bodies are streamed in both directions; nothing of them is kept or looked at.
"""

from collections.abc import Mapping

import httpx
import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect

from dashboard.asking import allowed, patient_id_of, target_id_of
from recall.kit.problems import Problem
from recall.kit.service import Service

log = structlog.get_logger()

TO_INGEST = (
    ("POST", "/v1/targets"),
    ("PATCH", "/v1/targets/{target_id}"),
    ("POST", "/v1/targets/{target_id}/uploads"),
    ("GET", "/v1/uploads/{upload}"),
    ("POST", "/v1/targets/{target_id}/slots"),
    ("DELETE", "/v1/targets/{target_id}/slots/{slot}"),
    ("POST", "/v1/targets/{target_id}/pause"),
    ("POST", "/v1/targets/{target_id}/resume"),
    ("POST", "/v1/targets/{target_id}/close"),
    ("POST", "/v1/targets/{target_id}/removals"),
    ("POST", "/v1/targets/{target_id}/reprocess"),
    ("PATCH", "/v1/patients/{patient_id}"),
    ("POST", "/v1/patients/{patient_id}/opt-outs"),
)
TO_INVITATIONS = (("POST", "/v1/patients/{patient_id}/answers"),)

THERE = ("content-type", "content-length", "content-disposition", "idempotency-key", "if-match")
"""The headers of a request that are passed on."""
BACK = ("content-type", "content-length", "etag", "location", "retry-after")
"""The headers of an answer that are passed on."""

TIMEOUT = httpx.Timeout(10.0, read=300.0, write=60.0)
"""An upload of a million rows is judged before it is answered: reading waits longest."""


def client() -> httpx.AsyncClient:
    """The client that commands are passed on with."""
    return httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False)


def router(
    service: Service, http: httpx.AsyncClient, *, ingest_url: str, invitations_url: str
) -> APIRouter:
    """One route for each command, behind the token or the cookie."""
    token = service.settings.token.get_secret_value()
    found = APIRouter(dependencies=[Depends(allowed(token))])
    for base, commands in ((ingest_url, TO_INGEST), (invitations_url, TO_INVITATIONS)):
        passing = _Passing(http, base.rstrip("/"), token)
        for method, path in commands:
            checks = [
                Depends(check)
                for name, check in (("{target_id}", target_id_of), ("{patient_id}", patient_id_of))
                if name in path
            ]
            found.add_api_route(
                path, passing.on, methods=[method], dependencies=checks, response_model=None
            )
    return found


class _Passing:
    """Passes requests on to one service."""

    def __init__(self, http: httpx.AsyncClient, base: str, token: str) -> None:
        self._http = http
        self._base = base
        self._token = token

    async def on(self, request: Request) -> StreamingResponse:
        """Send the request on as it comes in and the answer back as it comes.

        Raises:
            Problem: 502, the service does not answer.
        """
        onward = self._http.build_request(
            request.method,
            self._address(request),
            headers=_kept(request.headers, THERE) | {"authorization": f"Bearer {self._token}"},
            content=request.stream() if _has_body(request) else None,
        )
        try:
            answer = await self._http.send(onward, stream=True)
        except ClientDisconnect as error:
            raise Problem(400, "disconnected", "The request ended before its body did.") from error
        except httpx.HTTPError as error:
            log.warning("a command could not be passed on", error=type(error).__name__)
            raise Problem(
                502,
                "upstream_unavailable",
                "The service that does this is not answering. Nothing is known to have been done; "
                "try again in a moment.",
            ) from error
        return StreamingResponse(
            answer.aiter_raw(),
            status_code=answer.status_code,
            headers=_kept(answer.headers, BACK),
            background=BackgroundTask(answer.aclose),
        )

    def _address(self, request: Request) -> str:
        """The same path and query on the other service."""
        query = request.url.query
        return f"{self._base}{request.url.path}" + (f"?{query}" if query else "")


def _has_body(request: Request) -> bool:
    return "content-length" in request.headers or "transfer-encoding" in request.headers


def _kept(headers: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {name: headers[name] for name in names if name in headers}
