"""Queries of what simulated channels will report."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from invitations.store import SQL
from recall.kit.postgres import Connection


class Act(msgspec.Struct, frozen=True, gc=False):
    """One thing a simulated channel will report."""

    due_at: datetime
    partition: int
    patient_id: str
    round: int
    target_id: str
    channel: str
    kind: str
    said: str

    @property
    def invitation_id(self) -> str:
        """The invitation that it is about."""
        return f"{self.patient_id}.{self.round}"


async def add(connection: Connection, acts: Sequence[Act]) -> None:
    """Store what simulated channels will report."""
    await connection.copy_records_to_table(
        "simulated_acts",
        columns=Act.__struct_fields__,
        records=[msgspec.structs.astuple(act) for act in acts],
    )


async def take(connection: Connection, now: datetime, count: int) -> list[tuple[int, Act]]:
    """The due acts with their ids, in order of time; they are used up."""
    rows = await connection.fetch(SQL["take_acts"], now, count)
    found = []
    for number, due_at, partition, patient, *rest in rows:
        found.append((number, Act(due_at, partition, str(patient), *rest)))
    return sorted(found, key=lambda one: (one[1].due_at, one[0]))
