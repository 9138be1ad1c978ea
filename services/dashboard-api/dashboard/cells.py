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


def are_few(cells: Iterable[Cell], all_cells: Iterable[Cell], rows: int) -> bool:
    """Whether reading everybody in some cells costs less than looking for a page of them.

    Whoever goes through a target in the order of names passes, for each row of the page, about as
    many as there are patients to one in the cells.

    >>> among = [Cell(1, 1, "booked", "", 999_000), Cell(2, 1, "declined", "", 1_000)]
    >>> are_few(among[1:], among, rows=50), are_few(among[:1], among, rows=50)
    (True, False)
    """
    patients = counted(cells)
    return patients**2 <= counted(all_cells) * rows
