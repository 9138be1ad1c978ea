"""Queries of the simulated phone: the texts that made-up patients got and sent."""

from collections.abc import Iterable, Sequence

import msgspec

from invitations.phone import Sent, Thread
from invitations.store import SQL, columns
from recall.kit.postgres import Connection


class Phone(msgspec.Struct, frozen=True):
    """A made-up patient whose phone can be looked at."""

    patient_id: str
    first_name: str | None
    last_name: str | None
    nhs_number: str
    target: str


async def add_sent(connection: Connection, texts: Sequence[Sent]) -> None:
    """Keep texts to be looked at."""
    rows = [(t.invitation_id, t.kind, t.body, t.sent_at) for t in texts]
    await connection.execute(SQL["add_sent_texts"], *columns(rows, 4))


async def prune(connection: Connection, most: int) -> None:
    """Forget all but the latest texts."""
    await connection.execute(SQL["prune_sent_texts"], most)


async def find_phones(connection: Connection, number: str, most: int) -> list[Phone]:
    """The patients with an NHS number or a mobile, which may be their carer's."""
    rows = await connection.fetch(SQL["find_phones"], number, most)
    return [Phone(*row.values()) for row in rows]


async def read_threads(connection: Connection, patient_id: str) -> list[Thread]:
    """A patient's invitations by text, in the order of rounds."""
    rows = await connection.fetch(SQL["read_threads"], patient_id)
    return [Thread(*row.values()) for row in rows]


async def read_sent(connection: Connection, ids: Iterable[str]) -> list[Sent]:
    """The texts about invitations that were kept, in the order in which they went out."""
    rows = await connection.fetch(SQL["read_sent_texts"], list(ids))
    return [Sent(*row.values()) for row in rows]


async def drop_acts(connection: Connection, patient_id: str) -> None:
    """Have nothing made up for a patient for whom a person answers."""
    await connection.execute(SQL["drop_acts"], patient_id)


async def reply_folded(connection: Connection, invitation_id: str, report_id: str) -> bool:
    """Whether a reply has come back through its topic."""
    return bool(await connection.fetchval(SQL["reply_folded"], invitation_id, report_id))
