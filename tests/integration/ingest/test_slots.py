"""Slots over HTTP: released in JSON and CSV, told of once, withdrawn."""

from typing import Any

import httpx
import pytest

from integration.ingest.running import Ingest


async def release(ingest: Ingest, target: str, *slots: dict[str, Any]) -> httpx.Response:
    return await ingest.http.post(f"/v1/targets/{target}/slots", json={"slots": slots})


async def release_csv(ingest: Ingest, target: str, content: str) -> httpx.Response:
    return await ingest.http.post(
        f"/v1/targets/{target}/slots", content=content, headers={"Content-Type": "text/csv"}
    )


async def test_slots_are_released_and_told_of(ingest: Ingest) -> None:
    target = await ingest.target()
    answer = await release(
        ingest,
        target,
        {"slot_id": "mine", "starts_at": "2025-09-15T09:00", "minutes": 10, "clinician": "Dr Bell"},
        {"starts_at": "2025-09-15T08:10:00Z", "minutes": 15},
    )
    assert answer.status_code == 201
    assert (answer.json()["rows"], answer.json()["released"]) == (2, 2)
    events = [event.data for event in await ingest.events("slots", target)]
    assert {(e.starts_at, e.minutes, e.clinician, e.version) for e in events} == {
        ("2025-09-15T08:00:00.000000Z", 10, "Dr Bell", 1),
        ("2025-09-15T08:10:00.000000Z", 15, None, 1),
    }
    assert "mine" in {e.slot_id for e in events}


async def test_a_csv_does_the_same_and_names_its_rows(ingest: Ingest) -> None:
    target = await ingest.target()
    answer = await release_csv(
        ingest,
        target,
        "Starts at;Minutes;Clinician;Room\r\n"
        "15/09/2025 09:00;10;Dr Bell;1\r\n\r\n"
        "2025-12-15 09:00;10;;2\r\n"
        "tomorrow;10;;2\r\n"
        "2025-09-16T09:00;ten;;2\r\n",
    )
    assert answer.status_code == 201
    assert (answer.json()["released"], answer.json()["rejected"]) == (2, 2)
    assert [(p["row"], p["column"], p["code"]) for p in answer.json()["problems"]] == [
        (5, "starts_at", "invalid_starts_at"),
        (6, "minutes", "invalid_minutes"),
    ]
    starts = {event.data.starts_at for event in await ingest.events("slots", target)}
    assert starts == {"2025-09-15T08:00:00.000000Z", "2025-12-15T09:00:00.000000Z"}


async def test_the_same_list_again_doubles_nothing(ingest: Ingest) -> None:
    target = await ingest.target()
    slots = [{"starts_at": "2025-09-15T09:00", "minutes": 10}] * 3
    assert (await release(ingest, target, *slots)).json()["released"] == 3
    again = await release(ingest, target, *slots)
    assert (again.status_code, again.json()["duplicates"]) == (200, 3)
    assert len(await ingest.events("slots", target)) == 3


async def test_a_known_id_with_another_time_is_a_problem(ingest: Ingest) -> None:
    target = await ingest.target()
    await release(ingest, target, {"slot_id": "a", "starts_at": "2025-09-15T09:00", "minutes": 10})
    moved = await release(
        ingest, target, {"slot_id": "a", "starts_at": "2025-09-15T10:00", "minutes": 10}
    )
    assert (moved.status_code, moved.json()["code"]) == (422, "nothing_usable")
    assert moved.json()["problems"][0]["code"] == "slot_differs"


async def test_a_slot_is_withdrawn_once_and_may_be_released_again(ingest: Ingest) -> None:
    target = await ingest.target()
    slot = {"slot_id": "a", "starts_at": "2025-09-15T09:00", "minutes": 10}
    await release(ingest, target, slot)
    path = f"/v1/targets/{target}/slots/a"
    assert [(await ingest.http.delete(path)).json()["count"] for _ in "12"] == [1, 0]
    assert (await release(ingest, target, slot)).json()["released"] == 1
    events = await ingest.events("slots", target)
    assert [(e.type.split(".")[2], e.data.version) for e in events] == [
        ("released", 1),
        ("withdrawn", 2),
        ("released", 3),
    ]
    assert (await ingest.http.delete(path + "b")).status_code == 404


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "missing_column"),
        ("starts_at\n2025-09-15T09:00\n", "missing_column"),
        ("starts_at,minutes\n", "nothing_usable"),
        ('starts_at,minutes\n"2025-09-15T09:00,10\n', "unterminated_quote"),
        ("starts_at,minutes\n2025-09-15T09:00\0,10\n", "not_text"),
    ],
)
async def test_a_list_that_is_none_is_refused(ingest: Ingest, content: str, code: str) -> None:
    answer = await release_csv(ingest, await ingest.target(), content)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_closed_and_unknown_targets_take_no_slots(ingest: Ingest) -> None:
    target = await ingest.target()
    slot = {"starts_at": "2025-09-15T09:00", "minutes": 10}
    await ingest.http.post(f"/v1/targets/{target}/pause")
    assert (await release(ingest, target, slot)).status_code == 201
    await ingest.http.post(f"/v1/targets/{target}/close")
    assert (await release(ingest, target, slot)).json()["code"] == "closed"
    assert (await release(ingest, "nothing", slot)).status_code == 404


async def test_five_thousand_slots_are_told_of_one_by_one(ingest: Ingest) -> None:
    target = await ingest.target()
    slots = [{"starts_at": "2025-09-15T09:00Z", "minutes": 10}] * 5000
    assert (await release(ingest, target, *slots)).json()["released"] == 5000
    assert len({e.data.slot_id for e in await ingest.events("slots", target)}) == 5000


async def test_many_slots_are_withdrawn_at_once(ingest: Ingest) -> None:
    target = await ingest.target()
    slots = [{"slot_id": i, "starts_at": "2025-09-15T09:00", "minutes": 10} for i in "abc"]
    await release(ingest, target, *slots)
    path = f"/v1/targets/{target}/slots/withdrawals"
    counts = [
        (await ingest.http.post(path, json={"slots": ["b", "a", "unknown"]})).json()["count"]
        for _ in "12"
    ]
    assert counts == [2, 0]
    told = [e.data.slot_id for e in await ingest.events("slots", target) if e.data.version == 2]
    assert sorted(told) == ["a", "b"]
    assert (await ingest.http.post(path, json={"slots": ["unknown"]})).status_code == 404
    assert (await ingest.http.post(path, json={"slots": []})).status_code == 422
