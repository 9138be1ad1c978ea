"""Topics that were lost: the services have read from them, and the broker no longer has them.

PostgreSQL holds all state, so that Kafka's data may be lost without a patient being lost; but the
stored offsets are of topics that are gone, and records of new ones would pass for already folded.
So nothing is made anew in silence: provisioning refuses until an operator says that Kafka's data
are lost.  Then the offsets are forgotten, and each owner tells again what stands in its tables.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import asyncpg

from recall.contracts.topics import TOPICS
from recall.kit.kafka import Ends
from recall.kit.sql import queries

SQL = queries("recall.kit")

KAFKA_LOST = 3
"""The exit status of provisioning that found topics lost and was not told so."""

Position = tuple[int, str | None]
"""A stored offset and the id of the topic that it is of, if it is known."""


class KafkaLostError(Exception):
    """Topics are gone that services have read from: an operator has to say that they are lost."""

    def __init__(self, topics: Sequence[str]) -> None:
        super().__init__(
            f"Services have read from topics that Kafka no longer has, or has made anew: "
            f"{', '.join(topics)}. If Kafka's data are lost, begin anew with --kafka-lost; "
            "PostgreSQL has all that matters. If this is another Kafka, name the right one."
        )
        self.topics = topics


async def stored_positions(
    connection: asyncpg.Connection, services: Sequence[str]
) -> dict[tuple[str, int], list[Position]]:
    """What the services have read, by topic and partition; partitions never read are left out."""
    found: dict[tuple[str, int], list[Position]] = {}
    for service in services:
        async with connection.transaction():
            await _look_into(connection, service)
            for row in await connection.fetch(SQL["read_offsets"]):
                if row["next_offset"]:
                    place = (row["topic"], row["partition"])
                    found.setdefault(place, []).append((row["next_offset"], row["topic_id"]))
    return found


async def lost_topics(
    bootstrap: str, positions: Mapping[tuple[str, int], Sequence[Position]]
) -> list[str]:
    """The topics that are missing, end before what was read of them, or are others by now.

    Raises:
        KafkaError: the broker does not answer.
    """
    if not positions:
        return []
    ends = Ends(bootstrap)
    try:
        read = {topic for topic, _ in positions}
        there = read & await ends.there()
        ids = await ends.ids(there)
        partitions = {partition for _, partition in positions}
        found = await ends.all_ends(there, partitions)
    finally:
        await ends.stop()
    return sorted(
        {
            topic
            for (topic, partition), stored in positions.items()
            for offset, topic_id in stored
            if topic not in there
            or found.get((topic, partition), 0) < offset
            or (topic_id is not None and ids.get(topic, topic_id) != topic_id)
        }
    )


async def begin_anew(
    connection: asyncpg.Connection, services: Sequence[str], topics: Sequence[str]
) -> None:
    """Forget what was read of the topics, and have all owners tell all again: in one transaction.

    All topics, since what was written to one that nobody had read from yet is lost, too.  Should
    it end before the topics are made, the next one finds nothing read of them and makes them.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    async with connection.transaction():
        for service in services:
            await _look_into(connection, service)
            await connection.execute(SQL["forget_offsets"], topics)
            await connection.execute(SQL["rename_dead_letters"], topics, now)
            own = [topic.name for topic in TOPICS.values() if topic.writer == service]
            await connection.execute(SQL["begin_republication"], own)


async def _look_into(connection: asyncpg.Connection, service: str) -> None:
    """Let the kit's queries find this service's tables, until the transaction ends."""
    await connection.execute(SQL["look_into"], service)
