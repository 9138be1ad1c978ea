"""What topics are made with, which partition a key has, and what queries are called."""

import pytest
from aiokafka.partitioner import murmur2

from recall.contracts.topics import TOPICS
from recall.kit.kafka import MAX_RECORD_BYTES, _config, partition_of
from recall.kit.publishing import RecordTooLargeError, checked
from recall.kit.sql import queries


@pytest.mark.parametrize(
    ("key", "partition"),
    # As Kafka's own producer places them on 1,000 partitions: its tests' hashes by murmur2.
    [
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        ("abc", 479470107),
    ],
)
def test_a_key_has_the_partition_that_every_client_gives_it(key: str, partition: int) -> None:
    assert partition_of(key, 1000) == (partition & 0x7FFFFFFF) % 1000


def test_keys_of_any_length_are_placed_as_the_client_places_them() -> None:
    for length in range(70):
        key = "Ünïcödé and 0123456789 " * 4
        assert (
            partition_of(key[:length], 997) == (murmur2(key[:length].encode()) & 0x7FFFFFFF) % 997
        )


def test_every_record_bears_the_brokers_time_and_no_compression_that_we_cannot_read() -> None:
    for topic in TOPICS.values():
        assert _config(topic)["message.timestamp.type"] == "LogAppendTime"
        assert _config(topic)["compression.type"] == "uncompressed"


def test_a_topic_is_compacted_or_kept_for_its_days() -> None:
    assert _config(TOPICS["patients"])["cleanup.policy"] == "compact"
    slots = _config(TOPICS["slots"])
    assert (slots["cleanup.policy"], slots["retention.ms"]) == ("delete", "2592000000")


def test_a_record_is_as_large_as_the_broker_takes() -> None:
    key = b"key"
    assert checked(key, b"x" * (MAX_RECORD_BYTES - 3))[0] == key
    with pytest.raises(RecordTooLargeError):
        checked(key, b"x" * (MAX_RECORD_BYTES - 2))


def test_a_query_is_called_like_its_file() -> None:
    found = queries("recall.kit")
    assert found["delete_outbox"].startswith("-- $1 ids of rows")
    assert queries("recall.kit") is found
    with pytest.raises(TypeError):
        found["delete_outbox"] = ""  # type: ignore[index]


def test_a_query_that_is_not_there_is_missed_at_once() -> None:
    with pytest.raises(KeyError):
        queries("recall.kit")["no_such_query"]
