"""Errors as RFC 9457 problems with a stable `code`, in plain sentences."""

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from recall.kit.postgres import TRANSIENT

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
SORRY = "Something went wrong on our side, and it is noted. Try again in a moment."

_CODES = {
    400: "bad_request",
    401: "unauthorised",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
}


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem.
    """An answer that is no success: raised anywhere in a request, rendered in one place.

    Attributes:
        status: the HTTP status.
        code: stable, for machines.
        detail: a plain sentence: what is wrong and what to do.
        fields: further members, for example `errors` by field.
    """

    def __init__(self, status: int, code: str, detail: str, **fields: Any) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.fields = status, code, detail, fields
        self.headers: dict[str, str] = {}

    def response(self) -> JSONResponse:
        """The problem as the client gets it."""
        body = {
            "type": f"urn:recall:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **self.fields,
        }
        return JSONResponse(body, self.status, headers=self.headers, media_type=MEDIA_TYPE)


def not_found(what: str) -> Problem:
    """404: it does not exist, or it is not the asker's to see."""
    return Problem(404, "not_found", f"There is no such {what}.")


def is_id(text: str) -> bool:
    """Whether a text that anybody may have sent can be an id: PostgreSQL refuses some characters.

    >>> is_id("t-1"), is_id(chr(0))
    (True, False)
    """
    return text.isprintable()


def check_ids(request: Request) -> None:
    """Answer 404 to ids in the path that nothing can have; a dependency of routes."""
    if not all(is_id(str(value)) for value in request.path_params.values()):
        raise not_found("path")


def noted(error: Exception) -> None:
    """Write an error that nobody expected into the log, where it is answered with a page."""
    log.error("a request failed", exc_info=error)


async def _problem(_request: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, Problem)  # noqa: S101 - registered for this class alone.
    return problem.response()


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    """422 with one entry per wrong field; never the value that was sent."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone.
    errors = [
        {"field": ".".join(str(part) for part in found["loc"][1:]), "message": found["msg"]}
        for found in error.errors()
    ]
    if any(found["type"] == "json_invalid" for found in error.errors()):
        return Problem(400, "invalid_json", "The body is not valid JSON.").response()
    first = errors[0] if errors else {"field": "", "message": "invalid"}
    where = f"{first['field']}: " if first["field"] else ""
    return Problem(422, "invalid", f"{where}{first['message']}", errors=errors).response()


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone.
    code = _CODES.get(error.status_code, "error")
    problem = Problem(error.status_code, code, str(error.detail))
    problem.headers = dict(error.headers or {})
    return problem.response()


async def _unavailable(_request: Request, error: Exception) -> JSONResponse:
    log.warning("a request met a store in trouble", error=type(error).__name__)
    problem = Problem(503, "unavailable", "A store is not answering. Try again in a moment.")
    problem.headers = {"Retry-After": "2"}
    return problem.response()


async def _internal(_request: Request, _error: Exception) -> JSONResponse:
    """The last resort; the server itself logs the error."""
    problem = Problem(500, "internal_error", SORRY)
    # No middleware of the app sees this answer.
    problem.headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return problem.response()


def install(app: FastAPI) -> None:
    """Render every error of an app as a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    for kind in TRANSIENT:
        app.add_exception_handler(kind, _unavailable)  # type: ignore[arg-type]  # TRANSIENT holds what `except` takes, which is more.
    app.add_exception_handler(Exception, _internal)
