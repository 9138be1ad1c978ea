"""How an uploaded file is read: encodings, delimiters, headers, row numbers, refusals."""

import io
import tempfile

import pytest

from ingest.refusals import UploadRefused
from ingest.upload import fingerprint, open_upload
from support.people import Form, file_of, file_of_cells, people
from support.uploads import judge

NUMBER = "9990000018"
OTHER = "9990000026"
BORN = "01/02/2015"


def refusal_of(content: bytes) -> UploadRefused:
    with pytest.raises(UploadRefused) as caught:
        judge(content)
    return caught.value


def accepted_rows(content: bytes) -> list[int]:
    return [row for row, _ in judge(content).accepted]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_names_come_out_the_same_from_every_encoding(encoding: str) -> None:
    persons = people(40, seed=1)
    judged = judge(file_of(persons, Form(encoding=encoding)))
    assert judged.people == persons
    assert judged.upload.encoding == encoding


def test_one_late_byte_decides_the_encoding_of_the_whole_file() -> None:
    rows = [["NHS number", "DOB", "First name"]]
    rows += [[number.nhs_number, BORN, "Ann"] for number in people(9000)]
    rows[-1][2] = "Zoë"
    judged = judge(file_of_cells(rows, Form(encoding="cp1252")))
    assert judged.upload.encoding == "cp1252"
    assert judged.people[-1].first_name == "Zoë"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("header", [True, False])
def test_the_delimiter_is_found(delimiter: str, header: bool) -> None:
    persons = people(5)
    judged = judge(file_of(persons, Form(header=header, delimiter=delimiter)))
    assert judged.upload.delimiter == delimiter
    assert judged.upload.has_header is header
    assert [p.nhs_number for p in judged.people] == [p.nhs_number for p in persons]


def test_the_delimiter_of_a_semicolon_file_with_commas_inside_is_found() -> None:
    content = f"NHS No;DOB;Address\n{NUMBER};{BORN};1, The Street, Upper End\n".encode()
    (person,) = judge(content).people
    assert person.address == ("1, The Street, Upper End",)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_any_line_ending_will_do(line_end: str) -> None:
    assert len(judge(file_of(people(3), Form(line_end=line_end))).people) == 3


@pytest.mark.parametrize(
    "header",
    ["nhs_number,dob", "NHS No,Date of birth", "NHS-NUMBER,DATE_OF_BIRTH", "nhsnumber,Birth Date",
     " NHS  Number ,D.O.B.", "CHILD_NHS_NUMBER,CHILD_DATE_OF_BIRTH", "NHS_NUMBER,PERSON_DOB"],
)  # fmt: skip
def test_headers_are_matched_by_folding(header: str) -> None:
    judged = judge(f"{header}\n{NUMBER},{BORN}\n".encode())
    assert judged.upload.has_header
    assert [row for row, _ in judged.accepted] == [2]


def test_columns_may_stand_in_any_order_and_unknown_ones_are_named() -> None:
    content = f"EMIS number,DOB,,NHS number\n17,{BORN},x,{NUMBER}\n".encode()
    judged = judge(content)
    assert judged.people[0].nhs_number == NUMBER
    assert judged.answer["ignored_columns"] == ["EMIS number", "C"]


def test_without_header_columns_after_b_are_ignored_and_named_by_letter() -> None:
    judged = judge(f"{NUMBER},{BORN},Ann,Smith\n".encode())
    assert judged.people[0].first_name is None
    assert judged.answer["ignored_columns"] == ["C", "D"]


def test_the_better_of_two_phone_columns_is_read() -> None:
    content = f"NHS No,DOB,Telephone,Mobile\n{NUMBER},{BORN},01632 960001,07700900123\n".encode()
    judged = judge(content)
    assert judged.people[0].mobile == "+447700900123"
    assert judged.answer["ignored_columns"] == ["Telephone"]


def test_rows_are_numbered_as_in_the_sheet() -> None:
    content = (
        "\n"
        "NHS No,DOB,Address\n"
        ",,\n"
        f'{NUMBER},{BORN},"1 Elm Road\nAshmere"\n'
        "\n"
        f"{OTHER},{BORN},2 Elm Road\n"
    ).encode()
    judged = judge(content)
    assert [row for row, _ in judged.accepted] == [4, 6]
    assert judged.people[0].address == ("1 Elm Road", "Ashmere")
    assert judged.answer["rows"] == 2


def test_invisible_rows_count_as_blank() -> None:
    assert accepted_rows(f"{NUMBER},{BORN}\n\u200b,\u00a0\n{OTHER},{BORN}\n\x1a".encode()) == [1, 3]


def test_a_row_of_the_wrong_delimiter_alone_counts_as_blank() -> None:
    assert accepted_rows(f";;\nNHS No,DOB\n{NUMBER},{BORN}\n;;\n".encode()) == [3]


def test_a_quoted_cell_may_stand_behind_a_space() -> None:
    content = f'NHS No, DOB, Address\n{NUMBER}, {BORN}, "1, The Street"\n'.encode()
    assert judge(content).people[0].address == ("1, The Street",)


def test_a_first_patient_is_no_header_whatever_words_stand_beside_them() -> None:
    assert accepted_rows(f"{NUMBER},{BORN},Phone\n{OTHER},{BORN},Mobile\n".encode()) == [1, 2]


def test_a_cell_of_hundreds_of_lines_counts_as_a_quote_left_open() -> None:
    many = "x,y\n" * 600
    content = f'{NUMBER},{BORN}\n{OTHER},{BORN},"{many}"\n'.encode()
    refused = refusal_of(content)
    assert (refused.code, refused.row) == ("unterminated_quote", 2)


def test_a_quote_that_never_ends_refuses_the_file_and_names_its_row() -> None:
    content = f'NHS No,DOB,Surname\n{NUMBER},{BORN},Smith\n{OTHER},{BORN},"Jones\n'.encode()
    refused = refusal_of(content)
    assert (refused.code, refused.row) == ("unterminated_quote", 3)


def test_a_quote_left_open_in_the_first_row_is_named_too() -> None:
    refused = refusal_of(f'{NUMBER},"{BORN}\n{OTHER},{BORN}\n'.encode())
    assert (refused.code, refused.row) == ("unterminated_quote", 1)


def test_a_quote_that_never_ends_is_found_early_in_a_long_file() -> None:
    content = (
        file_of(people(3), Form(header=False)) + b'"' + file_of(people(50_000), Form(header=False))
    )
    refused = refusal_of(content)
    assert (refused.code, refused.row) == ("unterminated_quote", 4)


def test_a_quote_closed_by_the_next_rows_quote_refuses_the_file() -> None:
    content = f'NHS No,DOB,Surname\n{NUMBER},{BORN},"Smith\n{OTHER},{BORN},"Jones"\n'.encode()
    assert refusal_of(content).code == "unterminated_quote"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf", "empty_file"),
        (b"\r\n \n", "empty_file"),
        (b"NHS number,DOB\n", "empty_file"),
        (b",,\n,,\n", "empty_file"),
        (b"PK\x03\x04rest of a workbook", "not_text"),
        (b"%PDF-1.7 rest", "not_text"),
        (b"\xd0\xcf\x11\xe0rest", "not_text"),
        (f"{NUMBER},{BORN}\0\n".encode(), "not_text"),
        (f"{NUMBER},{BORN}\n".encode("utf-16-le"), "not_text"),
        (b"\x01\x02\x03\x04\x05\x06,\x07\x08", "not_text"),
        (b"\xff\xfe9", "damaged_text"),
        (b"\xef\xbb\xbfNHS number,DOB,Surname\n9990000018,01/02/2015,M\xfcller", "damaged_text"),
        (b"9990000018,01/02/2015,M\x81ller", "damaged_text"),
        (b"9" * 200_000, "line_too_long"),
        (b"9990000018,01/02/2015\n9990000026," + b"9" * 20_000 + b"\n", "line_too_long"),
        (b"NHS number,Surname\n9990000018,Smith\n", "missing_column"),
        (b"Date of birth;Surname\n01/02/2015;Smith\n", "missing_column"),
        (b"NHS number\n9990000018\n", "missing_column"),
        (b"NHS number,NHS No,DOB\n9990000018,9990000018,01/02/2015\n", "ambiguous_columns"),
        (b"Dear Sir,\nplease find\nattached", "no_usable_column"),
        (b"9990000018\n9990000026\n", "nothing_usable"),
    ],
)
def test_what_is_no_list_of_patients_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(UploadRefused) as caught:
        judge(content).tally.refuse_unusable(accept_rejected=True)
    assert caught.value.code == code
    assert caught.value.message.endswith(".")


def test_a_workbook_is_told_how_to_become_a_list() -> None:
    assert "Save the list as CSV" in refusal_of(b"PK\x03\x04....").message


def test_the_file_stays_open_and_can_be_read_again() -> None:
    with tempfile.SpooledTemporaryFile(max_size=100) as file:
        file.write(file_of(people(30)))
        upload = open_upload(file)
        first = next(upload.chunks(7))
        assert next(upload.chunks(7)) == first
        assert len(fingerprint(file)) == 64


def test_the_fingerprint_depends_on_the_content_alone() -> None:
    content = file_of(people(3))
    assert fingerprint(io.BytesIO(content)) == fingerprint(io.BytesIO(content))
    assert fingerprint(io.BytesIO(content)) != fingerprint(io.BytesIO(content + b"\n"))
