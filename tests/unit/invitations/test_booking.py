"""What a link's page is about, its days of free times, and how long a visit lasts."""

from datetime import UTC, date, datetime, timedelta

import pytest

from invitations.answers import Slot
from invitations.booking import DAYS_ON_A_PAGE, MOST_SLOTS, choice_of, view_of
from invitations.visiting import SECONDS, is_visit, proof_of, visit_of

NOW = datetime(2025, 9, 8, 9, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
KEY = b"key"


@pytest.mark.parametrize(
    ("state", "expires_at", "appointment_at", "removed", "view"),
    [
        ("open", LATER, None, False, "ask"),
        ("open", NOW, None, False, "expired"),
        ("open", LATER, None, True, "withdrawn"),
        ("open", LATER, LATER, False, "booked"),
        ("booked", NOW, LATER, False, "booked"),
        ("booked", NOW, LATER, True, "booked"),
        ("booked", LATER, None, False, "cancelled"),
        ("declined", LATER, None, False, "declined"),
        ("withdrawn", LATER, None, True, "withdrawn"),
        ("unanswered", NOW, None, False, "expired"),
        ("undeliverable", LATER, None, False, "ended"),
    ],
)
def test_what_a_page_is_about(
    state: str, expires_at: datetime, appointment_at: datetime | None, removed: bool, view: str
) -> None:
    found = view_of(
        state, expires_at=expires_at, appointment_at=appointment_at, removed=removed, now=NOW
    )
    assert found == view


def slots(days: int, each: int) -> list[Slot]:
    return [
        Slot(slot_id=f"{day}-{n}", starts_at=NOW + timedelta(days=day, minutes=n), bookable=True)
        for day in range(days)
        for n in range(each)
    ]


def test_days_are_paged_and_the_next_page_begins_with_the_next_day() -> None:
    choice = choice_of(slots(DAYS_ON_A_PAGE + 2, 3))
    assert [len(day.times) for day in choice.days] == [3] * DAYS_ON_A_PAGE
    assert choice.days[0].words == "Monday 8 September"
    assert choice.days[0].times[1] == ("0-1", "10:01 am")
    assert choice.following == date(2025, 9, 13)
    assert choice_of(slots(2, 3)).following is None
    assert choice_of([]).days == []


def test_a_day_that_was_not_read_to_its_end_is_left_to_the_next_page() -> None:
    choice = choice_of(slots(2, MOST_SLOTS // 2 + 1)[:MOST_SLOTS])
    assert (len(choice.days), choice.following) == (1, date(2025, 9, 9))
    assert len(choice_of(slots(1, MOST_SLOTS)).days) == 1


def test_a_visit_is_of_one_invitation_for_half_an_hour() -> None:
    cookie = visit_of(KEY, "p.1", 1000)
    assert is_visit(KEY, "p.1", cookie, 1000 + SECONDS)
    assert not is_visit(KEY, "p.1", cookie, 1001 + SECONDS)
    assert not is_visit(KEY, "p.2", cookie, 1000)
    assert not is_visit(b"other", "p.1", cookie, 1000)
    for forged in ("", ".", "x.y", cookie.replace("2800", "9800"), "2800.é", "9" * 5000):
        assert not is_visit(KEY, "p.1", forged, 1000)
    assert proof_of(KEY, "p.1", cookie) != proof_of(KEY, "p.2", cookie)
