"""Records as they come: each decoded by itself, and those put aside with their reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from recall.kit.codec import Decoder, Event
from recall.kit.reasons import reason_of

UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises: a `msgspec.ValidationError` is one of the first kind."""


class Raw(Protocol):
    """A record as the client hands it over; `timestamp` is the broker's, in milliseconds."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class Record(msgspec.Struct, frozen=True):
    """One decoded record: its event and where it stood."""

    event: Event
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record put aside: as it came, and why."""

    raw: Raw
    reason: str
    detail: str


def decoded(decode: Decoder, raw: Iterable[Raw]) -> tuple[list[Record], list[DeadLetter]]:
    """The good records and the bad ones; null values (tombstones) are in neither list."""
    told = [record for record in raw if record.value is not None]
    try:
        events = decode.all([record.value for record in told if record.value is not None])
    except UNDECODABLE:
        return _decoded_each(decode, told)
    pairs = zip(events, told, strict=True)
    return [Record(event, record.partition, record.offset) for event, record in pairs], []


def _decoded_each(decode: Decoder, told: Iterable[Raw]) -> tuple[list[Record], list[DeadLetter]]:
    """As `decoded`, where a record is bad: each by itself."""
    good: list[Record] = []
    bad: list[DeadLetter] = []
    for record in told:
        try:
            good.append(Record(decode(record.value or b""), record.partition, record.offset))
        except msgspec.ValidationError as error:
            bad.append(DeadLetter(record, "invalid", reason_of(error)))
        except UNDECODABLE as error:
            bad.append(DeadLetter(record, "unreadable", reason_of(error)))
    return good, bad


def runs(before: int, fresh: Sequence[Raw], bad: Sequence[DeadLetter]) -> tuple[int, int]:
    """The longest run of bad records in a row, and the one that has not ended.

    Args:
        before: the run that the batch before left unended.
        fresh: the batch, in the order in which it is folded; null values neither lengthen a run
            nor end it.
        bad: which of them are bad.
    """
    positions = {(letter.raw.partition, letter.raw.offset) for letter in bad}
    longest = run = before
    for record in fresh:
        if (record.partition, record.offset) in positions:
            run += 1
            longest = max(longest, run)
        elif record.value is not None:
            run = 0
    return longest, run
