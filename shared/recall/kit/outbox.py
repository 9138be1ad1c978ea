"""The outbox: messages are stored with the change they tell of, then published, then deleted.

A crash between commit and publish loses nothing (the relay publishes what is left); a crash
between publish and delete repeats messages, which versions and ids absorb.
"""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import structlog

from recall.kit.clock import Clock
from recall.kit.metrics import Metrics
from recall.kit.packing import pack, unpacker
from recall.kit.postgres import Connection, Pool
from recall.kit.publishing import Keyed, Parcel, Publisher
from recall.kit.reasons import reason_of
from recall.kit.sql import queries
from recall.kit.unit import Unit

log = structlog.get_logger()
SQL = queries("recall.kit")

ORPHAN_SECONDS = 3.0
"""At this age another writer's rows are taken to be left by a crash."""
RELAY_ROWS = 24
"""Rows the relay holds in memory at once: a row is one batch's records for one partition."""

_unpack = unpacker(list[Keyed])

Probe = Callable[[str], None]
"""Called at the named points of a unit's life; tests inject faults there."""


def _no_probe(_point: str) -> None:
    """Outside tests nothing happens at the points of a unit's life."""


def _nobody() -> None:
    """Nobody is told: the relay comes by itself."""


class Outbox:
    """Stores, publishes and deletes the messages of one process."""

    def __init__(
        self,
        *,
        pool: Pool,
        publisher: Publisher,
        clock: Clock,
        metrics: Metrics,
        instance: str,
        partitions: int,
        probe: Probe = _no_probe,
    ) -> None:
        self._pool = pool
        self._publisher = publisher
        self._clock = clock
        self._metrics = metrics
        self._writer = instance
        self._partitions = partitions
        self._probe = probe
        self._publishing: set[int] = set()
        self._published: list[int] = []
        self._forgetting: set[int] = set()
        self.left: Callable[[], None] = _nobody
        """Called when committed rows are left to the relay."""

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Unit]:
        """A transaction whose messages are published once it has committed.

        Returns normally only after the commit.  A message that cannot be published now stays
        for the relay; the unit itself has happened.
        """
        forgotten, self._published = self._published, []
        self._forgetting.update(forgotten)
        parcels: list[Parcel] = []
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                await self._forget(connection, forgotten)
                unit = self._begun(connection)
                yield unit
                parcels = await self._store(connection, unit)
        except BaseException:
            # Also after a commit of unknown result: the relay finds the rows if they are there.
            self._published.extend(forgotten)
            self._publishing.difference_update(parcel.row for parcel in parcels)
            raise
        finally:
            self._forgetting.difference_update(forgotten)
        try:
            self._probe("committed")
            for callback in unit.committed:
                callback()
            await self._publish(parcels)
        finally:
            # Whatever happened, the relay may have what is left of them from here on.
            self._publishing.difference_update(parcel.row for parcel in parcels)

    def _begun(self, connection: Connection) -> Unit:
        service = self._metrics.service
        return Unit(connection, self._clock.now(), service=service, partitions=self._partitions)

    async def relay(self) -> bool:
        """Publish what a crash or an outage left; returns whether there was anything."""
        await self._forget_alone()
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(
                SQL["take_outbox"],
                [*self._publishing, *self._published, *self._forgetting],
                self._writer,
                datetime.now(UTC) - timedelta(seconds=ORPHAN_SECONDS),
                RELAY_ROWS,
            )
            parcels = [
                Parcel(r["id"], r["topic"], r["partition"], _unpack(r["records"]))
                for r in rows
                # A unit may have committed and begun to publish since the question was asked.
                if not self._ours(r["id"])
            ]
            if parcels:
                await self._publisher.publish(parcels)
                self._count(parcels)
                await connection.execute(SQL["delete_outbox"], [p.row for p in parcels])
        return bool(parcels)

    def _ours(self, row: int) -> bool:
        """Whether a row is being published by its unit, or is published and will be deleted."""
        return row in self._publishing or row in self._published or row in self._forgetting

    async def measure(self) -> int:
        """How many messages wait to be published; also tells the metrics."""
        await self._forget_alone()
        async with self._pool.acquire() as connection:
            (row,) = await connection.fetch(SQL["measure_outbox"])
        service = self._metrics.service
        self._metrics.outbox_records.labels(service).set(row["records"])
        age = 0.0 if row["oldest"] is None else time.time() - row["oldest"].timestamp()
        self._metrics.outbox_age_seconds.labels(service).set(max(0.0, age))
        return int(row["records"])

    async def store(self, unit: Unit) -> None:
        """Store a unit's messages so far and let them go from memory; the relay publishes them.

        For units that say more than memory should hold, such as an upload.
        """
        await self._insert(unit.connection, unit)
        unit.outgoing.clear()
        if self.left not in unit.committed:
            unit.after_commit(self.left)

    async def _store(self, connection: Connection, unit: Unit) -> list[Parcel]:
        ids = await self._insert(connection, unit)
        self._publishing.update(ids)
        return [
            Parcel(row, topic, partition, records)
            for row, ((topic, partition), records) in zip(ids, unit.outgoing.items(), strict=True)
        ]

    async def _insert(self, connection: Connection, unit: Unit) -> list[int]:
        """One row per topic and partition, all in one statement."""
        if not unit.outgoing:
            return []
        groups = list(unit.outgoing.items())
        rows = await connection.fetch(
            SQL["add_outbox"],
            [topic for (topic, _), _ in groups],
            [partition for (_, partition), _ in groups],
            [pack(records) for _, records in groups],
            [len(records) for _, records in groups],
            self._writer,
            datetime.now(UTC),
        )
        return [row["id"] for row in rows]

    async def _publish(self, parcels: Sequence[Parcel]) -> None:
        """Publish now; an error leaves the rows to the relay."""
        if not parcels:
            return
        ids = [parcel.row for parcel in parcels]
        try:
            await self._publisher.publish(parcels)
        except Exception as error:  # noqa: BLE001 - the rows are stored: the relay sends them.
            log.warning("publishing is left to the relay", error=reason_of(error), rows=len(ids))
            self.left()
        else:
            self._probe("published")
            self._count(parcels)
            self._published.extend(ids)

    def _count(self, parcels: Sequence[Parcel]) -> None:
        for parcel in parcels:
            self._metrics.published.labels(self._metrics.service, parcel.topic).inc(
                len(parcel.records)
            )

    async def _forget(self, connection: Connection, rows: list[int]) -> None:
        """Delete rows that were published, in the transaction of the next unit."""
        if rows:
            await connection.execute(SQL["delete_outbox"], rows)

    async def _forget_alone(self) -> None:
        """Delete what was published when no further unit comes along to do it."""
        rows, self._published = self._published, []
        if not rows:
            return
        self._forgetting.update(rows)
        try:
            async with self._pool.acquire() as connection:
                await self._forget(connection, rows)
        except BaseException:
            self._published.extend(rows)
            raise
        finally:
            self._forgetting.difference_update(rows)
