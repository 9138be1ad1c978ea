"""Every event has examples, and everything that reads events takes them as they are."""

import json
import re
from typing import Any, get_args

import jsonschema
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_structured_event, to_structured_event
from pydantic import BaseModel

from catalogue import examples
from catalogue.places import EXAMPLES, SCHEMAS
from catalogue.schemas import parts_of, whole
from recall.contracts.envelope import CONTENT_TYPE, Data, schema_uri
from recall.contracts.events import EVENTS
from recall.contracts.instants import moment
from recall.contracts.topics import TOPICS, channel_topic
from recall.kit.codec import decoder, encode
from recall.kit.unit import what_of

EACH = [(model, name) for model in EVENTS.values() for name in examples.names(model.event_type)]
each = pytest.mark.parametrize(
    ("model", "name"), EACH, ids=[f"{model.event_type}/{name}" for model, name in EACH]
)

MADE_UP_MOBILE = re.compile(r"^\+447700900\d{3}$")
MADE_UP_NHS_NUMBER = re.compile(r"^999\d{7}$")


def test_every_event_has_its_examples_and_nothing_else_does() -> None:
    assert {path.name for path in EXAMPLES.iterdir()} == set(EVENTS)
    for event_type in EVENTS:
        assert set(examples.NEEDED) <= set(examples.names(event_type))


@each
def test_an_example_fits_its_json_schema(model: type[Data], name: str) -> None:
    schema = json.loads((SCHEMAS / f"{model.event_type}.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    validator.validate(examples.example(model.event_type, name))


@each
def test_an_example_fits_its_model_and_comes_back_the_same(model: type[Data], name: str) -> None:
    text = examples.text_of(model.event_type, name)
    event = whole(model).model_validate_json(text)
    assert json.loads(event.model_dump_json(exclude_unset=True)) == json.loads(text)


@each
def test_an_example_is_decoded_and_encoded_by_the_codec(model: type[Data], name: str) -> None:
    example = examples.example(model.event_type, name)
    for topic in (*TOPICS.values(), channel_topic("any")):
        if model in topic.carries:
            event = decoder(topic.carries)(json.dumps(example).encode())
            assert json.loads(encoded(model, event)) == with_defaults(model, example)


@each
def test_an_example_is_a_cloud_event_in_structured_mode(model: type[Data], name: str) -> None:
    example = examples.example(model.event_type, name)
    record = KafkaMessage(
        {"content-type": CONTENT_TYPE.encode()}, None, json.dumps(example).encode()
    )
    event = from_structured_event(record)
    assert event.get_id() == example["id"]
    assert event.get_type() == model.event_type
    assert event.get_subject() == example["subject"]
    assert event.get_time() == moment(example["time"])
    assert event.get_data() == example["data"]
    assert event.get_extension("traceparent") == example.get("traceparent")
    back = json.loads(to_structured_event(event).value)
    assert back | {"time": example["time"]} == example


@each
def test_an_example_is_named_as_the_design_says(model: type[Data], name: str) -> None:
    event = examples.example(model.event_type, name)
    data = event["data"]
    assert event["subject"] == data[model.subject_field]
    assert event["dataschema"] == schema_uri(model.event_type)
    subject, what, version = event["id"].split("/")
    assert subject == event["subject"]
    assert (what, version) == expected_id(model, data)


def expected_id(model: type[Data], data: Any) -> tuple[str, str]:
    """The middle and the end of an event's id."""
    if "report_id" in data:
        return data.get("state", "reply"), data["report_id"]
    version = data.get("command_id") or data.get("message_id") or str(data["version"])
    return what_of(model), version


@each
def test_an_example_has_made_up_people_in_it(model: type[Data], name: str) -> None:
    for field, value in walk(examples.example(model.event_type, name)):
        if "mobile" in field and value is not None:
            assert MADE_UP_MOBILE.match(value)
        if field == "nhs_number":
            assert MADE_UP_NHS_NUMBER.match(value)


@pytest.mark.parametrize("model", EVENTS.values(), ids=EVENTS.keys())
def test_the_full_example_has_every_field_and_the_examples_together_every_value(
    model: type[Data],
) -> None:
    full = examples.example(model.event_type, "full")
    assert set(full["data"]) == set(model.model_fields)
    assert "traceparent" in full
    every = [examples.example(model.event_type, n) for n in examples.names(model.event_type)]
    said = {field for one in every for field, value in walk(one) if value not in (None, [])}
    assert {field for part in parts_of(model) for field in part.model_fields} <= said


@pytest.mark.parametrize("model", EVENTS.values(), ids=EVENTS.keys())
def test_the_minimal_example_leaves_out_what_may_be_left_out(model: type[Data]) -> None:
    minimal = examples.example(model.event_type, "minimal")
    required = {name for name, field in model.model_fields.items() if field.is_required()}
    assert set(minimal["data"]) == required
    assert "traceparent" not in minimal


def walk(value: Any, field: str = "") -> Any:
    """Every field anywhere in a JSON value, with its value."""
    yield field, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from walk(inner, name)
    if isinstance(value, list):
        for inner in value:
            yield from walk(inner)


def encoded(model: type[Data], event: Any) -> bytes:
    """An event encoded again."""
    return encode(
        model,
        event.data,
        event_id=event.id,
        source=event.source,
        subject=event.subject,
        time=event.time,
        traceparent=event.traceparent,
    )


def with_defaults(model: type[Data], example: Any) -> Any:
    """An example with what it leaves out, as the codec writes it."""
    return example | {"data": filled(model, example["data"])}


def filled(model: type[BaseModel], given: Any) -> Any:
    """What a model, or a list of its parts, says once the defaults are filled in."""
    if isinstance(given, list):
        return [filled(model, part) for part in given]
    if not isinstance(given, dict):
        return given
    left_out = {n: f.default for n, f in model.model_fields.items() if not f.is_required()}
    parts = {name: part_of(field.annotation) for name, field in model.model_fields.items()}
    said = {name: filled(parts[name] or model, value) for name, value in given.items()}
    return left_out | said


def part_of(annotation: Any) -> type[BaseModel] | None:
    """The model of a field, of a list's items, or of what may be null."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (part_of(inner) for inner in get_args(annotation))
    return next((model for model in found if model), None)
