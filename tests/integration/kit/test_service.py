"""The shell of every service: it boots late, says what ails it, settles and stops."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pytest

from recall.contracts import topics
from recall.kit.consuming import Batch
from recall.kit.migrating import migrate
from recall.kit.service import Service
from recall.kit.settings import ServiceSettings
from support.stores import TestStores, fresh_database, unique_name
from support.toy import (
    PARTITIONS,
    Given,
    Place,
    feed,
    given,
    new_place,
    slot,
    until,
)

TOKEN = "a token of the tests"
AUTHORISED = {"Authorization": f"Bearer {TOKEN}"}


@dataclass
class Shell:
    """A service in this process, and a client of its HTTP side."""

    service: Service
    client: httpx.AsyncClient

    async def ask(self, path: str, **asked: Any) -> httpx.Response:
        return await self.client.get(path, **asked)

    async def ready(self) -> bool:
        return (await self.ask("/readyz")).status_code == 200

    async def settled(self) -> bool:
        answer = await self.ask("/settled", headers=AUTHORISED)
        return answer.status_code == 200 and answer.json()["settled"] is True


@pytest.fixture
async def place(stores: TestStores) -> AsyncIterator[Place]:
    made = await new_place(stores)
    topics.TOPICS[made.incoming.name] = made.incoming
    yield made
    del topics.TOPICS[made.incoming.name]


@asynccontextmanager
async def serving(place: Place, folded: list[Any], **given_settings: Any) -> AsyncIterator[Shell]:
    async def on_slots(batch: Batch) -> None:
        folded.extend(record.event.data for record in batch.records)

    settings = ServiceSettings(
        kafka_bootstrap_servers=place.bootstrap,
        database_url=place.dsn,
        port=1,
        token=TOKEN,
        partitions=PARTITIONS,
        **given_settings,
    )
    service = Service(unique_name("shell"), settings)
    service.reads(place.incoming.name, on_slots)
    app = service.app([])
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://shell") as client,
    ):
        yield Shell(service, client)


async def test_a_service_folds_is_settled_and_says_so(place: Place) -> None:
    slots = [slot(n, n % 2) for n in range(20)]
    folded: list[Any] = []
    async with serving(place, folded) as shell:
        assert (await shell.ask("/livez")).status_code == 200
        await until(shell.ready)
        await feed(place, given(slots))
        await until(lambda: len(folded) == 20)
        await until(shell.settled)
        assert {data.slot_id for data in folded} == {data.slot_id for data in slots}
        metrics = (await shell.ask("/metrics")).text
        assert f'recall_records_folded_total{{service="{shell.service.name}"' in metrics
        assert (await shell.ask("/version")).json()["service"] == shell.service.name
        assert (await shell.ask("/settled")).status_code == 401


async def test_what_a_service_folded_it_does_not_fold_again(place: Place) -> None:
    folded: list[Any] = []
    await feed(place, given([slot(1)]))
    async with serving(place, folded) as shell:
        await until(shell.ready)
        await until(shell.settled)
    async with serving(place, folded) as shell:
        await until(shell.ready)
        await until(shell.settled)
    assert folded == [slot(1)]


async def test_a_service_waits_for_its_tables(stores: TestStores, place: Place) -> None:
    empty = Place(
        place.bootstrap, await fresh_database(stores), place.incoming, place.outgoing, place.group
    )
    folded: list[Any] = []
    await feed(place, given([slot(1)]))
    async with serving(empty, folded) as shell:
        trouble = await until(lambda: "waiting for the database" in str(shell.service.trouble))
        assert trouble
        answer = await shell.ask("/readyz")
        assert (answer.status_code, answer.json()["ready"]) == (503, False)
        assert (await shell.ask("/settled", headers=AUTHORISED)).json()["code"] == "starting"
        connection = await asyncpg.connect(empty.dsn)
        try:
            await migrate(connection, "public", "workflow")
        finally:
            await connection.close()
        await until(shell.ready)
        await until(lambda: folded == [slot(1)])


async def test_a_consumer_that_stopped_is_told_by_readiness(place: Place) -> None:
    folded: list[Any] = []
    bad = [Given(b"garbage")] * 4
    async with serving(place, folded, dead_letter_limit=2) as shell:
        await until(shell.ready)
        await feed(place, bad)

        async def told() -> bool:
            answer = await shell.ask("/readyz")
            return answer.status_code == 503 and "bad records in a row" in answer.text

        await until(told)
        assert (await shell.ask("/livez")).status_code == 200
