"""Which column of the file holds what, with a header or without one."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from ingest.cells import clean
from ingest.refusals import UploadRefused

Field = Literal[
    "nhs_number",
    "date_of_birth",
    "first_name",
    "last_name",
    "mobile",
    "address_line_1",
    "address_line_2",
    "address_line_3",
    "address_line_4",
    "address_line_5",
    "postcode",
    "carer_name",
    "carer_mobile",
]

ADDRESS_FIELDS: Final[tuple[Field, ...]] = (
    "address_line_1",
    "address_line_2",
    "address_line_3",
    "address_line_4",
    "address_line_5",
)

_NAMED_AT_MOST: Final = 100
_NAME_LENGTH: Final = 60
_FEWEST_DIGITS: Final = 9

# For each field its names in order of preference: where a file has several ("Mobile" beside "Phone
# number"), the earlier name is read and the other column is ignored and named. Names are folded:
# lower case, letters and digits only.
_SYNONYMS: Final[Mapping[Field, str]] = {
    "nhs_number": "nhsnumber nhsno nhsnum nhs nhsid patientnhsnumber patientnhsno personnhsnumber"
    " childnhsnumber",
    "date_of_birth": "dateofbirth dob birthdate datebirth dobirth patientdateofbirth patientdob "
    "persondateofbirth persondob childdateofbirth childdob",
    "first_name": "firstname forename givenname forenames givennames firstnames patientfirstname "
    "patientforename personforename personfirstname childfirstname",
    "last_name": "lastname surname familyname patientlastname patientsurname personsurname "
    "personlastname childlastname",
    "mobile": "mobile mobilenumber mobileno mobilephone mobilephonenumber mobilephoneno "
    "mobiletelephone mobiletelephonenumber patientmobile patientmobilenumber telecomnumber phone "
    "phonenumber telephone telephonenumber contactnumber",
    "address_line_1": "addressline1 address1 patientaddressline1 childaddressline1 address "
    "homeaddress fulladdress streetaddress",
    "address_line_2": "addressline2 address2 patientaddressline2 childaddressline2",
    "address_line_3": "addressline3 address3 patientaddressline3 childaddressline3",
    "address_line_4": "addressline4 address4 patientaddressline4 town city towncity townorcity "
    "addresstown childtown",
    "address_line_5": "addressline5 address5 patientaddressline5 county addresscounty",
    "postcode": "postcode postalcode homepostcode addresspostcode patientpostcode personpostcode "
    "childpostcode",
    "carer_name": "carername carersname parentname parentcarername parentorcarername "
    "parentguardianname guardianname parent1name carer parent guardian parentcarer parentorcarer",
    "carer_mobile": "carermobile carermobilenumber carermobileno carersmobile carerphone "
    "carerphonenumber carertelephone parentmobile parentmobilenumber parentphone "
    "parentphonenumber parenttelephone parentcarermobile parentorcarermobile guardianmobile "
    "guardianphone parent1mobile parent1phone parent1phonenumber",
}
_FIELD_OF: Final[Mapping[str, tuple[Field, int]]] = {
    name: (field, preference)
    for field, names in _SYNONYMS.items()
    for preference, name in enumerate(names.split())
}
_REQUIRED: Final[tuple[tuple[Field, str], ...]] = (
    ("nhs_number", "NHS number"),
    ("date_of_birth", "date of birth"),
)


class Columns(Struct, frozen=True):
    """Where each field stands (places count from 0), what the header says, and what is not read.

    `names` is empty for a file without header. `ignored` names the columns that are not read, at
    most 100 of them.
    """

    places: Mapping[Field, int]
    names: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def name_of(self, place: int) -> str:
        """Name a column as the practice sees it: its header, or its letter when it has none."""
        return _name_at(self.names, place)


def letter_of(place: int) -> str:
    """Give the letters a spreadsheet shows above a column: 0 is A, 26 is AA."""
    letters = ""
    place += 1
    while place:
        place, remainder = divmod(place - 1, 26)
        letters = chr(ord("A") + remainder) + letters
    return letters


def fold(name: str) -> str:
    """Reduce a header to what is compared: its letters and digits in lower case."""
    return "".join(character for character in clean(name).casefold() if character.isalnum())


def is_header(cells: Sequence[str]) -> bool:
    """Tell a header from a patient: it names a field, and no cell has an NHS number's digits."""
    return any(fold(cell) in _FIELD_OF for cell in cells) and not any(
        _digits(cell) >= _FEWEST_DIGITS for cell in cells
    )


def match_header(cells: Sequence[str]) -> Columns:
    """Find the fields in a header.

    Raises:
        UploadRefused: it has no column for the number or the birthday, or several.
    """
    names = tuple(clean(cell)[:_NAME_LENGTH] for cell in cells)
    found: dict[Field, list[tuple[int, int]]] = {}
    for place, name in enumerate(names):
        if known := _FIELD_OF.get(fold(name)):
            found.setdefault(known[0], []).append((known[1], place))
    for field, title in _REQUIRED:
        _demand_one(title, [letter_of(place) for _, place in found.get(field, [])])
    places = {field: min(candidates)[1] for field, candidates in found.items()}
    return Columns(places, names, _unread(names, set(places.values()), len(names)))


def without_header(width: int) -> Columns:
    """Read column A as the NHS number and B as the date of birth, and ignore the others."""
    places: dict[Field, int] = {"nhs_number": 0, "date_of_birth": 1}
    return Columns(places, (), _unread((), set(places.values()), width))


def _demand_one(title: str, letters: list[str]) -> None:
    """Refuse a header that leaves open where a patient's number or birthday stands."""
    if not letters:
        raise UploadRefused(
            "missing_column",
            f"The header has no column for the {title}. Name the columns “NHS number” and "
            "“Date of birth”, or leave the header out and put them in columns A and B.",
        )
    if len(letters) > 1:
        raise UploadRefused(
            "ambiguous_columns",
            f"Columns {' and '.join(letters)} both say they hold the {title}. "
            "Remove or rename all but one of them.",
            column=letters[1],
        )


def _unread(names: tuple[str, ...], read: set[int], width: int) -> tuple[str, ...]:
    """Name the columns that hold no field."""
    return tuple(_name_at(names, place) for place in range(width) if place not in read)[
        :_NAMED_AT_MOST
    ]


def _name_at(names: tuple[str, ...], place: int) -> str:
    return (names[place] if place < len(names) else "") or letter_of(place)


def _digits(cell: str) -> int:
    return sum("0" <= character <= "9" for character in cell)
