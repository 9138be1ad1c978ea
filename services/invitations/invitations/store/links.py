"""Queries of the booking page: the invitation behind a link."""

from datetime import date, datetime

import msgspec

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
    appointment_at: datetime | None


async def read_link(connection: Connection, token_hash: bytes) -> Link | None:
    """The invitation of a link's token."""
    row = await connection.fetchrow(SQL["read_link"], token_hash)
    return None if row is None else Link(**dict(row))


async def count_try(connection: Connection, invitation_id: str) -> None:
    """One more wrong date of birth on a link's page."""
    await connection.execute(SQL["count_try"], invitation_id)
