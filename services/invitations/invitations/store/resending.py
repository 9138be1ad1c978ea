"""Queries of invitations that go out again after a temporary failure."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from invitations.store import SQL, columns
from recall.kit.postgres import Connection


class Resending(msgspec.Struct, frozen=True):
    """How often an invitation was sent, and when it goes out again; None: it is under way.

    `report_id` is the failure heard last, by which a repeat of it is known.
    """

    invitation_id: str
    partition: int
    attempt: int
    report_id: str
    due_at: datetime | None


async def read(
    connection: Connection, ids: Iterable[str]
) -> dict[str, tuple[int, str, datetime | None]]:
    """Attempt, report id and due time of invitations that met a temporary failure before."""
    rows = await connection.fetch(SQL["read_resendings"], list(ids))
    return {r["invitation_id"]: (r["attempt"], r["report_id"], r["due_at"]) for r in rows}


async def save(connection: Connection, found: Sequence[Resending]) -> None:
    """Keep when invitations go out again."""
    rows = [msgspec.structs.astuple(one) for one in sorted(found, key=lambda r: r.invitation_id)]
    await connection.execute(SQL["save_resendings"], *columns(rows, 5))


async def take(connection: Connection, now: datetime, count: int) -> dict[str, int]:
    """The invitations that go out again now, each with the number of the attempt."""
    rows = await connection.fetch(SQL["take_resendings"], now, count)
    return {row["invitation_id"]: row["attempt"] for row in rows}
