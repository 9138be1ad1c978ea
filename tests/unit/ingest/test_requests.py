"""Requests say what they may, in full sentences and never with a value of theirs."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from ingest import targets
from ingest.requests import (
    CorrectionRequest,
    Headers,
    RemovalRequest,
    ReprocessRequest,
    TargetRequest,
    TargetSettings,
    ratio_text,
)
from recall.contracts import events
from recall.kit.codec import decoder, encode

AT = "2025-09-01T08:00:00.000000Z"


def body(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Childhood Immunisations",
        "practice": "A81001",
        "rounds": [{"channel": "sms"}],
        "booking_window": {"from": "2025-09-15", "to": "2025-09-30"},
    } | changes


def asked(**changes: Any) -> TargetRequest:
    return TargetRequest.model_validate_json(json.dumps(body(**changes)))


def test_a_target_gets_the_defaults() -> None:
    request = asked()
    (first,) = request.rounds
    assert (first.title, first.respond_within) == ("SMS invitation", "P7D")
    assert (first.send_window.from_time, first.send_window.to_time) == ("08:00", "18:00")
    assert len(first.send_window.days) == 7
    assert request.invitations_per_slot == 1.0


def test_what_is_made_passes_the_contract() -> None:
    rounds = [
        {"round": 1, "channel": "sms-link", "respond_within": "P2W"},
        {"channel": "fax-2", "send_window": {"days": ["mon"], "from": "00:00", "to": "24:00"}},
    ]
    made = targets.made("t", asked(rounds=rounds, invitations_per_slot=1.25), "staff", AT)
    value = encode(
        events.TargetSaved,
        made,
        event_id="t/saved/1",
        source="/recall/ingest",
        subject="t",
        time=AT,
        traceparent=None,
    )
    data = decoder((events.TargetSaved,))(value).data
    events.TargetSaved.model_validate_json(json.dumps(json.loads(value)["data"]))
    assert [(r.round, r.name) for r in data.rounds] == [(1, "SMS link"), (2, "fax-2")]
    assert data.invitations_per_slot == "1.25"


@pytest.mark.parametrize(
    ("number", "text"), [(1.0, "1.0"), (1, "1.0"), (0.125, "0.125"), (999, "999.0")]
)
def test_a_ratio_is_told_as_decimal_text(number: float, text: str) -> None:
    ratio = asked(invitations_per_slot=number).invitations_per_slot
    assert ratio is not None
    assert ratio_text(float(ratio)) == text


@pytest.mark.parametrize(
    ("changes", "where", "sentence"),
    [
        ({"practice": "a81001"}, "practice", "ODS code"),
        ({"name": " "}, "name", "1 to 120 characters"),
        ({"name": "a\u0000b"}, "name", "control characters"),
        ({"name": 7}, "name", "string"),
        ({"colour": "red"}, "colour", "not permitted"),
        ({"target_id": "../x"}, "target_id", "target_id has"),
        ({"rounds": []}, "rounds", "at least 1"),
        ({"rounds": [{"channel": "SMS"}]}, "rounds.0.channel", "small letters"),
        ({"rounds": [{"channel": "sms\n"}]}, "rounds.0.channel", "small letters"),
        ({"rounds": [{"channel": "sms", "round": 2}]}, "rounds", "numbered from 1"),
        (
            {"rounds": [{"channel": "sms", "respond_within": "7 days"}]},
            "rounds.0.respond_within",
            "P7D",
        ),
        (
            {"rounds": [{"channel": "sms", "respond_within": "PT0S"}]},
            "rounds.0.respond_within",
            "longer",
        ),
        (
            {"rounds": [{"channel": "sms", "respond_within": "P9999D"}]},
            "rounds.0.respond_within",
            "P366D",
        ),
        (
            {"rounds": [{"channel": "sms", "send_window": {"from": "18:00", "to": "08:00"}}]},
            "rounds.0.send_window",
            "before its to",
        ),
        (
            {"rounds": [{"channel": "sms", "send_window": {"days": ["mon", "mon"]}}]},
            "rounds.0.send_window",
            "once",
        ),
        (
            {"rounds": [{"channel": "sms", "send_window": {"from": "8:00"}}]},
            "rounds.0.send_window.from",
            "such as 08:00",
        ),
        (
            {"booking_window": {"from": "2025-09-30", "to": "2025-09-15"}},
            "booking_window",
            "not be after",
        ),
        (
            {"booking_window": {"from": "2025-02-30", "to": "2025-09-15"}},
            "booking_window.from",
            "calendar",
        ),
        ({"booking_window": {"from": "2025-09-15"}}, "booking_window.to", "required"),
        ({"invitations_per_slot": 0}, "invitations_per_slot", "above 0"),
        ({"invitations_per_slot": -1}, "invitations_per_slot", "above 0"),
        ({"invitations_per_slot": "1"}, "invitations_per_slot", "number"),
        ({"invitations_per_slot": True}, "invitations_per_slot", "number"),
        ({"invitations_per_slot": 0.0001}, "invitations_per_slot", "decimals"),
        ({"invitations_per_slot": 1e300}, "invitations_per_slot", "999.999"),
    ],
)
def test_a_wrong_target_is_told_where_and_how(
    changes: dict[str, Any], where: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        asked(**changes)
    found = caught.value.errors()[0]
    assert ".".join(map(str, found["loc"])) == where
    assert sentence in found["msg"]


def test_no_number_that_is_none_passes() -> None:
    for text in ("NaN", "Infinity", "1e999"):
        content = json.dumps(body(invitations_per_slot=7)).replace(": 7", f": {text}")
        with pytest.raises(ValidationError):
            TargetRequest.model_validate_json(content)


def test_a_patch_merges_and_null_is_a_value() -> None:
    document = {"name": "a", "booking_window": {"from": "1", "to": "2"}, "ratio": 1.0}
    patch = {"booking_window": {"to": "3"}, "ratio": None}
    assert targets.merged(document, patch) == {
        "name": "a",
        "booking_window": {"from": "1", "to": "3"},
        "ratio": None,
    }


def test_a_target_is_patched_only_by_what_differs() -> None:
    target = targets.made("t", asked(), "staff", AT)
    shown = targets.settings_shown(target)
    same = TargetSettings.model_validate_json(json.dumps(shown))
    assert targets.patched(target, same, "ann", AT) is target
    other = TargetSettings.model_validate_json(json.dumps(shown | {"name": "Other"}))
    after = targets.patched(target, other, "ann", AT)
    assert (after.version, after.name, after.actor) == (2, "Other", "ann")


def test_a_command_changes_the_state_once() -> None:
    target = targets.made("t", asked(), "staff", AT)
    paused = targets.commanded(target, "pause", "ann", AT)
    assert (paused.state, paused.version) == ("paused", 2)
    assert targets.commanded(paused, "pause", "ann", AT) is paused


@pytest.mark.parametrize(
    ("model", "content"),
    [
        (RemovalRequest, {"all": True, "reason": "x", "patients": ["x"]}),
        (RemovalRequest, {"reason": "x"}),
        (RemovalRequest, {"nhs_numbers": ["123"], "reason": "x"}),
        (ReprocessRequest, {}),
        (ReprocessRequest, {"all": True, "patients": []}),
        (CorrectionRequest, {}),
        (CorrectionRequest, {"nhs_number": "9990000018"}),
        (Headers, {"X-Actor": "a" * 121}),
        (Headers, {"X-Actor": ""}),
        (Headers, {"Idempotency-Key": "with space"}),
    ],
)
def test_other_requests_are_strict_too(model: Any, content: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(content)
    assert "9990000018" not in str(caught.value)
