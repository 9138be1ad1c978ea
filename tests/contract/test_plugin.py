"""The library for plugins, and the plugin of the tutorial, by the contracts alone."""

import json
import re
import types
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from catalogue import examples
from catalogue.places import DOCS
from catalogue.schemas import schema_of
from recall.channel import Plugin, PluginSettings, Reference, delivered, failed, replied, sending
from recall.channel.messages import Message, Withdrawal, asked_for, decode
from recall.channel.reports import Report
from recall.contracts.topics import TOPICS
from recall.kit.clock import Run, write_run
from recall.kit.codec import Event, decoder

INVITATION = "9d2b547c-b251-8a77-8f90-df9fdfa868aa.3"
ABOUT = Reference("carrier-pigeon", "childhood-immunisations", INVITATION)
AT = datetime(2025, 9, 17, 11, 24, 9, 600_000, tzinfo=UTC)

BLOCKS = dict(
    zip(
        ("python", "json"),
        (
            re.findall(rf"```{kind}\n(.*?)```", (DOCS / "plugins.md").read_text(), re.DOTALL)
            for kind in ("python", "json")
        ),
        strict=True,
    )
)


def event(event_type: str, name: str) -> Event:
    """An example as a plugin gets it."""
    return decode(examples.text_of(event_type, name).encode())


def asked(event_type: str, name: str) -> Any:
    """What an example asks of a channel."""
    return asked_for(event(event_type, name).data)


@pytest.fixture
def settings(tmp_path: Path) -> PluginSettings:
    """Settings of a stack whose time stands still on the 16th of September 2025."""
    clock = tmp_path / "clock.json"
    now = datetime(2025, 9, 16, 8, tzinfo=UTC)
    write_run(clock, Run(start=now, started_at=0.0, speed=0.0, halt=now))
    return PluginSettings(kafka_bootstrap_servers="127.0.0.1:1", clock_file=clock)


def pigeons(settings: PluginSettings) -> types.ModuleType:
    """The tutorial's plugin as a module, as if it had been started."""
    [source] = BLOCKS["python"]
    module = types.ModuleType("carrier_pigeon")
    exec(compile(source, "docs/plugins.md", "exec"), vars(module))
    vars(module)["plugin"] = Plugin("carrier-pigeon", module.send, settings=settings)
    return module


def test_an_invitation_becomes_a_message_whose_key_is_the_invitation() -> None:
    message = asked("recall.invitation.requested.v1", "full")
    assert isinstance(message, Message)
    assert (message.key, message.kind) == (INVITATION, "invitation")
    assert message.about == ABOUT
    assert message.destination.postcode == "LS1 4AP"
    assert message.expires_at == datetime(2025, 9, 29, 8, 10, 0, 52_000, tzinfo=UTC)
    assert message.link
    assert message.code


def test_a_further_message_has_a_key_of_its_own() -> None:
    message = asked("recall.message.requested.v1", "full")
    assert message.kind == "new_offer"
    assert message.key != message.about.invitation_id
    assert [slot.letter for slot in message.offer] == ["A", "B", "C"]


def test_a_withdrawal_has_the_key_of_what_it_withdraws() -> None:
    withdrawal = asked("recall.invitation.withdrawn.v1", "full")
    assert isinstance(withdrawal, Withdrawal)
    assert withdrawal.key == INVITATION


def test_nothing_else_is_asked_of_a_channel() -> None:
    with pytest.raises(TypeError):
        asked_for(object())


def test_a_reference_comes_back_from_a_provider_as_it_went() -> None:
    assert Reference.parse(str(ABOUT)) == ABOUT


@pytest.mark.parametrize("text", ["", "sms", "sms/flu", "sms/flu/1", f"SMS/flu/{INVITATION}"])
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Reference.parse(text)


@pytest.mark.parametrize(
    ("report", "what"),
    [
        (sending(ABOUT, "loft-1", AT), "sending"),
        (delivered(ABOUT, "loft-1", AT), "delivered"),
        (failed(ABOUT, "loft-1", AT, "returned_gone_away"), "failed"),
        (replied(ABOUT, "loft-1", AT, "A"), "reply"),
    ],
    ids=lambda value: value if isinstance(value, str) else "report",
)
def test_a_report_is_an_event_of_channel_reports(report: Report, what: str) -> None:
    value = report.value("00-" + "a" * 32 + "-" + "b" * 16 + "-01")
    read = decoder(TOPICS["channel-reports"].carries)(value)
    jsonschema.validate(json.loads(value), schema_of(type(report.said)))
    assert read.id == report.event_id == f"{INVITATION}/{what}/loft-1"
    assert read.subject == INVITATION
    assert read.source == "/recall/plugins/carrier-pigeon"
    assert read.time == read.data.received_at == "2025-09-17T11:24:09.600000Z"
    assert read.traceparent is not None
    assert read.traceparent.startswith("00-" + "a" * 32)
    assert report.key.decode() == read.data.patient_id == ABOUT.patient_id


def test_a_report_that_breaks_its_contract_cannot_be_made() -> None:
    for wrong in ("", "two words", "x" * 121):
        with pytest.raises(ValueError):
            delivered(ABOUT, wrong, AT)
    with pytest.raises(ValueError):
        failed(ABOUT, "loft-1", AT, "eaten_by_a_hawk")  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        replied(ABOUT, "loft-1", AT, "x" * 2001)


async def test_a_pigeon_leaves_once_however_often_it_is_asked(
    settings: PluginSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin = pigeons(settings).plugin
    request = event("recall.invitation.requested.v1", "full")
    answers = [await plugin.answer(request) for _ in range(2)]
    assert capsys.readouterr().out.count("A pigeon leaves") == 1
    reads = [decoder(TOPICS["channel-reports"].carries)(v) for [(_, v)] in answers]
    assert {read.id for read in reads} == {f"{INVITATION}/sending/{INVITATION}.left"}
    assert {read.time for read in reads} == {"2025-09-16T08:00:00.000000Z"}
    assert request.traceparent
    trace = request.traceparent[:36]
    assert all(read.traceparent and read.traceparent.startswith(trace) for read in reads)


async def test_a_patient_without_an_address_cannot_be_reached_by_pigeon(
    settings: PluginSettings,
) -> None:
    message = asked("recall.message.requested.v1", "minimal")
    [report] = await pigeons(settings).send(message)
    assert (report.said.state, report.said.reason) == ("failed", "no_address")


async def test_an_invitation_that_has_expired_is_not_sent(settings: PluginSettings) -> None:
    plugin = pigeons(settings).plugin
    assert await plugin.answer(event("recall.invitation.requested.v1", "minimal")) == []


async def test_a_withdrawal_is_told_and_answered_by_nothing(settings: PluginSettings) -> None:
    told = []

    async def withdraw(withdrawal: Withdrawal) -> None:
        told.append(withdrawal.key)

    plugin = Plugin("carrier-pigeon", pigeons(settings).send, withdraw, settings)
    assert await plugin.answer(event("recall.invitation.withdrawn.v1", "full")) == []
    assert told == [INVITATION]


def test_the_loft_is_understood(settings: PluginSettings) -> None:
    report_of = pigeons(settings).report_of
    assert report_of(f"{ABOUT} loft-1 landed").event_id == f"{INVITATION}/delivered/loft-1"
    assert report_of(f"{ABOUT} loft-2 says Could we come later?").said.text == (
        "Could we come later?"
    )
    for nonsense in ("", "coo", f"{ABOUT} loft-1", f"{ABOUT} loft-1 coo", "x/y/z loft-1 landed"):
        with pytest.raises(ValueError):
            report_of(nonsense)


def test_the_tutorials_plugin_is_short_and_its_record_valid() -> None:
    [source], [record] = BLOCKS["python"], BLOCKS["json"]
    assert len(source.splitlines()) < 100
    read = decoder(TOPICS["channel-reports"].carries)(record.encode())
    assert read.id == f"{read.data.invitation_id}/{read.data.state}/{read.data.report_id}"
