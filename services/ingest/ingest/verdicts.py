"""The verdicts on a whole file: one for every row, counted so that they always add up."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, TypedDict

from msgspec import Struct

from ingest.faults import NOTICES, Problem
from ingest.refusals import UploadRefused
from ingest.rejections import Rejection, sentences_of
from ingest.rows import RowReader
from ingest.upload import Row
from recall.register.people import Person

PROBLEMS_SHOWN: Final = 100
BRAKE_FROM_ROWS: Final = 10
BRAKE_SHARE_PERCENT: Final = 30

_FIRST_BYTES: Final = 4096
_SPREAD: Final = 0x9E3779B1
"""The golden ratio's part of 32 bits: numbers in a row end up far apart."""


class Verdicts(Struct, frozen=True):
    """What a chunk of rows came to; rows = len(accepted) + duplicates + len(rejections).

    `accepted` holds sheet row and person in the file's order, each NHS number once in the file.
    Whether it is enrolled, an alert, or on the target already, the store and the register say.
    """

    rows: int
    accepted: list[tuple[int, Person]]
    duplicates: int
    rejections: list[Rejection]
    problems: list[Problem]


class ProblemAnswer(TypedDict):
    """A problem as the answer shows it."""

    row: int
    column: str
    code: str
    message: str


class Receipt(Struct, frozen=True):
    """Which upload an answer is to; `uploaded_at` is business time."""

    upload_id: str
    target_id: str
    uploaded_at: str


class UploadAnswer(TypedDict):
    """The answer to an upload; rows = enrolled + alerts + duplicates + rejected, always."""

    upload_id: str
    target_id: str
    uploaded_at: str
    rows: int
    enrolled: int
    alerts: int
    duplicates: int
    rejected: int
    problems: list[ProblemAnswer]
    problems_total: int
    ignored_columns: list[str]
    rejected_kept: int
    """How many of the rejected rows can be downloaded."""


class SeenNumbers:
    """Remembers which NHS numbers a file had: 8 to 16 bytes for each, wherever the numbers lie.

    A table of words, at most half full, each the nine digits from which the tenth follows: a
    million patients take 8 MB, where a set of their numbers would take about 90.
    """

    def __init__(self) -> None:
        self._words = array("I", bytes(_FIRST_BYTES))
        self._count = 0

    def add(self, nhs_number: str) -> bool:
        """Remember a number; tell whether it is new."""
        if 2 * self._count >= len(self._words):
            self._grow()
        # Nought is an empty place.
        new = _put(self._words, int(nhs_number[:9]) + 1)
        self._count += new
        return new

    def _grow(self) -> None:
        """Twice the places, and every number to where it belongs among them."""
        wider = array("I", bytes(2 * self._words.itemsize * len(self._words)))
        for number in self._words:
            if number:
                _put(wider, number)
        self._words = wider


def _put(words: "array[int]", number: int) -> bool:
    """Put a number where it belongs or into the next place that is free, unless it is there."""
    last = len(words) - 1
    place = (number * _SPREAD & 0xFFFFFFFF) >> (32 - last.bit_length())
    while found := words[place]:
        if found == number:
            return False
        place = (place + 1) & last
    words[place] = number
    return True


def judge_rows(rows: Iterable[Row], reader: RowReader, seen: SeenNumbers) -> Verdicts:
    """Give a verdict on every row of a chunk; of rows with one number the first good one wins."""
    accepted: list[tuple[int, Person]] = []
    problems: list[Problem] = []
    rejections: list[Rejection] = []
    count = duplicates = 0
    for row, cells in rows:
        count += 1
        read = reader.read(row, cells)
        person = read.person
        if person is None:
            rejections.append(Rejection(row, cells, sentences_of(read.problems)))
        elif not seen.add(person.nhs_number):
            duplicates += 1
            continue
        else:
            accepted.append((row, person))
        problems.extend(read.problems)
    return Verdicts(count, accepted, duplicates, rejections, problems)


@dataclass
class Tally:
    """Counts the verdicts on a file, chunk by chunk, and keeps its first problems."""

    rows: int = 0
    enrolled: int = 0
    alerts: int = 0
    duplicates: int = 0
    rejected: int = 0
    problems_total: int = 0
    _rejections: list[Problem] = field(default_factory=list)
    _notices: list[Problem] = field(default_factory=list)

    def add(self, verdicts: Verdicts) -> None:
        """Count a chunk, except for what became of its accepted rows: `settle` counts those."""
        self.rows += verdicts.rows
        self.duplicates += verdicts.duplicates
        self.rejected += len(verdicts.rejections)
        self.problems_total += len(verdicts.problems)
        for problem in verdicts.problems:
            kept = self._notices if problem.code in NOTICES else self._rejections
            if len(kept) < PROBLEMS_SHOWN:
                kept.append(problem)

    def settle(self, *, enrolled: int, alerts: int, already_on_target: int) -> None:
        """Count what became of accepted rows."""
        self.enrolled += enrolled
        self.alerts += alerts
        self.duplicates += already_on_target

    def first_problems(self) -> tuple[Problem, ...]:
        """At most 100, in the file's order; rejections take the place of mere notices."""
        spare = PROBLEMS_SHOWN - len(self._rejections)
        return tuple(sorted(self._rejections + self._notices[:spare], key=_row_of))

    def refuse_unusable(self, *, accept_rejected: bool) -> None:
        """Say no to a file without one good row, or with so many bad ones that it is the wrong one.

        Call it when all chunks are added, before anything is kept for good.

        Raises:
            UploadRefused: nothing of the file may be kept.
        """
        if self.rows == 0:
            raise UploadRefused(
                "empty_file", "The file has no rows of patients. Upload the list of patients."
            )
        if self.rejected == self.rows:
            raise UploadRefused(
                "nothing_usable",
                "No row of the file has an NHS number and a date of birth that can be used. Check "
                "that it is the right file; the NHS number belongs in column A and the date of "
                "birth in column B, or the first row names the columns.",
                problems=self.first_problems(),
            )
        if accept_rejected or self.rows < BRAKE_FROM_ROWS:
            return
        if self.rejected * 100 > self.rows * BRAKE_SHARE_PERCENT:
            raise UploadRefused(
                "too_many_rejected",
                f"{self.rejected} of {self.rows} rows cannot be used, so this may be the wrong "
                "file. Nothing was kept. Correct the rows, or upload it again with "
                "accept_rejected=true to take the others.",
                problems=self.first_problems(),
            )

    def answer(
        self, receipt: Receipt, ignored_columns: Iterable[str], rejected_kept: int
    ) -> UploadAnswer:
        """Give the whole answer, once every accepted row is settled."""
        if self.rows != self.enrolled + self.alerts + self.duplicates + self.rejected:
            raise ValueError("some rows of the upload have no verdict yet")
        return {
            "upload_id": receipt.upload_id,
            "target_id": receipt.target_id,
            "uploaded_at": receipt.uploaded_at,
            "rows": self.rows,
            "enrolled": self.enrolled,
            "alerts": self.alerts,
            "duplicates": self.duplicates,
            "rejected": self.rejected,
            "problems": [answer_problem(problem) for problem in self.first_problems()],
            "problems_total": self.problems_total,
            "ignored_columns": list(ignored_columns),
            "rejected_kept": rejected_kept,
        }


def answer_problem(problem: Problem) -> ProblemAnswer:
    """Give a problem the shape that answers and refusals show."""
    return {
        "row": problem.row,
        "column": problem.column,
        "code": problem.code,
        "message": problem.message,
    }


def _row_of(problem: Problem) -> int:
    return problem.row
