"""Slots are read as practices write them."""

from datetime import UTC, datetime

import pytest

from ingest.slots import Slot, SlotsRefused, judge_slots, rows_of_csv


def judged(*cells: dict[str, object]) -> list[Slot]:
    good, tally = judge_slots("t", enumerate(cells, 1))
    assert tally.rows == len(good) + tally.duplicates + tally.rejected
    return [slot for _, slot in good]


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2025-09-15T09:00", 8),
        ("2025-09-15 09:00:00", 8),
        ("15/09/2025 09:00", 8),
        ("2025-12-15T09:00", 9),
        ("2025-09-15T09:00Z", 9),
        ("2025-09-15T09:00:00.000000Z", 9),
        ("2025-09-15T09:00+01:00", 8),
        # The hour that summer time's end repeats is its first one.
        ("2025-10-26T01:30", 0),
    ],
)
def test_times_without_a_zone_are_londons(text: str, hour: int) -> None:
    (slot,) = judged({"starts_at": text, "minutes": 10})
    assert slot.starts_at.hour == hour
    assert slot.starts_at.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "2025-02-30T09:00", "09/15/2025 09:00", "2025-09-15", "2025-03-30T01:30",
     "0001-01-01T00:00+14:00", "2025-09-15T09:00+99:00", "20250915T0900", 7, None],
)  # fmt: skip
def test_other_times_are_a_problem_of_their_column(text: object) -> None:
    good, tally = judge_slots("t", [(7, {"starts_at": text, "minutes": 10})])
    assert good == []
    assert [(p.row, p.column) for p in tally.problems] == [(7, "starts_at")]


@pytest.mark.parametrize("minutes", [0, -1, 1441, "ten", 1.5, True, None, "1e3", "00000"])
def test_minutes_are_whole_and_within_a_day(minutes: object) -> None:
    _, tally = judge_slots("t", [(1, {"starts_at": "2025-09-15T09:00", "minutes": minutes})])
    assert [p.column for p in tally.problems] == ["minutes"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("slot_id", "-x"), ("slot_id", 7), ("slot_id", "x" * 101), ("clinician", "x" * 121),
     ("clinician", 7)],
)  # fmt: skip
def test_ids_and_names_have_their_form(name: str, value: object) -> None:
    cells = {"starts_at": "2025-09-15T09:00", "minutes": 10, name: value}
    assert [p.column for p in judge_slots("t", [(1, cells)])[1].problems] == [name]


def test_an_unknown_field_is_a_problem() -> None:
    _, tally = judge_slots("t", [(1, {"starts_at": "2025-09-15T09:00", "minutes": 1, "x": 1})])
    assert [p.code for p in tally.problems] == ["unknown_field"]


def test_ids_made_up_depend_on_what_the_slot_is_alone() -> None:
    slot = {"starts_at": "2025-09-15T09:00", "minutes": 10}
    bell = slot | {"clinician": "Dr Bell"}
    first = judged(slot, bell, slot)
    assert len({s.slot_id for s in first}) == 3
    assert {s.slot_id for s in judged(slot, slot, bell)} == {s.slot_id for s in first}
    (elsewhere,), _ = judge_slots("u", [(1, slot)])
    assert elsewhere[1].slot_id not in {s.slot_id for s in first}


def test_one_id_twice_in_a_list_is_a_duplicate() -> None:
    slot = {"slot_id": "a", "starts_at": "2025-09-15T09:00", "minutes": 10}
    assert len(judged(slot, slot | {"minutes": 20})) == 1


def test_a_csv_is_numbered_as_the_sheet() -> None:
    content = b"\xef\xbb\xbfslot_id;STARTS AT;minutes\r\na;2025-09-15T09:00;10\r\n;;\r\nb;x;5\r\n"
    rows = list(rows_of_csv(content))
    assert [(row, cells["slot_id"]) for row, cells in rows] == [(2, "a"), (4, "b")]
    (slot,) = [s for _, s in judge_slots("t", rows)[0]]
    assert slot == Slot("a", datetime(2025, 9, 15, 8, tzinfo=UTC), 10, None)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "missing_column"),
        (b"starts_at,start,minutes\n", "missing_column"),
        (b'starts_at,minutes\n"x,1\n', "unterminated_quote"),
        (b"\0", "not_text"),
    ],
)
def test_what_is_no_list_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(SlotsRefused) as caught:
        list(rows_of_csv(content))
    assert caught.value.code == code
