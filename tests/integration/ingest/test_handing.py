"""Handing on, on real stores: by turns, in order, and never by halves."""

import asyncio
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from ingest import handing
from ingest.handing import PORTION
from integration.ingest.running import Ingest, events_of, held_back, log_of, make_place, started
from recall.kit.unit import Unit
from support.people import nhs_numbers
from support.stores import TestStores


def numbers_file(count: int, seed: int) -> bytes:
    return "".join(f"{n},01/02/1980\r\n" for n in islice(nhs_numbers(seed), count)).encode()


async def waiting(ingest: Ingest) -> dict[str, int]:
    rows = await ingest.rows("SELECT practice, sum(patients)::int FROM portions GROUP BY practice")
    return {row[0]: row[1] for row in rows}


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each transaction is one turn."""
    monkeypatch.setattr(handing, "AT_ONCE", PORTION)


@pytest.mark.usefixtures("small_steps")
async def test_a_small_upload_behind_a_large_one_is_handed_on_after_one_turn_of_it(
    stores: TestStores, tmp_path: Path
) -> None:
    place = await make_place(stores, tmp_path)
    async with started(place) as ingest:
        large, small = await ingest.target(), await ingest.target(practice="B82002")
        async with held_back(ingest):
            assert (await ingest.upload(large, numbers_file(2_000, seed=61))).status_code == 200
            assert (await ingest.upload(small, numbers_file(20, seed=62))).status_code == 200
            assert await waiting(ingest) == {"A81001": 2_000, "B82002": 20}
        await ingest.until_published()
    before: Counter[int] = Counter()
    ahead: dict[int, int] = {}
    for record in await log_of(place, "patients", [large, small]):
        if large.encode() in record.value:
            before[record.partition] += 1
        else:
            ahead[record.partition] = before[record.partition]
    assert before.total() == 2_000
    # One turn of the large upload, spread over the partitions, is before the last of the small.
    assert len(ahead) > 1
    assert sum(ahead.values()) <= PORTION


@pytest.mark.usefixtures("small_steps")
async def test_a_target_s_patients_are_handed_on_in_upload_order(
    stores: TestStores, tmp_path: Path
) -> None:
    place = await make_place(stores, tmp_path)
    async with started(place) as ingest:
        target = await ingest.target()
        async with held_back(ingest):
            for seed in (63, 64):
                await ingest.upload(target, numbers_file(600, seed=seed))
        events = await ingest.events("patients", target)
        records = await log_of(place, "patients", [target])
    assert len(events) == 1_200
    by_partition: dict[int, list[int]] = {}
    positions_of = {event.data.patient_id: event.data.position for event in events}
    for record in records:
        by_partition.setdefault(record.partition, []).append(positions_of[record.key.decode()])
    assert all(positions == sorted(positions) for positions in by_partition.values())


@pytest.mark.usefixtures("small_steps")
async def test_a_crash_between_portions_and_one_within_lose_and_double_nothing(
    stores: TestStores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = await make_place(stores, tmp_path)
    whole, taken = Unit.take_up, 0

    def until_the_third(unit: Unit, packed: bytes) -> None:
        nonlocal taken
        taken += 1
        if taken > 2:
            raise RuntimeError("the process dies here")
        whole(unit, packed)

    with monkeypatch.context() as dying:
        dying.setattr(Unit, "take_up", until_the_third)
        async with started(place) as ingest:
            target = await ingest.target()
            answer = await ingest.upload(target, numbers_file(1_100, seed=65))
            assert answer.json()["enrolled"] == 1_100
            async with asyncio.timeout(60):
                while (await settled(ingest))["outbox"] or taken < 3:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            # Two portions went; the third was taken and, with its transaction, was not.
            assert await waiting(ingest) == {"A81001": 600}
            assert not (await settled(ingest))["settled"]
            assert len(await events_of(place, "patients", target)) == 500
    async with started(place) as again:
        events = await again.events("patients", target)
        stored = await again.rows("SELECT patient_id FROM patients WHERE target_id = $1", target)
        assert await waiting(again) == {}
    assert len(events) == len(stored) == 1_100
    assert {event.data.patient_id for event in events} == {row["patient_id"] for row in stored}


async def test_who_is_corrected_before_being_handed_on_is_told_of_in_both_versions(
    stores: TestStores, tmp_path: Path
) -> None:
    place = await make_place(stores, tmp_path)
    async with started(place) as ingest:
        target = await ingest.target()
        async with held_back(ingest):
            await ingest.upload(target, numbers_file(1, seed=66))
            (row,) = await ingest.rows(
                "SELECT patient_id FROM patients WHERE target_id = $1", target
            )
            path = f"/v1/patients/{row['patient_id']}"
            answer = await ingest.http.patch(path, json={"first_name": "Ada"})
            assert answer.json()["version"] == 2
        events = await ingest.events("patients", target)
    assert sorted(event.data.version for event in events) == [1, 2]


async def settled(ingest: Ingest) -> dict[str, Any]:
    found: dict[str, Any] = (await ingest.http.get("/settled")).json()
    return found
