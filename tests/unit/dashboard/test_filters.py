"""What lists of patients understand, and what they refuse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.filters import (
    COUNTED,
    SORTS,
    FilterError,
    Filters,
    Place,
    Sort,
    cursor_of,
    encode_cursor,
    parse,
    parse_cursor,
    parse_limit,
    parse_nhs_number,
    parse_sort,
)

PATIENT = "0190cafe-0000-8000-8000-00000000000a"


@pytest.mark.parametrize(
    "text",
    ["9990000018", "999 000 0018", " 999-000-0018 ", "999\u00a0000\u00a00018", "99 90 00 00 18"],
)
def test_an_nhs_number_may_be_spaced_in_any_way(text: str) -> None:
    assert parse({"nhs_number": text}) == Filters(nhs_number="9990000018")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"nhs_number": "99900000"}, "nhs_number"),
        ({"nhs_number": "٩٩٩٠٠٠٠٠١٨"}, "nhs_number"),
        ({"nhs_number": "9990000018\x00"}, "nhs_number"),
        ({"status": "lost"}, "status"),
        ({"description": "lost"}, "description"),
        ({"round": "one"}, "round"),
        ({"round": "-1"}, "round"),
        ({"did_not_book_in": "1000"}, "did_not_book_in"),
    ],
)
def test_a_filter_that_cannot_be_meant_is_refused_by_name(
    query: dict[str, str], field: str
) -> None:
    with pytest.raises(FilterError) as refused:
        parse(query)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("text", "said"), [("", "Enter an NHS number."), ("<b>12", "An NHS number has 10 digits.")]
)
def test_what_is_wrong_with_a_number_is_said_without_repeating_it(text: str, said: str) -> None:
    with pytest.raises(FilterError, match=f"^{said}$"):
        parse_nhs_number(text)


def test_an_empty_field_of_a_form_filters_nothing() -> None:
    assert parse({"nhs_number": "", "status": " ", "round": ""}) == Filters()


def test_removed_patients_show_only_when_asked_for() -> None:
    assert parse({}).statuses == list(COUNTED)
    assert parse({"status": "removed"}).statuses == ["removed"]
    assert parse({"description": "removed"}).statuses == ["removed"]
    assert parse({"status": "in_progress"}).statuses == ["in_queue", "being_invited"]


@pytest.mark.parametrize("sort", SORTS)
def test_a_cursor_comes_back_as_the_place_it_means(sort: Sort) -> None:
    micros = 1_757_674_800_000_000 if "updated_at" in sort else None
    place = Place(sort, PATIENT, micros)
    assert parse_cursor(cursor_of(place), sort) == place


def test_a_cursor_of_another_order_is_refused() -> None:
    with pytest.raises(FilterError):
        parse_cursor(cursor_of(Place("name", PATIENT)), "-name")


@given(st.text(max_size=80))
def test_no_text_passes_for_a_cursor(text: str) -> None:
    for given_text in (text, encode_cursor(text.encode("utf-8", "ignore").decode())):
        if given_text:
            with pytest.raises(FilterError):
                parse_cursor(given_text, "name")


def test_the_limit_is_bounded() -> None:
    assert parse_limit(None, default=50, most=500) == 50
    assert parse_limit("500", default=50, most=500) == 500
    for wrong in ("0", "501", "-1", "ten", "1e3", "９"):
        with pytest.raises(FilterError):
            parse_limit(wrong, default=50, most=500)


def test_a_list_sorts_by_name_unless_told() -> None:
    assert parse_sort(None) == "name"
    assert parse_sort("-updated_at") == "-updated_at"
    with pytest.raises(FilterError):
        parse_sort("date_of_birth")
