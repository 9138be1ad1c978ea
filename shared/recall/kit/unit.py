"""One unit of work: one transaction, the messages it wants sent, and one reading of the clock."""

import os
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import cast

from recall.contracts.envelope import Data
from recall.contracts.instants import instant
from recall.contracts.topics import Topic, topic_of
from recall.kit.codec import Event, encode, model_of
from recall.kit.kafka import partition_of
from recall.kit.packing import pack, unpacker
from recall.kit.postgres import Connection
from recall.kit.publishing import Keyed, checked

_unpack = unpacker(list[tuple[str, int, list[Keyed]]])


class Unit:
    """What a handler, a loop's step or a request works with until its transaction commits.

    Attributes:
        connection: in the transaction.
        now: business time, read once when the unit began, aware UTC.
        now_text: the same as the wire writes it.
    """

    def __init__(
        self, connection: Connection, now: datetime, *, service: str, partitions: int
    ) -> None:
        self.connection = connection
        self.now = now
        self.now_text = instant(now)
        self.partitions = partitions
        self._source = f"/recall/{service}"
        self._trace = os.urandom(16).hex()
        self._span = os.urandom(8).hex()
        self.outgoing: dict[tuple[str, int], list[Keyed]] = defaultdict(list)
        self.committed: list[Callable[[], None]] = []

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call this once the transaction has committed, for example to wake a loop.

        A crash in between loses the call: it may hasten work, never be what brings it about.
        """
        self.committed.append(callback)

    def emit(
        self,
        data: object,
        version: int | str,
        *,
        what: str | None = None,
        at: str | None = None,
        cause: Event | None = None,
        topic: Topic | None = None,
        partition: int | None = None,
    ) -> str:
        """Send an event when the transaction commits; returns the event's id.

        Args:
            data: a struct of `recall.kit.wire`.
            version: the owner's version of the subject, or a request's command id.
            what: the middle of the event's id; default: the participle of its type.
            at: the business instant at which it happened; default: now.
            cause: the event that brought it about, whose trace it continues.
            topic: needed for the topics of channels only.
            partition: the partition of the key, where the caller knows it; it saves a hash.

        Raises:
            RecordTooLargeError: the broker would refuse the record.
        """
        model = model_of(data)
        where = topic or topic_of(model)
        key = cast("str", getattr(data, where.key))
        subject = cast("str", getattr(data, model.subject_field))
        event_id = f"{subject}/{what or what_of(model)}/{version}"
        value = encode(
            model,
            data,
            event_id=event_id,
            source=self._source,
            subject=subject,
            time=at or self.now_text,
            traceparent=self._traceparent(cause),
        )
        if partition is None:
            partition = partition_of(key, self.partitions)
        self.outgoing[where.name, partition].append(checked(key.encode(), value))
        return event_id

    def set_aside(self) -> bytes:
        """What was emitted so far, packed: this unit sends nothing of it, a later one may."""
        packed = pack([(*where, records) for where, records in self.outgoing.items()])
        self.outgoing.clear()
        return packed

    def take_up(self, packed: bytes) -> None:
        """Send what an earlier unit has set aside."""
        for topic, partition, records in _unpack(packed):
            self.outgoing[topic, partition] += records

    def _traceparent(self, cause: Event | None) -> str:
        """The cause's trace with this unit's span, or a trace of the unit's own."""
        if cause is not None and cause.traceparent is not None:
            return f"{cause.traceparent[:36]}{self._span}-01"
        return f"00-{self._trace}-{self._span}-01"


def what_of(model: type[Data]) -> str:
    """The `what` of an event's id: `recall.patient.progressed.v1` is `progressed`."""
    return model.event_type.split(".")[2]
