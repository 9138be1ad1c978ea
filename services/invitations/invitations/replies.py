"""What a patient's words mean.  Pure: text in, meaning out."""

import re
import unicodedata
from typing import Literal

Meaning = Literal["a", "b", "c", "decline", "stop", "start", "cancel", "unknown"]
"""A letter of the offer, a keyword, or something a person must read."""

_STOP = frozenset(
    {"stop", "stopall", "stop all", "unsubscribe", "end", "quit", "opt out", "optout"}
)
"""The carriers' stop words; CANCEL is not among them: with an appointment it cancels that."""
_START = frozenset({"start", "unstop", "opt in", "optin"})
_DECLINE = frozenset(
    {"decline", "declined", "decline please", "i decline", "no thanks", "no thank you"}
)
_CANCEL = frozenset({"cancel", "cancel appointment", "cancel my appointment", "cancel please"})

_POLITE = re.compile(r"\b(?:please|pls|plz|thanks|thank you|thankyou|ty|x+)\b")
_LETTER = re.compile(
    r"^(?:(?:option|slot|appointment|book|i(?: would|d|ll)? (?:like|take|choose|want)|yes)\s+)*"
    r"(?P<letter>[abc])(?:\s+(?:is fine|is good|works))?$"
)


def normalised(text: str) -> str:
    """Lower case, plain letters, no punctuation, single spaces.

    >>> normalised('  “Stop.” ')
    'stop'
    """
    folded = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("\u2019", "")
    words = "".join(char if char.isalnum() else " " for char in folded)
    return " ".join(words.split())


def meaning_of(text: str) -> Meaning:
    """The meaning of a reply.

    >>> [meaning_of(t) for t in ("A", "b please", "“C”.", "Decline!", "STOP", "maybe")]
    ['a', 'b', 'c', 'decline', 'stop', 'unknown']
    """
    plain = normalised(text)
    for words, meaning in (
        (_STOP, "stop"),
        (_START, "start"),
        (_CANCEL, "cancel"),
        (_DECLINE, "decline"),
    ):
        if plain in words:
            return meaning  # type: ignore[return-value]
    polite = " ".join(_POLITE.sub(" ", plain).split())
    if polite in {"stop", "decline", "cancel", "start"}:
        return polite  # type: ignore[return-value]
    letter = _LETTER.match(polite)
    if letter:
        return letter["letter"]  # type: ignore[return-value]
    return "unknown"
