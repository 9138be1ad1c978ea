"""What is generated is as it would be generated now, and no schema breaks whoever relies on it."""

import copy
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalogue import __main__ as command
from catalogue import baseline, schemas
from catalogue.compatible import breaks, missing
from recall.contracts.events import EVENTS

TYPE = "recall.delivery.reported.v1"
Change = Callable[[Any, Any], object]
"""Changes a schema in place, given its root and its data's part."""


def changed(change: Change) -> tuple[Any, Any]:
    """A schema before and after a change."""
    old = schemas.schema_of(EVENTS[TYPE])
    new = copy.deepcopy(old)
    change(new, new["$defs"]["DeliveryReported"])
    return old, new


BREAKING: dict[str, Change] = {
    "a field removed": lambda _, data: data["properties"].pop("report_id"),
    "an optional field removed": lambda _, data: data["properties"].pop("reason"),
    "a field renamed": lambda _, data: data["properties"].update(
        status=data["properties"].pop("state")
    ),
    "a field of the envelope removed": lambda root, _: root["properties"].pop("subject"),
    "a required field added": lambda _, data: (
        data["properties"].update(country={"type": "string"}),
        data["required"].append("country"),
    ),
    "an optional field made required": lambda _, data: data["required"].append("reason"),
    "a required field made optional": lambda _, data: data["required"].remove("channel"),
    "another type": lambda _, data: data["properties"].update(report_id={"type": "integer"}),
    "null allowed": lambda _, data: data["properties"].update(
        channel={"anyOf": [data["properties"]["channel"], {"type": "null"}]}
    ),
    "null forbidden": lambda _, data: data["properties"].update(
        reason=data["properties"]["reason"]["anyOf"][0]
    ),
    "a value removed from a closed list": lambda _, data: data["properties"]["state"][
        "enum"
    ].remove("failed"),
    "an open text closed": lambda _, data: data["properties"]["report_id"].update(enum=["a"]),
    "another pattern": lambda _, data: data["properties"]["channel"].update(pattern="^sms$"),
    "a lower maximum": lambda root, _: root["properties"]["subject"].update(maxLength=10),
    "a higher minimum": lambda root, _: root["properties"]["subject"].update(minLength=10),
    "closed to unknown fields": lambda _, data: data.update(additionalProperties=False),
}

COMPATIBLE: dict[str, Change] = {
    "nothing": lambda _root, _data: None,
    "an optional field added": lambda _, data: data["properties"].update(
        country={"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}
    ),
    "other words": lambda _, data: data["properties"]["state"].update(description="Other words."),
    "a higher maximum": lambda root, _: root["properties"]["subject"].update(maxLength=1000),
    "a value added to a closed list": lambda _, data: data["properties"]["state"]["enum"].append(
        "read"
    ),
}


@pytest.mark.parametrize("change", BREAKING.values(), ids=BREAKING.keys())
def test_a_breaking_change_is_caught(change: Change) -> None:
    assert breaks(*changed(change))


@pytest.mark.parametrize("change", COMPATIBLE.values(), ids=COMPATIBLE.keys())
def test_a_compatible_change_is_let_through(change: Change) -> None:
    assert not breaks(*changed(change))


@pytest.mark.parametrize("name", ["a higher maximum", "a value added to a closed list"])
def test_what_plugins_read_may_not_widen_either(name: str) -> None:
    assert breaks(*changed(COMPATIBLE[name]), read_by_plugins=True)


def test_parts_and_lists_are_compared_too() -> None:
    old = schemas.schema_of(EVENTS["recall.target.saved.v1"])
    new = copy.deepcopy(old)
    new["$defs"]["SendWindow"]["properties"]["days"]["items"]["enum"].remove("sun")
    assert breaks(old, new) == [
        "an item of an item of the event's data's rounds's send_window's days may no longer be sun"
    ]


def test_a_type_may_go_only_when_a_later_version_of_it_comes() -> None:
    old: dict[str, Any] = {"recall.slot.released.v1": {}}
    assert missing(old, {}) == ["recall.slot.released.v1 is gone and has no later version"]
    assert not missing(old, {"recall.slot.released.v2": {}})


def test_a_broken_commit_fails_the_check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = schemas.schemas()
    before[TYPE]["$defs"]["DeliveryReported"]["properties"]["weather"] = {"type": "string"}
    monkeypatch.setattr(baseline, "committed", lambda _ref: before)
    assert command.main(["--check"]) == 1
    assert "has lost its field weather; give the type its next version" in capsys.readouterr().err


def test_schemas_of_a_commit_are_read_from_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "schemas"
    folder.mkdir()
    (folder / f"{TYPE}.json").write_text('{"type": "object"}')
    for arguments in (
        ["init", "--quiet"],
        ["add", "."],
        ["-c", "user.name=n", "-c", "user.email=e@example.org", "commit", "--quiet", "-m", "m"],
    ):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    monkeypatch.setattr(baseline, "ROOT", tmp_path)
    monkeypatch.setattr(baseline, "SCHEMAS", folder)
    assert baseline.committed("HEAD") == {TYPE: {"type": "object"}}
    assert baseline.committed("HEAD^") == {}


def test_what_is_generated_is_committed_as_it_is_generated(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command.main(["--check"]) == 0, capsys.readouterr().err


def test_a_stale_file_and_a_schema_of_no_event_fail_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "recall.pigeon.lost.v1.json").write_text("{}")
    monkeypatch.setattr(command, "SCHEMAS", tmp_path)
    monkeypatch.setattr(command, "ROOT", tmp_path)
    page = tmp_path / "events.md"
    assert command.stale({page: "new"}) == [
        "events.md is stale: run python -m catalogue",
        "recall.pigeon.lost.v1.json is the schema of no event: delete it",
    ]
    page.write_text("old")
    assert "events.md is stale: run python -m catalogue" in command.stale({page: "new"})


def test_generating_twice_gives_the_same_bytes() -> None:
    first = {path: text.encode() for path, text in command.generated().items()}
    assert first == {path: text.encode() for path, text in command.generated().items()}


@pytest.mark.parametrize("schema", schemas.schemas().values(), ids=EVENTS.keys())
def test_a_schema_is_open_to_fields_that_its_readers_do_not_know(schema: Any) -> None:
    assert '"additionalProperties": false' not in json.dumps(schema)
    assert '"unevaluatedProperties"' not in json.dumps(schema)
