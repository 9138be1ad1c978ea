"""What went wrong, in words for logs and operators: without the values that a database quotes.

PostgreSQL's DETAIL has the row that it refused, whole; an error's own text is therefore never put
into a log, a header or an answer, but what these say of it.
"""

import re
import traceback
from collections.abc import Iterator

import asyncpg

LONGEST_REASON = 500

_QUOTED = re.compile('".*"')
_LED_TO = "\nThe above led to:\n\n"


def reason_of(error: BaseException) -> str:
    """An error in one line that any database stores, without the values a database quotes."""
    text = str(error).partition("\n")[0]
    if isinstance(error, asyncpg.DataError):
        text = _QUOTED.sub('"…"', text.partition(": ")[0])
    if isinstance(error, BaseExceptionGroup):
        text += f": {'; '.join(map(reason_of, error.exceptions))}"
    line = ": ".join(filter(None, (type(error).__name__, text)))[:LONGEST_REASON]
    return line.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")


def trace_of(error: BaseException) -> str:
    """Where an error came up and its reason, after those that led to it, as a traceback has them.

    Frames show lines of our source and no values.
    """
    return _LED_TO.join("".join(_lines(one)) for one in _chain(error)).rstrip("\n")


def _chain(error: BaseException) -> list[BaseException]:
    """An error and what led to it, first things first."""
    found: list[BaseException] = []
    led: BaseException | None = error
    while led is not None and all(led is not one for one in found):
        found.append(led)
        led = led.__cause__ or (None if led.__suppress_context__ else led.__context__)
    return found[::-1]


def _lines(error: BaseException) -> Iterator[str]:
    """One error; of a group also its members, further in."""
    if error.__traceback__ is not None:
        yield "Traceback (most recent call last):\n"
        yield from traceback.format_tb(error.__traceback__)
    yield reason_of(error) + "\n"
    if isinstance(error, BaseExceptionGroup):
        for number, one in enumerate(error.exceptions, start=1):
            yield f"  of which {number}:\n"
            yield from (f"  {line}\n" for line in trace_of(one).splitlines())
