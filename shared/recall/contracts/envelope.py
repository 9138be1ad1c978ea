"""The CloudEvents 1.0 envelope in structured mode: one JSON object, one Kafka header.

The record's only header is `content-type: application/cloudevents+json`; everything else stands
in the body (CloudEvents Kafka protocol binding, section 3.3).
"""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from recall.contracts.fields import Instant

CONTENT_TYPE = "application/cloudevents+json"

EventId = Annotated[str, StringConstraints(min_length=1, max_length=400)]
"""`<subject>/<what>/<version>`: a repeat of the same thing carries the same id."""

Traceparent = Annotated[
    str, StringConstraints(pattern=r"^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")
]
"""W3C Trace Context, version 00."""


class Part(BaseModel):
    """A named part of an event's data."""

    model_config = ConfigDict(frozen=True, strict=True, hide_input_in_errors=True)


class Data(BaseModel):
    """What an event says.  Readers ignore fields they do not know; writers write none."""

    model_config = ConfigDict(frozen=True, strict=True, hide_input_in_errors=True)

    event_type: ClassVar[str]
    """`recall.<noun>.<past participle>.v<n>`."""
    subject_field: ClassVar[str] = "patient_id"
    """The field that names what the event is about; it becomes `subject`."""


class Envelope(BaseModel):
    """The attributes around an event's data (https://cloudevents.io, specification 1.0.2)."""

    model_config = ConfigDict(frozen=True, strict=True, hide_input_in_errors=True)

    specversion: Literal["1.0"]
    """The version of CloudEvents."""
    id: EventId
    type: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    """`recall.<noun>.<past participle>.v<n>`."""
    source: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """Who wrote it: `/recall/<service>` or `/recall/plugins/<channel>`."""
    subject: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """The id of what the event is about."""
    time: Instant
    """The business instant at which it happened."""
    dataschema: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """`urn:recall:schema:<type>`."""
    traceparent: Traceparent | None = None


def schema_uri(event_type: str) -> str:
    """The `dataschema` of an event type; its schema file has the type's name."""
    return f"urn:recall:schema:{event_type}"
