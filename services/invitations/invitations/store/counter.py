"""Queries of what staff do: answers taken by phone, and the replies that need a person."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from invitations.answers import Slot
from invitations.phone import Wrote
from invitations.store import SQL
from recall.kit.postgres import Connection


class Direct(msgspec.Struct, frozen=True):
    """What staff took from a patient who had no open invitation.

    `said` counts the events about a patient who never had one; `declined_at` is None unless the
    last word was a no.
    """

    said: int = 0
    declined_at: datetime | None = None
    actor: str = ""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """An open invitation whose replies need a person."""

    invitation_id: str
    patient_id: str
    round: int
    channel: str
    expires_at: datetime
    offer: tuple[str | None, str | None, str | None]
    nhs_number: str
    name: str


async def hold_dispatches(connection: Connection, partition: int) -> None:
    """Until this transaction ends, no invitation is made for patients of this partition."""
    await connection.fetch(SQL["hold_dispatches"], partition)


async def read_direct(connection: Connection, patient_id: str) -> Direct:
    """What staff took from a patient so far."""
    row = await connection.fetchrow(SQL["read_direct_answer"], patient_id)
    return Direct(*row.values()) if row else Direct()


async def read_declines(
    connection: Connection, patients: Iterable[str]
) -> dict[str, tuple[datetime, str]]:
    """When patients declined by phone, and to whom; the others are absent."""
    rows = await connection.fetch(SQL["read_direct_declines"], list(patients))
    return {row["patient_id"]: (row["declined_at"], row["actor"]) for row in rows}


async def save_direct(connection: Connection, patient_id: str, direct: Direct) -> None:
    """Keep what staff took."""
    await connection.execute(
        SQL["save_direct_answer"], patient_id, direct.said, direct.declined_at, direct.actor
    )


async def list_waiting(connection: Connection, target_id: str, limit: int) -> list[Waiting]:
    """The replies of a target that need a person, the longest waiting first."""
    rows = await connection.fetch(SQL["list_replies"], target_id, limit)
    return [
        Waiting(
            invitation_id=row["invitation_id"],
            patient_id=row["patient_id"],
            round=row["round"],
            channel=row["channel"],
            expires_at=row["expires_at"],
            offer=(row["offer_a"], row["offer_b"], row["offer_c"]),
            nhs_number=row["nhs_number"],
            name=" ".join(part for part in (row["first_name"], row["last_name"]) if part),
        )
        for row in rows
    ]


async def count_waiting(connection: Connection, target_id: str) -> int:
    """How many replies of a target need a person."""
    return int(await connection.fetchval(SQL["count_replies"], target_id))


async def read_replies(connection: Connection, ids: Iterable[str]) -> dict[str, list[Wrote]]:
    """What patients wrote, by invitation, in order of time."""
    rows = await connection.fetch(SQL["read_replies"], list(ids))
    found: dict[str, list[Wrote]] = {}
    for row in rows:
        wrote = Wrote(row["said"], row["meaning"], row["received_at"])
        found.setdefault(row["invitation_id"], []).append(wrote)
    return found


async def read_slots(
    connection: Connection, target_id: str, ids: Sequence[str], now: datetime
) -> dict[str, Slot]:
    """Slots of a target by id, as they stand; unknown ones are absent."""
    rows = await connection.fetch(SQL["read_slots"], target_id, list(ids), now)
    return {row["slot_id"]: Slot(**dict(row)) for row in rows}
