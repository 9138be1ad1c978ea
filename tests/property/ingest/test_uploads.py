"""What holds for every file: it is read back as written, its counts add up, nothing leaks."""

import io
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from nhs_number.validate import is_valid

from ingest import faults, upload
from ingest.cells import TEST_RANGE, clean, read_nhs_number
from ingest.enrolling import CHUNK_ROWS
from ingest.faults import Fault
from ingest.refusals import UploadRefused
from ingest.rejections import Rejection, Sheet, header_of
from ingest.rows import RowReader
from ingest.upload import open_upload
from ingest.verdicts import SeenNumbers, Verdicts, judge_rows
from recall.register import Person
from support.people import (
    DATE_STYLES,
    HEADERS,
    SPOILT,
    TODAY,
    Form,
    cells_of,
    file_of,
    file_of_cells,
    people,
    spoil,
)
from support.uploads import RULES, judge

SENTENCES = {
    (fault.code, fault.sentence) for fault in vars(faults).values() if isinstance(fault, Fault)
}
PLENTY = people(200, seed=3)

names = (
    st.text(
        st.characters(exclude_categories=("Cs", "Cc", "Cf", "Co", "Cn", "Zl", "Zp")), max_size=30
    )
    .map(clean)
    .map(lambda name: name or None)
)
lines = st.text(st.characters(codec="cp1252", exclude_categories=("Cc", "Cf")), max_size=20).map(
    clean
)
mobiles = st.none() | st.integers(0, 999).map(lambda last: f"+447700900{last:03d}")
postcodes = st.none() | st.from_regex(r"\A[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-BD-HJLNP-UW-Z]{2}\Z")


@st.composite
def persons(draw: st.DrawFn, number: str) -> Person:
    return Person(
        number,
        draw(st.dates(date(1900, 1, 1), TODAY)),
        draw(names),
        draw(names),
        draw(mobiles),
        tuple(line for line in draw(st.lists(lines, max_size=5)) if line),
        draw(postcodes),
        draw(names),
        draw(mobiles),
    )


tables = st.lists(st.sampled_from(PLENTY), max_size=12, min_size=1, unique=True).flatmap(
    lambda known: st.tuples(*(persons(person.nhs_number) for person in known)).map(list)
)
forms = st.builds(
    Form,
    header=st.booleans(),
    delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    quote_all=st.booleans(),
    date_style=st.sampled_from(sorted(DATE_STYLES)),
)
cells = st.sampled_from(PLENTY).map(lambda person: cells_of(person)[:2])
spoilt = st.tuples(st.sampled_from(sorted(SPOILT)), cells).map(lambda pair: spoil(*pair))
junk = st.lists(st.text(st.characters(codec="utf-8"), max_size=15), max_size=4)
mixed = st.lists(cells | spoilt | junk | st.just([]), max_size=40)


@given(tables, forms)
def test_any_table_is_read_back_as_it_was_written(table: list[Person], form: Form) -> None:
    judged = judge(file_of(table, form))
    expected = table if form.header else [Person(p.nhs_number, p.date_of_birth) for p in table]
    assert judged.people == expected
    assert [row for row, _ in judged.accepted] == [
        index + (2 if form.header else 1) for index in range(len(table))
    ]
    assert judged.answer["problems"] == []


@given(st.permutations(list(HEADERS)), st.data())
def test_columns_are_found_in_any_order_and_under_any_folding(
    order: list[str], data: st.DataObject
) -> None:
    fold = data.draw(st.sampled_from([str.upper, str.lower, str.title]))
    gap = data.draw(st.sampled_from([" ", "_", "-", ""]))
    places = [list(HEADERS).index(field) for field in order]
    header = [fold(HEADERS[field]).replace(" ", gap) for field in order]
    rows = [[cells_of(person)[place] for place in places] for person in PLENTY[:5]]
    assert judge(file_of_cells([header, *rows])).people == PLENTY[:5]


@given(mixed, forms, st.integers(1, 50))
def test_counts_add_up_and_chunks_change_nothing(
    rows: list[list[str]], form: Form, chunk_rows: int
) -> None:
    content = file_of_cells([["9990000018", "01/02/2015"], *rows], replace(form, header=False))
    try:
        whole = judge(content)
    except UploadRefused:
        with pytest.raises(UploadRefused):
            judge(content, chunk_rows=chunk_rows)
        return
    answer = whole.answer
    assert answer["rows"] == sum(
        answer[count] for count in ("enrolled", "alerts", "duplicates", "rejected")
    )
    assert len({person.nhs_number for person in whole.people}) == answer["enrolled"]
    assert judge(content, chunk_rows=chunk_rows).answer == answer


@given(mixed)
def test_a_problem_says_only_sentences_of_the_closed_list(rows: list[list[str]]) -> None:
    header = ["NHS number", "DOB", "Mobile", "Postcode"]
    for content in (file_of_cells([header, *rows]), file_of_cells([["9990000018", "x"], *rows])):
        try:
            problems = judge(content).answer["problems"]
        except UploadRefused:
            continue
        for problem in problems:
            assert (problem["code"], problem["message"]) in SENTENCES
            assert problem["column"] in {*header, "A", "B", "E", "F", "G", "H"}


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.binary(max_size=300)
    | st.builds(
        lambda bom, rest: bom + rest,
        st.sampled_from([b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"]),
        st.binary(max_size=100),
    )
    | st.builds(
        lambda rest: b"NHS number,DOB\n" + rest,
        st.text('",;\t\r\n 0123456789/é', max_size=200).map(str.encode),
    )
)
@example(b'"')
@example(b'NHS number,DOB\n"\r"')
def test_arbitrary_bytes_are_judged_or_refused(content: bytes) -> None:
    try:
        judged = judge(content)
        judged.tally.refuse_unusable(accept_rejected=False)
    except UploadRefused as refused:
        assert refused.message  # noqa: PT017 - both ends are good; no other exception is.
        return
    assert judged.answer["rows"] > 0


@given(st.binary(min_size=1, max_size=60), st.integers(0, 400))
def test_a_spoilt_byte_never_loses_a_row_in_silence(noise: bytes, place: int) -> None:
    content = file_of(PLENTY[:20], Form(header=False))
    place = min(place, len(content))
    try:
        answer = judge(content[:place] + noise + content[place:]).answer
    except UploadRefused:
        return
    assume(b"\n" not in noise and b"\r" not in noise)
    assert answer["rows"] >= 19


@given(st.integers(TEST_RANGE[0], TEST_RANGE[1]).map(str))
def test_a_number_is_taken_when_the_library_calls_it_valid(number: str) -> None:
    taken = isinstance(read_nhs_number(number, RULES), str)
    assert taken == (is_valid(number) and len(set(number)) > 1)


@given(st.text(max_size=20) | st.text("0123456789 -'\t", max_size=14))
def test_a_number_that_is_taken_has_ten_ascii_digits(cell: str) -> None:
    number = read_nhs_number(cell, RULES)
    assert isinstance(number, Fault) or (
        len(number) == 10 and number.isascii() and number.isdigit()
    )


@given(st.text(max_size=40))
def test_cleaning_a_cell_twice_changes_nothing(cell: str) -> None:
    once = clean(cell)
    assert clean(once) == once
    assert "\0" not in once


def test_a_closed_file_is_left_alone() -> None:
    file = io.BytesIO(file_of(PLENTY[:20]))
    chunks = open_upload(file).chunks(3)
    next(chunks)
    file.close()
    del chunks


def verdicts_of(content: bytes) -> tuple[Verdicts, list[str]]:
    upload = open_upload(io.BytesIO(content))
    rows = [row for chunk in upload.chunks(CHUNK_ROWS) for row in chunk]
    verdicts = judge_rows(rows, RowReader(upload.columns, RULES), SeenNumbers())
    return verdicts, header_of(upload.columns)


def sheet_of(rejections: list[Rejection], names: list[str]) -> bytes:
    sheet = Sheet(names, max(len(rejection.cells) for rejection in rejections))
    return sheet.header() + sheet.rows(rejections)


# A file in which more than a few characters are controls is no text, and refused as a whole.
written = st.characters(codec="utf-8", exclude_characters=f"\0{upload._CONTROLS.decode()}")
texts = st.text(written, max_size=12)
further = st.lists(
    texts | st.sampled_from(["=1+1", "+44", "-x", "@x", "a,b", 'a"b', "a\r\nb"]), max_size=3
)
unusable = st.tuples(spoilt, further).map(lambda pair: pair[0] + pair[1])


@given(st.lists(cells, max_size=3), st.lists(unusable, min_size=1, max_size=15), st.booleans())
def test_rejected_rows_are_uploaded_again_as_they_are_and_fail_for_the_same_reasons(
    good: list[list[str]], bad: list[list[str]], header: bool
) -> None:
    table = [["9990000018", "01/02/1980"], *good, *bad]
    if header:
        names = ["Date of birth", "Surname", "NHS no", "Mobile", "First name", "Other", "More"]
        moved = [[row[1], "", row[0], *row[2:]] for row in table]
        table = [names, *moved]
    first, columns = verdicts_of(file_of_cells(table))
    assert len(first.rejections) == len(bad)
    again = first
    for _ in range(2):
        again, columns = verdicts_of(sheet_of(again.rejections, columns))
        assert again.rows == len(again.rejections) == len(bad)
        assert [p.code for p in again.problems] == [p.code for p in first.problems]
        assert columns.count("Reason rejected") == 1
