"""Slots as practices release them, in JSON or CSV: every row gets a verdict, as patients' do."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from ingest.cells import clean
from ingest.columns import fold

LONDON: Final = ZoneInfo("Europe/London")
PROBLEMS_SHOWN: Final = 100
LONGEST_SLOT: Final = 1440
LONGEST_CLINICIAN: Final = 120

_SLOT_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}")
_MINUTES: Final = re.compile(r"[0-9]{1,4}")
_ISO: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)
_DAY_FIRST: Final = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4}) ([0-9]{2}:[0-9]{2})")
_DELIMITERS: Final = (",", ";", "\t")
_COLUMNS: Final[Mapping[str, str]] = {
    "startsat": "starts_at",
    "start": "starts_at",
    "starttime": "starts_at",
    "minutes": "minutes",
    "duration": "minutes",
    "clinician": "clinician",
    "slotid": "slot_id",
}
_FIELDS: Final = frozenset({"starts_at", "minutes", "clinician", "slot_id"})


class Slot(Struct, frozen=True):
    """A slot to release; `starts_at` is UTC."""

    slot_id: str
    starts_at: datetime
    minutes: int
    clinician: str | None


class SlotProblem(Struct, frozen=True):
    """What is wrong with a slot; rows are as in the sheet, in JSON counted from 1."""

    row: int
    column: str
    code: str
    message: str


class SlotsRefused(Exception):  # noqa: N818 - an answer to the practice, no error of ours.
    """The list as a whole is none."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass
class SlotTally:
    """The verdicts on a list of slots; rows = released + duplicates + rejected."""

    rows: int = 0
    released: int = 0
    duplicates: int = 0
    problems: list[SlotProblem] = field(default_factory=list)
    rejected: int = 0

    def reject(self, problem: SlotProblem) -> None:
        """Count a slot that cannot be released."""
        self.rejected += 1
        self.problems.append(problem)

    def answer(self) -> dict[str, object]:
        """The counts and the first problems."""
        first = sorted(self.problems, key=lambda problem: problem.row)[:PROBLEMS_SHOWN]
        return {
            "rows": self.rows,
            "released": self.released,
            "duplicates": self.duplicates,
            "rejected": self.rejected,
            "problems": [
                {"row": p.row, "column": p.column, "code": p.code, "message": p.message}
                for p in first
            ],
            "problems_total": len(self.problems),
        }


Cells = Mapping[str, object]
"""A slot as it was sent: its fields by name, nothing checked."""


def rows_of_csv(content: bytes) -> Iterator[tuple[int, Cells]]:
    """The rows of a CSV file by column name, numbered as in the sheet.

    Raises:
        SlotsRefused: no text, no header, or a quote that is not closed.
    """
    text = _text_of(content)
    delimiter = max(_DELIMITERS, key=text.partition("\n")[0].count)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True
    )
    try:
        header = [_COLUMNS.get(fold(cell), "") for cell in next(reader, [])]
        _demand_columns(header)
        for row, cells in enumerate(reader, 2):
            if any(clean(cell) for cell in cells):
                yield row, {n: c for n, c in zip(header, cells, strict=False) if n}
    except csv.Error:
        raise SlotsRefused(
            "unterminated_quote", "A quotation mark is not closed properly, or a cell is endless."
        ) from None


def _text_of(content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
        break
    raise SlotsRefused("not_text", "The file is not plain text. Save the list as CSV.")


def _demand_columns(header: Sequence[str]) -> None:
    for name in ("starts_at", "minutes"):
        if header.count(name) != 1:
            raise SlotsRefused(
                "missing_column",
                "The first row must name the columns starts_at and minutes, each once; clinician "
                "and slot_id may be left out.",
            )


def judge_slots(
    target_id: str, rows: Iterable[tuple[int, Cells]]
) -> tuple[list[tuple[int, Slot]], SlotTally]:
    """Give a verdict on every row: the slots that may be released with their rows, and the rest.

    A slot without an id gets one made of its target, time, clinician, and how many of the same
    came before it in the list: the same list again names the same slots.
    """
    tally = SlotTally()
    taken: dict[str, int] = {}
    seen: set[str] = set()
    good: list[tuple[int, Slot]] = []
    for row, cells in rows:
        tally.rows += 1
        slot = _read(target_id, row, cells, taken)
        if isinstance(slot, SlotProblem):
            tally.reject(slot)
        elif slot.slot_id in seen:
            tally.duplicates += 1
        else:
            seen.add(slot.slot_id)
            good.append((row, slot))
    return good, tally


def _read(target_id: str, row: int, cells: Cells, taken: dict[str, int]) -> Slot | SlotProblem:
    """One row's slot, or the first thing wrong with it."""
    unknown = next((name for name in cells if name not in _FIELDS), None)
    if unknown is not None:
        known = "starts_at, minutes, clinician and slot_id"
        return SlotProblem(row, "", "unknown_field", f"A slot has the fields {known} alone.")
    starts_at = _starts_at(row, cells.get("starts_at"))
    if isinstance(starts_at, SlotProblem):
        return starts_at
    minutes = _minutes(row, cells.get("minutes"))
    if isinstance(minutes, SlotProblem):
        return minutes
    clinician = _clinician(row, cells.get("clinician"))
    if isinstance(clinician, SlotProblem):
        return clinician
    slot_id = _slot_id(row, cells.get("slot_id"))
    if isinstance(slot_id, SlotProblem):
        return slot_id
    if slot_id is None:
        slot_id = _derived(target_id, starts_at, clinician, taken)
    return Slot(slot_id, starts_at, minutes, clinician)


def _starts_at(row: int, value: object) -> datetime | SlotProblem:
    """The UTC instant of a time with a zone, or of one on London's clocks."""
    text = clean(value) if isinstance(value, str) else ""
    if not text:
        return SlotProblem(row, "starts_at", "missing_starts_at", "Say when the slot starts.")
    if match := _DAY_FIRST.fullmatch(text):
        day, month, year, time = match.groups()
        text = f"{year}-{month}-{day}T{time}"
    try:
        read = datetime.fromisoformat(text) if _ISO.fullmatch(text) else None
        if read is not None and read.utcoffset() is None:
            read = read.replace(tzinfo=LONDON)
            if read.astimezone(UTC).astimezone(LONDON).replace(tzinfo=None) != read.replace(
                tzinfo=None
            ):
                return SlotProblem(
                    row,
                    "starts_at",
                    "invalid_starts_at",
                    "London's clocks skip this time when summer time begins.",
                )
        starts_at = None if read is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        starts_at = None
    if starts_at is None:
        return SlotProblem(
            row,
            "starts_at",
            "invalid_starts_at",
            "Write the start as 2025-09-15T09:00 (London), 15/09/2025 09:00 (London) or "
            "2025-09-15T08:00:00Z.",
        )
    return starts_at


def _minutes(row: int, value: object) -> int | SlotProblem:
    if isinstance(value, str) and _MINUTES.fullmatch(clean(value)):
        value = int(clean(value))
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LONGEST_SLOT:
        return value
    return SlotProblem(
        row, "minutes", "invalid_minutes", "Give the slot's length in whole minutes, 1 to 1440."
    )


def _clinician(row: int, value: object) -> str | SlotProblem | None:
    if value is None:
        return None
    text = clean(value) if isinstance(value, str) else None
    if text is None or len(text) > LONGEST_CLINICIAN:
        return SlotProblem(
            row, "clinician", "invalid_clinician", "A clinician's name has at most 120 characters."
        )
    return text or None


def _slot_id(row: int, value: object) -> str | SlotProblem | None:
    text = clean(value) if isinstance(value, str) else value
    if text is None or text == "":
        return None
    if isinstance(text, str) and _SLOT_ID.fullmatch(text):
        return text
    return SlotProblem(
        row,
        "slot_id",
        "invalid_slot_id",
        "A slot_id has 1 to 100 letters, digits and the signs _ . : - and begins with a letter or "
        "a digit.",
    )


def _derived(
    target_id: str, starts_at: datetime, clinician: str | None, taken: dict[str, int]
) -> str:
    name = f"{target_id}/{(starts_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)}"
    name += f"/{clinician or ''}"
    ordinal = taken[name] = taken.get(name, 0) + 1
    return f"slot-{blake2b(f'{name}/{ordinal}'.encode(), digest_size=12).hexdigest()}"
