"""Rejected rows as a file to correct and upload again: as they were, with the reason before them.

The file always has a header, so that cells keep their meaning wherever they stand; its first
column is one that no upload reads.  No cell runs as a formula: an apostrophe guards it, which
reading a cell takes off again.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from ingest.columns import Columns, fold, letter_of
from ingest.faults import Problem

REASON: Final = "Reason rejected"
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

MOST_ROWS: Final = 50_000
"""Rows kept of one upload."""
MOST_CHARACTERS: Final = 16 * 1024 * 1024
"""Characters kept of one upload."""
MOST_CHARACTERS_IN_A_ROW: Final = 4_000
"""Beyond, a row could not be uploaded again once its quotation marks are doubled."""
MOST_CELLS: Final = 100

_RUNS: Final = frozenset("=+-@\t\r\n")


class Rejection(Struct, frozen=True):
    """A rejected row: its number in the sheet, its cells as they were, and why."""

    row: int
    cells: list[str]
    reason: str


class Allowance:
    """How much more of an upload's rejected rows is kept: somebody must correct them by hand."""

    def __init__(self, rows: int = MOST_ROWS, characters: int = MOST_CHARACTERS) -> None:
        self._most = self._rows = rows
        self._characters = characters

    @property
    def kept(self) -> int:
        """How many rows were kept."""
        return self._most - self._rows

    def admit(self, rejections: Iterable[Rejection]) -> list[Rejection]:
        """Those of the next rows that are kept; the first that does not fit ends it."""
        admitted = []
        for rejection in rejections:
            size = sum(map(len, rejection.cells)) + len(rejection.cells)
            if size > MOST_CHARACTERS_IN_A_ROW or len(rejection.cells) > MOST_CELLS:
                continue
            if self._rows == 0 or size > self._characters:
                self._characters = 0
                break
            self._rows -= 1
            self._characters -= size
            admitted.append(rejection)
        return admitted


def sentences_of(problems: Iterable[Problem]) -> str:
    """Why a row was rejected, in one cell: each column with its sentence."""
    return " ".join(f"{problem.column}: {problem.message}" for problem in problems)


def header_of(columns: Columns) -> list[str]:
    """What is kept of a file's header; empty when it has none."""
    return list(columns.names)


class Sheet:
    """Writes the file: `names` is the upload's header, `width` the most cells a row has."""

    def __init__(self, names: Sequence[str], width: int) -> None:
        self._names = list(names) or ["NHS number", "Date of birth"] + [
            f"Column {letter_of(place)}" for place in range(2, width)
        ]
        # A file that was downloaded and uploaded again has reasons of its own.
        self._left_out = {
            place for place, name in enumerate(self._names) if fold(name) == fold(REASON)
        }

    def header(self) -> bytes:
        """The beginning of the file."""
        return BYTE_ORDER_MARK + _lines([[REASON, *self._kept(self._names)]])

    def rows(self, rejections: Iterable[Rejection]) -> bytes:
        """Some rows of it."""
        return _lines([r.reason, *self._kept(r.cells)] for r in rejections)

    def _kept(self, cells: Sequence[str]) -> list[str]:
        return [cell for place, cell in enumerate(cells) if place not in self._left_out]


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula.

    >>> guarded("=1+1")
    "'=1+1"
    """
    return f"'{cell}" if cell[:1] in _RUNS or cell.lstrip()[:1] in _RUNS else cell


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return text.getvalue().encode()
