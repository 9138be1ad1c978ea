"""The target page in a terminal: a table that moves, expected beside actual, a funnel."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from recall.contracts.instants import LONDON

COLUMNS = ("in_queue", "being_invited", "booked", "declined", "did_not_book")
FUNNEL_WIDTH = 40


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def page(found: Mapping[str, Any]) -> Group:
    """The overview and the round breakdown."""
    at = datetime.fromisoformat(found["as_of"]).astimezone(LONDON)
    overview, slots = found["overview"], found["slots"]
    head = Text(f"{found['target']['name']}   {at:%a %d %b %Y %H:%M}", style="bold")
    first = (
        f"Total {overview['total_patients']}   In progress {overview['in_progress']}   "
        f"Completed {overview['completed']}   Slots available {slots['available']}"
    )
    second = "   ".join(
        f"{_words(name)} {overview[name]}"
        for name in ("booked", "declined", "did_not_book", "patient_alert")
    )
    return Group(head, Text(first), Text(second), rounds(found["rounds"]))


def rounds(found: Sequence[Mapping[str, Any]]) -> Table:
    """One row a round."""
    table = Table(box=None, pad_edge=False)
    table.add_column("Round")
    for name in COLUMNS:
        table.add_column(_words(name), justify="right")
    for row in found:
        table.add_row(f"{row['round']} {row['name']}", *(str(row[name]) for name in COLUMNS))
    return table


def numbers(expected: Any, actual: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Every leaf of what is expected: its path, its value, and what was found there."""
    if isinstance(expected, Mapping):
        for name, value in expected.items():
            inner = actual.get(name) if isinstance(actual, Mapping) else None
            yield from numbers(value, inner, f"{path}.{name}" if path else name)
    elif isinstance(expected, list):
        for place, value in enumerate(expected):
            inner = actual[place] if isinstance(actual, list) and place < len(actual) else None
            yield from numbers(value, inner, f"{path} {place + 1}")
    else:
        yield path, expected, actual


def differences(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> list[str]:
    """What is not as expected, one phrase each."""
    return [
        f"{path}: expected {want}, found {got}"
        for path, want, got in numbers(expected, actual)
        if want != got
    ]


def comparison(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> Table:
    """Expected beside actual, number by number."""
    table = Table(box=None, pad_edge=False)
    table.add_column("Number")
    for title in ("Expected", "Actual", ""):
        table.add_column(title, justify="right")
    for path, want, got in numbers(expected, actual):
        mark = "[green]ok[/]" if want == got else "[red]differs[/]"
        table.add_row(path.replace(".", ": ").replace("_", " "), str(want), str(got), mark)
    return table


def funnel(found: Mapping[str, Any]) -> Group:
    """How many each round reached, and how it ended for them."""
    table = Table(box=None, pad_edge=False)
    for title in ("Round", "Reached", "Booked", "Declined", "Did not book", ""):
        table.add_column(title, justify="left" if title in {"Round", ""} else "right")
    most = max((sum(row[c] for c in COLUMNS) for row in found["rounds"]), default=1) or 1
    for row in found["rounds"]:
        reached = sum(row[name] for name in COLUMNS)
        bar = "█" * round(FUNNEL_WIDTH * reached / most)
        shown = (reached, row["booked"], row["declined"], row["did_not_book"])
        table.add_row(row["name"], *(f"{number:,}" for number in shown), f"[blue]{bar}[/]")
    overview = found["overview"]
    ends = "   ".join(
        f"{_words(name)} {overview[name]:,}"
        for name in ("booked", "declined", "did_not_book", "patient_alert")
    )
    return Group(table, Text(f"Of {overview['total_patients']:,}: {ends}"))
