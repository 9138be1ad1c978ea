"""Commands by cookie come from our own pages: a check on every request that may change something.

The cookie is SameSite=Strict already; this holds where a browser does not keep to it, and against
other programs on the same host.  Who sends the token itself is no browser led astray.
"""

from collections.abc import Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from recall.kit.access import COOKIE
from recall.kit.problems import Problem

READING = {"GET", "HEAD", "OPTIONS"}
"""Methods that change nothing, here as everywhere."""

DETAIL = "Commands by cookie must come from the dashboard's own pages."


def own(headers: Mapping[str, str]) -> bool:
    """Whether a request comes from a page of the host it is sent to.

    Whatever the browser says of where it comes from must agree, and it must say something.
    Addresses are compared without their scheme: before us a proxy may have ended TLS.

    >>> own({"host": "board", "origin": "https://board"})
    True
    >>> own({"host": "board", "sec-fetch-site": "cross-site", "origin": "https://board"})
    False
    >>> own({"host": "board"})
    False
    """
    said = []
    if "sec-fetch-site" in headers:
        said.append(headers["sec-fetch-site"] in {"same-origin", "none"})
    said += [
        _host(headers[name]) == headers.get("host")
        for name in ("origin", "referer")
        if name in headers
    ]
    return bool(said) and all(said)


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""


def _by_cookie(headers: Headers) -> bool:
    """Whether the session's cookie alone would let the request in."""
    if "authorization" in headers:
        return False
    try:
        return any(COOKIE in SimpleCookie(found) for found in headers.getlist("cookie"))
    except CookieError:
        return COOKIE in headers.get("cookie", "")


class SameOrigin:
    """Answers 403 to what a page elsewhere made a browser send; plain ASGI, bodies stay unread."""

    def __init__(self, app: ASGIApp, page: Callable[[int, str], HTMLResponse]) -> None:
        self._app = app
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] in READING:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not _by_cookie(headers) or own(headers):
            await self._app(scope, receive, send)
            return
        refused = (
            self._page(403, DETAIL)
            if "text/html" in headers.get("accept", "")
            else Problem(403, "wrong_origin", DETAIL).response()
        )
        await refused(scope, receive, send)
