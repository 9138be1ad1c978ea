"""The numbers of the target page follow from one histogram."""

import json

from dashboard.cells import Cell, chosen, counted
from dashboard.counts import did_not_book_in, overview, round_counts
from dashboard.filters import parse
from dashboard.views import target_json
from unit.dashboard.worked_example import EXAMPLE, NOW, target


def test_the_worked_example_reads_exactly_as_the_design_says() -> None:
    said = json.loads(json.dumps(target_json(target(), NOW)))
    assert said == {
        "target": {
            "id": "t-1",
            "name": "Childhood Immunisations",
            "practice": "A81001",
            "state": "active",
        },
        "as_of": "2025-09-12T11:00:00Z",
        "overview": {
            "total_patients": 121,
            "in_progress": 45,
            "in_queue": 0,
            "being_invited": 45,
            "completed": 76,
            "booked": 64,
            "declined": 5,
            "did_not_book": 1,
            "patient_alert": 6,
        },
        "slots": {
            "available": 102,
            "booking_window": {"from": "2025-09-15", "to": "2025-09-30"},
        },
        "rounds": [
            _row(1, "sms", "SMS invitation", 23, 54, 3, 35),
            _row(2, "sms-link", "SMS link invitation", 19, 10, 2, 4),
            _row(3, "letter", "Letter invitation", 3, 0, 0, 1),
        ],
    }
    assert list(said["overview"]) == [
        "total_patients", "in_progress", "in_queue", "being_invited", "completed",
        "booked", "declined", "did_not_book", "patient_alert",
    ]  # fmt: skip


def _row(
    number: int, channel: str, name: str, invited: int, booked: int, declined: int, not_booked: int
) -> dict[str, object]:
    return {
        "round": number,
        "channel": channel,
        "name": name,
        "in_queue": 0,
        "being_invited": invited,
        "booked": booked,
        "declined": declined,
        "did_not_book": not_booked,
    }


def test_an_alert_in_a_later_round_left_the_earlier_ones_unbooked_but_not_its_own() -> None:
    histogram = {(2, "patient_alert"): 1}
    assert did_not_book_in(histogram, 1) == 1
    assert round_counts(histogram, 2).did_not_book == 0
    assert overview(histogram)["did_not_book"] == 0


def test_every_number_of_the_page_is_as_long_as_the_list_behind_it() -> None:
    def listed(**query: str) -> int:
        cells = [
            Cell(place, found, status, "any", n)
            for place, ((found, status), n) in enumerate(EXAMPLE.items())
        ]
        return counted(chosen(cells, parse(query), []))

    totals = overview(EXAMPLE)
    assert listed() == totals["total_patients"]
    assert listed(status="in_progress") == totals["in_progress"]
    assert listed(status="completed") == totals["completed"]
    assert listed(status="booked") == totals["booked"]
    assert listed(status="did_not_book") == totals["did_not_book"]
    assert listed(did_not_book_in="1") == 35
    assert listed(status="being_invited", round="2") == 19
    assert listed(status="being_invited", did_not_book_in="1") == 22
    assert listed(status="removed", did_not_book_in="1") == 0
