"""What a print supplier says, line by line: how far the letter is, and what becomes of the patient."""

from datetime import UTC, datetime
from typing import get_args

import pytest

from recall.channel import Reference, posted
from recall.contracts.post import SAID_BY_SUPPLIER, SupplierStatus, said_of_letter
from recall.contracts.vocabulary import UNDELIVERABLE_TEXTS

GONE, NOWHERE, REFUSED = "returned_gone_away", "returned_no_such_address", "returned_refused"
TABLE = {
    "PENDING": ("sending", None),
    "ACCEPTED": ("sending", None),
    "PRINTED": ("sending", None),
    "ENCLOSED": ("sending", None),
    "DISPATCHED": ("sending", None),
    "FORWARDED": ("sending", None),
    "DELIVERED": ("delivered", None),
    "REJECTED": ("failed", "technical_failure"),
    "CANCELLED": ("failed", "technical_failure"),
    "FAILED": ("failed", "technical_failure"),
    "RETURNED": ("failed", "returned_no_reason"),
    "RETURNED R01": ("failed", GONE),
    "RETURNED R02": ("failed", NOWHERE),
    "RETURNED R03": ("failed", NOWHERE),
    "RETURNED R04": ("failed", GONE),
    "RETURNED R05": ("failed", REFUSED),
    "RETURNED R06": ("failed", REFUSED),
    "RETURNED R07": ("failed", NOWHERE),
    "RETURNED R08": ("failed", "returned_no_reason"),
    "RETURNED R09": ("failed", "deceased"),
    "RETURNED R10": ("failed", "returned_no_reason"),
}


def test_every_status_and_every_code_has_a_line() -> None:
    assert len(SAID_BY_SUPPLIER) == len(TABLE) == 21
    assert {status for status, _ in SAID_BY_SUPPLIER} == set(get_args(SupplierStatus))


@pytest.mark.parametrize("words", TABLE)
def test_a_suppliers_words_mean_what_the_table_says(words: str) -> None:
    said = said_of_letter(words.lower())
    assert (said.delivery, said.reason) == TABLE[words]
    assert said.reason is None or said.reason in UNDELIVERABLE_TEXTS


@pytest.mark.parametrize("words", ["", "LOST", "RETURNED R11", "DELIVERED R01", "R01"])
def test_what_no_supplier_says_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match="print supplier"):
        said_of_letter(words)


def test_a_plugin_reports_in_the_suppliers_words() -> None:
    patient = "00000000-0000-0000-0000-000000000002"
    about = Reference("letter", "t", f"{patient}.3")
    report = posted(about, "r1", datetime(2025, 9, 11, 8, tzinfo=UTC), "RETURNED R09")
    assert report.event_id == f"{patient}.3/failed/r1"
    assert report.said.reason == "deceased"  # type: ignore[union-attr]
