"""What a command did, in the sentence of the page that follows it.

The address names the sentence by a code, so that nothing can be put into a page by a link.
"""

from collections.abc import Mapping
from typing import Final

DONE: Final[Mapping[str, str]] = {
    "made": "The target has been created. Upload its patients, then add slots.",
    "name": "The name has been changed.",
    "window": "The booking window has been changed.",
    "ratio": "The number of invitations for each slot has been changed.",
    "round": "The round has been changed.",
    "added": "The round has been added at the end.",
    "same": "Nothing was different, so nothing has been changed.",
    "paused": "The target is paused. Nobody is invited until you resume it.",
    "resumed": "The target is active again.",
    "closed": "The target is closed.",
}


def done(code: str) -> str | None:
    """The sentence of a code, if there is one."""
    return DONE.get(code)
