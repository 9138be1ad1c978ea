"""What can be wrong with a cell: a closed list of codes and sentences.

Every sentence is a constant that says what is wrong and what to do. None has a place to put a value
in, so no patient's details can reach an answer or a log through one.
"""

from typing import Final, Literal

from msgspec import Struct

ProblemCode = Literal[
    "missing_nhs_number",
    "invalid_nhs_number",
    "not_a_test_number",
    "missing_date_of_birth",
    "invalid_date_of_birth",
    "too_many_cells",
    "invalid_mobile",
    "not_a_test_mobile",
    "invalid_postcode",
    "too_long",
]

NOTICES: Final[frozenset[ProblemCode]] = frozenset(
    {"invalid_mobile", "not_a_test_mobile", "invalid_postcode", "too_long"}
)
"""Codes that leave the row in: the patient is taken without that cell, and the practice is told.

Turning a patient away over a detail the register also knows would cost an invitation; keeping quiet
about it would hide a mistake in the practice's records.
"""


class Fault(Struct, frozen=True):
    """One thing that can be wrong with a cell."""

    code: ProblemCode
    sentence: str


class Problem(Struct, frozen=True):
    """A fault at its place: the sheet row (from 1), and the column by its header or its letter."""

    row: int
    column: str
    code: ProblemCode
    message: str


MISSING_NHS_NUMBER: Final = Fault(
    "missing_nhs_number", "The NHS number is missing. Add it, or remove the row."
)
NHS_NUMBER_WRONG_LENGTH: Final = Fault(
    "invalid_nhs_number",
    "An NHS number has 10 digits; this one has more or fewer. Check it against the record.",
)
NHS_NUMBER_LOST_ZERO: Final = Fault(
    "invalid_nhs_number",
    "The NHS number has 9 digits: a zero at the start was probably lost in a spreadsheet. "
    "Format the column as text and put the zero back.",
)
NHS_NUMBER_WITH_LETTERS: Final = Fault(
    "invalid_nhs_number",
    "An NHS number has only the digits 0 to 9, spaces and hyphens. Remove anything else.",
)
NHS_NUMBER_ROUNDED: Final = Fault(
    "invalid_nhs_number",
    "A spreadsheet has turned the NHS number into a rounded number such as 9.43477E+09, and its "
    "digits are lost. Export the list again with this column formatted as text.",
)
NATIONAL_INSURANCE_NUMBER: Final = Fault(
    "invalid_nhs_number",
    "This is a National Insurance number. Enter the NHS number, which has 10 digits.",
)
NHS_NUMBER_CHECK_DIGIT: Final = Fault(
    "invalid_nhs_number",
    "The NHS number's check digit does not fit, so at least one digit is wrong. Check it against "
    "the record.",
)
NHS_NUMBER_EQUAL_DIGITS: Final = Fault(
    "invalid_nhs_number",
    "Ten equal digits are a placeholder, not an NHS number. Enter the patient's own.",
)
NOT_A_TEST_NUMBER: Final = Fault(
    "not_a_test_number",
    "This system takes made-up patients only. Use NHS numbers from the range 999 000 0000 to 999 "
    "999 9999, which is never issued.",
)
MISSING_DATE_OF_BIRTH: Final = Fault(
    "missing_date_of_birth", "The date of birth is missing. Add it, or remove the row."
)
DATE_UNREADABLE: Final = Fault(
    "invalid_date_of_birth",
    "The date of birth is not written in a known way. Write it as DD/MM/YYYY, YYYY-MM-DD or "
    "YYYYMMDD.",
)
DATE_NOT_REAL: Final = Fault(
    "invalid_date_of_birth",
    "There is no such day in the calendar. Check the date of birth against the record.",
)
DATE_MONTH_FIRST: Final = Fault(
    "invalid_date_of_birth",
    "The month seems to come before the day. Write the date of birth as DD/MM/YYYY, and check "
    "every date in the file.",
)
DATE_SHORT: Final = Fault(
    "invalid_date_of_birth",
    "The date of birth needs two digits for the day, two for the month and four for the year, as "
    "in 01/02/2015.",
)
DATE_SERIAL: Final = Fault(
    "invalid_date_of_birth",
    "A spreadsheet has turned the date of birth into a plain number. Format the column as a date "
    "DD/MM/YYYY.",
)
DATE_WITH_TIME: Final = Fault(
    "invalid_date_of_birth",
    "The date of birth has a time of day behind it. Leave the date alone in the cell.",
)
DATE_IN_FUTURE: Final = Fault(
    "invalid_date_of_birth", "The date of birth is in the future. Check it against the record."
)
DATE_BEFORE_1900: Final = Fault(
    "invalid_date_of_birth", "The date of birth is before 1900. Check it against the record."
)
TOO_MANY_CELLS: Final = Fault(
    "too_many_cells",
    "The row has more cells than the header has columns, so its cells may be in the wrong places. "
    "Put quotation marks around any cell that holds a comma, semicolon or tab.",
)
MOBILE_UNKNOWN_CHARACTERS: Final = Fault(
    "invalid_mobile",
    "A mobile number has only digits, spaces, brackets, hyphens, dots and a plus sign. "
    "The patient was taken without it; correct it in the record.",
)
MOBILE_WRONG_LENGTH: Final = Fault(
    "invalid_mobile",
    "A UK mobile number has 11 digits and starts with 07. The patient was taken without it; "
    "correct it in the record.",
)
MOBILE_NOT_A_MOBILE: Final = Fault(
    "invalid_mobile",
    "This is a landline or another number that takes no texts. "
    "The patient was taken without it; add a mobile number that starts with 07.",
)
MOBILE_FOREIGN: Final = Fault(
    "invalid_mobile",
    "The number is from outside the UK, where no texts are sent. "
    "The patient was taken without it; add a UK mobile number.",
)
NOT_A_TEST_MOBILE: Final = Fault(
    "not_a_test_mobile",
    "This system takes made-up mobile numbers only, 07700 900000 to 07700 900999. The patient was"
    " taken without it.",
)
INVALID_POSTCODE: Final = Fault(
    "invalid_postcode",
    "This is no UK postcode. The patient was taken without it, and letters go to the register's "
    "address; correct it in the record.",
)
TOO_LONG: Final = Fault(
    "too_long",
    "The cell holds more than 100 characters, which is no name and no line of an address. "
    "The patient was taken without it; shorten it.",
)
