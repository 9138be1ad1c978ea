"""Templates into pages, and errors into pages for people.

The NHS components come from `nhsuk_frontend_jinja`, by its own names:
`{% from "nhsuk/components/button/macro.jinja" import button %}`.
"""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from dashboard import assets
from dashboard.wording import number
from recall.kit.postgres import TRANSIENT
from recall.kit.problems import SORRY, Problem, noted
from recall.look import environment

_SAID = {
    401: "Sign in to see this page",
    403: "This was not sent from Recall",
    404: "Page not found",
    422: "That does not work",
    502: "A part of Recall is not answering",
    503: "The dashboard is not available at the moment",
}


TEMPLATES = environment("dashboard", assets.ASSETS)
TEMPLATES.filters["number"] = number


def rendered(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page."""
    return HTMLResponse(TEMPLATES.get_template(template).render(values), status)


def failed(status: int, detail: str) -> HTMLResponse:
    """A page that says what is wrong and what to do."""
    if status == HTTPStatus.UNAUTHORIZED:
        detail = "Open the sign-in link that was printed when Recall was started."
    title = _SAID.get(status, "Something went wrong")
    return rendered("message.html", status, title=title, detail=detail)


class PageRoute(APIRoute):
    """A route whose errors are pages for people, not problems for programs."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own handler, its errors rendered."""
        answer = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except Problem as problem:
                return failed(problem.status, problem.detail)
            except RequestValidationError:
                return failed(422, "The address of this page is not complete.")
            except TRANSIENT:
                return failed(503, "A store is not answering. Try again in a moment.")
            except HTTPException:
                raise
            except Exception as error:  # noqa: BLE001 - people get a page whatever happens.
                noted(error)
                return failed(500, SORRY)

        return answered


def strays_are_shown(app: FastAPI) -> None:
    """Answer whoever opens an address that is no page with a page; programs get the problem."""
    told = app.exception_handlers[HTTPException]

    async def shown(request: Request, error: Exception) -> Response:
        reading = request.method == "GET" and "text/html" in request.headers.get("accept", "")
        if reading and getattr(error, "status_code", 0) == HTTPStatus.NOT_FOUND:
            return failed(404, "Check the address, or begin at the list of targets.")
        answer: Response = await told(request, error)  # type: ignore[misc]  # a handler may be a plain function; the kit's are not.
        return answer

    app.add_exception_handler(HTTPException, shown)
