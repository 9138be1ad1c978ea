"""The inbox's rows: which record of a partition is folded next, and the records put aside."""

from collections.abc import Sequence
from datetime import UTC, datetime

from recall.kit.kafka import Ends
from recall.kit.postgres import Connection
from recall.kit.records import DeadLetter, Raw
from recall.kit.sql import queries

SQL = queries("recall.kit")


async def lock(
    connection: Connection, topic: str, ends: Ends, partitions: list[int]
) -> dict[int, int]:
    """The stored next offsets, their rows locked; a new partition starts at its begin."""
    found = await _stored(connection, topic, partitions)
    missing = [partition for partition in partitions if partition not in found]
    if not missing:
        return found
    begins = await ends.begins(topic, missing)
    for partition in missing:
        await connection.execute(SQL["add_offset"], topic, partition, begins[partition])
    return await _stored(connection, topic, partitions)


async def _stored(connection: Connection, topic: str, partitions: list[int]) -> dict[int, int]:
    rows = await connection.fetch(SQL["lock_offsets"], topic, partitions)
    return {row["partition"]: row["next_offset"] for row in rows}


async def others(
    connection: Connection, topic: str, partitions: list[int], topic_id: str | None
) -> set[int]:
    """The partitions whose stored offsets are of another topic, since gone, of the same name.

    None for an id: the broker tells none, and nothing is known.
    """
    if topic_id is None:
        return set()
    rows = await connection.fetch(SQL["know_topic"], topic, partitions, topic_id)
    return {row["partition"] for row in rows if row["is_other"]}


async def advance(connection: Connection, topic: str, fresh: Sequence[Raw]) -> None:
    """Store the offsets after the last record of each partition."""
    last = {record.partition: record for record in fresh}
    if last:
        await connection.execute(
            SQL["advance_offsets"],
            topic,
            list(last),
            [record.offset + 1 for record in last.values()],
            [datetime.fromtimestamp(r.timestamp / 1000, UTC) for r in last.values()],
        )


async def put_aside(connection: Connection, topic: str, bad: Sequence[DeadLetter]) -> None:
    """Keep bad records as they came, with the reason."""
    now = datetime.now(UTC)
    await connection.execute(
        SQL["add_dead_letters"],
        [topic] * len(bad),
        [letter.raw.partition for letter in bad],
        [letter.raw.offset for letter in bad],
        [letter.raw.key for letter in bad],
        [letter.raw.value for letter in bad],
        [letter.reason for letter in bad],
        [letter.detail for letter in bad],
        [now] * len(bad),
    )
