"""Rejected rows as a file: bounded, with reasons, safe for spreadsheets, readable again."""

import csv
import io

from ingest.cells import read_text
from ingest.columns import Columns
from ingest.rejections import REASON, Allowance, Rejection, Sheet, guarded, header_of
from support.uploads import judge


def table_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def rejections(*widths: int) -> list[Rejection]:
    return [Rejection(row, ["x"] * width, "why") for row, width in enumerate(widths, 2)]


def test_the_file_begins_with_a_mark_and_names_every_column() -> None:
    sheet = Sheet(["NHS number", "DOB"], 2)
    content = sheet.header() + sheet.rows([Rejection(3, ["1", ""], "B: It is missing.")])
    assert content.startswith(b"\xef\xbb\xbf")
    assert table_of(content) == [[REASON, "NHS number", "DOB"], ["B: It is missing.", "1", ""]]


def test_a_file_without_a_header_gets_one() -> None:
    (header,) = table_of(Sheet([], 4).header())
    assert header == [REASON, "NHS number", "Date of birth", "Column C", "Column D"]
    assert header_of(Columns({"nhs_number": 0, "date_of_birth": 1})) == []


def test_reasons_of_an_earlier_download_are_left_out() -> None:
    sheet = Sheet([REASON, "NHS number", "DOB"], 3)
    content = sheet.header() + sheet.rows([Rejection(2, ["old", "1", "2"], "new")])
    assert table_of(content) == [[REASON, "NHS number", "DOB"], ["new", "1", "2"]]


def test_no_cell_runs_as_a_formula_and_names_are_read_back() -> None:
    for name in ("=1+1", "+Ann", "-Ann", "@Ann", " =1"):
        assert guarded(name) == f"'{name}"
        assert read_text(guarded(name)) == name.strip()
    assert guarded("O'Neill") == read_text("O'Neill") == "O'Neill"
    assert read_text("'Ann") == "'Ann"


def test_a_mobile_that_is_guarded_is_still_a_mobile() -> None:
    content = Sheet(["NHS number", "DOB", "Mobile"], 3).header() + Sheet([], 3).rows(
        [Rejection(2, ["9990000018", "01/02/1980", "+447700900123"], "none")]
    )
    assert [person.mobile for person in judge(content).people] == ["+447700900123"]


def test_an_upload_keeps_so_many_rows_and_characters_and_no_monsters() -> None:
    few = Allowance(rows=2)
    assert [r.row for r in few.admit(rejections(2, 2, 2))] == [2, 3]
    assert few.admit(rejections(2)) == []
    assert few.kept == 2
    short = Allowance(characters=9)
    assert [r.row for r in short.admit(rejections(2, 2, 2, 1))] == [2, 3]
    assert [r.row for r in Allowance().admit(rejections(101, 100))] == [3]
    assert Allowance().admit([Rejection(2, ["x" * 5000], "why")]) == []
