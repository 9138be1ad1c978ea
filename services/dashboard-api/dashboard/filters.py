"""Which patients a list shows and in what order: parsing and cursors.  Pure."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from recall.contracts.fields import UUID_PATTERN
from recall.contracts.vocabulary import COMPLETED, DESCRIPTIONS, IN_PROGRESS, STATUSES

Sort = Literal["name", "-name", "nhs_number", "-nhs_number", "updated_at", "-updated_at"]
SORTS: tuple[Sort, ...] = get_args(Sort)

COUNTED = tuple(status for status in STATUSES if status != "removed")
"""The statuses a list shows unless removed patients are asked for."""

GROUPS: dict[str, tuple[str, ...]] = {"in_progress": IN_PROGRESS, "completed": COMPLETED}
"""Words that stand for several statuses, as the overview counts them."""

LARGEST_ROUND = 999

_GAPS = re.compile(r"[\s\u00a0-]+")
_CURSOR = re.compile(rf"^(-?[a-z_]+)/({UUID_PATTERN[1:-1]})/(\d{{1,16}}|)\Z")


class FilterError(ValueError):
    """A filter that no list understands; the message says which and why.

    Attributes:
        field: the parameter's name.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Filters:
    """What a list shows; None filters nothing.  All that are given apply together.

    `nhs_number` is for programs alone, who ask the API: no page has it in its address.
    """

    nhs_number: str | None = None
    status: str | None = None
    description: str | None = None
    round: int | None = None
    did_not_book_in: int | None = None

    @property
    def statuses(self) -> list[str]:
        """The statuses to show.  Removed patients count nowhere: they show only when asked for."""
        if self.did_not_book_in is not None and self.status == "removed":
            return []
        if self.status is not None:
            return list(GROUPS.get(self.status, (self.status,)))
        if self.description == "removed" and self.did_not_book_in is None:
            return ["removed"]
        return list(COUNTED)


@dataclass(frozen=True)
class Waiting:
    """The reason of one round's queue."""

    round: int
    reason: str
    until: datetime | None


@dataclass(frozen=True)
class Place:
    """Where a page of a list begins: after this patient.

    `updated_at` travels in the cursor because it moves; a name or a number never does, they are
    looked up, so that no cursor (and so no address) holds one.
    """

    sort: Sort
    patient_id: str
    updated_at_micros: int | None = None


def parse(values: Mapping[str, str]) -> Filters:
    """The filters of a query string; empty values filter nothing, as an empty field of a form.

    Raises:
        FilterError: a value that cannot be meant.
    """
    given = {name: value.strip() for name, value in values.items() if value.strip()}
    return Filters(
        nhs_number=parse_nhs_number(given["nhs_number"]) if "nhs_number" in given else None,
        status=_listed("status", given.get("status"), (*STATUSES, *GROUPS)),
        description=_listed("description", given.get("description"), DESCRIPTIONS),
        round=_round("round", given.get("round")),
        did_not_book_in=_round("did_not_book_in", given.get("did_not_book_in")),
    )


def parse_nhs_number(text: str) -> str:
    """Ten digits, however they are spaced.

    Raises:
        FilterError: it is none; the message says why and does not repeat it.
    """
    if not text:
        raise FilterError("nhs_number", "Enter an NHS number.")
    digits = _GAPS.sub("", text)
    if not re.fullmatch(r"[0-9]{10}", digits):
        raise FilterError("nhs_number", "An NHS number has 10 digits.")
    return digits


def _listed(field: str, text: str | None, known: tuple[str, ...]) -> str | None:
    if text is not None and text not in known:
        raise FilterError(field, f"There is no such {field}. Known are: {', '.join(known)}.")
    return text


def _round(field: str, text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,3}", text):
        raise FilterError(field, f"A round is a number from 1 to {LARGEST_ROUND}.")
    return int(text)


def parse_sort(text: str | None, default: Sort = "name") -> Sort:
    """The order of a list.

    Raises:
        FilterError: an order that lists do not have.
    """
    if not text:
        return default
    for sort in SORTS:
        if sort == text:
            return sort
    raise FilterError("sort", f"A list sorts by one of: {', '.join(SORTS)}.")


def parse_limit(text: str | None, *, default: int, most: int) -> int:
    """How many rows a page has.

    Raises:
        FilterError: not a number from 1 to the most.
    """
    if not text:
        return default
    if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= most:
        raise FilterError("limit", f"The limit is a number from 1 to {most}.")
    return int(text)


def cursor_of(place: Place) -> str:
    """A place as an opaque text that is safe in addresses."""
    micros = "" if place.updated_at_micros is None else str(place.updated_at_micros)
    return encode_cursor(f"{place.sort}/{place.patient_id}/{micros}")


def parse_cursor(text: str | None, sort: Sort) -> Place | None:
    """The place a cursor of this order means; None for the first page.

    Raises:
        FilterError: not a cursor that this list gave out.
    """
    if not text:
        return None
    match = _CURSOR.match(decode_cursor(text))
    if match is None or match[1] != sort or bool(match[3]) is not sort.endswith("updated_at"):
        raise FilterError("cursor", "This cursor is not of this list. Begin at the first page.")
    return Place(sort, match[2], int(match[3]) if match[3] else None)


def encode_cursor(text: str) -> str:
    """A text as URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(text: str) -> str:
    """The text again; empty for what was never one.

    >>> decode_cursor(encode_cursor("after/this"))
    'after/this'
    """
    try:
        raw = text.encode("ascii")
        return base64.b64decode(raw + b"=" * (-len(raw) % 4), b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        return ""
