"""The whole service on real Kafka and PostgreSQL: from records on topics to numbers over HTTP."""

import asyncio
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx

from dashboard.app import create_app
from dashboard.settings import Settings
from integration.dashboard.board import (
    PARTITIONS,
    TOKEN,
    enrolled,
    free,
    patient_id,
    progressed,
    saved,
)
from recall.contracts.topics import topic_of
from recall.kit.codec import encode, model_of
from recall.kit.kafka import partition_of
from recall.kit.provision import provision
from recall.kit.publishing import Parcel, Publisher
from support.stores import TestStores, fresh_database, unique_name


def parcels_of(said: list[Any]) -> list[Parcel]:
    """Events as their owners publish them, one parcel a record."""
    parcels = []
    for data in said:
        model, topic = model_of(data), topic_of(model_of(data))
        key = getattr(data, topic.key)
        value = encode(
            model,
            data,
            event_id=f"{key}/{model.event_type.split('.')[2]}/{data.version}",
            source="/recall/test",
            subject=key,
            time="2025-09-12T08:00:00.000000Z",
            traceparent=None,
        )
        partition = partition_of(key, PARTITIONS)
        parcels.append(Parcel(0, topic.name, partition, [(key.encode(), value)]))
    return parcels


async def test_records_on_topics_become_numbers_over_http(stores: TestStores) -> None:
    admin_dsn = await fresh_database(stores)
    await provision(admin_dsn, stores.bootstrap, ["dashboard"], stores.role_password)
    parts = urlsplit(admin_dsn)
    host = parts.netloc.rpartition("@")[2]
    dsn = urlunsplit(parts._replace(netloc=f"dashboard:{stores.role_password}@{host}"))
    target = unique_name("target").replace("_", "-")
    said = [
        saved(target_id=target),
        free(d15=3),
        *(enrolled(n, target_id=target) for n in range(5000, 5020)),
        *(progressed(n, "in_queue", target_id=target) for n in range(5000, 5020)),
        *(progressed(n, "booked", version=2, target_id=target) for n in range(5000, 5010)),
    ]
    publisher = Publisher(stores.bootstrap)
    await publisher.publish(parcels_of(said + said[::-1]))
    await publisher.stop()
    app = create_app(
        Settings(kafka_bootstrap_servers=stores.bootstrap, database_url=dsn, port=1, token=TOKEN)
    )
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://dashboard",
            headers={"Authorization": f"Bearer {TOKEN}"},
        ) as client,
    ):
        await settled(client)
        numbers = (await client.get(f"/v1/targets/{target}")).json()["overview"]
        assert (numbers["total_patients"], numbers["in_queue"], numbers["booked"]) == (20, 10, 10)
        one = (await client.get(f"/v1/targets/{target}/patients/{patient_id(5000)}")).json()
        assert [entry["what"] for entry in one["timeline"]] == ["enrolled"]
        assert (await client.get("/readyz")).status_code == 200


async def settled(client: httpx.AsyncClient) -> None:
    """Wait until everything on the topics is folded."""
    async with asyncio.timeout(60):
        while True:
            answer = await client.get("/settled")
            if answer.status_code == 200 and answer.json()["settled"]:
                return
            await asyncio.sleep(0.1)
