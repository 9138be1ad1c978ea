"""Ingest on real stores: in this process for most tests, as a process of its own to be killed."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition

from ingest.app import create_app
from ingest.settings import Settings
from launcher.ports import LOOPBACK, free_ports
from recall.contracts.topics import TOPICS
from recall.kit.clock import Run, write_run
from recall.kit.codec import Event, decoder
from recall.kit.provision import provision
from support.stores import TestStores, fresh_database

TOKEN = "a-token-for-tests"
ID_KEY = "00112233445566778899aabbccddeeff"
PARTITIONS = 12
TOLD = ("targets", "patients", "patient-requests", "slots")
NOW = datetime(2025, 9, 1, 8, tzinfo=UTC)
SETTLED_WITHIN = 60.0


@dataclass(frozen=True)
class Place:
    """A database of its own in the stores, with the service's settings for it."""

    stores: TestStores
    dsn: str
    folder: Path
    since: Mapping[TopicPartition, int]
    """Where the topics ended when the place was made: what came before is other tests'."""

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.stores.bootstrap,
            "DATABASE_URL": self.dsn,
            "PORT": str(free_ports(1)[0]),
            "TOKEN": TOKEN,
            "ID_KEY": ID_KEY,
            "PARTITIONS": str(PARTITIONS),
            "CLOCK_FILE": str(self.folder / "clock.json"),
            "SCENARIO_FILE": str(self.folder / "scenario.json"),
            "LOG_LEVEL": "warning",
            **more,
        }

    def alert(self, **alerts: str) -> None:
        """What the simulated register will say of numbers, for services started after this."""
        told = {number.removeprefix("n"): code for number, code in alerts.items()}
        (self.folder / "scenario.json").write_text(json.dumps({"register": told}))

    def at(self, moment: datetime) -> None:
        """Let business time stand at a moment."""
        write_run(self.folder / "clock.json", Run(moment, 0.0, 0.0, moment))


async def make_place(stores: TestStores, folder: Path) -> Place:
    """A fresh database with ingest's schema, and the topics."""
    admin = await fresh_database(stores)
    await provision(admin, stores.bootstrap, ["ingest"], stores.role_password, PARTITIONS)
    parts = urlsplit(admin)
    host = parts.netloc.rsplit("@", 1)[-1]
    dsn = urlunsplit(parts._replace(netloc=f"ingest:{stores.role_password}@{host}"))
    place = Place(stores, dsn, folder, await ends_of(stores.bootstrap))
    place.at(NOW)
    place.alert()
    return place


class Ingest:
    """What a client of a running ingest does."""

    def __init__(self, http: httpx.AsyncClient, place: Place) -> None:
        self.http = http
        self.place = place

    async def target(self, **changes: Any) -> str:
        answer = await self.http.post("/v1/targets", json=target_body(**changes))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["target_id"])

    async def upload(self, target: str, content: bytes, **kwargs: Any) -> httpx.Response:
        kwargs.setdefault("headers", {"Content-Type": "text/csv"})
        return await self.http.post(f"/v1/targets/{target}/uploads", content=content, **kwargs)

    async def removed(self, target: str, **body: Any) -> httpx.Response:
        return await self.http.post(f"/v1/targets/{target}/removals", json=body)

    async def until_published(self) -> None:
        async with asyncio.timeout(SETTLED_WITHIN):
            while not (await self.http.get("/settled")).json()["settled"]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def events(self, topic: str, target: str) -> list[Event]:
        """Everything a topic says of a target, once all of it is published."""
        await self.until_published()
        return await events_of(self.place, topic, target)

    async def rows(self, query: str, *values: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.place.dsn)
        try:
            found: list[asyncpg.Record] = await connection.fetch(query, *values)
        finally:
            await connection.close()
        return found


@asynccontextmanager
async def started(place: Place, **more: str) -> AsyncIterator[Ingest]:
    """The service in this process, through its own wiring."""
    with_environment = {name.upper(): value for name, value in more.items()}
    app = create_app(settings_from(place.environment(**with_environment)))
    transport = httpx.ASGITransport(app)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=transport, base_url="http://ingest", headers=headers, timeout=120
        ) as http,
    ):
        await until_ready(http)
        yield Ingest(http, place)


def settings_from(environment: dict[str, str]) -> Settings:
    return Settings(**{name.lower(): value for name, value in environment.items()})  # type: ignore[arg-type]


@asynccontextmanager
async def as_process(place: Place, **more: str) -> AsyncIterator[tuple[Ingest, Callable[[], None]]]:
    """The service as its users start it, and what ends it with SIGKILL."""
    environment = os.environ | place.environment(**more)
    log = (place.folder / "ingest.log").open("ab")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ingest", env=environment, stdout=log, stderr=log
    )
    base = f"http://{LOOPBACK}:{environment['PORT']}"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    try:
        async with httpx.AsyncClient(base_url=base, headers=headers, timeout=120) as http:
            await until_ready(http)
            yield Ingest(http, place), process.kill
    finally:
        log.close()
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def until_ready(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(SETTLED_WITHIN):
        while True:
            try:
                if (await http.get("/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)


async def ends_of(bootstrap: str) -> dict[TopicPartition, int]:
    """Where ingest's topics end."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        return dict(await consumer.end_offsets([p for name in TOLD for p in partitions_of(name)]))
    finally:
        await consumer.stop()


def partitions_of(topic: str) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for number in range(PARTITIONS)]


async def events_of(place: Place, topic: str, target: str) -> list[Event]:
    """All of a topic's records since the place was made that concern a target."""
    decode = decoder(TOPICS[topic].carries)
    return [decode(record.value) for record in await log_of(place, topic, [target])]


async def log_of(place: Place, topic: str, targets: Sequence[str]) -> list[Any]:
    """A topic's records since the place was made that concern targets, each partition in order."""
    marks = [f'"target_id":"{target}"'.encode() for target in targets]
    partitions = partitions_of(topic)
    consumer = AIOKafkaConsumer(bootstrap_servers=place.stores.bootstrap, max_poll_records=5000)
    await consumer.start()
    found: list[Any] = []
    try:
        consumer.assign(partitions)
        for partition in partitions:
            consumer.seek(partition, place.since[partition])
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(p) < ends[p] for p in partitions]):
            for records in (await consumer.getmany(timeout_ms=50)).values():
                found += [r for r in records if any(mark in r.value for mark in marks)]
    finally:
        await consumer.stop()
    return found


@asynccontextmanager
async def held_back(ingest: Ingest) -> AsyncIterator[None]:
    """Nothing is handed on: messages of another writer, that seems alive, wait to get out."""
    await ingest.rows(
        "INSERT INTO outbox (topic, partition, records, record_count, writer, stored_at) "
        "VALUES ('patients', 0, '\\x90', 1000000, 'elsewhere', '2100-01-01')"
    )
    yield
    await ingest.rows("DELETE FROM outbox WHERE writer = 'elsewhere'")


def target_body(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Childhood Immunisations",
        "practice": "A81001",
        "rounds": [{"channel": "sms"}, {"channel": "letter", "respond_within": "P14D"}],
        "booking_window": {"from": "2025-09-15", "to": "2025-09-30"},
    } | changes
