"""What every event keeps to: its name, its fields, and whom it says nothing about."""

import re
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from catalogue import examples
from catalogue.meanings import meaning_of, type_of
from catalogue.schemas import parts_of
from recall.contracts.envelope import Data
from recall.contracts.events import EVENTS
from recall.contracts.topics import TOPICS, channel_topic
from recall.kit import wire
from recall.kit.codec import decoder, model_of

TYPE = re.compile(r"^recall\.[a-z]+(?:-[a-z]+)*\.(?P<participle>[a-z]+(?:ed|drawn))\.v[1-9][0-9]*$")
VAGUE = {
    "completed",
    "updated",
    "changed",
    "processed",
    "handled",
    "started",
    "finished",
    "failed",
}
REQUESTS = {"recall.patient-removal.requested.v1", "recall.opt-out.requested.v1"}
CONTACT = {
    "nhs_number",
    "date_of_birth",
    "first_name",
    "last_name",
    "mobile",
    "phone",
    "address",
    "postcode",
    "carer_name",
    "carer_mobile",
    "destination",
    "email",
}
CONTACT_TYPES = {"NhsNumber", "Phone", "Postcode", "Line", "Destination"}
NAMES_OF_NO_PATIENT = {("TargetSaved", "name"), ("Round", "name"), ("SlotReleased", "clinician")}

every_event = pytest.mark.parametrize("model", EVENTS.values(), ids=EVENTS.keys())
every_topic = (*TOPICS.values(), channel_topic("any"))


@every_event
def test_a_type_is_a_noun_and_a_participle_that_says_something(model: type[Data]) -> None:
    match = TYPE.match(model.event_type)
    assert match
    assert match["participle"] not in VAGUE


@every_event
def test_an_event_travels(model: type[Data]) -> None:
    assert any(model in topic.carries for topic in every_topic)


@every_event
def test_an_event_has_a_struct_to_be_made_from(model: type[Data]) -> None:
    event = decoder((model,))(examples.text_of(model.event_type, "full").encode())
    assert type(event.data) is vars(wire)[model.__name__]
    assert model_of(event.data) is model


@every_event
def test_an_event_names_its_target_and_its_key(model: type[Data]) -> None:
    keys = {topic.key for topic in every_topic if model in topic.carries}
    needed = {"target_id", model.subject_field} | keys
    required = {name for name, field in model.model_fields.items() if field.is_required()}
    assert needed <= required
    assert len(keys) == 1


@every_event
def test_an_event_of_an_owner_has_its_version_and_a_request_who_asked_and_why(
    model: type[Data],
) -> None:
    fields = set(model.model_fields)
    if model.event_type in REQUESTS:
        assert {"actor", "reason", "command_id"} <= fields
    elif model in TOPICS["channel-reports"].carries:
        assert {"invitation_id", "report_id", "received_at"} <= fields
    else:
        assert "version" in fields


@every_event
def test_a_field_is_a_text_a_whole_number_a_flag_or_a_closed_list(model: type[Data]) -> None:
    for part in parts_of(model):
        for field in part.model_fields.values():
            assert set(leaves(field.annotation)) <= {str, int, bool, type(None), Literal}


@every_event
def test_every_field_says_what_it_means(model: type[Data]) -> None:
    for part in parts_of(model):
        assert part.__doc__
        for field in part.model_fields:
            assert meaning_of(part, field).endswith(".")


@pytest.mark.parametrize("topic", every_topic, ids=lambda topic: topic.name)
def test_contact_details_travel_only_where_the_registry_says(topic: Any) -> None:
    parts = {part for model in topic.carries for part in parts_of(model)}
    found = {
        (part.__name__, field)
        for part in parts
        for field in part.model_fields
        if field in CONTACT or is_contact(part, field)
    }
    assert bool(found) == topic.personal


def is_contact(part: type[BaseModel], field: str) -> bool:
    """Whether a field's type is a patient's contact detail or name."""
    words = set(re.findall(r"\w+", type_of(part, field)))
    named = "Name" in words and (part.__name__, field) not in NAMES_OF_NO_PATIENT
    return named or bool(words & CONTACT_TYPES)


def leaves(annotation: Any) -> Iterator[Any]:
    """The plain types that an annotation comes down to."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from leaves(get_args(annotation)[0])
    elif origin in {Union, types.UnionType, list}:
        for inner in get_args(annotation):
            yield from leaves(inner)
    elif origin is Literal:
        assert all(isinstance(value, str) for value in get_args(annotation))
        yield Literal
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for field in annotation.model_fields.values():
            yield from leaves(field.annotation)
    else:
        yield annotation
