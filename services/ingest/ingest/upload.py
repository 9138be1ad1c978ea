"""A file as it was uploaded in, its rows out.

The file is gone through twice: once to decide its encoding as a whole and to refuse what is no
list of patients, once to hand out rows in chunks, so that memory stays flat however long it is.

Rows are numbered as a spreadsheet numbers them, from 1: the header counts, blank rows count, and a
row with line breaks inside quoted cells is one row. Rows with nothing in them are skipped.
"""

import codecs
import csv
import hashlib
import io
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from itertools import islice
from typing import IO, Final

from ingest.cells import clean
from ingest.columns import Columns, is_header, match_header, without_header
from ingest.refusals import UploadRefused

Row = tuple[int, list[str]]
"""A row's number in the sheet and its cells."""

_BLOCK: Final = 65_536
_SAMPLE_ROWS: Final = 100
_MOST_LINES_IN_A_ROW: Final = 500
_LONGEST_LINE: Final = 16_384
_DELIMITERS: Final = (",", ";", "\t")
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a") | {127})
_MOST_CONTROLS: Final = 0.05

_SAVE_AS: Final = "Save the list as CSV (comma delimited) and upload that file."
_MAGIC: Final = (
    (
        b"PK\x03\x04",
        f"This is an Excel workbook or another zip archive, not a CSV file. {_SAVE_AS}",
    ),
    (b"\xd0\xcf\x11\xe0", f"This is an old Excel or Word file, not a CSV file. {_SAVE_AS}"),
    (b"%PDF-", "This is a PDF. Export the list as CSV from the clinical system and upload that."),
    (b"\x1f\x8b", "This is a compressed file. Unpack it and upload the CSV file inside."),
)


class Upload:
    """An uploaded file whose form is known; `columns.ignored` names the columns nobody reads."""

    def __init__(self, file: IO[bytes], encoding: str, delimiter: str, columns: Columns) -> None:
        self._file = file
        self.encoding = encoding
        self.delimiter = delimiter
        self.columns = columns

    @property
    def has_header(self) -> bool:
        """Whether the first row names the columns."""
        return bool(self.columns.names)

    def chunks(self, size: int) -> Iterator[list[Row]]:
        """Read the file from its beginning, `size` rows at a time; may refuse it half way.

        Raises:
            UploadRefused: a quotation mark is not closed.
        """
        rows = self._rows()
        while chunk := list(islice(rows, size)):
            yield chunk

    def _rows(self) -> Iterator[Row]:
        filled = (
            (row, cells)
            for row, cells in _records(_lines(self._file, self.encoding), self.delimiter)
            if cells and not _is_blank(cells)
        )
        return islice(filled, 1 if self.has_header else 0, None)


def open_upload(file: IO[bytes]) -> Upload:
    """Find out how a seekable file is written and what its columns hold; `chunks` then reads it.

    Raises:
        UploadRefused: it is no text, it is empty, or nobody can say which column holds what.
    """
    encoding = _encoding_of(file)
    with closing(_lines(file, encoding)) as lines:
        sample = list(islice((line for line in lines if _holds_something(line)), _SAMPLE_ROWS))
    if not sample:
        raise UploadRefused("empty_file", "The file is empty. Upload the list of patients.")
    delimiter = max(_DELIMITERS, key=lambda candidate: _fit(_sampled(sample, candidate)))
    rows = _sampled(sample, delimiter)
    return Upload(file, encoding, delimiter, _columns_of(rows))


def fingerprint(file: IO[bytes]) -> str:
    """Give the SHA-256 of the content, by which the same file is recognised."""
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _encoding_of(file: IO[bytes]) -> str:
    """Decide one encoding for the whole file, and refuse what is no text in it."""
    file.seek(0)
    start = file.read(8)
    for magic, sentence in _MAGIC:
        if start.startswith(magic):
            raise UploadRefused("not_text", sentence)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    elif start.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    else:
        candidates = ["utf-8", "cp1252"]
    for encoding in candidates:
        try:
            _inspect(file, encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise UploadRefused(
        "damaged_text",
        "The file holds characters that fit none of the ways text is stored, so names could come "
        "out wrong. Save the list as “CSV UTF-8” and upload it again.",
    )


def _inspect(file: IO[bytes], encoding: str) -> None:
    """Decode the whole file block by block, and refuse what no list of patients contains."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    characters = controls = 0
    while block := file.read(_BLOCK):
        text = decoder.decode(block)
        raw = text.encode()
        if b"\0" in raw:
            raise UploadRefused("not_text", f"The file is not plain text. {_SAVE_AS}")
        characters += len(text)
        controls += len(raw) - len(raw.translate(None, _CONTROLS))
        if len(text) >= _BLOCK // 4 and "\n" not in text and "\r" not in text:
            raise _line_too_long()
    decoder.decode(b"", final=True)
    if controls > characters * _MOST_CONTROLS:
        raise UploadRefused("not_text", f"The file is not plain text. {_SAVE_AS}")


def _lines(file: IO[bytes], encoding: str) -> Generator[str, None, None]:
    """Read the lines with their ends (any of CR, LF, CRLF), and leave the file open."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, newline="")
    try:
        # `yield from` would close the caller's file when the reader stops early.
        for line in text:  # noqa: UP028 - see above.
            yield line
    finally:
        with suppress(ValueError):  # The file was closed meanwhile.
            text.detach()


class _CountedLines:
    """Hands lines to the csv reader, and stops a line or a row that goes on for ever."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.row = 1
        self.in_row = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.in_row += 1
            if self.in_row > _MOST_LINES_IN_A_ROW:
                raise csv.Error
            if len(line) > _LONGEST_LINE:
                raise _line_too_long(self.row)
            yield line


def _records(lines: Iterator[str], delimiter: str) -> Iterator[Row]:
    """Split lines into numbered rows of cells; refuse the file where a quote stays open."""
    counted = _CountedLines(lines)
    try:
        for row, cells in enumerate(_reader(counted, delimiter), 1):
            counted.row, counted.in_row = row + 1, 0
            yield row, cells
    except csv.Error:
        raise UploadRefused(
            "unterminated_quote",
            f"A quotation mark that opens in row {counted.row} is not closed properly, so nobody "
            "can tell where the cell ends. Close it or remove it, and upload the file again.",
            row=counted.row,
        ) from None


def _line_too_long(row: int | None = None) -> UploadRefused:
    return UploadRefused(
        "line_too_long",
        "The file has a line of many thousand characters, so it is no list of patients. "
        f"{_SAVE_AS}",
        row=row,
    )


def _reader(lines: Iterable[str], delimiter: str) -> "Iterator[list[str]]":
    return csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)


def _is_blank(cells: Sequence[str]) -> bool:
    return not cells[0].isdigit() and not any(map(_holds_something, cells))


def _holds_something(text: str) -> bool:
    return bool(clean(text).strip(",; "))


def _sampled(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """Read the first rows with one delimiter, as far as that goes: the last may be cut off.

    Quotes are not judged here, so that a delimiter does not lose for one that stays open.
    """
    rows: list[list[str]] = []
    with suppress(csv.Error):
        reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
        rows.extend(cells for cells in reader if cells and not _is_blank(cells))
    return rows


def _fit(rows: list[list[str]]) -> tuple[bool, int, int]:
    """Say how well a delimiter serves: it finds a header, then patients, then columns at all."""
    if not rows:
        return (False, 0, 0)
    return (
        len(rows[0]) > 1 and is_header(rows[0]),
        sum(map(_looks_like_patient, rows)),
        len(rows[0]),
    )


def _columns_of(rows: list[list[str]]) -> Columns:
    if not rows:
        return without_header(2)
    if is_header(rows[0]):
        return match_header(rows[0])
    if not any(map(_looks_like_patient, rows)) and not any(map(_has_digit, rows[0])):
        raise UploadRefused(
            "no_usable_column",
            "No column is known to hold the NHS number or the date of birth. Name them “NHS "
            "number” and “Date of birth” in the first row, or put them in columns A and B without"
            " a header.",
            row=1,
        )
    return without_header(max(map(len, rows)))


def _looks_like_patient(cells: Sequence[str]) -> bool:
    return len(cells) > 1 and _has_digit(cells[0]) and _has_digit(cells[1])


def _has_digit(cell: str) -> bool:
    return any("0" <= character <= "9" for character in cell)
