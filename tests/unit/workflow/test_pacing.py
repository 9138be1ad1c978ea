from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from dashboard.wording import local_time
from recall.contracts.instants import moment
from recall.contracts.vocabulary import describe
from recall.windows import Window, bank_holidays, is_open, next_opening
from unit.workflow.builders import DAILY, START, WEEKDAYS, free, settings
from workflow.pacing import (
    UNLIMITED,
    Availability,
    Plan,
    bookable,
    plan,
    room_for,
    window_passed,
)

NIGHT = datetime(2025, 9, 1, 22, tzinfo=UTC)
WORKING_DAYS = Window(frozenset(WEEKDAYS[:5]), "08:00", "18:00", bank_holidays=False)
WEEKENDS = Window(frozenset({"sat", "sun"}), "09:00", "12:00")


def utc(*fields: int) -> datetime:
    return datetime(*fields, tzinfo=UTC)  # type: ignore[misc, arg-type]


def reasons(found: Plan) -> set[tuple[str, str | None]]:
    return {(wait.reason, wait.until) for wait in found.waits}


def test_fewer_are_invited_than_there_are_slots_times_the_ratio() -> None:
    assert room_for(settings(), free(10), 0, START) == 10
    assert room_for(settings(), free(10), 7, START) == 3
    assert room_for(settings(), free(10), 12, START) == 0
    assert room_for(settings(ratio=Decimal("1.5")), free(3), 0, START) == 5
    assert room_for(settings(ratio=Decimal("0.001")), free(1), 0, START) == 1


def test_the_worked_example_has_room_for_everybody() -> None:
    # 166 slots: 98 rows less 6 alerts in file A, then 23 of file B beside the 35 silent ones.
    assert room_for(settings(), free(166), 0, START) >= 92
    assert room_for(settings(), free(166 - 54), 35, START) >= 23
    assert room_for(settings(), free(166 - 54), 23, START) >= 35
    assert room_for(settings(), free(166 - 64), 23 + 19, START) >= 4


def test_without_a_ratio_one_free_slot_is_enough() -> None:
    assert room_for(settings(ratio=None), free(1), 10_000, START) == UNLIMITED
    assert room_for(settings(ratio=None), free(0), 0, START) == 0


def test_no_slot_is_known_until_the_first_count() -> None:
    assert reasons(plan(settings(), Availability(), 0, START)) == {("waiting_for_slot", None)}


def test_only_slots_in_the_booking_window_and_not_of_past_days_count() -> None:
    days = (("2025-09-14", 1), ("2025-09-15", 2), ("2025-09-30", 4), ("2025-10-01", 8))
    found = Availability(days)
    assert bookable(settings(), found, START) == 6
    assert bookable(settings(), found, utc(2025, 9, 16, 8)) == 4


def test_an_open_round_with_room_is_next() -> None:
    found = plan(settings(), free(5), 2, START)
    assert (found.room, found.open_rounds) == (3, [1, 2, 3])
    assert found.moves({2: 1})
    assert not found.moves({})
    assert not found.moves({4: 1})


@pytest.mark.parametrize(
    ("state", "reason"), [("paused", "target_paused"), ("closed", "target_closed")]
)
def test_nothing_is_dispatched_on_a_paused_or_closed_target(state: str, reason: str) -> None:
    found = plan(settings(state=state), free(5), 0, START)
    assert reasons(found) == {(reason, None)}
    assert not found.moves({1: 5})


def test_outside_the_send_window_the_invitation_waits_for_the_next_opening() -> None:
    found = plan(settings(), free(5), 0, NIGHT)
    assert reasons(found) == {("outside_send_window", "2025-09-02T07:00:00.000000Z")}


def test_a_missing_slot_is_named_before_a_shut_window() -> None:
    assert reasons(plan(settings(), free(0), 0, NIGHT)) == {("waiting_for_slot", None)}


def test_the_practice_is_told_when_the_last_slot_has_passed() -> None:
    last = free(0).last_slot_at
    assert last is not None
    assert not window_passed(settings(), free(0), last - timedelta(seconds=1))
    assert reasons(plan(settings(), free(0), 0, last)) == {("booking_window_passed", None)}
    assert window_passed(settings(), Availability(), utc(2025, 10, 1))


def test_a_window_opens_and_shuts_by_londons_clock() -> None:
    assert not is_open(DAILY, utc(2025, 9, 1, 6, 59))
    assert is_open(DAILY, utc(2025, 9, 1, 7))
    assert is_open(DAILY, utc(2025, 9, 1, 16, 59, 59))
    assert not is_open(DAILY, utc(2025, 9, 1, 17))
    assert not is_open(DAILY, utc(2025, 12, 1, 7, 59))
    assert is_open(DAILY, utc(2025, 12, 1, 8))


def test_a_window_of_weekends_waits_for_saturday() -> None:
    assert next_opening(WEEKENDS, START) == utc(2025, 9, 6, 8)
    assert next_opening(WEEKENDS, utc(2025, 9, 7, 11)) == utc(2025, 9, 13, 8)


def test_a_window_without_days_or_hours_never_opens() -> None:
    assert next_opening(Window(frozenset(), "08:00", "18:00"), START) is None
    assert next_opening(Window(frozenset(WEEKDAYS), "24:00", "24:00"), START) is None
    assert next_opening(Window(frozenset(WEEKDAYS), "09:00", "09:00"), START) is None
    never = settings(rounds=1)
    shut = plan(never, free(1), 0, START).waits[0]
    assert shut.reason == "next_to_be_invited"


def test_on_the_last_sunday_of_march_sending_begins_at_eight_by_the_new_clock() -> None:
    # Sunday 29 March 2026: 08:00 in London is 07:00 UTC from that day on.
    assert next_opening(DAILY, utc(2026, 3, 28, 18)) == utc(2026, 3, 29, 7)
    assert not is_open(DAILY, utc(2026, 3, 29, 6, 59))
    assert is_open(DAILY, utc(2026, 3, 29, 7))
    assert not is_open(DAILY, utc(2026, 3, 29, 17))


def test_on_the_last_sunday_of_october_sending_begins_at_eight_by_the_old_clock() -> None:
    # Sunday 25 October 2026: 08:00 in London is 08:00 UTC again.
    assert not is_open(DAILY, utc(2026, 10, 25, 7, 59))
    assert is_open(DAILY, utc(2026, 10, 25, 8))
    assert is_open(DAILY, utc(2026, 10, 25, 17, 59))
    assert not is_open(DAILY, utc(2026, 10, 25, 18))


def test_over_easter_a_working_days_window_waits_from_maundy_thursday_to_tuesday() -> None:
    thursday, good_friday = utc(2026, 4, 2, 18), utc(2026, 4, 3, 9)
    easter_sunday, easter_monday = utc(2026, 4, 5, 9), utc(2026, 4, 6, 9)
    for at in (thursday, good_friday, easter_sunday, easter_monday):
        assert next_opening(WORKING_DAYS, at, bank_holidays(at)) == utc(2026, 4, 7, 7)
    # A window that sends on bank holidays does not mind them.
    minded = msgspec.structs.replace(WORKING_DAYS, bank_holidays=True)
    assert next_opening(minded, thursday, bank_holidays(thursday)) == utc(2026, 4, 3, 7)


def test_over_christmas_the_substitute_day_is_a_bank_holiday_too() -> None:
    # 26 December 2026 is a Saturday, so Monday 28 December is the holiday.
    christmas_eve = utc(2026, 12, 24, 18)
    found = next_opening(WORKING_DAYS, christmas_eve, bank_holidays(christmas_eve))
    assert found == utc(2026, 12, 29, 8)


def test_a_friday_window_loses_christmas_and_new_year_and_opens_a_fortnight_later() -> None:
    # Both are Fridays in 2026 and 2027, and the year ends between them.
    fridays = msgspec.structs.replace(WORKING_DAYS, days=frozenset({"fri"}))
    at = utc(2026, 12, 18, 18)
    assert next_opening(fridays, at, bank_holidays(at)) == utc(2027, 1, 8, 8)


def test_the_patient_list_says_when_a_bank_holidays_invitation_goes_out() -> None:
    good_friday = utc(2026, 4, 3, 9)
    steps = tuple(msgspec.structs.replace(r, window=WORKING_DAYS) for r in settings().rounds)
    asked = msgspec.structs.replace(
        settings(from_date="2026-04-10", to_date="2026-04-30"), rounds=steps
    )
    slots = Availability((("2026-04-15", 5),), utc(2026, 4, 15, 9))
    found = plan(asked, slots, 0, good_friday, bank_holidays(good_friday))
    until = found.waits[0].until
    assert until is not None
    said = describe(found.waits[0].reason, "sms", local_time(moment(until)))
    assert said == "Sends Tue 7 Apr 08:00"


def test_the_opening_follows_the_clocks_going_forward() -> None:
    assert next_opening(DAILY, utc(2026, 3, 28, 20)) == utc(2026, 3, 29, 7)
    # 01:00 to 02:00 does not come that night: the window opens as the clocks jump over it.
    skipped = Window(frozenset(WEEKDAYS), "01:30", "03:00")
    assert next_opening(skipped, utc(2026, 3, 28, 20)) == utc(2026, 3, 29, 1)


def test_the_opening_follows_the_clocks_going_back() -> None:
    assert next_opening(DAILY, utc(2026, 10, 24, 20)) == utc(2026, 10, 25, 8)
    # 01:00 to 02:00 comes twice that night.
    twice = Window(frozenset(WEEKDAYS), "01:30", "02:00")
    assert next_opening(twice, utc(2026, 10, 24, 20)) == utc(2026, 10, 25, 0, 30)
    assert next_opening(twice, utc(2026, 10, 25, 1, 10)) == utc(2026, 10, 25, 1, 30)
