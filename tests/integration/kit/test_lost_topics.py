"""Provisioning over a Kafka that no longer has what the services have read."""

import asyncpg
import pytest

from recall.contracts.topics import TOPICS
from recall.kit.lost import KafkaLostError
from recall.kit.provision import provision
from support.stores import TestStores, fresh_database

SERVICES = ["ingest", "workflow"]
FAR = 10**12
NOT_THIS_ONE = "00000000-0000-0000-0000-00000000000a"


async def provisioned(stores: TestStores, dsn: str, *, kafka_lost: bool = False) -> list[str]:
    return await provision(
        dsn, stores.bootstrap, SERVICES, stores.role_password, kafka_lost=kafka_lost
    )


async def read(dsn: str, query: str, *values: object) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch(query, *values)]
    finally:
        await connection.close()


async def folded(dsn: str, topic: str, offset: int, topic_id: str | None = None) -> None:
    await read(
        dsn,
        "INSERT INTO workflow.inbox_offsets (topic, partition, next_offset, topic_id)"
        " VALUES ($1, 0, $2, $3)",
        topic,
        offset,
        topic_id,
    )


async def test_nothing_is_lost_where_nothing_was_read_or_all_is_there(stores: TestStores) -> None:
    dsn = await fresh_database(stores)
    assert await provisioned(stores, dsn) == []
    await folded(dsn, "targets", 0, NOT_THIS_ONE)
    assert await provisioned(stores, dsn) == []
    assert await provisioned(stores, dsn, kafka_lost=True) == []
    assert await read(dsn, "SELECT topic FROM workflow.inbox_offsets") == [("targets",)]


@pytest.mark.parametrize(
    ("topic", "offset", "topic_id"),
    [("patients", FAR, None), ("a-topic-of-old", 1, None), ("slots", FAR, NOT_THIS_ONE)],
)
async def test_topics_that_are_gone_are_named_until_somebody_says_that_they_are_lost(
    stores: TestStores, topic: str, offset: int, topic_id: str | None
) -> None:
    dsn = await fresh_database(stores)
    await provisioned(stores, dsn)
    await folded(dsn, topic, offset, topic_id)
    for _ in range(2):
        with pytest.raises(KafkaLostError, match=f"{topic}.*--kafka-lost"):
            await provisioned(stores, dsn)
    assert await provisioned(stores, dsn, kafka_lost=True) == [topic]
    assert await read(dsn, "SELECT topic FROM workflow.inbox_offsets") == []
    for service in SERVICES:
        told = await read(dsn, f"SELECT topic FROM {service}.republications ORDER BY topic")
        assert [name for (name,) in told] == sorted(
            topic.name for topic in TOPICS.values() if topic.writer == service
        )
    assert await provisioned(stores, dsn) == []


async def test_bad_records_of_topics_that_are_gone_leave_their_places_to_new_ones(
    stores: TestStores,
) -> None:
    dsn = await fresh_database(stores)
    await provisioned(stores, dsn)
    await folded(dsn, "patients", FAR)
    bad = (
        "INSERT INTO workflow.dead_letters (topic, partition, record_offset, reason, detail,"
        " stored_at) VALUES ('patients', 0, 0, 'invalid', $1, now())"
    )
    await read(dsn, bad, "the first")
    await provisioned(stores, dsn, kafka_lost=True)
    await read(dsn, bad, "the second")
    kept = await read(dsn, "SELECT topic, detail FROM workflow.dead_letters ORDER BY detail")
    assert [detail for _, detail in kept] == ["the first", "the second"]
    assert str(kept[0][0]).startswith("patients until 20")
