"""Progress events at a steady rate, and how long until an open page shows them."""

import asyncio
import random
import re
import time
from collections import defaultdict
from datetime import UTC, datetime

import httpx

from benchmarks.crowded import CELLS, TARGET, Cell, Crowded, cell_of, moved
from recall.contracts.instants import instant
from recall.contracts.topics import topic_of
from recall.kit.codec import encode, model_of
from recall.kit.publishing import Keyed, Parcel, Publisher

TICK = 0.05
"""Seconds between two publications."""
PROBE_EVERY = 100
"""Every so many events, one is a probe: it alone moves a number that nothing else moves."""
PROBED: Cell = next(cell for cell in CELLS if cell[0] == 3 and cell[1] == "declined")
"""Where probes go.  They come on one partition, in order: the nth is seen when the number is n up."""
PLACES = tuple(
    cell for cell in CELLS if cell[:2] != PROBED[:2] and cell[1] not in {"removed", "patient_alert"}
)
PROBE_STRIDE = 2
SHOWN = re.compile(rf'data-number="rounds\.{PROBED[0]}\.{PROBED[1]}"[^>]*>([0-9,]+)<')
"""The probed number in the parts that an open page is sent."""


class Arriving:
    """Publishes; knows when each probe was sent."""

    def __init__(self, bootstrap: str, crowded: Crowded, rate: float, seed: int) -> None:
        self.sent = 0
        self.sent_at: list[float] = []
        """When each probe was handed to the broker's client."""
        self._publisher = Publisher(bootstrap)
        self._crowded = crowded
        self._rate = rate
        self._draw = random.Random(seed)
        self._next_probe = 0

    async def run(self) -> None:
        """Publish until cancelled; what is late is caught up with."""
        began = time.monotonic()
        try:
            while True:
                due = int((time.monotonic() - began) * self._rate) - self.sent
                if due > 0:
                    await self._publish(due)
                await asyncio.sleep(TICK)
        finally:
            await self._publisher.stop()

    async def _publish(self, count: int) -> None:
        at = instant(datetime.now(UTC))
        by_partition: dict[int, list[Keyed]] = defaultdict(list)
        probes = 0
        for number in range(self.sent, self.sent + count):
            probe = number % PROBE_EVERY == 0
            n, cell = (self._probe(), PROBED) if probe else (self._anybody(), self._somewhere())
            probes += probe
            by_partition[n % self._crowded.partitions].append(_record(n, number + 2, cell, at))
        sent_at = time.monotonic()
        await self._publisher.publish(
            [
                Parcel(partition, "patient-progress", partition, records)
                for partition, records in by_partition.items()
            ]
        )
        self.sent_at += [sent_at] * probes
        self.sent += count

    def _probe(self) -> int:
        """The next patient of partition 0 who is not where probes go; each is taken once."""
        while True:
            n = self._next_probe * self._crowded.partitions * PROBE_STRIDE
            self._next_probe += 1
            if cell_of(n)[:2] != PROBED[:2]:
                return n

    def _anybody(self) -> int:
        """A patient who is no probe and has nothing to do with the probed number."""
        while True:
            n = self._draw.randrange(self._crowded.patients)
            if n % (self._crowded.partitions * PROBE_STRIDE) and cell_of(n)[:2] != PROBED[:2]:
                return n

    def _somewhere(self) -> Cell:
        return self._draw.choice(PLACES)


def _record(n: int, version: int, cell: Cell, at: str) -> Keyed:
    data = moved(n, version, cell, at)
    model = model_of(data)
    assert topic_of(model).name == "patient-progress"
    key = data.patient_id
    value = encode(
        model,
        data,
        event_id=f"{key}/progressed/{version}",
        source="/recall/bench",
        subject=key,
        time=at,
        traceparent=None,
    )
    return key.encode(), value


class Watching:
    """An open page: reads the live stream and notes when the probed number moved."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.seen: list[tuple[float, int]] = []
        """When the stream said which number."""
        self._told = asyncio.Event()

    async def run(self) -> None:
        """Read until cancelled."""
        path = f"/targets/{TARGET}/events"
        async with self._client.stream("GET", path, timeout=None) as answer:
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                found = SHOWN.search(line)
                if found is not None:
                    self.seen.append((time.monotonic(), int(found[1].replace(",", ""))))
                    self._told.set()
                    self._told = asyncio.Event()

    async def next(self) -> None:
        """Wait for the next message."""
        await self._told.wait()

    def delays(self, sent_at: list[float]) -> list[float]:
        """Seconds from each probe's sending to the first message that has it in its number."""
        found: list[float] = []
        base = self.seen[0][1]
        seen = iter(self.seen)
        at, n = next(seen)
        for place, sent in enumerate(sent_at, 1):
            while n < base + place:
                following = next(seen, None)
                if following is None:
                    return found
                at, n = following
            found.append(at - sent)
        return found
