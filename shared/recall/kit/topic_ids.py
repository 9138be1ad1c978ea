"""Which topic a name stands for: the broker's own id of it, another one once it is made anew.

By its offsets alone a topic that was deleted and made again cannot be told from the old one as
soon as it has grown past what was read.  The client knows no request that tells ids (Kafka's
Metadata, version 12, KIP-516), so it is described here in the client's own terms.
"""

from collections.abc import Iterable
from io import BytesIO
from typing import Any, Final
from uuid import UUID

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import IncompatibleBrokerVersion
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

METADATA: Final = 3
VERSION: Final = 12
"""The first version whose answer has ids and may be asked by name; Kafka 3.1 and later speak it."""
UUID_BYTES: Final = 16
NO_ID: Final = UUID(int=0)


class TopicId(AbstractType[UUID]):  # type: ignore[misc]  # aiokafka has no types.
    """Sixteen bytes."""

    @classmethod
    def encode(cls, value: UUID) -> bytes:
        """As the wire has it."""
        return value.bytes

    @classmethod
    def decode(cls, data: BytesIO) -> UUID:
        """From the wire."""
        return UUID(bytes=data.read(UUID_BYTES))


class _Answer(Response):  # type: ignore[misc]  # aiokafka has no types.
    API_KEY = METADATA
    API_VERSION = VERSION
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32),
                ("host", CompactString("utf-8")),
                ("port", Int32),
                ("rack", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_id", CompactString("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("name", CompactString("utf-8")),
                ("topic_id", TopicId),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _Question(RequestStruct):  # type: ignore[misc]  # aiokafka has no types.
    FLEXIBLE_VERSION = True
    API_KEY = METADATA
    API_VERSION = VERSION
    RESPONSE_TYPE = _Answer
    SCHEMA = Schema(
        (
            "topics",
            CompactArray(
                ("topic_id", TopicId),
                ("name", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("allow_auto_topic_creation", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _TopicIdsRequest(Request[_Question]):  # type: ignore[misc]  # aiokafka has no types.
    API_KEY = METADATA

    def __init__(self, topics: Iterable[str]) -> None:
        self._topics = list(topics)

    def build(self, request_struct_class: type[Any]) -> Any:
        asked: list[Any] = [(NO_ID, topic, {}) for topic in self._topics]
        return request_struct_class(asked, False, False, {})


async def ask(client: AIOKafkaClient, topics: Iterable[str]) -> dict[str, str]:
    """The id of each topic that there is; none at all from a broker too old to tell.

    Raises:
        KafkaError: the broker does not answer.
    """
    try:
        answer = await client.send(client.get_random_node(), _TopicIdsRequest(topics))
    except (IncompatibleBrokerVersion, NotImplementedError):  # What the client raises of either.
        return {}
    return {name: str(found) for error, name, found, *_ in answer.topics if not error}
