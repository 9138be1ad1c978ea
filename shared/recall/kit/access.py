"""Who may ask: one bearer token per stack, or the cookie a sign-in link sets."""

import hashlib
import hmac
from collections.abc import Callable

from fastapi import Request

from recall.kit.problems import Problem

COOKIE = "recall_session"


def session_of(token: str) -> str:
    """The cookie's value: derived from the token, so that the token itself is in no browser."""
    return hmac.new(token.encode(), b"recall session", hashlib.sha256).hexdigest()


def guard(token: str) -> Callable[[Request], None]:
    """A dependency that lets through who has the token or the cookie made from it."""
    session = session_of(token)

    def allowed(request: Request) -> None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(given.encode(), token.encode()):
            return
        cookie = request.cookies.get(COOKIE, "")
        if hmac.compare_digest(cookie.encode(), session.encode()):
            return
        problem = Problem(
            401, "unauthorised", "Send the stack's token: Authorization: Bearer <token>."
        )
        problem.headers = {"WWW-Authenticate": "Bearer"}
        raise problem

    return allowed
