"""Targets over HTTP: made, read, patched, paused, resumed, closed."""

import asyncio
from typing import Any

import pytest

from integration.ingest.running import Ingest, target_body
from support.stores import unique_name


async def test_a_target_is_made_with_defaults_and_told_of(ingest: Ingest) -> None:
    answer = await ingest.http.post("/v1/targets", json=target_body())
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"1"'
    body = answer.json()
    assert answer.headers["location"] == f"/v1/targets/{body['target_id']}"
    assert body["state"] == "active"
    assert body["invitations_per_slot"] == 1.0
    assert body["rounds"][0] == {
        "round": 1,
        "channel": "sms",
        "name": "SMS invitation",
        "respond_within": "P7D",
        "send_window": {
            "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
            "from": "08:00",
            "to": "18:00",
            "bank_holidays": True,
        },
        "text": None,
        "text_version": 1,
        "text_parts": 2,
        "text_parts_unusual_name": 4,
        "text_cost": {"pence": "4.80", "pence_with_vat": "5.76"},
    }
    (event,) = await ingest.events("targets", body["target_id"])
    assert event.id == f"{body['target_id']}/saved/1"
    assert [r.round for r in event.data.rounds] == [1, 2]
    assert event.data.invitations_per_slot == "1.0"
    assert event.data.actor == "staff"
    read = await ingest.http.get(f"/v1/targets/{body['target_id']}")
    assert (read.status_code, read.json()) == (200, body)


async def test_the_same_target_again_is_the_same_and_another_is_a_conflict(ingest: Ingest) -> None:
    body = target_body(target_id=unique_name("t"))
    first = await ingest.http.post("/v1/targets", json=body)
    again = await ingest.http.post("/v1/targets", json=body)
    other = await ingest.http.post("/v1/targets", json=body | {"name": "Another"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (409, "target_exists")
    assert len(await ingest.events("targets", body["target_id"])) == 1


async def test_a_patch_changes_what_it_names_and_raises_the_version(ingest: Ingest) -> None:
    target = await ingest.target()
    patch = {"booking_window": {"to": "2025-10-03"}, "invitations_per_slot": None}
    answer = await ingest.http.patch(
        f"/v1/targets/{target}", json=patch, headers={"If-Match": '"1"', "X-Actor": "staff:ann"}
    )
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert answer.json()["booking_window"] == {"from": "2025-09-15", "to": "2025-10-03"}
    assert answer.json()["invitations_per_slot"] is None
    events = await ingest.events("targets", target)
    assert [event.data.version for event in events] == [1, 2]
    assert events[-1].data.actor == "staff:ann"
    same = await ingest.http.patch(f"/v1/targets/{target}", json=patch)
    assert same.json()["version"] == 2


async def test_a_changed_target_says_for_whom_the_change_counts(ingest: Ingest) -> None:
    target = await ingest.target()
    rounds = (await ingest.http.get(f"/v1/targets/{target}")).json()["rounds"]
    rounds[0] |= {"respond_within": "P10D"}
    rounds[1] |= {"respond_within": "P1W", "send_window": {"bank_holidays": False}}
    rounds.append({"channel": "letter", "name": "A last letter"})
    patch = {"rounds": rounds, "booking_window": {"to": "2025-10-03"}, "invitations_per_slot": 2}
    answer = await ingest.http.patch(f"/v1/targets/{target}", json=patch)
    assert answer.status_code == 200
    notes = answer.json()["notes"]
    assert [note.split(":")[0] for note in notes[:3]] == ["Round 1", "Round 2", "Round 2"]
    assert all("counts for invitations not yet sent" in note for note in notes[:3])
    assert notes[3].endswith("Those who have finished already stay finished.")
    assert notes[4].endswith("Appointments outside it stand.")
    assert notes[5].endswith("nobody who is being invited is called back.")
    (_, event) = await ingest.events("targets", target)
    assert [r.name for r in event.data.rounds][2:] == ["A last letter"]
    assert [r.send_window.bank_holidays for r in event.data.rounds] == [True, False, True]
    again = await ingest.http.patch(f"/v1/targets/{target}", json={"name": "Another"})
    assert again.json()["notes"] == []


async def test_a_stale_patch_changes_nothing(ingest: Ingest) -> None:
    target = await ingest.target()
    path = f"/v1/targets/{target}"
    await ingest.http.patch(path, json={"name": "One"}, headers={"If-Match": '"1"'})
    stale = await ingest.http.patch(path, json={"name": "Two"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert (await ingest.http.get(path)).json()["name"] == "One"


@pytest.mark.parametrize(
    ("patch", "code"),
    [
        ({"practice": "B82002"}, "invalid"),
        ({"target_id": "x"}, "invalid"),
        ({"state": "closed"}, "invalid"),
        ({"name": None}, "invalid"),
        ({"booking_window": {"from": "2025-12-01"}}, "invalid"),
        ({"rounds": [{"channel": "sms"}]}, "rounds_fixed"),
        ({"rounds": [{"channel": "letter"}, {"channel": "sms"}]}, "rounds_fixed"),
        ({"rounds": [{"channel": "sms"}, {"channel": "fax"}, {"channel": "fax"}]}, "rounds_fixed"),
    ],
)
async def test_a_patch_of_what_must_stay_is_refused(
    ingest: Ingest, patch: dict[str, Any], code: str
) -> None:
    target = await ingest.target()
    answer = await ingest.http.patch(f"/v1/targets/{target}", json=patch)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_pausing_resuming_and_closing_are_told_once_each(ingest: Ingest) -> None:
    target = await ingest.target()
    counts = []
    for verb in ("pause", "pause", "resume", "close", "close"):
        answer = await ingest.http.post(f"/v1/targets/{target}/{verb}")
        assert answer.status_code == 202
        assert answer.json()["request_id"]
        counts.append(answer.json()["count"])
    assert counts == [1, 0, 1, 1, 0]
    late = await ingest.http.post(f"/v1/targets/{target}/resume")
    assert (late.status_code, late.json()["code"]) == (409, "closed")
    events = await ingest.events("targets", target)
    assert [e.data.state for e in events] == ["active", "paused", "active", "closed"]


async def test_a_key_is_answered_once_and_refused_for_another_request(ingest: Ingest) -> None:
    key = {"Idempotency-Key": unique_name("key")}
    first = await ingest.http.post("/v1/targets", json=target_body(), headers=key)
    again = await ingest.http.post("/v1/targets", json=target_body(), headers=key)
    assert (first.status_code, first.json(), first.headers["etag"]) == (
        again.status_code,
        again.json(),
        again.headers["etag"],
    )
    other = await ingest.http.post("/v1/targets", json=target_body(name="Other"), headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_repeats_at_the_same_time_make_one_target(ingest: Ingest) -> None:
    key = {"Idempotency-Key": unique_name("key")}
    answers = await asyncio.gather(
        *(ingest.http.post("/v1/targets", json=target_body(), headers=key) for _ in range(5))
    )
    assert len({answer.json()["target_id"] for answer in answers}) == 1


async def test_a_key_is_forgotten_after_a_day(ingest: Ingest) -> None:
    key = unique_name("key")
    headers = {"Idempotency-Key": key}
    first = await ingest.http.post("/v1/targets", json=target_body(), headers=headers)
    await ingest.rows(
        "UPDATE answers SET kept_at = kept_at - interval '25 hours' WHERE idempotency_key = $1", key
    )
    later = await ingest.http.post("/v1/targets", json=target_body(), headers=headers)
    assert later.status_code == 201
    assert later.json()["target_id"] != first.json()["target_id"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/targets"),
        ("GET", "/v1/targets/x"),
        ("PATCH", "/v1/targets/x"),
        ("POST", "/v1/targets/x/uploads"),
        ("GET", "/v1/uploads/x"),
        ("POST", "/v1/targets/x/slots"),
        ("DELETE", "/v1/targets/x/slots/y"),
        ("POST", "/v1/targets/x/pause"),
        ("POST", "/v1/targets/x/resume"),
        ("POST", "/v1/targets/x/close"),
        ("POST", "/v1/targets/x/removals"),
        ("POST", "/v1/targets/x/reprocess"),
        ("PATCH", "/v1/patients/x"),
        ("POST", "/v1/patients/x/opt-outs"),
    ],
)
async def test_nothing_is_done_without_the_token(ingest: Ingest, method: str, path: str) -> None:
    answer = await ingest.http.request(method, path, headers={"Authorization": "Bearer no"})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised")


async def test_bad_bodies_are_told_apart(ingest: Ingest) -> None:
    post = ingest.http.post
    json_type = {"Content-Type": "application/json"}
    for content, headers, status, code in [
        (b"{", json_type, 400, "invalid_json"),
        (b"\xff", json_type, 400, "invalid_json"),
        (b"[]", json_type, 422, "invalid"),
        (b"{}", {"Content-Type": "text/csv"}, 415, "unsupported_media_type"),
        (b" " * 17_000_000, json_type, 413, "too_large"),
    ]:
        answer = await post("/v1/targets", content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"
    target = await ingest.target()
    nan = await ingest.http.patch(
        f"/v1/targets/{target}", content=b'{"invitations_per_slot": NaN}', headers=json_type
    )
    assert (nan.status_code, nan.json()["code"]) == (400, "invalid_json")
    for path in ("/v1/targets/%00", "/v1/targets/%ff%0a", "/v1/uploads/%00"):
        assert (await ingest.http.get(path)).status_code == 404
    unknown = await ingest.http.post("/v1/targets/nothing/pause")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
