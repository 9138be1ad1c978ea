"""Ingest killed at the worst moments: what was answered for is published, the rest never was."""

import asyncio
from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path

import httpx
import pytest

from integration.ingest.running import Ingest, as_process, events_of, held_back, make_place
from support.people import nhs_numbers
from support.stores import TestStores


def numbers_file(count: int, seed: int) -> bytes:
    return "".join(f"{n},01/02/1980\r\n" for n in islice(nhs_numbers(seed), count)).encode()


async def waiting(ingest: Ingest) -> int:
    """Patients who are not handed on, and messages that are and have not got out."""
    (row,) = await ingest.rows(
        "SELECT (SELECT coalesce(sum(patients), 0) FROM portions)::int "
        "+ (SELECT coalesce(sum(record_count), 0) FROM outbox)::int AS n"
    )
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


async def test_a_practice_with_a_backlog_is_turned_away_for_a_while_and_others_are_not(
    stores: TestStores, tmp_path: Path
) -> None:
    place = await make_place(stores, tmp_path)
    async with as_process(place, PATIENTS_WAITING="100", WAITING_SECONDS="0.3") as (ingest, _):
        target, other = await ingest.target(), await ingest.target(practice="B82002")
        async with held_back(ingest):
            assert (await ingest.upload(target, numbers_file(101, seed=44))).status_code == 200
            answer = await ingest.upload(target, numbers_file(10, seed=46))
            assert (answer.status_code, answer.json()["code"]) == (503, "busy")
            assert int(answer.headers["retry-after"]) > 0
            assert (await ingest.upload(other, numbers_file(10, seed=46))).status_code == 200
        assert len(await ingest.events("patients", target)) == 101
        assert (await ingest.upload(target, numbers_file(10, seed=46))).status_code == 200


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
