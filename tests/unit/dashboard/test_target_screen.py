"""What the target page says, by sentence and by number."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from dashboard import target_screen as screen
from dashboard.filters import Waiting
from dashboard.funnel import WIDTH, funnel
from dashboard.wording import clock_time, full_time, weekday_time
from unit.dashboard.worked_example import EXAMPLE, NOW, ROUNDS, target


def test_the_overview_is_the_worked_example() -> None:
    said = {number.label: number.n for number in screen.headline(target())}
    assert said == {"Total number of patients": 121, "In progress": 45, "Completed": 76}
    assert [number.n for number in screen.completed(target())] == [64, 5, 1, 6]


def test_the_rows_and_their_totals_are_the_worked_example() -> None:
    rows = [[number.n for number in row.numbers] for row in screen.round_rows(target())]
    assert rows == [[0, 23, 54, 3, 35], [0, 19, 10, 2, 4], [0, 3, 0, 0, 1]]
    assert [number.n for number in screen.totals_row(target())] == [0, 45, 64, 5, 1]
    assert screen.before_rounds(target()) is None


def test_non_bookers_go_to_the_next_the_final_or_no_round() -> None:
    assert [screen.onward(target(), at) for at in (1, 2, 3)] == [
        "These 35 patients move to the next round",
        "These 4 patients move to the final round",
        "This patient has completed the workflow",
    ]


@pytest.mark.parametrize(
    ("histogram", "at", "said"),
    [
        ({}, 1, "Patients who do not book move to the next round"),
        ({}, 2, "Patients who do not book move to the final round"),
        ({}, 3, "Patients who do not book have completed the workflow"),
        ({(2, "in_queue"): 1}, 1, "This patient moves to the next round"),
        ({(3, "did_not_book"): 1200}, 3, "These 1,200 patients have completed the workflow"),
        (
            {(2, "did_not_book"): 3, (3, "in_queue"): 2},
            2,
            "These 2 patients move to the final round; 3 had completed the workflow before",
        ),
    ],
)
def test_the_sentence_of_non_bookers_follows_from_the_counts(
    histogram: dict[tuple[int, str], int], at: int, said: str
) -> None:
    assert screen.onward(target(histogram=histogram), at) == said


def test_who_is_booked_without_an_invitation_has_a_row_of_their_own() -> None:
    before = screen.before_rounds(target(histogram=EXAMPLE | {(0, "booked"): 2}))
    assert before is not None
    assert [number.n for number in before] == [0, 0, 2, 0]


@pytest.mark.parametrize(
    ("reason", "until", "said"),
    [
        ("next_to_be_invited", None, "next to be invited."),
        ("waiting_for_slot", None, "waiting for a free slot."),
        (
            "outside_send_window",
            datetime(2025, 9, 15, 7, tzinfo=UTC),
            "sending from 8 am on Monday 15 September.",
        ),
        ("outside_send_window", None, "waiting for the hours when this round may send."),
        ("target_paused", None, "waiting because the target is paused."),
    ],
)
def test_a_queue_says_how_many_wait_and_why(reason: str, until: datetime | None, said: str) -> None:
    queues = [Waiting(1, reason, until), Waiting(2, "waiting_for_slot", None)]
    (queue,) = screen.queues(target(histogram={(1, "in_queue"): 2}, queues=queues))
    assert (queue.number.n, queue.number.label) == (2, "patients in queue for SMS invitation")
    assert queue.number.href == "/targets/t-1/patients?status=in_queue&round=1"
    assert queue.text == said


def titles(**changes: Any) -> list[str]:
    return [notice.title for notice in screen.notices(target(**changes), NOW)]


def test_a_target_that_goes_on_by_itself_has_no_notice() -> None:
    assert titles() == []


def test_what_keeps_a_target_from_going_on_is_said() -> None:
    passed = {"window_from": date(2025, 9, 1), "window_to": date(2025, 9, 11)}
    last_slot = {"queues": [Waiting(1, "booking_window_passed", None)]}
    assert titles(state="paused") == ["This target is paused"]
    assert titles(state="closed", available=0) == ["This target is closed"]
    assert titles(**passed) == ["The booking window has passed"]
    assert titles(window_to=date(2025, 9, 12)) == []
    assert titles(**last_slot) == ["The booking window has passed"]
    assert titles(available=0) == ["There are no slots to book"]
    assert titles(available=0, histogram={(1, "booked"): 3}) == []
    assert titles(available=0, histogram={}) == [
        "No patients have been uploaded",
        "There are no slots to book",
    ]


def test_replies_that_wait_for_staff_are_said_whatever_the_state() -> None:
    assert titles(replies=1) == ["1 reply waits for an answer from you"]
    assert titles(replies=3, state="closed") == [
        "This target is closed",
        "3 replies wait for an answer from you",
    ]


def test_the_list_of_targets_has_the_headline_numbers_and_what_to_attend_to() -> None:
    summary = screen.target_summary(target(state="paused", available=0), NOW)
    assert [number.n for number in summary["numbers"]] == [121, 45, 76, 64, 5, 1, 6]
    assert summary["slots"] == "0 slots available, 15 to 30 September"
    assert [notice.title for notice in summary["notices"]] == ["There are no slots to book"]


def test_one_sentence_says_it_all_aloud() -> None:
    assert screen.spoken(target()) == (
        "Updated: 45 in progress, 76 completed, 64 booked, 102 slots available."
    )


def test_the_pictures_bars_are_as_wide_as_the_patients_who_entered() -> None:
    picture = funnel(EXAMPLE, ROUNDS)
    assert picture is not None
    assert [stage.heading for stage in picture.stages] == [
        "1. SMS invitation: 115 patients",
        "2. SMS link invitation: 35 patients",
        "3. Letter invitation: 4 patients",
    ]
    for stage in picture.stages:
        last = stage.parts[-1]
        assert last.x + last.width == pytest.approx(WIDTH, abs=0.5)
        assert all(part.width >= 3 for part in stage.parts)
    first, second, third = picture.stages
    assert sum(part.n for part in first.parts) == 115
    assert first.band is not None
    assert (first.band.x, first.band.width) == (first.parts[-1].x, first.parts[-1].width)
    assert second.parts[0].x == pytest.approx(first.band.x, abs=6)
    assert third.band is None


def test_the_picture_says_the_same_in_words() -> None:
    picture = funnel(EXAMPLE, ROUNDS)
    assert picture is not None
    assert [stage.sentence for stage in picture.stages] == [
        "Round 1, SMS invitation: 115 patients entered; 54 booked, 3 declined, 23 being invited, 35 did not book and moved on.",
        "Round 2, SMS link invitation: 35 patients entered; 10 booked, 2 declined, 19 being invited, 4 did not book and moved on.",
        "Round 3, Letter invitation: 4 patients entered; 3 being invited, 1 did not book.",
    ]


def test_nobody_makes_no_picture_and_one_patient_makes_one() -> None:
    assert funnel({}, ROUNDS) is None
    assert funnel({(0, "patient_alert"): 6}, ROUNDS) is None
    picture = funnel({(1, "in_queue"): 1}, ROUNDS)
    assert picture is not None
    assert [len(stage.parts) for stage in picture.stages] == [1, 0, 0]
    assert picture.stages[2].sentence == "Round 3, Letter invitation: nobody has reached it."


def test_a_million_patients_with_few_answers_stay_within_the_picture() -> None:
    picture = funnel({(1, "booked"): 1, (1, "declined"): 1, (1, "in_queue"): 10**6}, ROUNDS)
    assert picture is not None
    assert picture.stages[0].parts[0].x == pytest.approx(0, abs=0.5)


def test_times_are_londons_and_read_as_people_say_them() -> None:
    assert clock_time(datetime(2025, 9, 12, 8, 5, tzinfo=UTC)) == "9:05 am"
    assert clock_time(datetime(2025, 9, 12, 23, 0, tzinfo=UTC)) == "midnight"
    assert clock_time(datetime(2025, 1, 12, 12, 30, tzinfo=UTC)) == "12:30 pm"
    assert full_time(NOW) == "12 September 2025 at midday"
    assert weekday_time(datetime(2025, 9, 15, 7, tzinfo=UTC)) == "8 am on Monday 15 September"
