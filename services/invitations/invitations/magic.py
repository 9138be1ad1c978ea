"""Magic recipients: the last digits of a made-up mobile decide what becomes of a text.  Pure.

They count only where the scenario says `"magic": true`, since the simulated register gives out the
same block of numbers at random.  Before them comes what the scenario scripts for a person; after
them come its silence and its odds.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Literal

from msgspec import Struct

from recall.contracts.vocabulary import UndeliverableReason

Arrival = Literal["delivered", "failed", "delayed", "delayed once"]
"""How a text ends: `delayed` is a temporary failure, every time or the first time only."""

FIRST_ANSWER: Final = timedelta(hours=1)
"""An answer comes so long after the text, and each further one so long after the one before."""


class Recipient(Struct, frozen=True):
    """What one number does."""

    arrival: Arrival = "delivered"
    reason: UndeliverableReason = "unreachable"
    says: tuple[str, ...] = ()


MAGIC: Final[Mapping[str, Recipient]] = {
    "001": Recipient(),
    "002": Recipient("failed", "invalid_number"),
    "003": Recipient("failed", "unreachable"),
    "004": Recipient("failed", "rejected"),
    "005": Recipient("failed", "technical_failure"),
    "006": Recipient("delayed once"),
    "007": Recipient("delayed once", says=("A",)),
    "008": Recipient("delayed"),
    "011": Recipient(says=("A",)),
    "012": Recipient(says=("B",)),
    "013": Recipient(says=("C",)),
    "014": Recipient(says=("b please",)),
    "015": Recipient(says=("DECLINE",)),
    "016": Recipient(says=("STOP",)),
    "017": Recipient(says=("STOP", "START")),
    "018": Recipient(says=("Who is this?",)),
    "019": Recipient(says=("Who is this?", "Can I come on Sunday?")),
    "020": Recipient(says=("A", "CANCEL")),
}
"""By the last three digits of 07700 900xxx."""


def recipient_of(mobile: str | None) -> Recipient | None:
    """What a number does, if it is a magic one."""
    if mobile is None or not mobile.startswith("+447700900"):
        return None
    return MAGIC.get(mobile[-3:])


def arrives(recipient: Recipient, attempt: int) -> Arrival:
    """How a text ends at the nth attempt to send it."""
    if recipient.arrival == "delayed once":
        return "delayed" if attempt == 1 else "delivered"
    return recipient.arrival
