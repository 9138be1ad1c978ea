"""A day's letters: each in exactly one batch, printed the same whenever it is asked for."""

import asyncio
import csv
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from integration.invitations.test_invitations import START, Invitations, patient_id, service
from invitations import batches, simulation
from invitations.batches import form
from invitations.letter_routes import router
from invitations.store import letters
from recall.contracts.instants import LONDON, instant
from recall.contracts.post import SAID_BY_SUPPLIER
from recall.kit import wire

__all__ = ["service"]
CUT_OFF = datetime(2025, 9, 1, 17, 30, tzinfo=LONDON)


@pytest.fixture
async def printer(service: Invitations) -> AsyncIterator[httpx.AsyncClient]:
    app = service.service.app([router(service.service, service.channels, {})])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://printer") as client:
        client.headers["Authorization"] = "Bearer t"
        yield client


async def write_to(service: Invitations, *numbers: int) -> None:
    await service.hear(*(service.patient(n) for n in numbers))
    await service.hear(*(service.dispatch(n, channel="letter") for n in numbers))


async def placed(service: Invitations) -> dict[str, list[str]]:
    rows = await service.rows(
        "SELECT batch_id, invitation_id FROM letters ORDER BY batch_id, place"
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["batch_id"], []).append(row["invitation_id"])
    return found


async def run_out(service: Invitations) -> None:
    while await form(service.service, {}):
        pass


async def test_letters_wait_for_the_cut_off_and_are_in_one_batch_then(service: Invitations) -> None:
    await service.target()
    await write_to(service, 1, 2, 3)
    assert not await form(service.service, {})
    service.clock.at = CUT_OFF
    await write_to(service, 4)
    await run_out(service)
    ids = [f"{patient_id(number)}.1" for number in (1, 2, 3)]
    assert await placed(service) == {"2025-09-01-1": sorted(ids), None: [f"{patient_id(4)}.1"]}
    service.clock.at = CUT_OFF + timedelta(days=1)
    await run_out(service)
    assert await placed(service) == {
        "2025-09-01-1": sorted(ids),
        "2025-09-02-1": [f"{patient_id(4)}.1"],
    }


async def test_a_batch_has_no_more_letters_than_can_be_printed_in_little_memory(
    service: Invitations, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.target()
    await write_to(service, *range(12))
    service.clock.at = CUT_OFF
    monkeypatch.setattr(batches, "BATCH_LETTERS", 5)
    assert await form(service.service, {})
    found = await placed(service)
    assert {batch: len(names) for batch, names in found.items()} == {
        "2025-09-01-1": 5,
        "2025-09-01-2": 5,
        "2025-09-01-3": 2,
    }
    assert len({name for names in found.values() for name in names}) == 12


async def test_a_crash_and_two_at_once_leave_each_letter_in_exactly_one_batch(
    service: Invitations, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.target()
    numbers = range(12)
    await write_to(service, *numbers)
    await write_to(service, *numbers)  # The dispatches come again.
    service.clock.at = CUT_OFF
    monkeypatch.setattr(batches, "AT_ONCE", 5)

    async def crash(*_: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(letters, "delete_letters", crash)
        broken.setattr(letters, "add_batch", crash)
        with pytest.raises(ConnectionError):
            await form(service.service, {})
    assert await service.rows("SELECT 1 FROM letter_batches") == []

    async def another() -> None:
        for _ in range(8):
            await asyncio.gather(form(service.service, {}), return_exceptions=True)

    await asyncio.gather(another(), another(), another())
    await run_out(service)
    found = await placed(service)
    assert sorted(name for names in found.values() for name in names) == sorted(
        f"{patient_id(number)}.1" for number in numbers
    )
    rows = await service.rows("SELECT batch_id, letters FROM letter_batches")
    assert {row["batch_id"]: row["letters"] for row in rows} == {
        batch: len(names) for batch, names in found.items()
    }


async def test_who_answered_or_was_removed_before_the_cut_off_gets_no_letter(
    service: Invitations,
) -> None:
    await service.target()
    await write_to(service, 1, 2)
    await service.hear(service.withdrawal(1))
    service.clock.at = CUT_OFF
    await run_out(service)
    assert await placed(service) == {"2025-09-01-1": [f"{patient_id(2)}.1"]}


async def test_who_lost_their_address_before_the_cut_off_moves_on(service: Invitations) -> None:
    await service.target()
    await write_to(service, 1)
    nowhere = replace(service.patient(1), version=2, address=[], postcode=None)  # type: ignore[type-var]
    await service.hear(nowhere)
    service.clock.at = CUT_OFF
    await run_out(service)
    (report,) = service.kept.of(wire.DeliveryReported)
    assert (report.state, report.reason) == ("failed", "no_address")
    assert await placed(service) == {}
    await service.hear(report)
    assert await service.states() == {f"{patient_id(1)}.1": "undeliverable"}


async def test_a_batch_is_one_document_with_a_manifest_and_stays_the_same(
    service: Invitations, printer: httpx.AsyncClient
) -> None:
    await service.target()
    await write_to(service, 1, 2, 3)
    service.clock.at = CUT_OFF
    await run_out(service)
    await service.hear(replace(service.patient(1), version=2, last_name="Changed"))  # type: ignore[type-var]
    listed = (await printer.get("/v1/letters/batches")).json()
    (batch,) = listed["batches"]
    assert (batch["batch_id"], batch["letters"], listed["waiting"]) == ("2025-09-01-1", 3, 0)
    assert listed["next_cut_off"] == instant(CUT_OFF + timedelta(days=1))
    pdf = await printer.get(batch["pdf"])
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")
    manifest = list(csv.DictReader((await printer.get(batch["csv"])).text.splitlines()))
    assert [line["letter_id"] for line in manifest] == [f"{patient_id(n)}.1" for n in (1, 2, 3)]
    assert [line["first_page"] for line in manifest] == ["1", "2", "3"]
    assert {line["pages_in_batch"] for line in manifest} == {"3"}
    assert {line["pdf_sha256"] for line in manifest} == {pdf.headers["etag"].strip('"')}
    assert not any("Other" in value for line in manifest for value in line.values())
    app = service.service.app([router(service.service, service.channels, {})])
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://other", headers=printer.headers
    ) as another:
        assert (await another.get(batch["pdf"])).content == pdf.content


async def test_a_targets_letters_are_told_apart_and_printed_alone(
    service: Invitations, printer: httpx.AsyncClient
) -> None:
    await service.target()
    await service.target("other")
    await write_to(service, 1, 2, 3)
    stranger = replace(service.patient(4), target_id="other")  # type: ignore[type-var]
    sent = replace(service.dispatch(4, channel="letter"), target_id="other")  # type: ignore[type-var]
    await service.hear(stranger, sent)
    service.clock.at = CUT_OFF
    await run_out(service)
    await service.hear(
        delivery(1, "delivered"), delivery(2, "failed", "returned_gone_away"), service.withdrawal(3)
    )
    shown = (await printer.get("/v1/targets/t/letters")).json()
    (batch,) = shown["batches"]
    assert shown["waiting"] == 0
    assert {name: batch[name] for name in ("letters", "sending", "delivered", "failed")} == {
        "letters": 3, "sending": 1, "delivered": 1, "failed": 1,
    }  # fmt: skip
    assert batch["reasons"] == {"returned_gone_away": 1}
    assert (batch["answered"], batch["withdrawn"]) == (0, 1)

    one = f"/v1/letters/batches/{batch['batch_id']}"
    whole = list(csv.DictReader((await printer.get(f"{one}.csv")).text.splitlines()))
    part = list(csv.DictReader((await printer.get(f"{one}.csv?target=t")).text.splitlines()))
    assert (len(whole), len(part)) == (4, 3)
    assert f"{patient_id(4)}.1" not in {line["letter_id"] for line in part}
    assert (await printer.get(f"{one}.pdf?target=nobody")).status_code == 404


async def test_a_target_without_letters_has_none_and_an_unknown_one_is_404(
    service: Invitations, printer: httpx.AsyncClient
) -> None:
    await service.target()
    shown = (await printer.get("/v1/targets/t/letters")).json()
    assert (shown["batches"], shown["waiting"]) == ([], 0)
    unknown = await printer.get("/v1/targets/nobody/letters")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "path",
    [
        "targets/%00/letters",
        "targets/%ff%0a/letters",
        "letters/batches/%00.pdf",
        "letters/batches/%00.csv",
        "letters/batches/2025-09-01-1.pdf?target=%00",
        "letters/batches/2025-09-01-1.csv?target=t%00",
        "invitations/%00/letter.pdf",
    ],
)
async def test_what_no_database_takes_is_404(
    service: Invitations, printer: httpx.AsyncClient, path: str
) -> None:
    answer = await printer.get(f"/v1/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def delivery(number: int, state: Any, reason: Any = None) -> Any:
    return wire.DeliveryReported(
        target_id="t", patient_id=patient_id(number), invitation_id=f"{patient_id(number)}.1",
        channel="letter", report_id=state, state=state, reason=reason, received_at=instant(CUT_OFF),
    )  # fmt: skip


async def test_one_letter_can_be_seen_before_and_after_its_batch_and_in_large_print(
    service: Invitations, printer: httpx.AsyncClient
) -> None:
    await service.target()
    await write_to(service, 1)
    path = f"/v1/invitations/{patient_id(1)}.1/letter.pdf"
    before = await printer.get(path)
    assert before.content.startswith(b"%PDF")
    service.clock.at = CUT_OFF
    await run_out(service)
    assert (await printer.get(path)).content == before.content
    large = await printer.get(path, params={"large_print": "true"})
    assert large.content.startswith(b"%PDF")
    assert large.content != before.content
    assert (
        large.headers["content-disposition"] == f'inline; filename="letter-{patient_id(1)}.1.pdf"'
    )


async def test_letters_are_for_those_with_the_token(
    service: Invitations, printer: httpx.AsyncClient
) -> None:
    await service.target()
    await service.hear(service.patient(1), service.dispatch(1))
    for path in (
        "letters/batches/2025-09-01-1.pdf",
        "letters/batches/x.csv",
        f"invitations/{patient_id(1)}.1/letter.pdf",
    ):
        assert (await printer.get(f"/v1/{path}")).status_code == 404
    printer.headers.pop("Authorization")
    for path in (
        "letters/batches",
        "letters/batches/2025-09-01-1.pdf",
        f"invitations/{patient_id(1)}.1/letter.pdf",
    ):
        assert (await printer.get(f"/v1/{path}")).status_code == 401


async def test_what_the_supplier_says_reaches_the_invitation(service: Invitations) -> None:
    await service.target()
    said = list(SAID_BY_SUPPLIER)
    await write_to(service, *range(len(said)))
    for number, (status, code) in enumerate(said):
        words = f"{status} {code or ''}".strip()
        await service.rows(
            "INSERT INTO simulated_acts "
            "(due_at, partition, patient_id, round, target_id, channel, kind, said) "
            "SELECT $1, partition, patient_id, round, target_id, channel, 'supplier', $3 "
            "FROM invitations WHERE invitation_id = $2",
            START,
            f"{patient_id(number)}.1",
            words,
        )
    await simulation.act(service.service, service.channels, service.rotation)
    reports = service.kept.of(wire.DeliveryReported)
    assert len(reports) == len(said)
    await service.hear(*reports)
    ended = {e.patient_id: e.reason for e in service.kept.of(wire.InvitationUndeliverable)}
    noted = {e.patient_id: e.state for e in service.kept.of(wire.DeliveryNoted)}
    for number, key in enumerate(said):
        meant = SAID_BY_SUPPLIER[key]
        assert ended.get(patient_id(number)) == meant.reason, key
        assert noted.get(patient_id(number)) == (None if meant.reason else meant.delivery), key
