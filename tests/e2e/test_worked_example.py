"""The worked example as a user meets it, and what is true of every part of the stack it leaves."""

import asyncio
import json
import os
import random
import re
import signal
import socket
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import psutil
import pytest
import pytest_asyncio
from cloudevents.core.bindings.kafka import KafkaMessage, from_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from e2e.audit import SERVICES, Result, complaints, differences, records_of, result_of
from e2e.commands import DEADLINE, dev, end_of, left_in, ran
from e2e.doors import doors
from e2e.garbage import KINDS, MARK, thrown
from e2e.losing import lost_once
from e2e.records import Raw, write
from launcher import example, pictures, rebuild
from launcher.driving import Driver
from launcher.stack import Stack, is_ready
from launcher.sums import broken
from recall.contracts.envelope import CONTENT_TYPE, Envelope
from recall.contracts.events import EVENTS
from recall.contracts.topics import TOPICS
from support.stacks import clock_of, logs_of, simulated

PERSONAL = re.compile(r"(?<!\d)999\d{7}(?!\d)|07700[ ]?9\d{5}|\+447700")
"""A made-up NHS number, a made-up mobile."""


@dataclass
class Played:
    """A stack on which the example has been played, and every page that was seen meanwhile."""

    stack: Stack
    driver: Driver
    page: dict[str, Any]
    result: Result
    seen: list[dict[str, Any]] = field(default_factory=list)

    async def patients(self, **query: Any) -> list[dict[str, Any]]:
        """All patients whom a question finds, page by page."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, Any] = {}
        while True:
            path = f"/v1/targets/{example.TARGET_ID}/patients"
            answer = await self.driver.get("dashboard", path, limit=25, **query, **cursor)
            found += answer["patients"]
            if answer["next_cursor"] is None:
                return found
            cursor = {"cursor": answer["next_cursor"]}

    async def patient(self, patient_id: str) -> dict[str, Any]:
        """One patient with their timeline."""
        path = f"/v1/targets/{example.TARGET_ID}/patients/{patient_id}"
        return await self.driver.get("dashboard", path)

    async def everything(self) -> dict[str, Any]:
        """All that the dashboard shows: the page, and every patient with their timeline."""
        everybody = sorted(await self.patients(), key=lambda patient: str(patient["patient_id"]))
        told = [await self.patient(patient["patient_id"]) for patient in everybody]
        return {"page": await self.driver.page(example.TARGET_ID), "patients": told}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def played(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Played]:
    """The example, played once for all the tests of this module."""
    folder = tmp_path_factory.mktemp("example")
    scenario = example.cast().scenario
    seen: list[dict[str, Any]] = []
    async with (
        simulated(folder, start=example.START, scenario=scenario) as stack,
        httpx.AsyncClient(
            base_url=stack.stack["dashboard"],
            headers={"Authorization": f"Bearer {stack.stack['token']}"},
            timeout=60,
        ) as watcher,
    ):

        async def look() -> None:
            answer = await watcher.get(f"/v1/targets/{example.TARGET_ID}")
            if answer.is_success:
                seen.append(answer.json())

        async with Driver(stack.stack, clock_of(stack), look) as driver:
            page = await example.play(driver)
            result = await result_of(stack, driver, example.TARGET_ID)
            yield Played(stack, driver, page, result, seen)


def ports_of(stack: dict[str, str]) -> list[int]:
    """Every port that a stack.json names."""
    hosts = [value if "//" in value else f"//{value}" for k, value in stack.items() if k != "token"]
    return [port for host in hosts if (port := urlsplit(host).port) is not None]


def is_open(port: int) -> bool:
    """Whether something listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def test_dev_demo_exits_well_and_prints_the_worked_example_as_json(tmp_path: Path) -> None:
    ended = await ran(tmp_path, "demo", "--exit", "--json")

    assert ended.code == 0, ended.err
    page = json.loads(ended.out)
    assert pictures.differences(example.EXPECTED, page) == []
    assert page["overview"] == example.EXPECTED["overview"]
    assert [r["round"] for r in page["rounds"]] == [1, 2, 3]
    assert left_in(tmp_path) == ["lock"]


async def test_ctrl_c_stops_the_demo_and_leaves_nothing_running(tmp_path: Path) -> None:
    demo = await dev(tmp_path, "demo")
    written = tmp_path / "stack.json"
    async with asyncio.timeout(DEADLINE):
        while not written.exists():
            assert demo.returncode is None, await end_of(demo)
            await asyncio.sleep(0.05)
    stack = json.loads(written.read_text())
    children = psutil.Process(demo.pid).children(recursive=True)
    assert len(children) >= 6
    assert all(is_open(port) for port in ports_of(stack))

    # A terminal sends it to the whole foreground group.
    os.killpg(demo.pid, signal.SIGINT)
    ended = await end_of(demo)

    assert ended.code == 130, ended.err
    assert "Traceback" not in ended.err
    assert [child for child in children if child.is_running()] == []
    assert [port for port in ports_of(stack) if is_open(port)] == []
    assert left_in(tmp_path) == ["lock"]


@pytest.mark.timeout(600)
async def test_kafka_may_be_lost_with_all_that_was_on_its_way(
    played: Played, tmp_path: Path
) -> None:
    found = await lost_once(tmp_path)

    # What stood on the topics that are gone cannot be compared.
    assert differences(replace(played.result, endings={}), replace(found, endings={})) == []


async def test_every_number_of_the_page_is_as_in_the_worked_example(played: Played) -> None:
    assert pictures.differences(example.EXPECTED, played.page) == []


async def test_the_sums_hold_at_every_instant_that_was_observed(played: Played) -> None:
    assert len(played.seen) > 20
    assert [fault for page in played.seen for fault in broken(page)] == []
    totals = [page["overview"]["total_patients"] for page in played.seen]
    assert totals == sorted(totals)
    assert len({json.dumps(page["overview"]) for page in played.seen}) > 10


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_every_number_of_a_round_is_a_list_of_so_many_patients(
    played: Played, number: int
) -> None:
    row = played.page["rounds"][number - 1]
    for status in ("in_queue", "being_invited", "booked", "declined"):
        found = await played.patients(round=number, status=status)
        assert len(found) == row[status], status
        assert {(one["round"], one["status"]) for one in found} <= {(number, status)}
    left = await played.patients(did_not_book_in=number)
    assert len(left) == row["did_not_book"]
    assert len({one["patient_id"] for one in left}) == len(left)


async def test_every_number_of_the_overview_is_a_list_of_so_many_patients(played: Played) -> None:
    overview = played.page["overview"]
    for status in overview.keys() - {"total_patients"}:
        assert len(await played.patients(status=status)) == overview[status], status
    assert len(await played.patients()) == overview["total_patients"]
    assert {one["round"] for one in await played.patients(status="patient_alert")} == {None}


async def test_a_timeline_tells_the_whole_story_in_order(played: Played) -> None:
    (came_back,) = await played.patients(status="did_not_book")

    whole = await played.patient(came_back["patient_id"])

    story = [entry["what"] for entry in whole["timeline"]]
    assert story == [
        "enrolled", "invited", "delivered", "unanswered",
        "invited", "undeliverable",
        "invited", "undeliverable",
    ]  # fmt: skip
    assert whole["alert"] is None


async def test_every_timeline_is_in_order_and_fits_the_patients_status(played: Played) -> None:
    for patient in await played.patients():
        whole = await played.patient(patient["patient_id"])
        told = whole["timeline"]
        assert [entry["at"] for entry in told] == sorted(entry["at"] for entry in told)
        assert len({entry["event_id"] for entry in told}) == len(told)
        assert told[0]["what"] == "enrolled"
        story = [entry["what"] for entry in told]
        assert story.count("invited") == (patient["round"] or 0)
        endings = {"booked": "booked_", "declined": "declined_", "patient_alert": "alert"}
        if patient["status"] in endings:
            assert story[-1].startswith(endings[patient["status"]]), story
        assert (whole["alert"] is not None) == (patient["status"] == "patient_alert")
        assert (patient["appointment"] is not None) == (patient["status"] == "booked")


async def test_what_the_tables_and_topics_say_agrees(played: Played) -> None:
    assert await complaints(played.stack, played.driver, example.TARGET_ID) == []


def personal() -> set[str]:
    """Every made-up person's number."""
    people = example.cast()
    return {one.nhs_number for one in (*people.first_file, *people.second_file)}


async def test_no_log_and_no_metric_holds_personal_details(played: Played) -> None:
    texts = logs_of(played.stack)
    async with httpx.AsyncClient(timeout=60) as client:
        for service in SERVICES:
            answer = await client.get(f"{played.stack.stack[service]}/metrics")
            texts[f"{service}/metrics"] = answer.text
    names = await _names(played)
    assert len(names) > 20
    assert {f"{service}.log" for service in SERVICES} <= texts.keys()
    for place, text in texts.items():
        assert PERSONAL.findall(text) == [], place
        assert [name for name in names if name in text] == [], place


async def _names(played: Played) -> set[str]:
    return {one["name"] for one in await played.patients() if one["name"]}


async def test_topics_not_marked_as_personal_carry_no_personal_details(played: Played) -> None:
    names = await _names(played)
    numbers = personal()
    found: dict[str, int] = dict.fromkeys(TOPICS, 0)
    for record in await records_of(played.stack):
        text = (record.value or b"").decode() + (record.key or b"").decode()
        if any(number in text for number in numbers):
            found[record.topic] += 1
        if not TOPICS[record.topic].personal:
            assert PERSONAL.findall(text) == [], record.topic
            assert [name for name in names if name in text] == [], record.topic
    # The search itself works: it finds everybody where they are meant to be.
    assert found["patients"] >= 121
    assert {topic for topic, count in found.items() if count} == {"patients"}


async def test_every_record_is_an_event_of_its_contract_and_a_cloud_event(played: Played) -> None:
    records = await records_of(played.stack)
    assert {record.topic for record in records} == set(TOPICS) - {"patient-requests"}
    for record in records:
        assert record.value is not None
        assert list(record.headers) == [("content-type", CONTENT_TYPE.encode())]
        whole = json.loads(record.value)
        envelope = Envelope.model_validate_json(record.value)
        model = EVENTS[envelope.type]
        assert model in TOPICS[record.topic].carries
        data = model.model_validate_json(json.dumps(whole["data"]))
        assert record.key == getattr(data, TOPICS[record.topic].key).encode()
        assert envelope.subject == getattr(data, model.subject_field)
        _check_cloud_event(record, whole)


def _check_cloud_event(record: Raw, whole: dict[str, Any]) -> None:
    headers = {name: bytes(value) for name, value in record.headers}
    event = from_structured(
        KafkaMessage(headers=headers, key=record.key, value=record.value or b""),
        JSONFormat(),
        CloudEvent,
    )
    assert event.get_id() == whole["id"]
    assert event.get_type() == whole["type"]
    assert event.get_specversion() == "1.0"


OPEN = {"/livez", "/readyz", "/metrics", "/version"}


@pytest.mark.parametrize("service", SERVICES)
async def test_everything_but_health_and_the_patients_pages_asks_for_the_token(
    played: Played, service: str
) -> None:
    found = doors(service)
    assert ("GET", "/settled") in found
    async with httpx.AsyncClient(base_url=played.stack.stack[service], timeout=60) as client:
        for method, path in found:
            for told in (None, "Bearer wrong", "Basic eA=="):
                headers = {} if told is None else {"Authorization": told}
                answer = await client.request(method, path, headers=headers)
                assert answer.status_code == 401, (method, path, answer.text[:100])


async def test_a_wrong_sign_in_link_sets_no_cookie(played: Played) -> None:
    async with httpx.AsyncClient(timeout=60) as client:
        answer = await client.get(f"{played.stack.stack['dashboard']}/sign-in?key=wrong")
    assert answer.status_code == 401
    assert not answer.cookies


async def test_health_asks_for_no_token(played: Played) -> None:
    async with httpx.AsyncClient(timeout=60) as client:
        for service in SERVICES:
            for path in sorted(OPEN):
                answer = await client.get(f"{played.stack.stack[service]}{path}")
                assert answer.status_code == 200, (service, path)


async def letters(stack: Stack) -> dict[tuple[str, str], list[str]]:
    """The reasons of all dead letters, by service and topic."""
    found: dict[tuple[str, str], list[str]] = {}
    connection = await asyncpg.connect(stack.admin_dsn)
    try:
        for service in SERVICES:
            rows = await connection.fetch(
                f"SELECT topic, reason FROM {service}.dead_letters WHERE record_key = $1"
                " ORDER BY topic, partition, record_offset",
                MARK,
            )
            for row in rows:
                found.setdefault((service, row["topic"]), []).append(row["reason"])
    finally:
        await connection.close()
    return found


async def test_the_dashboards_tables_are_rebuilt_with_the_same_result(played: Played) -> None:
    before = await played.everything()

    told = await rebuild.rebuilt(played.stack.stack)

    await played.driver.settle()
    assert await played.everything() == before
    assert told["topics"] == [
        "patient-progress", "patients", "queue-states", "slot-availability", "slots", "targets",
    ]  # fmt: skip
    assert await complaints(played.stack, played.driver, example.TARGET_ID) == []


async def test_nothing_is_shown_while_the_tables_are_being_rebuilt(played: Played) -> None:
    before = await played.driver.page(example.TARGET_ID)
    headers = {"Authorization": f"Bearer {played.stack.stack['token']}"}
    async with httpx.AsyncClient(
        base_url=played.stack.stack["dashboard"], headers=headers, timeout=60
    ) as client:
        assert (await client.post("/rebuild")).status_code == 204
        for path in ("/v1/targets", f"/v1/targets/{example.TARGET_ID}", "/"):
            answer = await client.get(path)
            assert answer.status_code == 503, path
            assert "put together anew" in answer.text

    await rebuild.rebuilt(played.stack.stack)

    await played.driver.settle()
    page = await played.driver.page(example.TARGET_ID)
    assert pictures.differences(example.EXPECTED, page) == []
    assert page | {"as_of": None} == before | {"as_of": None}


async def test_garbage_on_every_topic_is_put_aside_and_changes_nothing(played: Played) -> None:
    before = await played.everything()
    draw = random.Random(1)
    partitions = played.stack.options.partitions
    garbage = [
        record
        for topic in TOPICS.values()
        for record in thrown(draw, topic.name, topic.carries[0].event_type, partitions)
    ]

    await write(played.stack.stack["kafka"], garbage)
    await played.driver.settle()

    assert await played.everything() == before
    found = await letters(played.stack)
    readers = {(service, topic.name) for topic in TOPICS.values() for service in topic.readers}
    assert found.keys() == readers
    for where, reasons in found.items():
        assert len(reasons) == len(KINDS) + 1, where
        assert set(reasons) == {"invalid", "unreadable"}, where
    for service in SERVICES:
        assert await is_ready(played.stack.stack[service]), service
    assert await complaints(played.stack, played.driver, example.TARGET_ID) == []


async def test_null_values_are_passed_over(played: Played) -> None:
    before, put_aside = await played.everything(), await letters(played.stack)

    await write(
        played.stack.stack["kafka"], [Raw(topic, 0, MARK, None) for topic in sorted(TOPICS)]
    )
    await played.driver.settle()

    assert await played.everything() == before
    assert await letters(played.stack) == put_aside


async def test_all_that_was_ever_said_said_again_changes_nothing(played: Played) -> None:
    before = await played.everything()
    said = [r for r in await records_of(played.stack) if r.key != MARK and r.value is not None]

    await write(played.stack.stack["kafka"], said[::-1])
    await played.driver.settle()

    assert await played.everything() == before
    assert await complaints(played.stack, played.driver, example.TARGET_ID) == []
    again = [r for r in await records_of(played.stack) if r.key != MARK and r.value is not None]
    # The repeats have stirred up nothing: what stands on the topics now is what we wrote there.
    assert Counter(r.value for r in again) == Counter(r.value for r in [*said, *said])
