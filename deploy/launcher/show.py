"""Tables for a terminal."""

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from launcher.observe import ProcessState, TopicLag

OUT = Console(highlight=False, soft_wrap=True)
ERRORS = Console(stderr=True, highlight=False, soft_wrap=True)

_COLOURS = {"ready": "green", "not ready": "yellow", "down": "red"}


def say(text: str) -> None:
    """Progress, on standard error: standard output belongs to results."""
    ERRORS.print(text, markup=False)


def as_json(value: Any) -> None:
    """A result for programs."""
    print(json.dumps(value, indent=2))


def states(found: Sequence[ProcessState]) -> Table:
    """One row a process."""
    table = Table(box=None, pad_edge=False)
    for title in ("process", "state"):
        table.add_column(title)
    for title in ("pid", "up", "restarts", "memory"):
        table.add_column(title, justify="right")
    table.add_column("where", overflow="fold")
    for one in found:
        table.add_row(
            one.name,
            f"[{_COLOURS[one.state]}]{one.state}[/]",
            str(one.pid or "-"),
            "-" if one.up_seconds is None else duration(one.up_seconds),
            str(one.restarts),
            "-" if one.memory_mb is None else f"{one.memory_mb:.0f} MB",
            one.where,
        )
    return table


def lags(found: Sequence[TopicLag], silent: Sequence[str]) -> Table:
    """One row a service and topic; what is behind or dead stands out."""
    table = Table(box=None, pad_edge=False)
    for title in ("service", "topic", "lag", "seconds", "partitions", "dead letters"):
        table.add_column(
            title, justify="right" if title in {"lag", "seconds", "partitions"} else "left"
        )
    for one in found:
        dead = ", ".join(f"{count} {reason}" for reason, count in sorted(one.dead_letters.items()))
        behind = "yellow" if one.records else "default"
        table.add_row(
            one.service,
            one.topic,
            f"[{behind}]{one.records:,}[/]",
            f"{one.seconds:.1f}",
            str(one.partitions),
            f"[red]{dead}[/]" if dead else "none",
        )
    for name in silent:
        table.add_row(name, "[red]does not answer[/]", "", "", "", "")
    return table


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    whole = int(seconds)
    if whole < 60:  # noqa: PLR2004 - a minute
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
