"""Uploads over HTTP: every row answered for, stored, and told of."""

import asyncio
import csv
import io
from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from ingest.enrolling import erase_rejected_rows
from integration.ingest.running import ID_KEY, Ingest
from recall.contracts import ids
from support.people import cells_of, file_of, file_of_cells, nhs_numbers, people, spoil

LATER = datetime(2025, 10, 2, tzinfo=UTC)
NO_MATCH, DECEASED = "9990000018", "9990000026"


def numbers_file(numbers: list[str], born: str = "01/02/1980") -> bytes:
    return "".join(f"{number},{born}\r\n" for number in numbers).encode()


async def test_patients_are_stored_and_told_of_in_the_files_order(ingest: Ingest) -> None:
    target = await ingest.target()
    crowd = people(40, seed=5)
    answer = await ingest.upload(
        target, file_of(crowd), headers={"Content-Type": "text/csv", "X-Actor": "staff:ann"}
    )
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["rows"], body["enrolled"], body["problems_total"]) == (40, 40, 0)
    assert (await ingest.http.get(f"/v1/uploads/{body['upload_id']}")).json() == body
    events = sorted(
        (e.data for e in await ingest.events("patients", target)), key=lambda data: data.position
    )
    assert [(e.position, e.nhs_number) for e in events] == [
        (place, person.nhs_number) for place, person in enumerate(crowd, 1)
    ]
    first, person = events[0], crowd[0]
    key = bytes.fromhex(ID_KEY)
    assert first.patient_id == ids.patient_id(key, target, person.nhs_number, 1)
    assert first.person_id == ids.person_id(key, person.nhs_number)
    assert (first.version, first.enrolment, first.alert) == (1, 1, None)
    assert (first.first_name, first.actor) == (person.first_name, "staff:ann")
    assert tuple(first.address) == person.address


async def test_alerts_come_from_the_register(ingest: Ingest) -> None:
    target = await ingest.target()
    answer = await ingest.upload(target, numbers_file([NO_MATCH, DECEASED, "9990000034"]))
    assert (answer.json()["enrolled"], answer.json()["alerts"]) == (1, 2)
    events = await ingest.events("patients", target)
    assert Counter(event.data.alert for event in events) == {"no_match": 1, "deceased": 1, None: 1}
    found = next(e.data for e in events if e.data.alert is None)
    assert found.mobile
    assert found.address


async def test_a_form_takes_the_file_as_well(ingest: Ingest) -> None:
    target = await ingest.target()
    path = f"/v1/targets/{target}/uploads"
    answer = await ingest.http.post(path, files={"file": ("list.csv", file_of(people(12, 8)))})
    assert answer.json()["enrolled"] == 12
    none = await ingest.http.post(path, files={"other": ("list.csv", b"x")})
    assert (none.status_code, none.json()["code"]) == (422, "missing_file")
    broken = await ingest.http.post(
        path, content=b"no form", headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert broken.status_code == 422


async def test_bad_rows_are_named_and_good_ones_taken(ingest: Ingest) -> None:
    target = await ingest.target()
    rows = [cells_of(person)[:2] for person in people(12, seed=9)]
    bad = [spoil("wrong check digit", rows[3]), spoil("month first", rows[4])]
    answer = await ingest.upload(target, file_of_cells([*rows[:3], *bad, *rows[5:]]))
    body = answer.json()
    assert (body["rows"], body["enrolled"], body["rejected"]) == (12, 10, 2)
    assert [(p["row"], p["column"], p["code"]) for p in body["problems"]] == [
        (4, "A", "invalid_nhs_number"),
        (5, "B", "invalid_date_of_birth"),
    ]
    assert bad[0][0] not in answer.text


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\r\n\r\n", "empty_file"),
        (b"PK\x03\x04rest", "not_text"),
        (b"%PDF-1.7", "not_text"),
        (b"a\0b", "not_text"),
        (b"name,colour\r\nAnn,red\r\n", "no_usable_column"),
        (b"NHS number,name\r\n9990000018,Ann\r\n", "missing_column"),
        (b"NHS number,NHS no,DOB\r\n9990000018,1,01/02/2015\r\n", "ambiguous_columns"),
        (b"12345,01/02/2015\r\n", "nothing_usable"),
        (b'9990000018,"01/02/2015\r\n', "unterminated_quote"),
        (b"9990000018,01/02/2015," + b"x" * 100_000, "line_too_long"),
    ],
)
async def test_a_file_that_is_no_list_of_patients_is_refused(
    ingest: Ingest, content: bytes, code: str
) -> None:
    target = await ingest.target()
    answer = await ingest.upload(target, content)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert await ingest.events("patients", target) == []


async def test_a_quote_that_never_ends_keeps_nothing_of_the_rows_before(ingest: Ingest) -> None:
    target = await ingest.target()
    good = numbers_file(list(islice(nhs_numbers(3), 9000)))
    answer = await ingest.upload(target, good + b'9990000018,"01/02/2015\r\n' + b"x\r\n" * 600)
    assert (answer.status_code, answer.json()["code"]) == (422, "unterminated_quote")
    assert await ingest.rows("SELECT 1 FROM patients WHERE target_id = $1", target) == []
    assert await ingest.events("patients", target) == []
    assert (await ingest.upload(target, good)).json()["enrolled"] == 9000


async def test_a_file_of_mostly_bad_rows_is_refused_unless_told_otherwise(ingest: Ingest) -> None:
    target = await ingest.target()
    good = [cells_of(person)[:2] for person in people(6, seed=11)]
    content = file_of_cells([*good, *(["x", "y"] for _ in range(4))])
    answer = await ingest.upload(target, content)
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_rejected")
    assert len(answer.json()["problems"]) == 8
    forced = await ingest.upload(target, content, params={"accept_rejected": "true"})
    assert (forced.json()["enrolled"], forced.json()["rejected"]) == (6, 4)


async def test_a_patient_is_enrolled_once_whatever_the_files_say(ingest: Ingest) -> None:
    target = await ingest.target()
    a, b, c = islice(nhs_numbers(21), 3)
    first = await ingest.upload(target, numbers_file([a, b, a]))
    assert (first.json()["enrolled"], first.json()["duplicates"]) == (2, 1)
    second = await ingest.upload(target, numbers_file([b, c, c]))
    assert (second.json()["enrolled"], second.json()["duplicates"]) == (1, 2)
    events = await ingest.events("patients", target)
    assert sorted(e.data.position for e in events) == [1, 2, 3]
    elsewhere = await ingest.target()
    assert (await ingest.upload(elsewhere, numbers_file([a]))).json()["enrolled"] == 1


async def test_the_same_content_is_answered_with_the_first_result(ingest: Ingest) -> None:
    target = await ingest.target()
    content = numbers_file(list(islice(nhs_numbers(22), 5)))
    first = await ingest.upload(target, content)
    again = await ingest.upload(target, content)
    assert first.json() == again.json()
    assert len(await ingest.events("patients", target)) == 5


async def test_a_removed_patient_is_enrolled_anew_by_the_same_file(ingest: Ingest) -> None:
    target = await ingest.target()
    numbers = list(islice(nhs_numbers(23), 3))
    content = numbers_file(numbers)
    first = await ingest.upload(target, content)
    answer = await ingest.removed(target, nhs_numbers=[numbers[1]], reason="Moved away")
    assert (answer.status_code, answer.json()["count"]) == (202, 1)
    again = await ingest.upload(target, content)
    assert again.json()["upload_id"] != first.json()["upload_id"]
    assert (again.json()["enrolled"], again.json()["duplicates"]) == (1, 2)
    events = [e.data for e in await ingest.events("patients", target)]
    anew = [e for e in events if e.enrolment == 2]
    assert [(e.nhs_number, e.version, e.position) for e in anew] == [(numbers[1], 1, 4)]
    assert len({e.patient_id for e in events}) == 4
    assert (await ingest.upload(target, content)).json() == again.json()


async def test_a_removal_of_others_leaves_the_first_result(ingest: Ingest) -> None:
    target = await ingest.target()
    a, b, c = islice(nhs_numbers(24), 3)
    first = await ingest.upload(target, numbers_file([a, b]))
    await ingest.upload(target, numbers_file([c]))
    await ingest.removed(target, nhs_numbers=[c], reason="Moved away")
    assert (await ingest.upload(target, numbers_file([a, b]))).json() == first.json()


async def test_paused_closed_and_unknown_targets_take_no_upload(ingest: Ingest) -> None:
    target = await ingest.target()
    content = numbers_file([NO_MATCH])
    for verb, code in (("pause", "paused"), ("close", "closed")):
        await ingest.http.post(f"/v1/targets/{target}/{verb}")
        answer = await ingest.upload(target, content)
        assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert (await ingest.upload("nothing", content)).status_code == 404
    assert (await ingest.http.get("/v1/uploads/nothing")).status_code == 404


async def test_other_types_are_turned_away(ingest: Ingest) -> None:
    target = await ingest.target()
    for kind in ("application/json", "application/x-www-form-urlencoded", "image/png"):
        answer = await ingest.upload(target, b"x", headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    for kind in ("application/octet-stream", "text/plain; charset=utf-8"):
        answer = await ingest.upload(target, b"", headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["code"]) == (422, "empty_file")


async def test_a_key_serves_uploads_as_well(ingest: Ingest) -> None:
    target = await ingest.target()
    one, two = (numbers_file([number]) for number in islice(nhs_numbers(25), 2))
    headers = {"Content-Type": "text/csv", "Idempotency-Key": f"key-{target}"}
    first = await ingest.upload(target, one, headers=headers)
    assert (await ingest.upload(target, one, headers=headers)).json() == first.json()
    other = await ingest.upload(target, two, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_uploads_at_the_same_time_share_no_place_and_no_patient(ingest: Ingest) -> None:
    target = await ingest.target()
    numbers = list(islice(nhs_numbers(26), 600))
    parts = [numbers[:300], numbers[200:500], numbers[400:]]
    answers = await asyncio.gather(*(ingest.upload(target, numbers_file(p)) for p in parts))
    assert sum(answer.json()["enrolled"] for answer in answers) == 600
    assert sum(answer.json()["duplicates"] for answer in answers) == 200
    events = await ingest.events("patients", target)
    assert sorted(e.data.position for e in events) == list(range(1, 601))


async def test_a_birthday_is_judged_by_the_business_day_in_london(ingest: Ingest) -> None:
    target = await ingest.target()
    a, b = islice(nhs_numbers(27), 2)
    # 23:30 UTC on 31 August is already 1 September in London.
    ingest.place.at(datetime(2025, 8, 31, 23, 30, tzinfo=UTC))
    try:
        born_today = await ingest.upload(target, numbers_file([a], "01/09/2025"))
        not_yet = await ingest.upload(target, numbers_file([b], "02/09/2025"))
    finally:
        ingest.place.at(datetime(2025, 9, 1, 8, tzinfo=UTC))
    assert born_today.json()["enrolled"] == 1
    assert not_yet.json()["code"] == "nothing_usable"
    (event,) = await ingest.events("patients", target)
    assert event.time == "2025-08-31T23:30:00.000000Z"


async def test_twenty_thousand_rows_reconcile_with_the_topic(ingest: Ingest) -> None:
    target = await ingest.target()
    numbers = list(islice(nhs_numbers(29), 18_000))
    rows = [[number, "01/02/1980"] for number in numbers]
    rows += [[number, "01/02/1980"] for number in numbers[:1_200]]
    rows += [["no number", "01/02/1980"]] * 799 + [[NO_MATCH, "01/02/1980"]]
    body = (await ingest.upload(target, file_of_cells(rows))).json()
    verdicts = ("enrolled", "alerts", "duplicates", "rejected")
    assert {name: body[name] for name in verdicts} == {
        "enrolled": 18_000,
        "alerts": 1,
        "duplicates": 1_200,
        "rejected": 799,
    }
    assert body["rows"] == sum(body[name] for name in verdicts) == 20_000
    assert (len(body["problems"]), body["problems_total"]) == (100, 799)
    events = [event.data for event in await ingest.events("patients", target)]
    assert Counter(e.nhs_number for e in events) == Counter([*numbers, NO_MATCH])
    assert sorted(e.position for e in events) == list(range(1, 18_002))
    stored = await ingest.rows("SELECT patient_id FROM patients WHERE target_id = $1", target)
    assert {row["patient_id"] for row in stored} == {e.patient_id for e in events}


async def test_rejected_rows_can_be_downloaded_corrected_and_uploaded_again(ingest: Ingest) -> None:
    target = await ingest.target()
    rows = [cells_of(person)[:2] for person in people(12, seed=19)]
    names = ["=Reason", "Date of birth", "NHS number"]
    bad = [spoil("wrong check digit", rows[3]), spoil("month first", rows[4])]
    table = [["-x", born, number] for number, born in [*rows[:3], *bad, *rows[5:]]]
    body = (await ingest.upload(target, file_of_cells([names, *table]))).json()
    assert (body["rejected"], body["rejected_kept"], body["target_id"]) == (2, 2, target)
    path = f"/v1/uploads/{body['upload_id']}/rejected.csv"
    answer = await ingest.http.get(path)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    found = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert found[0] == ["Reason rejected", "'=Reason", "Date of birth", "NHS number"]
    assert [row[1:] for row in found[1:]] == [["'-x", *reversed(row)] for row in bad]
    assert "check digit" in found[1][0]
    mended = [
        found[0],
        *([*row[:2], *reversed(whole)] for row, whole in zip(found[1:], rows[3:5], strict=True)),
    ]
    again = await ingest.upload(target, file_of_cells(mended))
    assert (again.json()["enrolled"], again.json()["rejected"]) == (2, 0)
    none = await ingest.http.get(f"/v1/uploads/{again.json()['upload_id']}/rejected.csv")
    assert (none.status_code, none.json()["code"]) == (404, "no_rejected_rows")
    assert (await ingest.http.get("/v1/uploads/unknown/rejected.csv")).status_code == 404
    listed = (await ingest.http.get(f"/v1/targets/{target}/uploads")).json()["uploads"]
    assert {one["upload_id"] for one in listed} == {body["upload_id"], again.json()["upload_id"]}
    assert all("problems" not in one for one in listed)


async def test_rejected_rows_are_erased_after_thirty_days_or_when_the_target_is_closed(
    ingest: Ingest,
) -> None:
    content = numbers_file(["9990000034", "12345"])
    paths = []
    for _ in range(2):
        target = await ingest.target()
        upload = (await ingest.upload(target, content)).json()["upload_id"]
        paths.append((target, upload))
    kept = "SELECT row FROM rejected_rows WHERE upload_id = $1"
    await ingest.http.post(f"/v1/targets/{paths[0][0]}/close")
    gone = await ingest.http.get(f"/v1/uploads/{paths[0][1]}/rejected.csv")
    assert (gone.status_code, gone.json()["code"]) == (404, "no_rejected_rows")
    async with asyncio.timeout(30):
        while await ingest.rows(kept, paths[0][1]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert len(await ingest.rows(kept, paths[1][1])) == 1
    async with asyncpg.create_pool(ingest.place.dsn, min_size=1) as pool:
        service: Any = SimpleNamespace(pool=pool, clock=SimpleNamespace(now=lambda: LATER))
        while await erase_rejected_rows(service):
            pass
    assert await ingest.rows(kept, paths[1][1]) == []
    body = (await ingest.http.get(f"/v1/uploads/{paths[1][1]}")).json()
    assert (body["rejected"], body["rejected_kept"]) == (1, 0)


async def test_rows_of_a_file_that_was_read_before_are_not_kept_twice(ingest: Ingest) -> None:
    target = await ingest.target()
    await ingest.upload(target, numbers_file(["9990000042"]))
    content = numbers_file(["9990000034", "9990000042", "12345"])
    first = (await ingest.upload(target, content)).json()
    await ingest.removed(target, nhs_numbers=["9990000042"], reason="Moved away")
    await ingest.upload(target, numbers_file(["9990000042"], "02/01/1980"))
    assert (await ingest.upload(target, content)).json() == first
    orphans = "SELECT 1 FROM rejected_rows WHERE upload_id NOT IN (SELECT upload_id FROM uploads)"
    assert await ingest.rows(orphans) == []
