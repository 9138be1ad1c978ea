"""The tables of errands: (connection, values) → values.  Beside `store`, which has the rest."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from dashboard.cells import Cell, counted
from dashboard.errand import BATCH, Chosen, Errand, Found
from dashboard.views import Row
from recall.kit.postgres import Connection
from recall.kit.sql import queries

SQL = queries("dashboard")

NAMES_SHOWN = 10
COUNT_NO_FURTHER = 10_000
"""Where counting appointments one by one ends: beyond, "more than" is warning enough."""


class Batch(NamedTuple):
    """The next patients to send on, and for what."""

    errand_id: str
    target_id: str
    act: str
    reason: str | None
    actor: str
    batch: int | None


async def find(
    connection: Connection,
    target_id: str,
    cells: Sequence[Cell],
    chosen: Chosen,
    now: datetime,
) -> Found:
    """Who is chosen, before anybody confirms it; within a snapshot."""
    ids = [cell.id for cell in cells]
    if chosen.patients is not None:
        row = await connection.fetchrow(
            SQL["count_by_id"], ids, list(chosen.patients), now, NAMES_SHOWN
        )
        n, standing, names = row or (0, 0, None)
        return Found(n, standing, tuple(names or ()))
    standing = await connection.fetchval(
        SQL["count_standing"], target_id, ids, now, COUNT_NO_FURTHER + 1
    )
    return Found(counted(cells), standing, ())


async def add(
    connection: Connection, errand: Errand, cells: Sequence[Cell], chosen: Chosen
) -> bool:
    """Take an errand down and settle whom it is for; False when it is there already."""
    added = await connection.fetchval(
        SQL["add_errand"],
        errand.id,
        errand.target_id,
        errand.act,
        errand.back,
        errand.reason,
        errand.actor,
        errand.asked_at,
    )
    if added is None:
        return False
    ids = [cell.id for cell in cells]
    if chosen.patients is None:
        status = await connection.execute(SQL["choose_by_cells"], errand.id, ids, BATCH)
    else:
        status = await connection.execute(
            SQL["choose_by_id"], errand.id, ids, list(chosen.patients), BATCH
        )
    await connection.execute(SQL["count_chosen"], errand.id, int(status.rpartition(" ")[2]))
    return True


async def read(connection: Connection, target_id: str, errand_id: str) -> Row | None:
    """An errand and how far it is."""
    row: Row | None = await connection.fetchrow(SQL["read_errand"], target_id, errand_id)
    return row


async def next_batch(connection: Connection) -> Batch | None:
    """What is to be sent next; its batch is None when all of it was answered."""
    row = await connection.fetchrow(SQL["next_errand"])
    return None if row is None else Batch(*row)


async def patients_of(connection: Connection, found: Batch) -> list[str]:
    """The patients of a batch, in the same order each time."""
    rows = await connection.fetch(SQL["read_batch"], found.errand_id, found.batch)
    return [row["patient_id"] for row in rows]


async def close_batch(connection: Connection, found: Batch, done: int) -> None:
    """A batch was answered: so many patients were changed."""
    await connection.execute(SQL["close_batch"], found.errand_id, found.batch, done)


async def note_problem(
    connection: Connection, errand_id: str, problem: str, *, for_good: bool
) -> None:
    """Why an errand waits, or why it ended."""
    state = "refused" if for_good else "sending"
    await connection.execute(SQL["refuse_errand"], errand_id, problem, state)
