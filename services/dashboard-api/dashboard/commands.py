"""Commands of staff, passed on: browsers talk to the dashboard alone.

Bodies are streamed in both directions; nothing of them is kept or looked at.
"""

from collections.abc import Mapping

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

from dashboard.asking import patient_id_of, target_id_of
from dashboard.sending import Sender, To
from recall.kit.access import guard
from recall.kit.service import Service

TO_INGEST = (
    ("POST", "/v1/targets"),
    ("PATCH", "/v1/targets/{target_id}"),
    ("POST", "/v1/targets/{target_id}/uploads"),
    ("GET", "/v1/targets/{target_id}/uploads"),
    ("GET", "/v1/uploads/{upload}"),
    ("GET", "/v1/uploads/{upload}/rejected.csv"),
    ("POST", "/v1/targets/{target_id}/slots"),
    ("POST", "/v1/targets/{target_id}/slots/withdrawals"),
    ("DELETE", "/v1/targets/{target_id}/slots/{slot}"),
    ("POST", "/v1/targets/{target_id}/pause"),
    ("POST", "/v1/targets/{target_id}/resume"),
    ("POST", "/v1/targets/{target_id}/close"),
    ("POST", "/v1/targets/{target_id}/removals"),
    ("POST", "/v1/targets/{target_id}/reprocess"),
    ("PATCH", "/v1/patients/{patient_id}"),
    ("POST", "/v1/patients/{patient_id}/opt-outs"),
    ("POST", "/v1/texts/preview"),
)
TO_INVITATIONS = (
    ("POST", "/v1/patients/{patient_id}/answers"),
    ("POST", "/v1/patients/{patient_id}/cancellations"),
    ("POST", "/v1/patients/{patient_id}/replies"),
    ("GET", "/v1/targets/{target_id}/replies"),
    ("GET", "/v1/targets/{target_id}/letters"),
)

THERE = ("content-type", "content-length", "content-disposition", "idempotency-key", "if-match")
"""The headers of a request that are passed on."""
BACK = ("content-type", "content-disposition", "content-length", "etag", "location", "retry-after")
"""The headers of an answer that are passed on."""


def router(service: Service, sender: Sender) -> APIRouter:
    """One route for each command, behind the token or the cookie."""
    token = service.settings.token.get_secret_value()
    found = APIRouter(dependencies=[Depends(guard(token))])
    passed_on: tuple[tuple[To, tuple[tuple[str, str], ...]], ...] = (
        ("ingest", TO_INGEST),
        ("invitations", TO_INVITATIONS),
    )
    for to, commands in passed_on:
        passing = _Passing(sender, to)
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

    def __init__(self, sender: Sender, to: To) -> None:
        self._sender = sender
        self._to = to

    async def on(self, request: Request) -> StreamingResponse:
        """Send the request on as it comes in and the answer back as it comes.

        Raises:
            Problem: 502, the service does not answer.
        """
        answer = await self._sender.stream(
            request.method,
            _path_and_query(request),
            to=self._to,
            headers=_kept(request.headers, THERE),
            content=request.stream() if _has_body(request) else None,
        )
        return StreamingResponse(
            answer.aiter_raw(),
            status_code=answer.status_code,
            headers=_kept(answer.headers, BACK),
            background=BackgroundTask(answer.aclose),
        )


def _path_and_query(request: Request) -> str:
    """The same path and query on the other service."""
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")


def _has_body(request: Request) -> bool:
    return "content-length" in request.headers or "transfer-encoding" in request.headers


def _kept(headers: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {name: headers[name] for name in names if name in headers}
