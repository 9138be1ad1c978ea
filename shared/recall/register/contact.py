"""Whom to write to about a patient, and when nobody can be.

Under 16 on the day of sending, the parent or carer is the contact: texts go to their mobile alone,
never to the child's, and a letter to the child's address is addressed to "Parent or carer of …".
"""

from datetime import date
from typing import Final

from msgspec import Struct

from recall.contracts.vocabulary import AlertCode
from recall.register.people import Person
from recall.register.port import Answer

ADULT_AGE: Final = 16

_MENDED_BY_FILE: Final[frozenset[AlertCode]] = frozenset({"no_contact", "no_contact_for_child"})


class Contact(Struct, frozen=True):
    """How to reach a patient on a given day.

    `greeting` opens a message ("Dear Ann", "Dear parent or carer"), `addressee` heads a letter.
    `address` is empty and `postcode` None when no letter can be sent, `mobile` None when no text.
    """

    for_child: bool
    greeting: str
    addressee: str
    mobile: str | None
    address: tuple[str, ...]
    postcode: str | None


def is_child(born: date, on_day: date) -> bool:
    """Tell whether someone is under 16 on a London day."""
    return (on_day.year - born.year - ((on_day.month, on_day.day) < (born.month, born.day))) < (
        ADULT_AGE
    )


def complete(person: Person, answer: Answer) -> Person:
    """Fill what the practice's file left out from the register; the file's contact beats it.

    An address counts as a whole: the file's lines are used with the file's postcode or not at all,
    so that no letter goes to half of one address and half of another.
    """
    from_file = bool(person.address and person.postcode)
    return Person(
        person.nhs_number,
        person.date_of_birth,
        person.first_name or answer.first_name,
        person.last_name or answer.last_name,
        person.mobile or answer.mobile,
        person.address if from_file else answer.address,
        person.postcode if from_file else answer.postcode,
        person.carer_name or answer.carer_name,
        person.carer_mobile or answer.carer_mobile,
    )


def contact_of(person: Person, on_day: date) -> Contact:
    """Say how to reach a patient on a London day: themselves, or the parent or carer of a child."""
    sendable = bool(person.address and person.postcode)
    address = person.address if sendable else ()
    postcode = person.postcode if sendable else None
    name = " ".join(part for part in (person.first_name, person.last_name) if part) or "the patient"
    if is_child(person.date_of_birth, on_day):
        return Contact(
            True,
            "Dear parent or carer",
            f"Parent or carer of {name}",
            person.carer_mobile,
            address,
            postcode,
        )
    greeting = f"Dear {person.first_name}" if person.first_name else "Dear patient"
    return Contact(False, greeting, name, person.mobile, address, postcode)


def alert_of(person: Person, answer: Answer, on_day: date) -> AlertCode | None:
    """Say why a patient cannot be invited on a London day, or None when they can.

    What the register says about the person (no match, died, restricted …) stands whatever the file
    holds. What it says about contact details is mended by the file's own: a child needs a carer's
    mobile or an address to write to the carer at, anyone else a mobile or an address.

    Args:
        person: as the practice's file gives them; completing them first changes nothing.
        answer: the register's.
        on_day: the day on which an invitation would go out.
    """
    if answer.alert is not None and answer.alert not in _MENDED_BY_FILE:
        return answer.alert
    whole = complete(person, answer)
    reachable = bool(whole.address and whole.postcode)
    child = is_child(whole.date_of_birth, on_day)
    if reachable or (whole.carer_mobile if child else whole.mobile):
        return None
    return answer.alert or ("no_contact_for_child" if child else "no_contact")
