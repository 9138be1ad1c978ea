"""What staff ask of patients: removal, reprocessing, correction, opt-out."""

from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from integration.ingest.running import Ingest, make_place, started
from support.people import nhs_numbers
from support.stores import TestStores

NO_MATCH = "9990000018"


async def enrolled(ingest: Ingest, *numbers: str, columns: str = "", cells: str = "") -> Any:
    """A target with these numbers on it, and the patients' ids by number."""
    target = await ingest.target()
    header = f"NHS number,DOB{columns}\r\n"
    rows = "".join(f"{number},01/02/1980{cells}\r\n" for number in numbers)
    assert (await ingest.upload(target, (header + rows).encode())).status_code == 200
    events = await ingest.events("patients", target)
    return target, {event.data.nhs_number: event.data.patient_id for event in events}


async def last(ingest: Ingest, target: str, patient: str) -> Any:
    events = [e.data for e in await ingest.events("patients", target)]
    return max((e for e in events if e.patient_id == patient), key=lambda e: e.version)


async def test_some_are_removed_by_id_and_each_is_told_of(ingest: Ingest) -> None:
    target, ids = await enrolled(ingest, *islice(nhs_numbers(31), 4))
    some = sorted(ids.values())[:2]
    answer = await ingest.http.post(
        f"/v1/targets/{target}/removals",
        json={"patients": some, "reason": "Moved away"},
        headers={"X-Actor": "staff:ann"},
    )
    assert (answer.status_code, answer.json()["count"]) == (202, 2)
    events = await ingest.events("patient-requests", target)
    assert sorted(e.data.patient_id for e in events) == some
    assert {(e.data.actor, e.data.reason, e.data.command_id) for e in events} == {
        ("staff:ann", "Moved away", answer.json()["request_id"])
    }
    again = await ingest.removed(target, patients=some, reason="Moved away")
    assert (again.status_code, again.json()["count"]) == (202, 0)
    unknown = await ingest.removed(
        target, patients=["00000000-0000-8000-8000-000000000000"], reason="x"
    )
    assert unknown.status_code == 404


async def test_all_are_removed_in_portions(ingest: Ingest) -> None:
    target, ids = await enrolled(ingest, *islice(nhs_numbers(32), 4500))
    await ingest.http.post(f"/v1/targets/{target}/pause")
    answer = await ingest.removed(target, all=True, reason="Wrong list")
    assert answer.json()["count"] == 4500
    events = await ingest.events("patient-requests", target)
    assert sorted(e.data.patient_id for e in events) == sorted(ids.values())
    assert (await ingest.removed(target, all=True, reason="Wrong list")).json()["count"] == 0


async def test_a_repeated_removal_with_its_key_is_one(ingest: Ingest) -> None:
    target, _ = await enrolled(ingest, *islice(nhs_numbers(33), 2))
    answers = [
        await ingest.http.post(
            f"/v1/targets/{target}/removals",
            json={"all": True, "reason": "Wrong list"},
            headers={"Idempotency-Key": f"remove-{target}"},
        )
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert len(await ingest.events("patient-requests", target)) == 2


@pytest.mark.parametrize(
    "body",
    [
        {"all": True},
        {"reason": "x"},
        {"all": True, "patients": ["x"], "reason": "x"},
        {"all": False, "reason": "x"},
        {"patients": [], "reason": "x"},
        {"nhs_numbers": ["999 000 0018"], "reason": "x"},
        {"all": True, "reason": " "},
    ],
)
async def test_a_removal_says_whom_and_why(ingest: Ingest, body: dict[str, Any]) -> None:
    answer = await ingest.removed(await ingest.target(), **body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert "999 000 0018" not in answer.text


async def test_a_correction_is_a_new_version_completed_by_the_register(ingest: Ingest) -> None:
    (number,) = islice(nhs_numbers(34), 1)
    target, ids = await enrolled(ingest, number)
    before = await last(ingest, target, ids[number])
    answer = await ingest.http.patch(
        f"/v1/patients/{ids[number]}",
        json={"first_name": "Zoë", "mobile": "07700 900123", "postcode": "zy1 2ab"},
    )
    assert answer.status_code == 200
    assert answer.json()["version"] == 2
    after = await last(ingest, target, ids[number])
    assert (after.version, after.first_name, after.mobile) == (2, "Zoë", "+447700900123")
    assert after.last_name == before.last_name
    # Half an address is none: the register's stands until the practice gives it whole.
    assert (after.address, after.postcode) == (before.address, before.postcode)
    await ingest.http.patch(f"/v1/patients/{ids[number]}", json={"mobile": None})
    assert (await last(ingest, target, ids[number])).mobile == before.mobile


async def test_a_correction_that_cannot_be_taken_names_the_field_alone(ingest: Ingest) -> None:
    (number,) = islice(nhs_numbers(35), 1)
    target, ids = await enrolled(ingest, number)
    for body in ({"mobile": "01632 960001"}, {"mobile": "07911 123456"}, {"postcode": "Ashmere"}):
        answer = await ingest.http.patch(f"/v1/patients/{ids[number]}", json=body)
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == list(body)
        assert not any(value in answer.text for value in body.values())
    assert (await ingest.http.patch(f"/v1/patients/{ids[number]}", json={})).status_code == 422
    await ingest.removed(target, all=True, reason="x")
    gone = await ingest.http.patch(f"/v1/patients/{ids[number]}", json={"first_name": "Ann"})
    assert (gone.status_code, gone.json()["code"]) == (409, "removed")
    assert (await ingest.http.patch("/v1/patients/x", json={"first_name": "A"})).status_code == 404


async def test_an_opt_out_is_passed_on_with_the_person(ingest: Ingest) -> None:
    (number,) = islice(nhs_numbers(36), 1)
    target, ids = await enrolled(ingest, number)
    answer = await ingest.http.post(f"/v1/patients/{ids[number]}/opt-outs", json={})
    assert (answer.status_code, answer.json()["count"]) == (202, 1)
    (event,) = await ingest.events("patient-requests", target)
    assert event.type == "recall.opt-out.requested.v1"
    assert event.data.person_id == (await last(ingest, target, ids[number])).person_id
    assert (await ingest.http.post("/v1/patients/x/opt-outs")).status_code == 404


async def test_reprocessing_asks_the_register_again(stores: TestStores, tmp_path: Path) -> None:
    place = await make_place(stores, tmp_path)
    place.alert(**{f"n{NO_MATCH}": "no_match"})
    fine = "9990000026"
    async with started(place) as before:
        target, ids = await enrolled(before, NO_MATCH, fine)
        assert (await last(before, target, ids[NO_MATCH])).alert == "no_match"
        named = await before.http.post(
            f"/v1/targets/{target}/reprocess", json={"patients": [ids[fine]]}
        )
        assert named.json()["count"] == 1
        assert (await last(before, target, ids[fine])).version == 2
    place.alert(**{f"n{fine}": "deceased"})
    async with started(place) as after:
        answer = await after.http.post(f"/v1/targets/{target}/reprocess", json={"all": True})
        assert answer.json()["count"] == 2
        mended, died = [await last(after, target, ids[number]) for number in (NO_MATCH, fine)]
        assert (mended.alert, mended.version) == (None, 2)
        # An alert that came up before an invitation is not ingest's: everybody is told of again.
        again = await after.http.post(f"/v1/targets/{target}/reprocess", json={"all": True})
        assert again.json()["count"] == 2
        assert mended.first_name
        assert mended.mobile
        assert (died.alert, died.version) == ("deceased", 3)
