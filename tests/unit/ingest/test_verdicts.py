"""The verdict on a whole file: counts, duplicates, the brake, the answer."""

import random
from itertools import islice

import pytest

from ingest.refusals import UploadRefused
from ingest.verdicts import SeenNumbers, Tally
from support.people import Form, cells_of, file_of, file_of_cells, nhs_numbers, people, spoil
from support.uploads import RECEIPT, Judged, judge


def judged_with(good: int, bad: int) -> Judged:
    rows = [cells_of(person)[:2] for person in people(good + bad)]
    return judge(file_of_cells([*rows[:good], *(spoil("letters", row) for row in rows[good:])]))


def test_of_rows_with_the_same_number_the_first_good_one_wins() -> None:
    judged = judge(
        b"9990000018,wrong\n9990000018,01/02/2015\n999 000 0018,02/02/2015\n9990000026,01/02/2015\n"
    )
    assert [(row, person.date_of_birth.day) for row, person in judged.accepted] == [(2, 1), (4, 1)]
    answer = judged.answer
    assert (answer["rows"], answer["enrolled"]) == (4, 2)
    assert (answer["duplicates"], answer["rejected"]) == (1, 1)


@pytest.mark.parametrize(
    ("good", "bad", "refused"),
    [(7, 3, False), (6, 4, True), (5, 4, False), (1, 8, False), (70, 30, False), (69, 31, True)],
)
def test_the_brake_acts_on_ten_rows_or_more_with_over_thirty_percent_rejected(
    good: int, bad: int, refused: bool
) -> None:
    tally = judged_with(good, bad).tally
    tally.refuse_unusable(accept_rejected=True)
    if not refused:
        tally.refuse_unusable(accept_rejected=False)
        return
    with pytest.raises(UploadRefused) as caught:
        tally.refuse_unusable(accept_rejected=False)
    assert caught.value.code == "too_many_rejected"
    assert len(caught.value.problems) == bad


def test_a_file_without_one_usable_row_is_refused_whatever_is_asked() -> None:
    with pytest.raises(UploadRefused) as caught:
        judged_with(0, 3).tally.refuse_unusable(accept_rejected=True)
    assert caught.value.code == "nothing_usable"
    assert len(caught.value.problems) == 3


def test_the_first_hundred_problems_are_shown_and_all_are_counted() -> None:
    answer = judged_with(400, 150).answer
    assert [problem["row"] for problem in answer["problems"]] == list(range(401, 501))
    assert answer["problems_total"] == 150


def test_notices_never_push_a_rejection_out_of_the_answer() -> None:
    header = ["NHS No", "DOB", "Mobile"]
    rows = [[p.nhs_number, "01/02/2015", "none"] for p in people(120)]
    rows[-1][1] = "wrong"
    answer = judge(file_of_cells([header, *rows])).answer
    assert len(answer["problems"]) == 100
    assert answer["problems"][-1]["code"] == "invalid_date_of_birth"
    assert answer["problems_total"] == 120


def test_patients_on_the_target_already_count_as_duplicates() -> None:
    judged = judge(file_of(people(5), Form(header=False)))
    tally = Tally(rows=judged.tally.rows)
    tally.settle(enrolled=2, alerts=1, already_on_target=2)
    answer = tally.answer(RECEIPT, (), 0)
    assert (answer["enrolled"], answer["alerts"], answer["duplicates"]) == (2, 1, 2)


def test_no_answer_is_given_before_every_row_has_its_verdict() -> None:
    with pytest.raises(ValueError, match="no verdict"):
        Tally(rows=1).answer(RECEIPT, (), 0)


def test_numbers_are_seen_once() -> None:
    seen = SeenNumbers()
    # Neighbours and distant ones, and more than the table has places for at first.
    numbers = list(islice(nhs_numbers(), 5000))
    numbers += [f"{prefix}0" for prefix in range(100_000_000, 100_000_100)]
    assert all(seen.add(number) for number in numbers)
    assert not any(seen.add(number) for number in numbers)
    assert seen.add("0000000019")


def test_few_bytes_are_kept_of_a_number_wherever_the_numbers_lie() -> None:
    seen = SeenNumbers()
    # As numbers really are: spread over hundreds of millions, hardly two of them near each other.
    numbers = [
        f"{number}0" for number in random.Random(7).sample(range(4 * 10**8, 8 * 10**8), 9000)
    ]
    assert all(seen.add(number) for number in numbers)
    assert not any(seen.add(number) for number in numbers)
    assert len(seen._words) * seen._words.itemsize <= 16 * len(numbers)
