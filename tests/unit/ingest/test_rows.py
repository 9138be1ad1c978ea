"""What each cell may hold, and what the practice is told when it holds something else."""

from datetime import date

import pytest

from ingest import faults
from ingest.cells import (
    LOAD_RANGE,
    TEST_RANGE,
    Rules,
    read_date_of_birth,
    read_mobile,
    read_nhs_number,
    read_postcode,
)
from ingest.faults import Fault
from support.people import (
    HEADERS,
    SPOILT,
    TODAY,
    SpoiltKind,
    cells_of,
    file_of_cells,
    people,
    spoil,
)
from support.uploads import RULES, judge


@pytest.mark.parametrize(
    "cell",
    ["9990000018", "999 000 0018", "999-000-0018", "'9990000018", "\t9990000018", '"9990000018',
     '="9990000018"', " 999\u00a0000\u202f0018 ", "\ufeff999\u200b0000018", "999–000–0018"],
)  # fmt: skip
def test_an_nhs_number_is_read_however_it_is_set(cell: str) -> None:
    assert read_nhs_number(cell, RULES) == "9990000018"


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("", faults.MISSING_NHS_NUMBER),
        (" \u200b", faults.MISSING_NHS_NUMBER),
        ("9990000019", faults.NHS_NUMBER_CHECK_DIGIT),
        ("9991234567", faults.NHS_NUMBER_CHECK_DIGIT),
        ("9999999999", faults.NHS_NUMBER_EQUAL_DIGITS),
        ("0000000000", faults.NHS_NUMBER_EQUAL_DIGITS),
        ("9.43477E+09", faults.NHS_NUMBER_ROUNDED),
        ("9,43477e+09", faults.NHS_NUMBER_ROUNDED),
        ("QQ 12 34 56 C", faults.NATIONAL_INSURANCE_NUMBER),
        ("٩٩٩٠٠٠٠٠١٨", faults.NHS_NUMBER_WITH_LETTERS),
        ("999000001O", faults.NHS_NUMBER_WITH_LETTERS),
        ("012345678", faults.NHS_NUMBER_WRONG_LENGTH),
        ("123456797", faults.NHS_NUMBER_LOST_ZERO),
        ("99900000180", faults.NHS_NUMBER_WRONG_LENGTH),
        ("9434765919", faults.NOT_A_TEST_NUMBER),
    ],
)
def test_what_is_no_nhs_number_is_told_why(cell: str, fault: Fault) -> None:
    assert read_nhs_number(cell, RULES) is fault


def test_a_load_may_use_the_second_range_of_synthetic_numbers() -> None:
    rules = Rules(TODAY, (TEST_RANGE, LOAD_RANGE))
    assert read_nhs_number("9434765919", rules) == "9434765919"
    assert read_nhs_number("4857773457", rules) is faults.NOT_A_TEST_NUMBER


@pytest.mark.parametrize(
    "cell", ["01/02/2015", "2015-02-01", "20150201", " 01/02/2015 ", "'01/02/2015"]
)
def test_a_birthday_is_read_in_the_three_ways(cell: str) -> None:
    assert read_date_of_birth(cell, RULES) == date(2015, 2, 1)


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("", faults.MISSING_DATE_OF_BIRTH),
        ("02/28/2015", faults.DATE_MONTH_FIRST),
        ("29/02/2015", faults.DATE_NOT_REAL),
        ("2015-13-01", faults.DATE_NOT_REAL),
        ("00/00/0000", faults.DATE_NOT_REAL),
        ("1/2/2015", faults.DATE_SHORT),
        ("01/02/15", faults.DATE_SHORT),
        ("01-02-2015", faults.DATE_SHORT),
        ("42036", faults.DATE_SERIAL),
        ("2015-02-01T00:00:00Z", faults.DATE_WITH_TIME),
        ("01/02/2015 00:00", faults.DATE_WITH_TIME),
        ("1 May 2015", faults.DATE_UNREADABLE),
        ("٠١/٠٢/٢٠١٥", faults.DATE_UNREADABLE),
        ("2015-0201", faults.DATE_UNREADABLE),
        ("02/09/2025", faults.DATE_IN_FUTURE),
        ("31/12/1899", faults.DATE_BEFORE_1900),
    ],
)
def test_what_is_no_birthday_is_told_why(cell: str, fault: Fault) -> None:
    assert read_date_of_birth(cell, RULES) is fault


def test_the_first_and_the_last_possible_birthday_are_taken() -> None:
    assert read_date_of_birth("01/01/1900", RULES) == date(1900, 1, 1)
    assert read_date_of_birth("01/09/2025", RULES) == TODAY


@pytest.mark.parametrize(
    "cell",
    ["07700900123", "+447700900123", "07700 900 123", "+44 (0)7700 900123", "0044 7700-900123",
     "0+447700900123", "+07700900123", "0+44(0)7700900123", "7700900123", "447700900123",
     "'07700 900123", "\u202a07700900123\u202c"],
)  # fmt: skip
def test_a_mobile_is_read_however_it_is_written(cell: str) -> None:
    assert read_mobile(cell, RULES) == "+447700900123"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("", None),
        ("n/a", faults.MOBILE_UNKNOWN_CHARACTERS),
        ("٠٧٧٠٠٩٠٠١٢٣", faults.MOBILE_UNKNOWN_CHARACTERS),
        ("01632 960001", faults.MOBILE_NOT_A_MOBILE),
        ("07000 900123", faults.MOBILE_NOT_A_MOBILE),
        ("+33 6 12 34 56 78", faults.MOBILE_FOREIGN),
        ("0770090012", faults.MOBILE_WRONG_LENGTH),
        ("07700 9001234", faults.MOBILE_WRONG_LENGTH),
        ("-", faults.MOBILE_WRONG_LENGTH),
        ("07911 123456", faults.NOT_A_TEST_MOBILE),
    ],
)
def test_what_is_no_mobile_is_told_why(cell: str, expected: Fault | None) -> None:
    assert read_mobile(cell, RULES) is expected


def test_a_stack_may_take_any_uk_mobile() -> None:
    rules = Rules(TODAY, any_uk_mobile=True)
    assert read_mobile("07911 123456", rules) == "+447911123456"
    assert read_mobile("07624 123456", rules) == "+447624123456"


def test_a_postcode_gets_its_capitals_and_its_space() -> None:
    assert read_postcode(" zy12ab ") == "ZY1 2AB"
    assert read_postcode("") is None
    assert read_postcode("ZY1 2CC") is faults.INVALID_POSTCODE


@pytest.mark.parametrize("kind", SPOILT)
def test_every_way_to_spoil_a_row_rejects_it_with_its_code(kind: SpoiltKind) -> None:
    good, bad = (cells_of(person) for person in people(2))
    judged = judge(file_of_cells([list(HEADERS.values()), good, spoil(kind, bad)]))
    (problem,) = judged.problems
    assert (problem.row, problem.code) == (3, SPOILT[kind][0])
    assert problem.column == ("Date of birth" if "date" in problem.code else "NHS Number")
    assert judged.answer["enrolled"] == judged.answer["rejected"] == 1


def test_a_row_wrong_in_both_columns_is_told_both_and_rejected_once() -> None:
    judged = judge(b"9990000018,01/02/2015\n123,\n")
    assert [(p.row, p.column, p.code) for p in judged.problems] == [
        (2, "A", "invalid_nhs_number"),
        (2, "B", "missing_date_of_birth"),
    ]
    assert judged.answer["rejected"] == 1


def test_a_short_row_is_missing_its_last_cells() -> None:
    judged = judge(b"Surname,DOB,NHS No\nSmith,01/02/2015,9990000018\nSmith\n")
    assert [p.code for p in judged.problems] == ["missing_nhs_number", "missing_date_of_birth"]


def test_a_row_with_more_cells_than_the_header_is_rejected() -> None:
    judged = judge(
        b"NHS No,DOB,Address\n9990000018,01/02/2015,1, The Street\n9990000026,01/02/2015,x,\n"
    )
    assert [(p.row, p.column, p.code) for p in judged.problems] == [(2, "D", "too_many_cells")]
    assert judged.answer["enrolled"] == 1


def test_a_bad_mobile_is_left_out_and_the_patient_stays() -> None:
    judged = judge(b"NHS No,DOB,Mobile\n9990000018,01/02/2015,01632 960001\n")
    assert judged.people[0].mobile is None
    assert [(p.row, p.column, p.code) for p in judged.problems] == [(2, "Mobile", "invalid_mobile")]
    assert judged.answer["enrolled"] == 1
    assert judged.answer["rejected"] == 0


def test_a_cell_of_many_words_is_no_name() -> None:
    judged = judge(b"NHS No,DOB,Surname\n9990000018,01/02/2015," + b"Smith " * 30 + b"\n")
    assert judged.people[0].last_name is None
    assert [p.code for p in judged.problems] == ["too_long"]


def test_a_line_that_is_too_long_is_left_out_of_the_address() -> None:
    content = f"NHS No,DOB,Address 1,Address 2\n9990000018,01/02/2015,{'a' * 101},b\n"
    judged = judge(content.encode())
    assert judged.people[0].address == ("b",)
    assert [(p.column, p.code) for p in judged.problems] == [("Address 1", "too_long")]


def test_an_address_whose_last_lines_do_not_fit_into_the_fifth_is_left_out() -> None:
    content = f'NHS No,DOB,Address\n9990000018,01/02/2015,"1\n2\n3\n4\n{"a" * 60}\n{"b" * 60}"\n'
    judged = judge(content.encode())
    assert judged.people[0].address == ()
    assert [(p.column, p.code) for p in judged.problems] == [("Address", "too_long")]


def test_an_address_has_at_most_five_lines() -> None:
    judged = judge(b'NHS No,DOB,Address\n9990000018,01/02/2015,"a\nb\nc\nd\ne\nf"\n')
    assert judged.people[0].address == ("a", "b", "c", "d", "e, f")
