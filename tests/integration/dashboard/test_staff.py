"""The pages that set up and feed a target, on a real ingest: typed, sent, answered, told."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from html import unescape
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from dashboard import sending
from dashboard.staff import posted
from integration.dashboard.board import Board, appointment, opened, progressed
from integration.ingest.running import TOKEN as INGEST_TOKEN
from integration.ingest.running import Ingest, make_place, started
from support.people import cells_of, file_of_cells, people, spoil
from support.stores import TestStores, fresh_database

DAY = date(2025, 9, 15)


@dataclass
class Staff:
    """Who looks at the pages: a dashboard that hears of ingest what is folded by hand."""

    board: Board
    ingest: Ingest
    line: "Line"

    async def get(self, path: str) -> str:
        answer = await self.board.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def send(self, path: str, *pairs: tuple[str, str]) -> httpx.Response:
        return await self.board.client.post(
            path,
            content=urlencode(pairs),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )

    async def hear(self, target: str) -> None:
        """Fold what ingest has told of a target, as the consumers would."""
        for topic in ("targets", "slots"):
            told = [event.data for event in await self.ingest.events(topic, target)]
            if told:
                await self.board.hear(*told)

    async def target(self, **changes: Any) -> str:
        made = await self.ingest.target(**changes)
        await self.hear(made)
        return made


class Line(httpx.AsyncBaseTransport):
    """From the dashboard to an ingest in this process; it can be cut."""

    def __init__(self, ingest: Ingest) -> None:
        self._there = ingest.http._transport
        self.cut = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.cut:
            raise httpx.ConnectError("cut")
        request.headers["authorization"] = f"Bearer {INGEST_TOKEN}"
        return await self._there.handle_async_request(request)


@pytest.fixture(scope="module")
async def staff(
    stores: TestStores, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Staff]:
    place = await make_place(stores, tmp_path_factory.mktemp("staff"))
    async with started(place) as ingest:
        line = Line(ingest)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sending, "client", lambda: httpx.AsyncClient(transport=line))
            async with opened(await fresh_database(stores), stores.role_password) as board:
                yield Staff(board, ingest, line)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody folds by himself here: pages wait for what they will not see."""
    monkeypatch.setattr(posted, "SEEN_WITHIN_SECONDS", 0.0)


def boxes_of(page: str) -> list[tuple[str, str]]:
    """A page's first form as a browser sends it back."""
    pairs: list[tuple[str, str]] = []
    for box in re.findall(r"<input[^>]*>", page, re.DOTALL):
        found = dict(re.findall(r'([\w-]+)="([^"]*)"', box))
        ticked = found.get("type") not in {"checkbox", "radio"} or " checked" in box
        if ticked and "name" in found and found.get("type") != "file":
            pairs.append((found["name"], unescape(found.get("value", ""))))
    for name, options in re.findall(
        r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL
    ):
        chosen = re.findall(r'<option[^>]*value="([^"]*)"[^>]*selected', options)
        pairs.append((name, chosen[0] if chosen else ""))
    return pairs


def changed(pairs: list[tuple[str, str]], **answers: str) -> list[tuple[str, str]]:
    typed = {name.replace("_", "-"): value for name, value in answers.items()}
    return [pair for pair in pairs if pair[0] not in typed] + list(typed.items())


def section(page: str, name: str) -> list[tuple[str, str]]:
    """The boxes of one section of the settings."""
    forms = re.findall(r"<form.*?</form>", page, re.DOTALL)
    return boxes_of(next(form for form in forms if f'value="{name}"' in form))


async def test_a_target_is_made_once_however_often_its_form_is_sent(staff: Staff) -> None:
    pairs = changed(boxes_of(await staff.get("/targets/new")), name="Flu", practice="a81001")
    first, second = await asyncio.gather(*(staff.send("/targets/new", *pairs) for _ in "12"))
    assert first.status_code == second.status_code == 303, first.text
    assert first.headers["location"] == second.headers["location"]
    target = first.headers["location"].split("/")[2]
    body = (await staff.ingest.http.get(f"/v1/targets/{target}")).json()
    assert (body["name"], body["practice"], body["version"]) == ("Flu", "A81001", 1)
    assert [found["channel"] for found in body["rounds"]] == ["sms", "sms-link", "letter"]
    other = await staff.send("/targets/new", *changed(pairs, name="Other"))
    assert other.status_code == 422
    assert "has made a target already" in other.text


async def test_wrong_answers_come_back_with_what_was_typed(staff: Staff) -> None:
    pairs = changed(boxes_of(await staff.get("/targets/new")), name="<b>Flu</b>", practice="?",
                    rounds_2_answer="soon")  # fmt: skip
    answer = await staff.send("/targets/new", *pairs)
    assert answer.status_code == 422
    links = re.findall(
        r'href="#([^"]+)"', answer.text.split("nhsuk-error-summary__list")[1].split("</ul>")[0]
    )
    assert links == ["practice", "rounds-2-answer"]
    assert all(f'id="{link}"' in answer.text for link in links)
    assert "&lt;b&gt;Flu&lt;/b&gt;" in answer.text
    assert 'value="soon"' in answer.text
    key = dict(pairs)["key"]
    assert f'value="{key}"' in answer.text


async def test_what_ingest_finds_wrong_is_told_at_its_box(staff: Staff) -> None:
    pairs = changed(boxes_of(await staff.get("/targets/new")), name="Flu", practice="A81001")
    answer = await staff.send("/targets/new", *pairs, ("rounds-0-text", "Hello ((nobody))"))
    assert answer.status_code == 422
    assert 'href="#rounds-0-text"' in answer.text


async def test_a_setting_is_changed_with_its_version_and_a_stale_one_shows_both(
    staff: Staff,
) -> None:
    target = await staff.target()
    path = f"/targets/{target}/settings"
    page = await staff.get(path)
    window = changed(section(page, "window"), ends_day="20", ends_month="Oct")
    saved = await staff.send(path, *window)
    assert saved.headers["location"] == f"{path}?done=window"
    body = (await staff.ingest.http.get(f"/v1/targets/{target}")).json()
    assert (body["booking_window"]["to"], body["version"]) == ("2025-10-20", 2)
    stale = await staff.send(path, *changed(section(page, "name"), name="Mine"))
    assert stale.status_code == 412
    assert "Childhood Immunisations" in stale.text
    assert "Mine" in stale.text
    mine = await staff.send(path, *boxes_of(stale.text))
    assert mine.headers["location"] == f"{path}?done=name"
    assert (await staff.ingest.http.get(f"/v1/targets/{target}")).json()["name"] == "Mine"
    assert "The name has been changed." in await staff.get(f"{path}?done=name")


async def test_a_round_is_changed_and_another_added(staff: Staff) -> None:
    target = await staff.target()
    path = f"/targets/{target}/settings"
    second = changed(section(await staff.get(path), "round-2"), rounds_1_answer="3")
    assert (await staff.send(path, *second)).headers["location"].endswith("done=round")
    more = changed(section(await staff.get(path), "added"), added_name="Once more")
    assert (await staff.send(path, *more)).headers["location"].endswith("done=added")
    same = await staff.send(path, *section(await staff.get(path), "ratio"))
    assert same.headers["location"].endswith("done=same")
    rounds = (await staff.ingest.http.get(f"/v1/targets/{target}")).json()["rounds"]
    assert [found["name"] for found in rounds] == ["SMS invitation", "Letter", "Once more"]
    assert rounds[1]["respond_within"] == "P3D"


async def test_a_target_is_paused_resumed_and_closed_after_a_question(staff: Staff) -> None:
    target = await staff.target()
    path = f"/targets/{target}/settings"
    for verb, state in (("pause", "paused"), ("resume", "active"), ("close", "closed")):
        assert "?" in await staff.get(f"{path}/{verb}")
        answer = await staff.send(f"{path}/{verb}")
        assert answer.status_code == 303
        found = (await staff.ingest.http.get(f"/v1/targets/{target}")).json()
        assert found["state"] == state
        await staff.hear(target)
        upload = await staff.get(f"/targets/{target}/upload")
        assert ("upload-form" in upload) == (state == "active")
    assert "Its settings stay as they are" in await staff.get(path)
    assert (await staff.send(f"{path}/resume")).status_code == 409
    assert "It takes no more slots" in await staff.get(f"/targets/{target}/slots")


async def test_a_file_is_sent_on_and_its_verdict_has_an_address(staff: Staff) -> None:
    target = await staff.target()
    rows = [cells_of(person)[:2] for person in people(12, seed=31)]
    table = [*rows[:3], spoil("wrong check digit", rows[3]), *rows[4:]]
    path = f"/targets/{target}/upload"
    answer = await staff.board.client.post(path, files={"file": ("a.csv", file_of_cells(table))})
    assert answer.status_code == 303
    page = await staff.get(answer.headers["location"])
    assert "12 rows read: 11 patients added to the target" in page
    assert table[3][0] not in page
    download = unescape(re.findall(r'href="(/v1/uploads/[^"]+)"', page)[0])
    file = await staff.board.client.get(download)
    assert file.headers["content-disposition"] == 'attachment; filename="rejected-rows.csv"'
    assert table[3][0] in file.text
    assert answer.headers["location"] in await staff.get(path)
    elsewhere = answer.headers["location"].replace(target, await staff.target())
    assert (await staff.board.client.get(elsewhere)).status_code == 404


async def test_a_file_of_mostly_bad_rows_is_refused_and_may_be_taken_without_them(
    staff: Staff,
) -> None:
    target = await staff.target()
    rows = [cells_of(person)[:2] for person in people(12, seed=37)]
    table = [*(spoil("month first", row) for row in rows[:6]), *rows[6:]]
    path, file = f"/targets/{target}/upload", {"file": ("a.csv", file_of_cells(table))}
    refused = await staff.board.client.post(path, files=file)
    assert refused.status_code == 422
    assert "Nothing of the file was kept" in refused.text
    assert "month seems to come before the day" in refused.text
    (again,) = re.findall(r'formaction="([^"]+)"', refused.text)
    taken = await staff.board.client.post(again, files=file)
    assert taken.status_code == 303
    assert "6 patients added" in await staff.get(taken.headers["location"])


async def test_a_form_without_a_file_and_a_file_that_is_too_large_are_told(staff: Staff) -> None:
    target = await staff.target()
    path = f"/targets/{target}/upload"
    empty = await staff.board.client.post(path, files={"file": ("", b"")})
    assert empty.status_code == 422
    assert "Choose the file" in empty.text
    client = Board("postgresql://nowhere", staff.board.pool, upload_bytes=1024).client
    large = {"file": ("a.csv", b"x" * 100_000)}

    async def endless() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(100):
            yield b"x" * 4096

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    async with client:
        assert (await client.post(path, files=large)).status_code == 413
        unknown = await client.post(path, content=endless(), headers=headers)
    assert unknown.status_code == 413
    assert "larger than" in unknown.text


async def test_slots_are_shown_before_they_are_added_and_added_once(staff: Staff) -> None:
    target = await staff.target()
    path = f"/targets/{target}/slots"
    pattern = [("begins-day", "15"), ("begins-month", "9"), ("begins-year", "2025"), ("ends-day", "16"),
               ("ends-month", "9"), ("ends-year", "2025"), ("days", "mon"), ("days", "tue"), ("opens", "9"),
               ("closes", "10"), ("minutes", "20"), ("clinicians", "Ann\r\nBob")]  # fmt: skip
    preview = await staff.send(f"{path}/pattern", *pattern)
    assert "This adds 12 slots on 2 days" in preview.text
    assert await staff.ingest.events("slots", target) == []
    confirm = [*boxes_of(preview.text), ("confirm", "yes")]
    answers = await asyncio.gather(*(staff.send(f"{path}/pattern", *confirm) for _ in "12"))
    assert {answer.headers["location"] for answer in answers} == {f"{path}?added=12&known=0&bad=0"}
    assert len(await staff.ingest.events("slots", target)) == 12
    await staff.hear(target)
    later = await staff.send(f"{path}/pattern", *confirm)
    assert later.headers["location"] == f"{path}?added=12&known=0&bad=0"
    page = await staff.get(path)
    assert "Monday 15 September 2025" in page
    again = await staff.send(f"{path}/pattern", *pattern)
    assert "This adds no slot" in again.text
    assert "12 slots stand already" in again.text


async def test_free_slots_are_withdrawn_after_a_question_and_booked_ones_are_not(
    staff: Staff,
) -> None:
    target = await staff.target()
    path = f"/targets/{target}/slots"
    file = b"starts_at,minutes,clinician,slot_id\n" + b"".join(
        b"15/09/2025 09:%d0,10,Ann,s-%d\n" % (n, n) for n in range(4)
    )
    added = await staff.board.client.post(f"{path}/file", files={"file": ("s.csv", file)})
    assert added.headers["location"] == f"{path}?added=4&known=0&bad=0"
    await staff.hear(target)
    booked = appointment("s-1", "2025-09-15T08:10:00.000000Z")
    await staff.board.hear(progressed(77, "booked", target_id=target, appointment=booked))
    day = await staff.get(f"{path}?day={DAY}")
    assert re.findall(r'name="slot" value="([^"]+)"', day) == ["s-0", "s-2", "s-3"]
    none = await staff.send(f"{path}/withdraw", ("day", str(DAY)), ("slot", "s-1"))
    assert none.status_code == 422
    asked = await staff.send(f"{path}/withdraw", ("day", str(DAY)), ("all", "yes"))
    assert "Withdraw these 3 slots on Monday 15 September 2025?" in asked.text
    done = await staff.send(f"{path}/withdraw", *boxes_of(asked.text), ("confirm", "yes"))
    assert done.headers["location"] == f"{path}?day={DAY}&withdrawn=3"
    await staff.hear(target)
    after = await staff.get(done.headers["location"])
    assert "3 slots have been withdrawn." in after
    assert 'name="slot"' not in after
    assert "Booked" in after


async def test_a_list_of_slots_that_is_none_is_told(staff: Staff) -> None:
    target = await staff.target()
    path = f"/targets/{target}/slots/file"
    answer = await staff.board.client.post(path, files={"file": ("s.csv", b"when\nnow\n")})
    assert answer.status_code == 422
    assert 'href="#file"' in answer.text


async def test_pages_of_unknown_targets_and_with_senseless_addresses_say_so(staff: Staff) -> None:
    target = await staff.target()
    for path, status in (
        ("/targets/none/settings", 404),
        ("/targets/none/upload", 404),
        ("/targets/none/slots", 404),
        (f"/targets/{target}/uploads/none", 404),
        (f"/targets/{target}/uploads/no%20ne", 404),
        (f"/targets/{target}/slots?day=tomorrow", 422),
        (f"/targets/{target}/settings/erase", 422),
    ):
        answer = await staff.board.client.get(path)
        assert answer.status_code == status, path
        assert answer.headers["content-type"].startswith("text/html")
    for form in ("pattern", "file", "withdraw"):
        answer = await staff.board.client.get(f"/targets/{target}/slots/{form}")
        assert answer.headers["location"] == f"/targets/{target}/slots"
    answer = await staff.board.client.post(f"/targets/{target}/settings", json={})
    assert answer.status_code == 415
    large = await staff.send("/targets/new", ("name", "x" * posted.FORM_BYTES))
    assert large.status_code == 413


async def test_pages_say_when_ingest_is_away(staff: Staff) -> None:
    target = await staff.target()
    new = boxes_of(await staff.get("/targets/new"))
    staff.line.cut = True
    try:
        for path in ("settings", "upload"):
            answer = await staff.board.client.get(f"/targets/{target}/{path}")
            assert answer.status_code == 502
            assert "is not answering" in answer.text
        pairs = changed(new, name="Flu", practice="A81001")
        assert (await staff.send("/targets/new", *pairs)).status_code == 502
        assert "Slots by day" in await staff.get(f"/targets/{target}/slots")
    finally:
        staff.line.cut = False
