"""When a message that met a temporary failure is sent again.  Pure."""

from datetime import datetime, timedelta
from typing import Final

from recall.contracts.events import SendWindow
from recall.windows import Holidays, Window, next_opening

BACK_OFF: Final = (
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
"""How long to wait after the first failure, the second, and so on; after the last it is final."""


def next_attempt(
    attempt: int, at: datetime, window: SendWindow | None, expires_at: datetime, holidays: Holidays
) -> datetime | None:
    """When to send again what failed at the nth attempt; None when there is no use in it.

    Args:
        attempt: from 1.
        at: when the channel learnt of the failure.
        window: when the round may send; None: at any time.
        expires_at: when the time to answer ends: nothing is sent then or later.
        holidays: the bank holidays around.
    """
    if attempt > len(BACK_OFF):
        return None
    due: datetime | None = at + BACK_OFF[attempt - 1]
    if window is not None and due is not None:
        days = Window(
            frozenset(window.days), window.from_time, window.to_time, window.bank_holidays
        )
        due = next_opening(days, due, holidays)
    return due if due is not None and due < expires_at else None
