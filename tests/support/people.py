"""Made-up people and the files that hold them, the same for the same seed.

NHS numbers are of the range that is never issued (999 000 0000 to 999 999 9999), mobiles of the
block that is kept for drama (07700 900000 to 900999), postcodes of an area that does not exist.
"""

import csv
import io
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Final, Literal

from nhs_number.validate import calculate_checksum

from recall.register import Person

TODAY: Final = date(2025, 9, 1)

FIRST_NAMES: Final = ("Ann", "Zoë", "José", "Siân", "Dev", "Mary Jane", "Nia", "O", "Søren")
LAST_NAMES: Final = ("Smith", "O'Neill", "Hughes-Jones", "Müller", "Okafor", "de la Cruz", "Li")
STREETS: Final = ("Elm Road", "Oak Lane", "The Street, Upper End", "Rowan Close")
TOWNS: Final = ("Ashmere", "Penrose", "Larkstone")

HEADERS: Final[Mapping[str, str]] = {
    "nhs_number": "NHS Number",
    "date_of_birth": "Date of birth",
    "first_name": "First name",
    "last_name": "Surname",
    "mobile": "Mobile",
    "address_line_1": "Address line 1",
    "address_line_2": "Address line 2",
    "address_line_3": "Address line 3",
    "address_line_4": "Address line 4",
    "address_line_5": "Address line 5",
    "postcode": "Postcode",
    "carer_name": "Carer name",
    "carer_mobile": "Carer mobile",
}

DATE_STYLES: Final[Mapping[str, str]] = {
    "DD/MM/YYYY": "%d/%m/%Y",
    "YYYY-MM-DD": "%Y-%m-%d",
    "YYYYMMDD": "%Y%m%d",
}


@dataclass(frozen=True)
class Form:
    """How a file is written. Without `header` it holds the number and the birthday alone."""

    header: bool = True
    delimiter: str = ","
    encoding: str = "utf-8"
    line_end: str = "\r\n"
    quote_all: bool = False
    date_style: str = "DD/MM/YYYY"


def nhs_numbers(seed: int = 0) -> Iterator[str]:
    """Every valid number of the test range once, 909,091 of them, in an order that the seed gives."""
    start = random.Random(seed).randrange(1_000_000)
    for index in range(1_000_000):
        digits = str(999_000_000 + (start + index * 7_919) % 1_000_000)
        check = calculate_checksum(digits)
        if check is not None and check < 10:
            yield f"{digits}{check}"


def people(count: int, seed: int = 0, *, children: float = 0.4) -> list[Person]:
    """Made-up people with all their details; about a share of `children` is under 16 on TODAY."""
    draw = random.Random(seed)
    return [_person(draw, number, children) for number in islice(nhs_numbers(seed), count)]


def _person(draw: random.Random, number: str, children: float) -> Person:
    child = draw.random() < children
    age = timedelta(days=draw.randrange(30, 5_700) if child else draw.randrange(6_000, 36_000))
    last_name = draw.choice(LAST_NAMES)
    return Person(
        number,
        TODAY - age,
        draw.choice(FIRST_NAMES),
        last_name,
        None if child else _mobile(draw),
        (f"{draw.randrange(1, 200)} {draw.choice(STREETS)}", draw.choice(TOWNS)),
        f"ZY{draw.randrange(1, 20)} {draw.randrange(10)}AB",
        f"{draw.choice(FIRST_NAMES)} {last_name}" if child else None,
        _mobile(draw) if child else None,
    )


def _mobile(draw: random.Random) -> str:
    return f"+447700900{draw.randrange(1000):03d}"


def cells_of(person: Person, date_style: str = "DD/MM/YYYY") -> list[str]:
    """A person as a row of cells under HEADERS."""
    address = (*person.address, "", "", "", "", "")[:5]
    return [
        person.nhs_number,
        person.date_of_birth.strftime(DATE_STYLES[date_style]),
        person.first_name or "",
        person.last_name or "",
        person.mobile or "",
        *address,
        person.postcode or "",
        person.carer_name or "",
        person.carer_mobile or "",
    ]


def file_of(persons: Sequence[Person], form: Form = Form()) -> bytes:
    """The people as an uploaded file."""
    rows = [cells_of(person, form.date_style) for person in persons]
    if form.header:
        return file_of_cells([list(HEADERS.values()), *rows], form)
    return file_of_cells([row[:2] for row in rows], form)


def file_of_cells(rows: Sequence[Sequence[str]], form: Form = Form()) -> bytes:
    """Any table as an uploaded file."""
    text = io.StringIO()
    writer = csv.writer(
        text,
        delimiter=form.delimiter,
        lineterminator=form.line_end,
        quoting=csv.QUOTE_ALL if form.quote_all else csv.QUOTE_MINIMAL,
    )
    writer.writerows(rows)
    return text.getvalue().encode(form.encoding)


SpoiltKind = Literal[
    "no number", "wrong check digit", "nine digits", "letters", "equal digits", "rounded by Excel",
    "National Insurance number", "really issued", "no birthday", "month first", "no such day",
    "two-digit year", "in the future", "before 1900", "a serial number", "with a time", "words",
]  # fmt: skip

SPOILT: Final[Mapping[SpoiltKind, tuple[str, Callable[[Sequence[str]], list[str]]]]] = {
    "no number": ("missing_nhs_number", lambda row: ["", *row[1:]]),
    "wrong check digit": (
        "invalid_nhs_number",
        lambda row: [row[0][:9] + str((int(row[0][9]) + 1) % 10), *row[1:]],
    ),
    "nine digits": ("invalid_nhs_number", lambda row: [row[0][:9], *row[1:]]),
    "letters": ("invalid_nhs_number", lambda row: [row[0][:9] + "X", *row[1:]]),
    "equal digits": ("invalid_nhs_number", lambda row: ["9999999999", *row[1:]]),
    "rounded by Excel": ("invalid_nhs_number", lambda row: ["9.43477E+09", *row[1:]]),
    "National Insurance number": ("invalid_nhs_number", lambda row: ["QQ123456C", *row[1:]]),
    "really issued": ("not_a_test_number", lambda row: ["9434765919", *row[1:]]),
    "no birthday": ("missing_date_of_birth", lambda row: [row[0], "", *row[2:]]),
    "month first": ("invalid_date_of_birth", lambda row: [row[0], "02/28/2015", *row[2:]]),
    "no such day": ("invalid_date_of_birth", lambda row: [row[0], "29/02/2015", *row[2:]]),
    "two-digit year": ("invalid_date_of_birth", lambda row: [row[0], "01/02/15", *row[2:]]),
    "in the future": ("invalid_date_of_birth", lambda row: [row[0], "01/01/2999", *row[2:]]),
    "before 1900": ("invalid_date_of_birth", lambda row: [row[0], "31/12/1899", *row[2:]]),
    "a serial number": ("invalid_date_of_birth", lambda row: [row[0], "42036", *row[2:]]),
    "with a time": ("invalid_date_of_birth", lambda row: [row[0], "2015-02-01 00:00", *row[2:]]),
    "words": ("invalid_date_of_birth", lambda row: [row[0], "1st of May", *row[2:]]),
}
"""Each way to spoil a good row of cells, with the code of the problem that it must give."""


def spoil(kind: SpoiltKind, row: Sequence[str]) -> list[str]:
    """A good row, spoilt in one way."""
    return SPOILT[kind][1](row)
