"""Cells: what patients of a target have in common, and which of them a filter means.  Pure.

A cell is a (round, status, description) that occurs on a target.  A filter chooses among a few
dozen cells and never among patients, so that a count is the sum of the chosen cells' counts and a
list merges the chosen cells' patients: both follow from the same choice and agree.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dashboard.filters import Filters, Waiting


@dataclass(frozen=True)
class Cell:
    """Patients of one target who share round (0 is "before round 1"), status and description."""

    id: int
    round: int
    status: str
    description: str
    patients: int


def chosen(cells: Iterable[Cell], filters: Filters, queues: Sequence[Waiting]) -> list[Cell]:
    """The cells whose patients match all filters but the NHS number.

    Args:
        cells: of one target.
        filters: what the list shows.
        queues: why the target's queues wait; a queued patient's description is their queue's
            reason where it is known.
    """
    reasons = {queue.round: queue.reason for queue in queues}
    return [cell for cell in cells if _matches(cell, filters, reasons)]


def _matches(cell: Cell, filters: Filters, reasons: dict[int, str]) -> bool:
    return (
        cell.status in filters.statuses
        and filters.round in {None, cell.round}
        and (filters.did_not_book_in is None or _left(cell, filters.did_not_book_in))
        and filters.description in {None, shown_description(cell, reasons)}
    )


def _left(cell: Cell, round_number: int) -> bool:
    """Whether these patients left a round unbooked: finished there, or moved on to a later one."""
    if cell.round == round_number:
        return cell.status == "did_not_book"
    return cell.round > round_number


def shown_description(cell: Cell, reasons: dict[int, str]) -> str:
    """The description people see: a queued patient's is the reason of their round's queue."""
    if cell.status == "in_queue":
        return reasons.get(cell.round, cell.description)
    return cell.description


def counted(cells: Iterable[Cell]) -> int:
    """How many patients are in some cells."""
    return sum(cell.patients for cell in cells)


@dataclass(frozen=True)
class Way:
    """How a page in the order of names or numbers finds those who are in some cells.

    `sorts`: there are few, all are read and sorted.  Else the target is gone through in this order,
    past the others: `passes` so many at most, each looked up, for there are so many in the cells
    that a page is soon full; or, if None, with all who are in the cells kept in memory.
    """

    sorts: bool
    passes: int | None = None


FEW, MANY = 1 / 64, 16
"""Where the costs meet (measured), of patients² / (patients of the target · rows of a page)."""


def way_to(cells: Iterable[Cell], all_cells: Iterable[Cell], rows: int) -> Way:
    """The way that costs least.

    At 1,000,000 patients and pages of 50, up to 900 patients are few and from 28,000 on many.  Many
    who stand together in the order, as when a file came sorted by name, may be further away than
    ten times what is expected: then the page does not fill up.

    >>> among = [Cell(n, 1, "booked", "", n) for n in (500, 9_500, 990_000)]
    >>> [way_to([cell], among, rows=50) for cell in among]
    [Way(sorts=True, passes=None), Way(sorts=False, passes=None), Way(sorts=False, passes=505)]
    """
    patients, everybody = counted(cells), counted(all_cells)
    share = patients**2 / max(1, everybody * rows)
    if share <= FEW:
        return Way(sorts=True)
    return Way(sorts=False, passes=None if share <= MANY else 10 * rows * everybody // patients)
