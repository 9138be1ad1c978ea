"""Who has given the right date of birth: a cookie for half an hour, and a proof in every form.

Pure: the key and machine time, in seconds, are passed in.  The cookie names nobody; it is of use
for one invitation's page alone, and its forms can only be made by who was shown the page.
"""

import hmac

COOKIE = "recall_visit"
SECONDS = 1800
_DIGITS = 32


def visit_of(key: bytes, invitation_id: str, now: float) -> str:
    """The cookie of a visit that begins now."""
    until = str(int(now) + SECONDS)
    return f"{until}.{_sign(key, 'visit', invitation_id, until)}"


def is_visit(key: bytes, invitation_id: str, cookie: str, now: float) -> bool:
    """Whether a cookie opens the invitation's page now."""
    until, _, sign = cookie.partition(".")
    if not (until.isascii() and until.isdigit()) or int(until[:12]) < now:
        return False
    return hmac.compare_digest(
        sign.encode(errors="replace"), _sign(key, "visit", invitation_id, until).encode()
    )


def proof_of(key: bytes, invitation_id: str, cookie: str) -> str:
    """What a form of this visit carries."""
    return _sign(key, "form", invitation_id, cookie)


def _sign(key: bytes, *parts: str) -> str:
    return hmac.digest(key, "\n".join(parts).encode(), "sha256").hex()[:_DIGITS]
