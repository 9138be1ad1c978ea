"""Reads and writes of letters and their batches, as `store` does for the rest."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from invitations.places import place_of
from invitations.store import SQL, columns
from recall.kit.postgres import Connection


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A letter whose cut-off has passed; `going`: its invitation is still open."""

    invitation_id: str
    cut_off: datetime
    patient_id: str
    target_id: str
    partition: int
    channel: str
    expires_at: datetime
    going: bool


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch of letters for the print supplier."""

    batch_id: str
    cut_off: datetime
    part: int
    letters: int
    formed_at: datetime


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """So many letters of a target in a batch that have got equally far and ended alike."""

    batch_id: str
    cut_off: datetime
    formed_at: datetime
    state: str
    delivery: str | None
    reason: str | None
    letters: int


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A letter as it is kept; without `content` it still waits for its cut-off."""

    content: bytes | None
    cut_off: datetime
    patient_id: str
    expires_at: datetime


async def add_letters(connection: Connection, ids: Sequence[str], cut_off: datetime) -> None:
    """Have letters wait for their cut-off; one that is known already stays as it is."""
    await connection.execute(SQL["add_letters"], *_places(ids), cut_off)


def _places(ids: Iterable[str]) -> list[list[object]]:
    """Patients and rounds of invitations, as `unnest` takes them."""
    return columns([place_of(one) for one in ids], 2)


async def take_letters(connection: Connection, now: datetime, count: int) -> list[Waiting]:
    """Letters of the first cut-off that has passed, in order, locked."""
    rows = await connection.fetch(SQL["take_letters"], now, count)
    return [Waiting(**dict(row)) for row in rows]


async def delete_letters(connection: Connection, ids: Sequence[str]) -> None:
    """Letters that are not to be printed."""
    await connection.execute(SQL["delete_letters"], *_places(ids))


async def add_batch(
    connection: Connection, day: str, cut_off: datetime, now: datetime, contents: dict[str, bytes]
) -> str:
    """Put letters, by invitation id, into the cut-off's next batch; returns its id."""
    batch_id: str = await connection.fetchval(
        SQL["add_letter_batch"], day, cut_off, len(contents), now
    )
    order = list(range(1, len(contents) + 1))
    await connection.execute(
        SQL["put_letters"], batch_id, *_places(contents), order, list(contents.values())
    )
    return batch_id


async def list_batches(connection: Connection, count: int) -> list[Batch]:
    """The latest batches, latest first."""
    rows = await connection.fetch(SQL["list_letter_batches"], count)
    return [Batch(**dict(row)) for row in rows]


async def list_of_target(connection: Connection, target_id: str, count: int) -> list[Sent]:
    """The latest batches with letters of a target, and how far those have got, latest first."""
    rows = await connection.fetch(SQL["list_target_letters"], target_id, count)
    return [Sent(**dict(row)) for row in rows]


async def count_waiting(connection: Connection, target_id: str | None = None) -> int:
    """How many letters, of a target or of all, wait for their cut-off."""
    return int(await connection.fetchval(SQL["count_waiting_letters"], target_id))


async def read_batch(
    connection: Connection, batch_id: str, target_id: str | None = None
) -> list[tuple[str, bytes]]:
    """Invitation id and content of a batch's letters, in order, of one target alone or of all.

    Empty for an unknown batch.
    """
    rows = await connection.fetch(SQL["read_batch_letters"], batch_id, target_id)
    return [(row["invitation_id"], row["content"]) for row in rows]


async def read_letter(connection: Connection, invitation_id: str) -> Kept | None:
    """A letter, if this invitation has one."""
    row = await connection.fetchrow(SQL["read_letter"], *place_of(invitation_id))
    return None if row is None else Kept(**dict(row))
