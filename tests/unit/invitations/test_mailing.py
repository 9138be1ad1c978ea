"""When letters go to print."""

from datetime import UTC, datetime

import pytest

from invitations.mailing import cut_off_after
from recall.contracts.instants import LONDON


@pytest.mark.parametrize(
    ("at", "cut_off"),
    [
        ("2025-09-08 09:00", "2025-09-08 17:30"),
        ("2025-09-08 17:29", "2025-09-08 17:30"),
        ("2025-09-08 17:30", "2025-09-09 17:30"),
        ("2025-09-12 18:00", "2025-09-15 17:30"),
        ("2025-08-22 18:00", "2025-08-26 17:30"),
        ("2025-12-24 17:30", "2025-12-29 17:30"),
        ("2025-10-26 00:30", "2025-10-27 17:30"),
    ],
)
def test_the_cut_off_is_half_past_five_on_a_working_day(at: str, cut_off: str) -> None:
    asked = datetime.fromisoformat(at).replace(tzinfo=LONDON).astimezone(UTC)
    assert cut_off_after(asked) == datetime.fromisoformat(cut_off).replace(tzinfo=LONDON)
