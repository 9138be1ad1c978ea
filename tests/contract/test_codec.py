"""The model, the codec derived from it and its JSON Schema take and refuse the same records."""

import copy
import json
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from catalogue import examples
from catalogue.schemas import schemas, whole
from recall.contracts.events import EVENTS
from recall.kit.codec import decoder

GONE = object()
ODD = [
    GONE,
    None,
    True,
    False,
    0,
    1,
    -1,
    1000,
    2**62,
    2**62 + 1,
    2**64,
    0.5,
    "",
    "x",
    "yes",
    "1",
    "null",
    "a" * 121,
    "a" * 5000,
    "ü" * 120,
    "999 000 0018",
    "٩٩٩٠٠٠٠٠١٨",
    "2025-09-01T08:00:00.000000Z",
    "2025-09-01T08:00:00Z",
    "2025-09-01T08:00Z",
    "2025-09-01T08:00:00.000000+00:00",
    "2025-09-01T24:00:00.000000Z",
    "2025-13-01",
    "2025-09-01",
    "P",
    "PT",
    "P7D",
    "P1DT",
    "P1Y",
    "24:00",
    "24:01",
    "{9d2b547c-b251-8a77-8f90-df9fdfa868aa}",
    "9D2B547C-B251-8A77-8F90-DF9FDFA868AA",
    "9d2b547c-b251-8a77-8f90-df9fdfa868aa",
    "9d2b547c-b251-8a77-8f90-df9fdfa868aa.1",
    "9d2b547c-b251-8a77-8f90-df9fdfa868aa.0",
    "booked",
    "sms",
    [],
    [None],
    ["mon"],
    [[]],
    {},
    {"round": 1},
]
VALIDATORS = {t: jsonschema.Draft202012Validator(s) for t, s in schemas().items()}
DECODERS = {t: decoder((model,)) for t, model in EVENTS.items()}


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[str, Any]:
    """An example with a few of its values replaced, left out or added."""
    event_type = draw(st.sampled_from(sorted(EVENTS)))
    name = draw(st.sampled_from(examples.names(event_type)))
    event = copy.deepcopy(examples.example(event_type, name))
    for _ in range(draw(st.integers(0, 2))):
        places = list(containers(event))
        place = draw(st.sampled_from(places))
        keys = [*place, "unknown"] if isinstance(place, dict) else range(len(place))
        if keys:
            key = draw(st.sampled_from(list(keys)))
            replace(place, key, draw(st.sampled_from(ODD)))
    return event_type, event


def containers(value: Any) -> Any:
    """Every object and list in a JSON value, itself included."""
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from containers(inner)


def replace(place: Any, key: Any, odd: Any) -> None:
    """Put an odd value in the place of one, or leave it out."""
    if odd is not GONE:
        place[key] = copy.deepcopy(odd)
    elif isinstance(place, list):
        del place[key]
    else:
        place.pop(key, None)


def verdicts(event_type: str, record: bytes) -> tuple[bool, bool, bool]:
    """Whether the model, the codec and the schema take a record."""
    try:
        whole(EVENTS[event_type]).model_validate_json(record)
        model = True
    except ValidationError:
        model = False
    try:
        DECODERS[event_type](record)
        codec = True
    except msgspec.DecodeError:
        codec = False
    return model, codec, VALIDATORS[event_type].is_valid(json.loads(record))


@settings(max_examples=1500, deadline=None)
@given(spoilt())
def test_all_three_agree_about_any_record(case: tuple[str, Any]) -> None:
    event_type, event = case
    record = json.dumps(event).encode()
    assert len(set(verdicts(event_type, record))) == 1


@pytest.mark.parametrize("event_type", EVENTS)
def test_a_text_may_not_end_with_a_line_break_where_it_has_a_pattern(event_type: str) -> None:
    event = examples.example(event_type, "full")
    event["data"]["target_id"] += "\n"
    model, codec, _ = verdicts(event_type, json.dumps(event).encode())
    assert not model
    assert not codec


@pytest.mark.parametrize("odd", ["NaN", "1e400", "1.5", '"1"'])
def test_a_version_is_a_whole_number(odd: str) -> None:
    event_type = "recall.patient.progressed.v1"
    text = json.dumps(examples.example(event_type, "full")).replace(
        '"version": 3', f'"version": {odd}'
    )
    for read in (whole(EVENTS[event_type]).model_validate_json, DECODERS[event_type]):
        with pytest.raises((ValidationError, msgspec.DecodeError)):
            read(text.encode())


@pytest.mark.parametrize(
    "record", [b"", b"null", b"[]", b"{", b'{"type":"recall.unknown.made.v1"}', b"\xff\xfe"]
)
def test_garbage_is_refused_with_an_error_that_the_consumer_knows(record: bytes) -> None:
    for decode in DECODERS.values():
        with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
            decode(record)
