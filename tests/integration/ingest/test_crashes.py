"""Ingest killed at the worst moments: what was answered for is published, the rest never was."""

import asyncio
from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path

import httpx
import pytest

from integration.ingest.running import Ingest, as_process, events_of, make_place
from support.people import nhs_numbers
from support.stores import TestStores


def numbers_file(count: int, seed: int) -> bytes:
    return "".join(f"{n},01/02/1980\r\n" for n in islice(nhs_numbers(seed), count)).encode()


async def waiting(ingest: Ingest) -> int:
    (row,) = await ingest.rows("SELECT coalesce(sum(record_count), 0)::int AS n FROM outbox")
    return int(row["n"])


async def test_killed_in_mid_publish_it_publishes_the_rest_when_started_again(
    stores: TestStores, tmp_path: Path
) -> None:
    place = await make_place(stores, tmp_path)
    async with as_process(place) as (ingest, kill):
        target = await ingest.target()
        answer = await ingest.upload(target, numbers_file(30_000, seed=41))
        kill()
        assert answer.json()["enrolled"] == 30_000
        assert await waiting(ingest) > 0
        stored = await ingest.rows("SELECT patient_id FROM patients WHERE target_id = $1", target)
    async with as_process(place) as (again, _):
        events = await again.events("patients", target)
    assert {e.data.patient_id for e in events} == {row["patient_id"] for row in stored}
    assert len(stored) == 30_000


async def test_killed_in_mid_upload_it_has_kept_nothing_and_takes_the_file_again(
    stores: TestStores, tmp_path: Path
) -> None:
    place = await make_place(stores, tmp_path)
    content = numbers_file(40_000, seed=42)
    async with as_process(place) as (ingest, kill):
        target = await ingest.target()
        uploading = asyncio.create_task(ingest.upload(target, content))
        async with asyncio.timeout(60):
            size = "SELECT pg_relation_size('patients') AS size"
            while (await ingest.rows(size))[0]["size"] < 500_000:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        kill()
        with pytest.raises(httpx.TransportError):
            await uploading
    async with as_process(place) as (again, _):
        assert await again.rows("SELECT 1 FROM patients LIMIT 1") == []
        assert await events_of(place, "patients", target) == []
        assert (await again.upload(target, content)).json()["enrolled"] == 40_000


async def test_two_processes_share_one_target_without_a_double(
    stores: TestStores, tmp_path: Path
) -> None:
    place = await make_place(stores, tmp_path)
    content = numbers_file(6_000, seed=43)
    async with as_process(place) as (one, _), as_process(place) as (two, _):
        target = await one.target()
        answers = await asyncio.gather(one.upload(target, content), two.upload(target, content))
        assert answers[0].json() == answers[1].json()
        events = await one.events("patients", target)
    assert len({e.data.patient_id for e in events}) == len(events) == 6_000


async def test_a_backlog_in_the_outbox_turns_uploads_away_for_a_while(
    stores: TestStores, tmp_path: Path
) -> None:
    place = await make_place(stores, tmp_path)
    async with as_process(place, OUTBOX_RECORDS="100", OUTBOX_WAIT_SECONDS="0.3") as (ingest, _):
        target = await ingest.target()
        # Rows of another writer that seems alive: nobody but it publishes them.
        await ingest.rows(
            "INSERT INTO outbox (topic, partition, records, record_count, writer, stored_at) "
            "VALUES ('patients', 0, '\\x90', 101, 'elsewhere', '2100-01-01')"
        )
        answer = await ingest.upload(target, numbers_file(10, seed=44))
        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
        assert int(answer.headers["retry-after"]) > 0
        await ingest.rows("DELETE FROM outbox WHERE writer = 'elsewhere'")
        assert (await ingest.upload(target, numbers_file(10, seed=44))).status_code == 200


async def test_a_file_over_the_limit_is_refused_while_it_arrives(
    stores: TestStores, tmp_path: Path
) -> None:
    place = await make_place(stores, tmp_path)
    async with as_process(place, UPLOAD_BYTES="2000") as (ingest, _):
        target = await ingest.target()
        content = numbers_file(500, seed=45)

        async def in_parts() -> AsyncIterator[bytes]:
            yield content[:1500]
            yield content[1500:]

        path = f"/v1/targets/{target}/uploads"
        for answer in (
            await ingest.upload(target, content),
            await ingest.http.post(path, content=in_parts(), headers={"Content-Type": "text/csv"}),
            await ingest.http.post(path, files={"file": ("list.csv", content)}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
