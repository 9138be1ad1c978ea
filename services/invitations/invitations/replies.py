"""What a patient's words mean.  Pure: text in, meaning out."""

import re
import unicodedata
from typing import Literal, cast

Meaning = Literal["a", "b", "c", "decline", "stop", "start", "cancel", "unknown"]
"""A letter of the offer, a keyword, or something a person must read."""

_KEYWORDS: dict[Meaning, frozenset[str]] = {
    "stop": frozenset(
        {"stop", "stopall", "stop all", "unsubscribe", "end", "quit", "opt out", "optout"}
    ),
    "start": frozenset({"start", "unstop", "opt in", "optin", "resume texts", "start texts"}),
    "cancel": frozenset(
        {
            "cancel",
            "cancel it",
            "cancel appointment",
            "cancel my appointment",
            "cancel the appointment",
            "i want to cancel",
            "i need to cancel",
            "id like to cancel",
            "i want to cancel my appointment",
            "i need to cancel my appointment",
        }
    ),
    "decline": frozenset({"decline", "declined", "i decline", "no thanks", "no thank you"}),
}
"""The carriers' stop words and our own; CANCEL does not stop texts: it cancels an appointment."""

_MORE_STOPS = re.compile(
    r"^(?:unsubscribe me|"
    r"(?:stop|no more|dont|do not)(?: (?:sending|send|texting|text|messaging|message|contacting|"
    r"contact|me|us|my|to|this|these|those|the|all|any|your|more|texts|messages|sms|now|number))+)$"
)
"""Plain wishes for no more texts: whoever has one must not get another text for its wording."""

_POLITE = re.compile(
    r"\b(?:please|pls|plz|thanks|thank you|thankyou|thank u|thx|ty|cheers|hi|hello|hiya|sorry|x+)\b"
)
_SQUARED = str.maketrans({"\U0001f170": "a", "\U0001f171": "b", "\u24b8": "c", "\u00a9": "c"})
"""What phones offer in place of letters: the blood groups, and a circled C."""
_LETTER = re.compile(
    r"^(?:(?:the|my|option|slot|appointment|appt|time|letter|choice|answer|is|number|book|choose|"
    r"pick|ok|okay|yes|yeah|yep|can i|could i|may i|let me|ill|i|will|would|d|id|like|take|have|"
    r"want|go|for|with|me)\s+)*"
    r"(?P<letter>[abc])(?:\s+(?P=letter))*"
    r"(?:\s+(?:is|would be|will be|works|is fine|fine|good|great|perfect|ok|okay|for me|it is))*$"
)


def normalised(text: str) -> str:
    """Lower case, plain letters, no punctuation or emoji, single spaces.

    >>> normalised('  “Stop.” ')
    'stop'
    """
    plain = unicodedata.normalize("NFKC", text.translate(_SQUARED)).casefold()
    plain = plain.replace("'", "").replace("\u2019", "")
    words = "".join(char if char.isalnum() else " " for char in plain)
    return " ".join(words.split())


def meaning_of(text: str) -> Meaning:
    """The meaning of a reply; whatever could mean two things is left to a person.

    >>> [meaning_of(t) for t in ("A", "b please", "“C”.", "Decline!", "STOP", "A or B")]
    ['a', 'b', 'c', 'decline', 'stop', 'unknown']
    """
    whole = normalised(text)
    plain = " ".join(_POLITE.sub(" ", whole).split())
    for words in (whole, plain):
        for meaning, keywords in _KEYWORDS.items():
            if words in keywords:
                return meaning
    if _MORE_STOPS.match(plain):
        return "stop"
    letter = _LETTER.match(plain)
    return cast("Meaning", letter["letter"]) if letter else "unknown"
