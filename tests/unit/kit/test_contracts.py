"""Instants, durations and ids: text that says one thing in one way."""

import re
import uuid
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recall.contracts.fields import INSTANT_PATTERN, UUID_PATTERN
from recall.contracts.ids import draw, event_id, invitation_id, patient_id, person_id
from recall.contracts.instants import duration, instant, london_date, london_midnight, moment

KEY = b"a key of the tests"


@given(st.datetimes(min_value=datetime(1, 1, 2), timezones=st.just(UTC)))  # noqa: DTZ001 - a bound.
def test_an_instant_survives_the_wire(at: datetime) -> None:
    assert re.fullmatch(INSTANT_PATTERN, instant(at))
    assert moment(instant(at)) == at


def test_an_instant_is_spelt_in_utc_whatever_its_zone() -> None:
    summer = timezone(timedelta(hours=1))
    assert instant(datetime(2025, 9, 1, 9, tzinfo=summer)) == "2025-09-01T08:00:00.000000Z"


@given(st.lists(st.datetimes(timezones=st.just(UTC)), min_size=2))
def test_instants_sort_as_their_texts(moments: list[datetime]) -> None:
    assert [instant(at) for at in sorted(moments)] == sorted(map(instant, moments))


def test_a_day_that_the_calendar_lacks_is_no_moment() -> None:
    with pytest.raises(ValueError, match="day"):
        moment("2025-02-30T08:00:00.000000Z")


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("P7D", timedelta(hours=168)),
        ("P2W", timedelta(days=14)),
        ("PT36H", timedelta(hours=36)),
        ("P1DT2H3M4S", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("PT0S", timedelta(0)),
    ],
)
def test_a_duration_is_its_length(text: str, length: timedelta) -> None:
    assert duration(text) == length


@pytest.mark.parametrize(
    "text", ["P", "PT", "", "7D", "P1Y", "P1M", "P-1D", "P1.5D", "p7d", "P7D "]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        duration(text)


def test_london_changes_its_clocks() -> None:
    assert london_midnight(date(2025, 9, 1)) == datetime(2025, 8, 31, 23, tzinfo=UTC)
    assert london_midnight(date(2025, 12, 1)) == datetime(2025, 12, 1, tzinfo=UTC)
    assert london_date(datetime(2025, 8, 31, 23, 30, tzinfo=UTC)) == date(2025, 9, 1)


def test_the_same_enrolment_has_the_same_id() -> None:
    once = patient_id(KEY, "target", "9990000018", 1)
    assert once == patient_id(KEY, "target", "9990000018", 1)
    others = {
        patient_id(KEY, "target", "9990000018", 2),
        patient_id(KEY, "other", "9990000018", 1),
        patient_id(KEY, "target", "9990000026", 1),
        patient_id(b"another key", "target", "9990000018", 1),
        person_id(KEY, "9990000018"),
    }
    assert once not in others
    assert len(others) == 5


def test_a_persons_id_is_the_same_on_every_target_and_hides_the_number() -> None:
    found = person_id(KEY, "9990000018")
    assert found == person_id(KEY, "9990000018")
    assert "9990000018" not in found


@given(st.text(max_size=20), st.text(max_size=20), st.integers(1, 50))
def test_ids_of_patients_are_uuids_of_version_8(target: str, number: str, enrolment: int) -> None:
    found = patient_id(KEY, target, number, enrolment)
    assert re.fullmatch(UUID_PATTERN, found)
    assert uuid.UUID(found).version == 8
    assert uuid.UUID(found).variant == uuid.RFC_4122


def test_ids_name_what_they_belong_to() -> None:
    assert invitation_id("patient", 2) == "patient.2"
    assert event_id("patient", "progressed", 7) == "patient/progressed/7"


def test_a_draw_depends_on_its_names_alone() -> None:
    draws = [draw(1, "answers", str(number)) for number in range(1000)]
    assert draws == [draw(1, "answers", str(number)) for number in range(1000)]
    assert all(0 <= drawn < 1 for drawn in draws)
    assert 0.45 < sum(draws) / len(draws) < 0.55
    assert draw(2, "answers", "1") != draws[1]
