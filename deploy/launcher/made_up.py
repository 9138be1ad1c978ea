"""Made-up patients for demonstrations: numbers never issued, the same for the same seed."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import TypeVar

from nhs_number.validate import calculate_checksum

from recall.contracts.ids import draw

TEST_RANGE_SIZE = 1_000_000
"""999 000 000x to 999 999 999x: 909,091 of the million have a check digit."""
TEST_RANGE_FIRST = 999_000_000
MOST = 900_000
T = TypeVar("T")
_STRIDE = 7_919  # A prime that divides no power of ten: neighbours in a list are strangers.


@dataclass(frozen=True)
class MadeUp:
    """A made-up patient as a practice's file has them."""

    nhs_number: str
    born: date


def nhs_numbers(seed: int) -> Iterator[str]:
    """Every valid number of the test range once, in an order that the seed gives."""
    start = int(draw(seed, "numbers") * TEST_RANGE_SIZE)
    for index in range(TEST_RANGE_SIZE):
        nine = str(TEST_RANGE_FIRST + (start + index * _STRIDE) % TEST_RANGE_SIZE)
        check = calculate_checksum(nine)
        if check is not None and check <= 9:  # noqa: PLR2004 - 10 is no digit.
            yield f"{nine}{check}"


def made_up(count: int, seed: int, born_from: date, born_to: date) -> list[MadeUp]:
    """So many patients, born between two days."""
    span = (born_to - born_from).days
    return [
        MadeUp(number, born_from + timedelta(days=int(draw(seed, number, "born") * span)))
        for number in islice(nhs_numbers(seed), count)
    ]


def csv_of(patients: Iterable[MadeUp]) -> bytes:
    """The practices' own export: no header, column A the number, column B the date of birth."""
    text = io.StringIO()
    csv.writer(text).writerows((p.nhs_number, f"{p.born:%d/%m/%Y}") for p in patients)
    return text.getvalue().encode()


def parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """A list in parts of at most so many: patients in files, slots in requests."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
