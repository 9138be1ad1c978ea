"""The simulated register, whom a message goes to, and when nobody can be reached."""

import re
from datetime import UTC, date, datetime
from itertools import islice

import pytest

from recall.contracts.vocabulary import ALERTS, AlertCode
from recall.register import (
    Answer,
    Person,
    Register,
    SimulatedRegister,
    alert_of,
    complete,
    contact_of,
    is_child,
    simulated_answer,
)
from support.people import TODAY, nhs_numbers

NUMBER = "9990000018"
ADULT = date(1980, 5, 1)
CHILD = date(2020, 5, 1)
AT = datetime(2025, 9, 1, 8, tzinfo=UTC)
ADDRESS = ("1 Elm Road", "Ashmere")
NOTHING = Answer()


async def test_every_question_is_answered_in_order_and_always_alike() -> None:
    register: Register = SimulatedRegister({})
    questions = [(number, ADULT) for number in islice(nhs_numbers(), 500)]
    answers = await register.look_up(questions, AT)
    assert answers == await SimulatedRegister({}).look_up(questions, AT)
    assert answers[::-1] == await register.look_up(questions[::-1], AT)
    assert len(set(answers)) > 490


async def test_made_up_details_are_plausible_and_nobodys() -> None:
    questions = [(number, CHILD) for number in islice(nhs_numbers(), 500)]
    for answer in await SimulatedRegister({}).look_up(questions, AT):
        assert re.fullmatch(r"\+447700900\d{3}", answer.carer_mobile or "")
        assert re.fullmatch(r"ZY\d{1,2} \d[A-BD-HJLNP-UW-Z]{2}", answer.postcode or "")
        assert answer.first_name
        assert (answer.carer_name or "").endswith(answer.last_name or "?")
        assert answer.mobile is None


async def test_the_scenario_names_the_alerts() -> None:
    alerts: dict[str, AlertCode] = {NUMBER: "no_match"}
    found = await SimulatedRegister(alerts).look_up([("9990000026", ADULT), (NUMBER, ADULT)], AT)
    assert [answer.alert for answer in found] == [None, "no_match"]
    assert found[1] == Answer("no_match")


async def test_a_child_gets_their_own_mobile_on_their_sixteenth_birthday_in_london() -> None:
    register, question = SimulatedRegister({}), [(NUMBER, date(2009, 7, 2))]
    (before,) = await register.look_up(question, datetime(2025, 7, 1, 22, 59, tzinfo=UTC))
    (after,) = await register.look_up(question, datetime(2025, 7, 1, 23, 0, tzinfo=UTC))
    assert (before.mobile, after.carer_mobile) == (None, None)
    assert before.carer_mobile == after.mobile


@pytest.mark.parametrize(
    ("born", "child"),
    [(date(2009, 9, 1), False), (date(2009, 9, 2), True), (date(2025, 9, 1), True)],
)
def test_under_sixteen_ends_on_the_birthday(born: date, child: bool) -> None:
    assert is_child(born, TODAY) is child


def test_the_files_contact_beats_the_registers() -> None:
    person = Person(
        NUMBER, ADULT, "Ann", mobile="+447700900001", address=ADDRESS, postcode="ZY1 2AB"
    )
    whole = complete(person, simulated_answer(NUMBER, ADULT, TODAY))
    assert (whole.first_name, whole.mobile) == ("Ann", "+447700900001")
    assert (whole.address, whole.postcode) == (ADDRESS, "ZY1 2AB")
    assert whole.last_name


def test_half_an_address_in_the_file_gives_way_to_the_registers_whole_one() -> None:
    known = simulated_answer(NUMBER, ADULT, TODAY)
    for person in (
        Person(NUMBER, ADULT, address=ADDRESS),
        Person(NUMBER, ADULT, postcode="ZY1 2AB"),
    ):
        whole = complete(person, known)
        assert (whole.address, whole.postcode) == (known.address, known.postcode)


def test_an_adult_is_their_own_contact() -> None:
    person = Person(
        NUMBER, ADULT, "Ann", "Smith", "+447700900001", ADDRESS, "ZY1 2AB", "Bo", "+447700900002"
    )
    contact = contact_of(person, TODAY)
    assert (contact.greeting, contact.addressee) == ("Dear Ann", "Ann Smith")
    assert contact.mobile == "+447700900001"
    assert not contact.for_child


def test_a_childs_contact_is_the_carer_and_never_the_childs_own_mobile() -> None:
    person = Person(
        NUMBER, CHILD, "Ann", "Smith", "+447700900001", ADDRESS, "ZY1 2AB", "Bo", "+447700900002"
    )
    contact = contact_of(person, TODAY)
    assert contact.for_child
    assert contact.greeting == "Dear parent or carer"
    assert contact.addressee == "Parent or carer of Ann Smith"
    assert contact.mobile == "+447700900002"
    assert contact_of(Person(NUMBER, CHILD, mobile="+447700900001"), TODAY).mobile is None


@pytest.mark.parametrize(
    ("person", "alert"),
    [
        (Person(NUMBER, ADULT), "no_contact"),
        (Person(NUMBER, ADULT, carer_mobile="+447700900001"), "no_contact"),
        (Person(NUMBER, ADULT, address=ADDRESS), "no_contact"),
        (Person(NUMBER, ADULT, mobile="+447700900001"), None),
        (Person(NUMBER, ADULT, address=ADDRESS, postcode="ZY1 2AB"), None),
        (Person(NUMBER, CHILD), "no_contact_for_child"),
        (Person(NUMBER, CHILD, mobile="+447700900001"), "no_contact_for_child"),
        (Person(NUMBER, CHILD, carer_mobile="+447700900001"), None),
        (Person(NUMBER, CHILD, address=ADDRESS, postcode="ZY1 2AB"), None),
    ],
)
def test_whoever_cannot_be_reached_is_an_alert(person: Person, alert: AlertCode | None) -> None:
    assert alert_of(person, NOTHING, TODAY) == alert
    assert alert_of(complete(person, NOTHING), NOTHING, TODAY) == alert


def test_everyone_the_register_knows_can_be_reached() -> None:
    for born in (ADULT, CHILD):
        assert alert_of(Person(NUMBER, born), simulated_answer(NUMBER, born, TODAY), TODAY) is None


@pytest.mark.parametrize("code", ALERTS)
def test_only_missing_contact_is_mended_by_the_file(code: AlertCode) -> None:
    reachable = Person(NUMBER, ADULT, mobile="+447700900001")
    assert alert_of(Person(NUMBER, ADULT), Answer(code), TODAY) == code
    mended = code in {"no_contact", "no_contact_for_child"}
    assert alert_of(reachable, Answer(code), TODAY) == (None if mended else code)
