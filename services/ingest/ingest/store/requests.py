"""Queries of what staff asked to happen to patients: kept so that it can be told again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from ingest.store import SQL
from recall.kit.postgres import Connection

Asked = Literal["removal", "opt_out"]


class PatientRequest(msgspec.Struct, frozen=True):
    """What was asked for one patient; `place` orders requests as they came."""

    place: int
    what: Asked
    target_id: str
    patient_id: str
    person_id: str
    partition: int
    command_id: str
    actor: str
    reason: str
    requested_at: datetime


async def add(
    connection: Connection,
    patients: Sequence[str],
    what: Asked,
    *,
    command: str,
    actor: str,
    reason: str,
    at: datetime,
) -> None:
    """Keep that something was asked for patients."""
    await connection.execute(
        SQL["add_patient_requests"], patients, what, command, actor, reason, at
    )


async def after(connection: Connection, place: int, most: int) -> list[PatientRequest]:
    """The next requests, as they came."""
    rows = await connection.fetch(SQL["patient_requests_after"], place, most)
    return [
        PatientRequest(**{name: row[name] for name in PatientRequest.__struct_fields__})
        for row in rows
    ]
