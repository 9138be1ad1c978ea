"""A patient's place on a target: made at an upload, changed by a correction or by the register."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from recall.contracts import ids
from recall.contracts.vocabulary import AlertCode
from recall.register import Answer, Person, alert_of, complete

_FIRST_NAME: Final = 1
_LAST_NAME: Final = 2
_MOBILE: Final = 4
_ADDRESS: Final = 8
_CARER_NAME: Final = 16
_CARER_MOBILE: Final = 32


class Enrolment(Struct, frozen=True):
    """One person's nth time on one target.

    `person` is complete: what the practice did not give is the register's.  `supplied` says which
    details the register supplied, one bit each, so that asking again starts from the practice's.
    `enrolled_at` is the instant of this version.
    """

    target_id: str
    patient_id: str
    person_id: str
    version: int
    enrolment: int
    position: int
    person: Person
    supplied: int
    alert: AlertCode | None
    actor: str
    enrolled_at: datetime


class Arrival(Struct, frozen=True):
    """What all patients of one upload share; `today` is the London day of `at`."""

    key: bytes
    target_id: str
    actor: str
    at: datetime
    today: date


def enrol(
    arrival: Arrival,
    people: Iterable[tuple[Person, Answer]],
    earlier: Mapping[str, int],
    position: int,
) -> list[Enrolment]:
    """Put people on a target, from a position on.

    `earlier` has the latest enrolment of those who were on the target before and were removed.
    """
    key, target_id, today = arrival.key, arrival.target_id, arrival.today
    enrolled = []
    for place, (person, answer) in enumerate(people, position):
        number = person.nhs_number
        enrolment = earlier.get(number, 0) + 1
        whole = complete(person, answer)
        enrolled.append(
            Enrolment(
                target_id,
                ids.patient_id(key, target_id, number, enrolment),
                ids.person_id(key, number),
                1,
                enrolment,
                place,
                whole,
                supplied_by_register(person, whole),
                alert_of(person, answer, today),
                arrival.actor,
                arrival.at,
            )
        )
    return enrolled


def supplied_by_register(person: Person, whole: Person) -> int:
    """Tell, one bit each, which details of the complete person the practice did not give."""
    return (
        (_FIRST_NAME if person.first_name != whole.first_name else 0)
        | (_LAST_NAME if person.last_name != whole.last_name else 0)
        | (_MOBILE if person.mobile != whole.mobile else 0)
        | (_ADDRESS if person.address != whole.address or person.postcode != whole.postcode else 0)
        | (_CARER_NAME if person.carer_name != whole.carer_name else 0)
        | (_CARER_MOBILE if person.carer_mobile != whole.carer_mobile else 0)
    )


def given(enrolment: Enrolment) -> Person:
    """The person as the practice gave them, without what the register supplied."""
    person, supplied = enrolment.person, enrolment.supplied
    return Person(
        person.nhs_number,
        person.date_of_birth,
        None if supplied & _FIRST_NAME else person.first_name,
        None if supplied & _LAST_NAME else person.last_name,
        None if supplied & _MOBILE else person.mobile,
        () if supplied & _ADDRESS else person.address,
        None if supplied & _ADDRESS else person.postcode,
        None if supplied & _CARER_NAME else person.carer_name,
        None if supplied & _CARER_MOBILE else person.carer_mobile,
    )


def asked_again(
    enrolment: Enrolment, person: Person, answer: Answer, arrival: Arrival
) -> Enrolment:
    """The next version of an enrolment: what the practice gives now, completed anew."""
    whole = complete(person, answer)
    return replace(
        enrolment,
        version=enrolment.version + 1,
        person=whole,
        supplied=supplied_by_register(person, whole),
        alert=alert_of(person, answer, arrival.today),
        actor=arrival.actor,
        enrolled_at=arrival.at,
    )
