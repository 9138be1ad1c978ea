"""What became of a file of patients, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.wording import counted, full_time
from recall.contracts.instants import moment

Answer = Mapping[str, Any]
"""Ingest's answer to an upload."""


@dataclass(frozen=True)
class Figure:
    """A number of rows with what it means."""

    label: str
    n: int
    meaning: str


def headline(answer: Answer) -> str:
    """What the file came to, in a sentence."""
    taken = answer["enrolled"] + answer["alerts"]
    rows = counted(answer["rows"], "row", "rows")
    if not taken and not answer["rejected"]:
        return f"{rows} read: all of these patients are on the target already"
    return f"{rows} read: {counted(taken, 'patient', 'patients')} added to the target"


def figures(answer: Answer) -> list[Figure]:
    """Every row in one of four groups."""
    return [
        Figure("Enrolled", answer["enrolled"], "In the queue to be invited."),
        Figure(
            "Patient alerts",
            answer["alerts"],
            "On the target, but cannot be invited until you look at them.",
        ),
        Figure("Duplicates", answer["duplicates"], "On the target already, or twice in the file."),
        Figure("Rejected", answer["rejected"], "Could not be read. Nobody was added for them."),
    ]


def problems_title(answer: Answer) -> str:
    """How many problems are shown of how many there are."""
    shown, total = len(answer["problems"]), answer["problems_total"]
    if shown < total:
        return f"The first {shown} of {counted(total, 'problem', 'problems')}"
    return counted(total, "problem", "problems")


def past_upload(answer: Answer) -> dict[str, Any]:
    """An upload in the list of a target's uploads."""
    return {
        "id": answer["upload_id"],
        "at": full_time(moment(answer["uploaded_at"])),
        **{name: answer[name] for name in ("rows", "enrolled", "alerts", "duplicates", "rejected")},
    }
