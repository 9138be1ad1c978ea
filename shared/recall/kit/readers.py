"""How far the readers of topics are behind, by the positions that they tell Kafka.

Whoever has much to say holds back while readers are behind, so that the queues between them stay
short and what somebody else says next is soon read.  Positions are hints, a moment old: enough for
holding back, and nothing depends on them.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import OffsetAndMetadata

from recall.contracts.topics import TOPICS
from recall.kit.kafka import Ends
from recall.kit.reasons import reason_of

log = structlog.get_logger()

LOOK_SECONDS = 0.3
"""How often positions are asked for, at most; as often as they are told."""
ASK_SECONDS = 5.0
PATIENCE = 5.0
"""A reader that has not moved for so long is away: nobody waits for it."""
CATCHING_UP = 10
"""A reader so many times further behind than we would let it be is catching up on other things."""

Reader = tuple[str, str]
"""A service and the topic it reads."""
Position = tuple[int, int]
"""How far a reader is, and how far it could be: offsets summed over the partitions."""


def readers_of(topics: Sequence[str]) -> list[Reader]:
    """Who reads these topics, by the registry."""
    return [(reader, topic) for topic in topics for reader in TOPICS[topic].readers]


class Readers:
    """Asks the broker for the positions of consumer groups."""

    def __init__(self, bootstrap: str, ends: Ends, partitions: int) -> None:
        self._bootstrap = bootstrap
        self._ends = ends
        self._partitions = range(partitions)
        self._admin: AIOKafkaAdminClient | None = None
        self._coordinators: dict[str, int] = {}
        self._starting = asyncio.Lock()

    async def positions(self, readers: Sequence[Reader]) -> dict[Reader, Position]:
        """Where readers are; one that has told nothing yet is left out.

        Raises:
            KafkaError, TimeoutError: the broker does not answer.
        """
        async with asyncio.timeout(ASK_SECONDS):
            try:
                told = [await self._told(f"{service}.{topic}") for service, topic in readers]
            except BaseException:
                self._coordinators.clear()
                raise
            ends = await self._ends.all_ends({topic for _, topic in readers}, self._partitions)
        found = {}
        for (service, topic), positions in zip(readers, told, strict=True):
            known = [
                (at.offset, ends[tp.topic, tp.partition])
                for tp, at in positions.items()
                if at.offset >= 0 and (tp.topic, tp.partition) in ends
            ]
            if known:
                found[service, topic] = (sum(at for at, _ in known), sum(end for _, end in known))
        return found

    async def stop(self) -> None:
        """Close the connection."""
        admin, self._admin = self._admin, None
        if admin is not None:
            await admin.close()

    async def _told(self, group: str) -> Mapping[TopicPartition, OffsetAndMetadata]:
        admin = await self._started()
        if group not in self._coordinators:
            self._coordinators[group] = await admin.find_coordinator(group)
        found: Mapping[TopicPartition, OffsetAndMetadata] = await admin.list_consumer_group_offsets(
            group, self._coordinators[group]
        )
        return found

    async def _started(self) -> AIOKafkaAdminClient:
        async with self._starting:
            if self._admin is None:
                admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
                try:
                    await admin.start()
                except BaseException:
                    await admin.close()
                    raise
                self._admin = admin
            return self._admin


Ask = Callable[[Sequence[Reader]], Awaitable[Mapping[Reader, Position]]]


class Room:
    """How much more may be said before what was said has been read.

    It never stalls: a reader that has stood still for a while is away and not waited for, neither
    is one that is far behind for another reason, and neither is anybody once the broker has not
    said for a while where readers are.
    """

    def __init__(self, whole: int, most: Mapping[str, int]) -> None:
        """Of an empty pipeline `whole` is the room.

        `most` says how many records of each topic behind a reader takes all of it.

        Raises:
            ValueError: one of the topics is not paced.
        """
        self._whole = whole
        self._most = most
        unpaced = [topic for topic in most if not TOPICS[topic].paced]
        if unpaced:
            raise ValueError(f"readers seldom tell how far they are on {unpaced}")
        self._readers = readers_of(list(most))
        self._looked_at = self._answered_at = -LOOK_SECONDS
        self._share = 1.0
        self._taken = 0
        self._moved: dict[Reader, tuple[int, float]] = {}

    async def left(self, ask: Ask) -> int:
        """How many more may go now; looks at the readers now and then."""
        now = time.monotonic()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            before = self._taken
            try:
                found = await ask(self._readers)
            except Exception as error:  # noqa: BLE001 - holding back is a courtesy, not a duty.
                log.warning("readers' positions are not known", error=reason_of(error))
                if now - self._answered_at >= PATIENCE:
                    self._share = 1.0
            else:
                self._answered_at = now
                self._share = self.share(found, now)
            self._taken -= before
        return self.known

    @property
    def known(self) -> int:
        """How many more may go, by the last look at the readers."""
        return max(0, round(self._whole * self._share) - self._taken)

    @property
    def whole(self) -> bool:
        """Whether by the last look no reader was behind, and nobody has gone since."""
        return self.known == self._whole

    @property
    def age(self) -> float:
        """How many seconds ago the readers were looked at."""
        return time.monotonic() - self._looked_at

    def take(self, count: int) -> None:
        """So many were let go; a negative number gives back what was taken and not used."""
        self._taken += count

    def share(self, found: Mapping[Reader, Position], now: float) -> float:
        """The part of the room that the reader who is furthest behind leaves, 0 to 1."""
        share = 1.0
        for reader, (at, end) in found.items():
            behind, most = end - at, self._most[reader[1]]
            # Whoever is behind at first sight is waited for once seen to move.
            before, moved = self._moved.get(reader, (at, now - PATIENCE))
            if before != at or not behind:
                moved = now
            self._moved[reader] = (at, moved)
            if now - moved < PATIENCE and behind <= CATCHING_UP * most:
                share = min(share, 1.0 - behind / most)
        return max(0.0, share)
