"""The patients' pages as HTML: templates, headers, and pages in place of errors."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from recall.kit.postgres import TRANSIENT
from recall.kit.problems import Problem, noted
from recall.look import Assets, environment

ASSETS = Assets("/b/static", Path(__file__).parent / "static")

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_TEMPLATES = environment("invitations", ASSETS)


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page; nobody may keep, frame or index it."""
    html = _TEMPLATES.get_template(template).render(values)
    return HTMLResponse(html, status, headers=HEADERS)


class PatientRoute(APIRoute):
    """A route whose errors are pages for patients, not problems for programs."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own handler, its errors rendered."""
        answer = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except RequestValidationError:
                return page("sorry.html", 422, title="That did not work", later=False)
            except Problem as problem:
                return page("sorry.html", problem.status, title="That did not work", later=True)
            except TRANSIENT:
                return page("sorry.html", 503, title="Sorry, there is a problem", later=True)
            except HTTPException:
                raise
            except Exception as error:  # noqa: BLE001 - patients get a page whatever happens.
                noted(error)
                return page("sorry.html", 500, title="Sorry, there is a problem", later=True)

        return answered
