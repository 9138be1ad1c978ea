"""Queries of the booking page: the invitation behind a link or a code, and its tries."""

from datetime import date, datetime

import msgspec

from invitations.places import place_of
from invitations.store import SQL
from recall.kit.postgres import Connection


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """The invitation behind a link, with what its page needs."""

    invitation_id: str
    patient_id: str
    target_id: str
    state: str
    expires_at: datetime
    link_tries: int
    date_of_birth: date
    target: str
    practice: str
    removed: bool
    appointment_at: datetime | None


async def find_openings(connection: Connection, opening: int) -> list[str]:
    """The ids of the invitations that a code or a link may open."""
    return [row["invitation_id"] for row in await connection.fetch(SQL["find_openings"], opening)]


async def read_link(connection: Connection, invitation_id: str) -> Link | None:
    """The invitation behind a link."""
    row = await connection.fetchrow(SQL["read_link"], *place_of(invitation_id))
    return None if row is None else Link(**dict(row))


async def take_try(connection: Connection, invitation_id: str, most: int) -> int | None:
    """Use one try of a link's date of birth; how many have been used, None if none was left.

    Tries at the same moment wait for each other here, so that none is got for nothing.
    """
    used: int | None = await connection.fetchval(SQL["take_try"], *place_of(invitation_id), most)
    return used


async def give_tries_back(connection: Connection, invitation_id: str) -> None:
    """The right date of birth: the link has all its tries again."""
    await connection.execute(SQL["give_tries_back"], *place_of(invitation_id))


async def take_code_try(
    connection: Connection, address: bytes, now: datetime, since: datetime, most: int
) -> bool:
    """Use one of an address's tries of codes; False if none is left."""
    return bool(await connection.fetchval(SQL["take_code_try"], address, now, since, most))


async def give_code_try_back(connection: Connection, address: bytes, tried_at: datetime) -> None:
    """The code was right: the try does not count."""
    await connection.execute(SQL["give_code_try_back"], address, tried_at)


async def prune_code_tries(connection: Connection, since: datetime) -> None:
    """Forget addresses that have tried nothing since."""
    await connection.execute(SQL["prune_code_tries"], since)
