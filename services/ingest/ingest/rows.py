"""One row of the file: its cells in, a person or what is wrong with the row out."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Final

from msgspec import Struct

from ingest import faults
from ingest.cells import (
    LONGEST_TEXT,
    Rules,
    clean,
    read_date_of_birth,
    read_mobile,
    read_nhs_number,
    read_postcode,
    read_text,
)
from ingest.columns import ADDRESS_FIELDS, Columns, Field
from ingest.faults import Fault, Problem
from recall.register.people import Person

_MOST_LINES: Final = len(ADDRESS_FIELDS)


class RowRead(Struct, frozen=True):
    """What a row came to: a person, or None when it is rejected, and what to tell of it."""

    person: Person | None
    problems: tuple[Problem, ...] = ()


class RowReader:
    """Reads the rows of one file, whose columns are known, under the rules of the day."""

    def __init__(self, columns: Columns, rules: Rules) -> None:
        self._columns = columns
        self._rules = rules
        self._number = columns.places["nhs_number"]
        self._birth = columns.places["date_of_birth"]
        self._width = max(columns.places.values()) + 1
        self._lines = tuple(
            columns.places[field] for field in ADDRESS_FIELDS if field in columns.places
        )
        self._bare = len(columns.places) == 2  # noqa: PLR2004 - number and birthday alone.

    def read(self, row: int, cells: list[str]) -> RowRead:
        """Judge one row by itself; `row` is its number in the sheet."""
        if len(cells) < self._width:
            cells = cells + [""] * (self._width - len(cells))
        number = read_nhs_number(cells[self._number], self._rules)
        born = read_date_of_birth(cells[self._birth], self._rules)
        overflow = self._overflow(cells)
        if isinstance(number, Fault) or isinstance(born, Fault) or overflow is not None:
            faulty: list[tuple[int, object]] = [(self._number, number), (self._birth, born)]
            if overflow is not None:
                faulty.append((overflow, faults.TOO_MANY_CELLS))
            return RowRead(None, self._problems(row, faulty))
        if self._bare:
            return RowRead(Person(number, born))
        notices: list[tuple[int, Fault]] = []
        person = self._person(number, born, cells, notices)
        return RowRead(person, self._problems(row, notices) if notices else ())

    def _person(
        self, number: str, born: date, cells: list[str], notices: list[tuple[int, Fault]]
    ) -> Person:
        """Read the optional cells; one that is no good is left out and noticed."""

        def take(field: Field, read: Callable[[str], str | Fault | None]) -> str | None:
            place = self._columns.places.get(field)
            if place is None:
                return None
            value = read(cells[place])
            if isinstance(value, Fault):
                notices.append((place, value))
                return None
            return value or None

        return Person(
            number,
            born,
            take("first_name", read_text),
            take("last_name", read_text),
            take("mobile", self._mobile),
            self._address(cells, notices) if self._lines else (),
            take("postcode", read_postcode),
            take("carer_name", read_text),
            take("carer_mobile", self._mobile),
        )

    def _mobile(self, cell: str) -> str | Fault | None:
        return read_mobile(cell, self._rules)

    def _address(self, cells: list[str], notices: list[tuple[int, Fault]]) -> tuple[str, ...]:
        """Gather the lines; a cell may hold several, and what goes past five shares the fifth."""
        lines: list[str] = []
        for place in self._lines:
            for part in cells[place].splitlines():
                line = read_text(part)
                if isinstance(line, Fault):
                    notices.append((place, line))
                elif line:
                    lines.append(line)
        if len(lines) > _MOST_LINES:
            lines[_MOST_LINES - 1 :] = [", ".join(lines[_MOST_LINES - 1 :])]
            if len(lines[-1]) > LONGEST_TEXT:
                notices.append((self._lines[-1], faults.TOO_LONG))
                return ()
        return tuple(lines)

    def _overflow(self, cells: list[str]) -> int | None:
        """Find a filled cell beyond the header: what stands left of it may be out of place too."""
        names = len(self._columns.names)
        if not names or len(cells) <= names:
            return None
        return next((place for place in range(names, len(cells)) if clean(cells[place])), None)

    def _problems(self, row: int, found: Iterable[tuple[int, object]]) -> tuple[Problem, ...]:
        return tuple(
            Problem(row, self._columns.name_of(place), fault.code, fault.sentence)
            for place, fault in found
            if isinstance(fault, Fault)
        )
