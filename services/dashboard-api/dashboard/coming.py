"""Which appointments a list shows: parsing, cursors, days.  Pure; days are London's."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from dashboard.filters import FilterError, decode_cursor, encode_cursor
from recall.contracts.fields import UUID_PATTERN
from recall.contracts.instants import london_midnight

EARLIEST, LATEST = date(1900, 1, 1), date(2200, 1, 1)
LONGEST_CLINICIAN = 200

_PLACE = re.compile(rf"(\S+) ({UUID_PATTERN[1:-1]})")


@dataclass(frozen=True)
class Coming:
    """Which appointments are asked for; None filters nothing.

    Attributes:
        first: the first day.
        last: the last day, which counts too.
        clinician: whose.
        after: a start and a patient; the list begins behind them.
    """

    first: date | None = None
    last: date | None = None
    clinician: str | None = None
    after: tuple[datetime, str] | None = None

    @property
    def begin(self) -> datetime | None:
        """The instant the first day begins."""
        return london_midnight(self.first) if self.first else None

    @property
    def end(self) -> datetime | None:
        """The instant the last day ends."""
        return london_midnight(self.last + timedelta(days=1)) if self.last else None

    @property
    def filters(self) -> bool:
        """Whether anything is left out."""
        return any(given is not None for given in (self.first, self.last, self.clinician))


def parse_coming(values: Mapping[str, str]) -> Coming:
    """The filters of a query string; empty values filter nothing.

    Raises:
        FilterError: a value that cannot be meant.
    """
    given = {name: value.strip() for name, value in values.items() if value.strip()}
    first, last = _day("from", given.get("from")), _day("to", given.get("to"))
    if first and last and first > last:
        raise FilterError("to", "The last day must not be before the first.")
    clinician = given.get("clinician")
    if clinician and (len(clinician) > LONGEST_CLINICIAN or not clinician.isprintable()):
        raise FilterError("clinician", "There is no such clinician.")
    return Coming(first, last, clinician, _place(given.get("cursor")))


def _day(field: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not EARLIEST <= day <= LATEST:
        raise FilterError(field, "Give a day such as 2025-09-15.")
    return day


def place_of(starts_at: datetime, patient_id: str) -> str:
    """A position as an opaque text that is safe in addresses."""
    return encode_cursor(f"{starts_at.astimezone(UTC).isoformat()} {patient_id}")


def _place(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    found = _PLACE.fullmatch(decode_cursor(cursor))
    try:
        if found is not None:
            return datetime.fromisoformat(found[1]).astimezone(UTC), found[2]
    except (ValueError, OverflowError):
        pass
    raise FilterError("cursor", "This cursor is not of this list.")
