"""A person as the practice's file and the demographics register together describe them."""

from datetime import date

from msgspec import Struct


class Person(Struct, frozen=True):
    """Who a patient is and how to reach them; what is not known is None.

    The fields are those of PatientEnrolled: `nhs_number` has ten digits; mobiles are E.164
    (`+447700900123`); `address` has at most five lines, none of them empty; `postcode` has its
    space (`ZY1 2AB`).
    """

    nhs_number: str
    date_of_birth: date
    first_name: str | None = None
    last_name: str | None = None
    mobile: str | None = None
    address: tuple[str, ...] = ()
    postcode: str | None = None
    carer_name: str | None = None
    carer_mobile: str | None = None
