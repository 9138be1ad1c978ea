"""The derived codec and the pydantic contracts are one definition: same records, same values.

Events are built from the models' own field types, then spoilt in every way that a record may be.
"""

import json
import types
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
import pytest
from annotated_types import Ge, Le, MaxLen, MinLen
from cloudevents.core.bindings.kafka import KafkaMessage, from_structured
from cloudevents.core.formats.json import JSONFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, StringConstraints, create_model
from pydantic.fields import FieldInfo
from pydantic_core import from_json

from recall.contracts.envelope import Data, Envelope, schema_uri
from recall.contracts.events import EVENTS
from recall.contracts.instants import instant
from recall.kit.codec import HEADERS, decoder, encode, model_of, register, struct_of

TEXTS = st.characters(exclude_categories=["Cs"])
every_event = pytest.mark.parametrize("model", EVENTS.values(), ids=list(EVENTS))
some = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
many = settings(some, max_examples=40)


class Token(str):
    """JSON text to be written as it stands."""

    __slots__ = ()


class Pairs(list[tuple[str, Any]]):
    """An object as its pairs, so that a name may stand twice."""


def written(value: Any) -> str:
    """JSON text, also of what no serialiser would write."""
    match value:
        case Token():
            return str(value)
        case dict():
            return written(Pairs(value.items()))
        case Pairs():
            return "{" + ",".join(f"{json.dumps(k)}:{written(v)}" for k, v in value) + "}"
        case list():
            return "[" + ",".join(map(written, value)) + "]"
        case _:
            return json.dumps(value)


def bounds_of(constraints: tuple[Any, ...]) -> dict[str, Any]:
    """The constraints of a field by the names that the strategies use."""
    found: dict[str, Any] = {}
    for constraint in constraints:
        match constraint:
            case StringConstraints(pattern=pattern, min_length=low, max_length=high):
                found |= {"pattern": pattern, "min_size": low, "max_size": high}
            case MinLen(min_length=low):
                found["min_size"] = low
            case MaxLen(max_length=high):
                found["max_size"] = high
            case Ge(ge=low):
                found["min_value"] = low
            case Le(le=high):
                found["max_value"] = high
            case FieldInfo(metadata=inner):
                found |= bounds_of(tuple(inner))
    return {name: value for name, value in found.items() if value is not None}


def strategy(annotation: Any, constraints: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:
    """Valid JSON values of a field's type."""
    match get_origin(annotation):
        case origin if origin is Annotated:
            inner, *more = get_args(annotation)
            return strategy(inner, (*constraints, *more))
        case origin if origin in {Union, types.UnionType}:
            return st.one_of([strategy(part, constraints) for part in get_args(annotation)])
        case origin if origin is list:
            return st.lists(strategy(get_args(annotation)[0]), max_size=3)
        case origin if origin is Literal:
            return st.sampled_from(get_args(annotation))
        case _:
            return plain(annotation, bounds_of(constraints))


def plain(annotation: Any, bounds: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Valid JSON values of a type without parameters."""
    if issubclass(annotation, BaseModel):
        return valid(annotation)
    if "pattern" in bounds:
        return st.from_regex(bounds["pattern"], fullmatch=True)
    by_type: dict[Any, Callable[[], st.SearchStrategy[Any]]] = {
        str: lambda: st.text(TEXTS, **bounds),
        int: lambda: st.integers(**bounds),
        bool: st.booleans,
        type(None): st.none,
    }
    return by_type[annotation]()


@cache
def valid(model: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    """Valid JSON objects of a model; what has a default may be missing."""
    required = {
        name: strategy(field.annotation, tuple(field.metadata))
        for name, field in model.model_fields.items()
        if field.is_required()
    }
    optional = {
        name: strategy(field.annotation, tuple(field.metadata))
        for name, field in model.model_fields.items()
        if not field.is_required()
    }
    return st.fixed_dictionaries(required, optional=optional)


@cache
def whole(model: type[Data]) -> type[BaseModel]:
    """The pydantic model of a whole record of an event."""
    return create_model(
        f"Whole{model.__name__}",
        __base__=Envelope,
        type=(Literal[model.event_type], ...),  # type: ignore[arg-type]
        data=(model, ...),
    )


def read_by_codec(model: type[Data], record: bytes) -> Any:
    """The record's values as the codec gives them; None when it refuses."""
    try:
        event: Any = decoder((model,))(record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return msgspec.to_builtins(event) | {"type": event.type}


def read_by_pydantic(model: type[Data], record: bytes) -> Any:
    """The record's values as pydantic gives them; None when it refuses.

    In fields that it does not know pydantic lets NaN pass, which no JSON has: that is judged first.
    """
    try:
        from_json(record, allow_inf_nan=False)
        return whole(model).model_validate_json(record).model_dump()
    except ValueError:
        return None


def assert_agreed(model: type[Data], record: bytes) -> bool:
    """Both read it alike; returns whether both accept it."""
    by_codec, by_pydantic = read_by_codec(model, record), read_by_pydantic(model, record)
    assert by_codec == by_pydantic, record
    return by_codec is not None


@every_event
@some
@given(data=st.data())
def test_both_accept_every_valid_event_with_equal_values(model: type[Data], data: Any) -> None:
    event = data.draw(valid(whole(model)))
    assert assert_agreed(model, json.dumps(event).encode())
    assert assert_agreed(model, json.dumps(event, ensure_ascii=False).encode())


@every_event
@some
@given(data=st.data())
def test_what_a_service_writes_is_read_by_all(model: type[Data], data: Any) -> None:
    values = data.draw(valid(model))
    # The pattern of an instant lets through 30 February; a clock never says so.
    envelope = data.draw(valid(Envelope)) | {"time": data.draw(st.datetimes().map(spelt))}
    register(model)
    said = msgspec.convert(values, struct_of(model))
    assert model_of(said) is model
    record = encode(
        model,
        said,
        event_id=envelope["id"],
        source="/recall/tests",
        subject=envelope["subject"],
        time=envelope["time"],
        traceparent=envelope.get("traceparent"),
    )
    assert assert_agreed(model, record)
    read = decoder((model,))(record)
    written_out = msgspec.to_builtins(said)
    assert msgspec.to_builtins(read.data) == written_out
    assert written_out == model.model_validate(values).model_dump()
    assert read.traceparent == envelope.get("traceparent")
    assert_cloud_event(record, model, written_out, envelope)


def spelt(naive: datetime) -> str:
    """An instant as the wire writes it."""
    return instant(naive.replace(tzinfo=UTC))


def assert_cloud_event(
    record: bytes, model: type[Data], values: dict[str, Any], envelope: dict[str, Any]
) -> None:
    """The CloudEvents package reads the same from the record in structured mode."""
    headers = dict(HEADERS)
    event = from_structured(KafkaMessage(headers=headers, key=None, value=record), JSONFormat())
    assert event.get_id() == envelope["id"]
    assert event.get_type() == model.event_type
    assert event.get_dataschema() == schema_uri(model.event_type)
    assert event.get_subject() == envelope["subject"]
    assert event.get_specversion() == "1.0"
    assert event.get_data() == values
    assert event.get_extension("traceparent") == envelope.get("traceparent")
    time = event.get_time()
    assert time is not None
    assert instant(time) == envelope["time"]


Path = tuple[str | int, ...]


def paths(value: Any, here: Path = ()) -> list[Path]:
    """The places of everything in a JSON value, itself included."""
    found = [here]
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for name, inner in items:
        found += paths(inner, (*here, name))
    return found


def at(value: Any, path: Path) -> Any:
    for name in path:
        value = value[name]
    return value


def replaced(value: Any, path: Path, new: Any) -> Any:
    """A copy with something else in one place."""
    if not path:
        return new
    name, *rest = path
    inner = replaced(value[name], tuple(rest), new)
    if isinstance(value, list):
        return [inner if place == name else old for place, old in enumerate(value)]
    return value | {name: inner}


STRANGE = [
    None,
    True,
    False,
    0,
    1,
    -1,
    2**53,
    2**62,
    2**62 + 1,
    2**63,
    2**64,
    2**200,
    "",
    " ",
    "1",
    "true",
    "null",
    "x" * 5000,
    "\x00",
    "é",
    "²",
    "\U0001f600" * 121,
    "2025-09-01",
    "2025-09-01T08:00:00Z",
    "2025-09-01T08:00:00.000000+00:00",
    "2025-09-01T08:00:00.000000Z\n",
    "2025-13-01T08:00:00.000000Z",
    "٢٠٢٥-09-01T08:00:00.000000Z",
    1756713600,
    [],
    [None],
    {},
    {"a": 1},
    *map(
        Token,
        (
            "1.0",
            "1.5",
            "1e0",
            "1E2",
            "-0",
            "-0.0",
            "01",
            "+1",
            "1.",
            ".5",
            "1e400",
            "NaN",
            "Infinity",
            "-Infinity",
            "nan",
            "undefined",
            "'a'",
            '"\\ud800"',
            '"\\udc00\\ud800"',
            '"\\ud83d\\ude00"',
            '"\\x41"',
            '"\t"',
            '"a\nb"',
            "True",
            "[1,]",
            '{"a":1,}',
            "/* */ 1",
            "",
        ),
    ),
]


def altered_text(text: str) -> list[str]:
    """A text spoilt a little."""
    return [
        text + "\n",
        "\n" + text,
        text + " ",
        " " + text,
        text + "\x00",
        text + "\r\n",
        text + "\u2028",
        text[:-1],
        text[1:],
        text.upper(),
        text.lower(),
        text + text,
        text.replace("0", "٠"),
        text + "\u0301",
    ]


def without(value: Any, path: Path) -> Any:
    parent = at(value, path[:-1])
    left = (
        [inner for place, inner in enumerate(parent) if place != path[-1]]
        if isinstance(parent, list)
        else {name: inner for name, inner in parent.items() if name != path[-1]}
    )
    return replaced(value, path[:-1], left)


@st.composite
def spoilt(draw: Any, model: type[Data]) -> Any:
    """A valid event with one thing wrong, or merely strange, in it."""
    event = draw(valid(whole(model)))
    path = draw(st.sampled_from(paths(event)))
    value = at(event, path)
    ways: list[Callable[[], Any]] = [lambda: replaced(event, path, draw(st.sampled_from(STRANGE)))]
    if path:
        ways.append(lambda: without(event, path))
    if isinstance(value, str):
        ways.append(lambda: replaced(event, path, draw(st.sampled_from(altered_text(value)))))
    if isinstance(value, int):
        ways.append(lambda: replaced(event, path, Token(f"{int(value)}.0")))
    if isinstance(value, dict):
        ways.append(
            lambda: replaced(
                event, path, value | {"unknown": draw(known_values | st.sampled_from(STRANGE))}
            )
        )
        ways.append(lambda: replaced(event, path, list(value.values())))
    return draw(st.sampled_from(ways))()


known_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(TEXTS)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(TEXTS), inner, max_size=2),
    max_leaves=4,
)


@st.composite
def doubled(draw: Any, model: type[Data]) -> Any:
    """A valid event in which one name stands twice, once perhaps with something else."""
    event = draw(valid(whole(model)))
    objects = [
        path for path in paths(event) if at(event, path) and isinstance(at(event, path), dict)
    ]
    path = draw(st.sampled_from(objects))
    pairs = list(at(event, path).items())
    name, value = draw(st.sampled_from(pairs))
    other = at(draw(valid(whole(model))), ()) if not path else {}
    again = name, draw(st.sampled_from([value, other.get(name, value), *STRANGE]))
    return replaced(event, path, Pairs(draw(st.sampled_from([[*pairs, again], [again, *pairs]]))))


@every_event
@some
@given(data=st.data())
def test_the_codec_reads_no_doubled_name_that_pydantic_reads_otherwise(
    model: type[Data], data: Any
) -> None:
    """Both take the last of two; the codec also asks the first one to be valid."""
    record = written(data.draw(doubled(model))).encode("utf-8", "surrogatepass")
    by_codec = read_by_codec(model, record)
    assert by_codec is None or by_codec == read_by_pydantic(model, record)


@every_event
@many
@given(data=st.data())
def test_both_judge_a_spoilt_event_alike(model: type[Data], data: Any) -> None:
    assert_agreed(model, written(data.draw(spoilt(model))).encode("utf-8", "surrogatepass"))


@every_event
def test_both_judge_a_field_that_nobody_reads_alike(model: type[Data]) -> None:
    record = written(example_of(model))
    for strange in (value for value in STRANGE if isinstance(value, Token)):
        for member in (f'"unknown":{strange}', f"{strange}:1"):
            assert_agreed(model, f"{record[:-1]},{member}}}".encode("utf-8", "surrogatepass"))


@every_event
def test_both_refuse_what_is_no_text_in_a_field_that_nobody_reads(model: type[Data]) -> None:
    record = written(example_of(model)).encode()
    for no_text in (b"\xff", b"\xc3", b"\xed\xa0\x80"):
        for member in (b'"unknown":"' + no_text + b'"', b'"' + no_text + b'":1'):
            assert not assert_agreed(model, record[:-1] + b"," + member + b"}")


@cache
def example_of(model: type[Data]) -> Any:
    """The contracts' own complete example of an event, as a whole record."""
    folder = files("recall.contracts") / "examples" / model.event_type
    return json.loads((folder / "full.json").read_text())


@every_event
@some
@given(data=st.data())
def test_both_judge_spoilt_bytes_alike(model: type[Data], data: Any) -> None:
    record = json.dumps(data.draw(valid(whole(model))), ensure_ascii=False).encode()
    place = data.draw(st.integers(0, len(record)))
    piece = data.draw(
        st.sampled_from(
            [
                b"\xff",
                b"\xc3",
                b"\xed\xa0\x80",
                b"\xf4\x90\x80\x80",
                b"\x00",
                b"\n",
                b" ",
                b'"',
                b"}",
            ]
        )
    )
    how = data.draw(st.sampled_from(["insert", "cut", "before", "after"]))
    spoilt_record = {
        "insert": record[:place] + piece + record[place:],
        "cut": record[:place],
        "before": data.draw(st.sampled_from([b"\xef\xbb\xbf", b" \r\n\t", b"\x0b", b"// \n"]))
        + record,
        "after": record + data.draw(st.sampled_from([b"\n", b"{}", b",", b"\x00", b"null"])),
    }[how]
    assert_agreed(model, spoilt_record)
