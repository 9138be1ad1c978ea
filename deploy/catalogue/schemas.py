"""JSON Schemas (draft 2020-12) of whole events, envelope and data, from the pydantic models.

They are open: a reader takes fields that it does not know.
"""

import json
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, create_model
from pydantic.json_schema import GenerateJsonSchema

from catalogue.meanings import meaning_of
from recall.contracts.envelope import Data, Envelope, schema_uri
from recall.contracts.events import EVENTS

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


class _Untitled(GenerateJsonSchema):
    """Without a title for each field, which would only repeat its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never."""
        del schema
        return False


@cache
def whole(model: type[Data]) -> type[BaseModel]:
    """The pydantic model of a whole event of one type."""
    fields: Any = {"type": (Literal[model.event_type], ...), "data": (model, ...)}
    return create_model(
        model.__name__ + "Event", __base__=Envelope, __doc__=model.__doc__, **fields
    )


def schema_of(model: type[Data]) -> Schema:
    """The JSON Schema of a whole event."""
    made = whole(model).model_json_schema(schema_generator=_Untitled)
    parts: Schema = made.pop("$defs")
    for name, part in parts.items():
        _explain(part, _part(model, name))
    _explain(made, Envelope)
    made["properties"]["data"]["description"] = "What the event says."
    return {"$schema": DIALECT, "$id": schema_uri(model.event_type)} | made | {"$defs": parts}


def _explain(schema: Schema, model: type[BaseModel]) -> None:
    """Give every field its meaning."""
    for field, property_ in schema["properties"].items():
        if field in model.model_fields:
            property_["description"] = meaning_of(model, field)


def _part(model: type[Data], name: str) -> type[BaseModel]:
    """The model that a definition was made from: the data itself or one of its parts."""
    return next(part for part in parts_of(model) if part.__name__ == name)


@cache
def parts_of(model: type[BaseModel]) -> tuple[type[BaseModel], ...]:
    """A model and all models inside it, outermost first, each once."""
    found: dict[type[BaseModel], None] = {model: None}
    for field in model.model_fields.values():
        for inner in _models_in(field.annotation):
            found |= dict.fromkeys(parts_of(inner))
    return tuple(found)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    inner = getattr(annotation, "__args__", ())
    return [model for argument in inner for model in _models_in(argument)]


def schemas() -> dict[str, Schema]:
    """The schema of every event, by type."""
    return {event_type: schema_of(model) for event_type, model in EVENTS.items()}


def text_of(schema: Schema) -> str:
    """A schema as it is committed."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
