"""A patient's place on a target: what the practice gave and what the register supplied."""

from datetime import UTC, date, datetime

from ingest.enrolments import Arrival, asked_again, enrol, given
from recall.register import Answer, Person

NOW = datetime(2025, 9, 1, 8, tzinfo=UTC)
ARRIVAL = Arrival(b"k" * 16, "t", "staff", NOW, date(2025, 9, 1))
NUMBER = "9990000018"
REGISTER = Answer(None, "Ann", "Bell", "+447700900001", ("1 Oak Lane",), "ZY1 1AA")


def one(person: Person, answer: Answer = REGISTER, earlier: int = 0):  # type: ignore[no-untyped-def]
    (made,) = enrol(ARRIVAL, [(person, answer)], {NUMBER: earlier} if earlier else {}, 7)
    return made


def test_what_the_register_supplied_is_told_from_what_was_given() -> None:
    person = Person(NUMBER, date(1980, 1, 1), last_name="Hill", mobile="+447700900002")
    made = one(person)
    assert (made.person.first_name, made.person.last_name) == ("Ann", "Hill")
    assert made.person.address == ("1 Oak Lane",)
    assert given(made) == person


def test_an_enrolment_after_a_removal_is_another_patient_and_the_same_person() -> None:
    first, second = (
        one(Person(NUMBER, date(1980, 1, 1))),
        one(Person(NUMBER, date(1980, 1, 1)), earlier=1),
    )
    assert (first.enrolment, second.enrolment, second.version) == (1, 2, 1)
    assert first.patient_id != second.patient_id
    assert first.person_id == second.person_id


def test_asking_again_takes_the_registers_newer_details() -> None:
    made = one(Person(NUMBER, date(1980, 1, 1)))
    moved = Answer(None, "Ann", "Bell", "+447700900009", ("2 Elm Road",), "ZY2 2BB")
    again = asked_again(made, given(made), moved, ARRIVAL)
    assert (again.version, again.patient_id) == (2, made.patient_id)
    assert (again.person.mobile, again.person.address) == ("+447700900009", ("2 Elm Road",))


def test_an_alert_comes_and_goes_with_the_registers_answer() -> None:
    made = one(Person(NUMBER, date(1980, 1, 1)), Answer("no_match"))
    assert made.alert == "no_match"
    again = asked_again(made, given(made), REGISTER, ARRIVAL)
    assert (again.alert, again.person.first_name) == (None, "Ann")
