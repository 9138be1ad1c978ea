"""Runs of bad records, and reasons that may be stored and read by anybody."""

from dataclasses import dataclass

import pytest

from recall.contracts.events import SlotReleased
from recall.kit.codec import decoder
from recall.kit.records import DeadLetter, decoded, runs
from support.toy import encoded, slot


@dataclass
class Came:
    offset: int
    value: bytes | None = b"{}"
    partition: int = 0
    topic: str = "slots"
    timestamp: int = 0
    key: bytes | None = None


def log_of(marks: str) -> tuple[list[Came], list[DeadLetter]]:
    """Records by their marks: g good, b bad, n null."""
    records = [Came(place, None if mark == "n" else b"{}") for place, mark in enumerate(marks)]
    bad = [
        DeadLetter(record, "invalid", "")
        for record, mark in zip(records, marks, strict=True)
        if mark == "b"
    ]
    return records, bad


@pytest.mark.parametrize(
    ("before", "marks", "longest", "left"),
    [
        (0, "", 0, 0),
        (3, "", 3, 3),
        (3, "g", 3, 0),
        (3, "n", 3, 3),
        (3, "b", 4, 4),
        (0, "gbbg", 2, 0),
        (0, "gbgbgb", 1, 1),
        (2, "bbgbb", 4, 2),
        (0, "bnb", 2, 2),
        (1, "bgbbb", 3, 3),
    ],
)
def test_a_run_of_bad_records_goes_from_batch_to_batch(
    before: int, marks: str, longest: int, left: int
) -> None:
    assert runs(before, *log_of(marks)) == (longest, left)


def test_records_are_decoded_each_by_itself() -> None:
    values = [encoded(slot(1)), b"garbage", None, b'{"type":"x"}', encoded(slot(2))]
    raw = [Came(place, value) for place, value in enumerate(values)]
    good, bad = decoded(decoder((SlotReleased,)), raw)
    assert [record.offset for record in good] == [0, 4]
    assert [(letter.raw.offset, letter.reason) for letter in bad] == [
        (1, "unreadable"),
        (3, "invalid"),
    ]


def test_a_reason_names_the_field_and_never_its_text() -> None:
    record = encoded(slot(1, clinician="M" * 200))
    _, (letter,) = decoded(decoder((SlotReleased,)), [Came(0, record)])
    assert "$.data.clinician" in letter.detail
    assert "MMM" not in letter.detail
