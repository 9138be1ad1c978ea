"""Every number on the target page, from one histogram of (round, status).  Pure.

Rule 1: total = in progress + completed, in progress = in queue + being invited, completed =
booked + declined + did not book + patient alert.  Rule 2: a round's "did not book" is everyone
who left that round unbooked, those who finished there and all who moved on; the overview's counts
only those who finished the whole workflow.  Round 0 is "before round 1"; removed patients are in
no cell.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from recall.contracts.vocabulary import COMPLETED, IN_PROGRESS

Histogram = Mapping[tuple[int, str], int]
"""How many patients are in each round and status."""


class Overview(TypedDict):
    """The two rows of large numbers."""

    total_patients: int
    in_progress: int
    in_queue: int
    being_invited: int
    completed: int
    booked: int
    declined: int
    did_not_book: int
    patient_alert: int


@dataclass(frozen=True)
class RoundCounts:
    """One row of the round breakdown."""

    round: int
    in_queue: int
    being_invited: int
    booked: int
    declined: int
    did_not_book: int


def overview(histogram: Histogram) -> Overview:
    """The totals of a target."""
    by_status = {
        status: sum(n for (_, found), n in histogram.items() if found == status)
        for status in (*IN_PROGRESS, *COMPLETED)
    }
    in_progress = sum(by_status[status] for status in IN_PROGRESS)
    completed = sum(by_status[status] for status in COMPLETED)
    return Overview(
        total_patients=in_progress + completed,
        in_progress=in_progress,
        in_queue=by_status["in_queue"],
        being_invited=by_status["being_invited"],
        completed=completed,
        booked=by_status["booked"],
        declined=by_status["declined"],
        did_not_book=by_status["did_not_book"],
        patient_alert=by_status["patient_alert"],
    )


def did_not_book_in(histogram: Histogram, round_number: int) -> int:
    """Everyone who left a round unbooked: finished there, or moved on to a later one."""
    moved_on = sum(n for (found, _), n in histogram.items() if found > round_number)
    return histogram.get((round_number, "did_not_book"), 0) + moved_on


def round_counts(histogram: Histogram, round_number: int) -> RoundCounts:
    """The row of one round."""
    return RoundCounts(
        round=round_number,
        in_queue=histogram.get((round_number, "in_queue"), 0),
        being_invited=histogram.get((round_number, "being_invited"), 0),
        booked=histogram.get((round_number, "booked"), 0),
        declined=histogram.get((round_number, "declined"), 0),
        did_not_book=did_not_book_in(histogram, round_number),
    )
