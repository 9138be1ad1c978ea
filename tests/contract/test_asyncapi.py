"""The AsyncAPI document is valid, and says what the registry says."""

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml  # type: ignore[import-untyped]

from catalogue import examples
from catalogue.places import DOCS
from catalogue.schemas import schema_of
from catalogue.wiring import SERVICES, wiring
from recall.contracts.events import EVENTS
from recall.contracts.topics import TOPICS

FOLDER = Path(__file__).parent / "asyncapi"


@pytest.fixture(scope="module")
def document() -> Any:
    """The document as it is committed."""
    return yaml.safe_load((DOCS / "asyncapi.yaml").read_text())


def test_the_document_fits_the_schema_of_asyncapi(document: Any) -> None:
    text = gzip.decompress((FOLDER / "schema-3.0.0.json.gz").read_bytes())
    assert hashlib.sha256(text).hexdigest() in (FOLDER / "README.md").read_text()
    validator = jsonschema.Draft7Validator(json.loads(text))
    assert not [f"{list(e.absolute_path)}: {e.message}" for e in validator.iter_errors(document)]


def test_every_reference_leads_somewhere(document: Any) -> None:
    for reference in references(document):
        at = document
        for step in reference.removeprefix("#/").split("/"):
            at = at[step]


def references(value: Any) -> list[str]:
    """Every `$ref` in a document."""
    if isinstance(value, list):
        return [found for inner in value for found in references(inner)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
    return own + [found for inner in value.values() for found in references(inner)]


@pytest.mark.parametrize("event_type", EVENTS)
def test_a_payload_as_a_tool_would_resolve_it_takes_the_examples(
    document: Any, event_type: str
) -> None:
    schema = {"$ref": f"#/components/schemas/{event_type}", "components": document["components"]}
    for name in examples.names(event_type):
        jsonschema.Draft7Validator(schema).validate(examples.example(event_type, name))


def test_every_topic_and_event_is_described(document: Any) -> None:
    addresses = {channel["address"] for channel in document["channels"].values()}
    assert TOPICS.keys() | {"invitations-{channel}"} <= addresses
    assert set(document["components"]["messages"]) == set(EVENTS)
    for name, topic in TOPICS.items():
        carried = {model.event_type for model in topic.carries}
        assert set(document["channels"][name]["messages"]) == carried


def test_parts_of_different_events_with_the_same_name_are_the_same() -> None:
    seen: dict[str, Any] = {}
    for model in EVENTS.values():
        for name, part in schema_of(model)["$defs"].items():
            assert seen.setdefault(name, part) == part


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_does_in_the_document_what_it_is_wired_to_do(document: Any, service: str) -> None:
    groups = {
        operation["bindings"]["kafka"]["groupId"]["enum"][0]
        for name, operation in document["operations"].items()
        if name.startswith(f"{service}-reads-")
    }
    assert groups == {f"{service}.{topic}" for topic in wiring(service).reads}


def test_an_author_of_a_plugin_finds_what_to_read_and_what_to_write(document: Any) -> None:
    operations = document["operations"]
    reads = operations["plugin-reads-invitations"]
    writes = operations["plugin-writes-channel-reports"]
    assert (reads["action"], writes["action"]) == ("receive", "send")
    channel = document["channels"]["invitations"]
    assert channel["address"] == "invitations-{channel}"
    assert "recall.invitation.requested.v1" in channel["messages"]
    kafka = document["channels"]["channel-reports"]["bindings"]["kafka"]
    assert kafka["topicConfiguration"]["retention.ms"] == 7 * 24 * 3600 * 1000
    key = document["components"]["messages"]["recall.reply.received.v1"]["bindings"]["kafka"]["key"]
    assert key["description"] == "The patient_id."
