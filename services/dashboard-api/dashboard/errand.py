"""What staff ask for many patients at once: whom they chose, and what became of it.  Pure.

Whom an errand is for is settled when it is confirmed; it is then sent on to ingest in batches.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode

from dashboard.filters import FilterError, Filters, parse
from dashboard.wording import counted, number
from recall.contracts.fields import UUID_PATTERN

Act = Literal["remove", "reprocess"]
ACTS: tuple[Act, ...] = ("remove", "reprocess")

BATCH = 10_000
"""Patients sent on at once."""
MOST_CHOSEN = 500
"""Patients who can be ticked on one page."""
LONGEST_REASON, LONGEST_NAME = 500, 100

REASONS = (
    "Booked by another way",
    "Declined by another way",
    "Vaccinated or seen elsewhere",
    "Moved away or left the practice",
    "Not suitable for this invitation",
    "Uploaded by mistake",
    "Has died",
)
"""Reasons that the removal form suggests."""

_PATIENT = re.compile(UUID_PATTERN[1:-1])
_FILTERS = ("status", "description", "round", "did_not_book_in")


@dataclass(frozen=True)
class Chosen:
    """Whom staff chose: ticked patients, or all that match a filter."""

    filters: Filters
    patients: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Found:
    """Who that is at the moment: how many, with how many appointments to come, some names."""

    patients: int
    standing: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Errand:
    """What is to be done for the chosen; `back` is the query of the list they were chosen on."""

    id: str
    target_id: str
    act: Act
    back: str
    reason: str | None
    actor: str
    asked_at: datetime


def read_chosen(pairs: Sequence[tuple[str, str]]) -> Chosen:
    """Whom a form chose.

    Raises:
        FilterError: nobody is chosen, or the form is not one of ours.
    """
    values = dict(pairs)
    if values.get("nhs_number", "").strip():
        # Left out, it would choose everybody.
        raise FilterError("nhs_number", "Select patients on the list, not by NHS number.")
    filters = parse({name: values.get(name, "") for name in _FILTERS})
    if values.get("whom") == "all":
        return Chosen(filters)
    ticked = [value for name, value in pairs if name == "patient"]
    if not ticked:
        raise FilterError("patient", "Select at least one patient.")
    if len(ticked) > MOST_CHOSEN:
        raise FilterError("patient", f"Select at most {MOST_CHOSEN} patients, or all that match.")
    if not all(_PATIENT.fullmatch(text) for text in ticked):
        raise FilterError("patient", "Select patients from the list.")
    return Chosen(filters, tuple(dict.fromkeys(ticked)))


def hidden(chosen: Chosen) -> list[tuple[str, str]]:
    """The fields that carry a choice from one page to the next."""
    filters = chosen.filters
    found = [(name, getattr(filters, name)) for name in _FILTERS]
    pairs = [(name, str(value)) for name, value in found if value is not None]
    if chosen.patients is None:
        return [*pairs, ("whom", "all")]
    return pairs + [("patient", patient) for patient in chosen.patients]


def query(filters: Filters) -> str:
    """A filter as the query of the list's address."""
    found = {name: getattr(filters, name) for name in _FILTERS}
    return urlencode({name: value for name, value in found.items() if value is not None})


def in_words(filters: Filters, choices: Mapping[str, Any]) -> list[str]:
    """A filter as people read it; empty when it filters nothing.

    Args:
        filters: the filter.
        choices: the words of each choice, as `screens.form` has them.
    """
    found = []
    if filters.status:
        found.append(f"Status: {choices['statuses'][filters.status]}")
    if filters.description:
        found.append(f"Description: {choices['descriptions'][filters.description]}")
    if filters.round is not None:
        found.append(f"Round: {_round(filters.round, choices)}")
    if filters.did_not_book_in is not None:
        found.append(f"Did not book in: {_round(filters.did_not_book_in, choices)}")
    return found


def _round(at: int, choices: Mapping[str, Any]) -> str:
    text: str = choices["rounds"].get(str(at), "before round 1" if at == 0 else f"round {at}")
    return text


def headline(act: str, asked: int, done: int) -> str:
    """What an errand did, in one sentence."""
    patients = counted(done, "patient", "patients")
    was = "was" if done == 1 else "were"
    if act == "remove":
        return f"{patients} {was} removed" if asked else "Nobody was removed"
    return f"{patients} {was} checked again" if asked else "Nobody was checked again"


def rest(act: str, asked: int, done: int) -> str:
    """What became of those whom ingest did not change; empty when there are none."""
    if asked <= done:
        return ""
    others = asked - done
    if act == "remove":
        were = (
            "was not on the target any more" if others == 1 else "were not on the target any more"
        )
        return f"{number(others)} of the {counted(asked, 'patient', 'patients')} chosen {were}."
    return f"{counted(others, 'patient was', 'patients were')} not on the target any more."


def header_text(name: str) -> str:
    """A name as a header can carry it: letters lose what ASCII does not have.

    >>> header_text("Siân Łukasz-Ng")
    'Sian Lukasz-Ng'
    """
    plain = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    return "".join(c for c in plain if c.isascii() and c.isprintable()).strip()


_LETTERS = str.maketrans({"Ł": "L", "ł": "l", "ø": "o", "Ø": "O", "ß": "ss", "đ": "d", "Đ": "D"})
