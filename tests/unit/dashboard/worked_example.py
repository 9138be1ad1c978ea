"""The worked example of the design, as the dashboard's tables hold it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from dashboard.views import RoundSetting, Target

NOW = datetime(2025, 9, 12, 11, tzinfo=UTC)
ROUNDS = [
    RoundSetting(1, "sms", "SMS invitation"),
    RoundSetting(2, "sms-link", "SMS link invitation"),
    RoundSetting(3, "letter", "Letter invitation"),
]
EXAMPLE = {
    (0, "patient_alert"): 6,
    (1, "being_invited"): 23,
    (1, "booked"): 54,
    (1, "declined"): 3,
    (2, "being_invited"): 19,
    (2, "booked"): 10,
    (2, "declined"): 2,
    (3, "being_invited"): 3,
    (3, "did_not_book"): 1,
}


def target(**changes: Any) -> Target:
    """The target on whose page it stands, with what a test changes."""
    found = Target(
        id="t-1",
        name="Childhood Immunisations",
        practice="A81001",
        state="active",
        rounds=ROUNDS,
        window_from=date(2025, 9, 15),
        window_to=date(2025, 9, 30),
        available=102,
        histogram=EXAMPLE,
        queues=[],
    )
    return replace(found, **changes)
