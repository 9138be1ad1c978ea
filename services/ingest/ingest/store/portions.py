"""Queries of portions: patients who are stored and wait to be handed on."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

import msgspec

from ingest.store import SQL
from recall.kit.postgres import Connection


class Portion(msgspec.Struct, frozen=True):
    """A turn's patients: what will be told of them, and how many they are."""

    records: bytes
    patients: int


class Waiting(msgspec.Struct, frozen=True):
    """What waits of a target; `oldest` is the machine time since when."""

    target_id: str
    practice: str
    portions: int
    patients: int
    oldest: datetime


async def add_portions(
    connection: Connection,
    target_id: str,
    practice: str,
    portions: Sequence[Portion],
    at: datetime,
) -> None:
    """Let portions wait, in order."""
    records, patients = [p.records for p in portions], [p.patients for p in portions]
    await connection.execute(SQL["add_portions"], target_id, practice, records, patients, at)


async def read_portions(connection: Connection) -> list[Waiting]:
    """Which targets have patients waiting, who waits longest first."""
    return [Waiting(*row) for row in await connection.fetch(SQL["read_portions"])]


async def take_portions(
    connection: Connection, turns: Mapping[str, int]
) -> list[tuple[str, Portion]]:
    """So many portions of each target, the oldest first; they wait no more."""
    rows = await connection.fetch(SQL["take_portions"], list(turns), list(turns.values()))
    rows.sort(key=lambda row: cast("int", row["portion_id"]))
    return [(row["target_id"], Portion(row["records"], row["patients"])) for row in rows]


async def count_waiting(connection: Connection, practice: str | None = None) -> int:
    """How many patients wait, of all practices or of one."""
    if practice is None:
        return cast("int", await connection.fetchval(SQL["count_portions"]))
    return cast("int", await connection.fetchval(SQL["count_practice_portions"], practice))
