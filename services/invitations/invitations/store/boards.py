"""Queries of the publisher of free slots."""

from datetime import date, datetime

from invitations.store import SQL
from recall.kit.postgres import Connection


async def take_dirty(connection: Connection, now: datetime) -> list[tuple[str, int]]:
    """The targets to count anew, in order, and how many more are booked; the marks are used up."""
    return [(row[0], row[1]) for row in await connection.fetch(SQL["take_dirty"], now)]


async def lock_board(connection: Connection, target_id: str) -> tuple[int, str, int]:
    """Version and content of what was last published, and how many were booked; locked."""
    await connection.execute(SQL["add_board"], target_id)
    (row,) = await connection.fetch(SQL["lock_board"], target_id)
    return row["version"], row["content"], row["booked"]


async def boards_after(connection: Connection, after: str, most: int) -> list[tuple[str, int, str]]:
    """The next targets' ids, versions and contents as published, held against changes."""
    rows = await connection.fetch(SQL["boards_after"], after, most)
    return [(row["target_id"], row["version"], row["content"]) for row in rows]


async def count_free(
    connection: Connection, target_id: str, now: datetime
) -> tuple[list[tuple[date, int]], datetime | None, datetime | None]:
    """Free slots by day, when the first of them begins, and when the window's last slot begins."""
    rows = await connection.fetch(SQL["count_free"], target_id, now)
    last = await connection.fetchval(SQL["last_slot"], target_id)
    first = rows[0]["first_start"] if rows else None
    return [(row["london_date"], row["free"]) for row in rows], first, last


async def save_board(
    connection: Connection,
    target_id: str,
    *,
    version: int,
    content: str,
    booked: int,
    next_start: datetime | None,
) -> None:
    """Remember what is published of a target."""
    await connection.execute(SQL["save_board"], target_id, version, content, booked, next_start)
