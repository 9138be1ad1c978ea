"""The generated pages of docs/: events, topics, codes, metrics."""

import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel

from catalogue.examples import text_of
from catalogue.meanings import aliases, meaning_of, type_of
from catalogue.schemas import parts_of
from catalogue.tables import code, codes, page, table
from catalogue.wiring import SERVICES, Metric, kit_metrics, own_metrics, wiring
from recall.contracts import post, vocabulary
from recall.contracts.envelope import CONTENT_TYPE, Data, Envelope
from recall.contracts.events import EVENTS
from recall.contracts.topics import (
    DEFAULT_PARTITIONS,
    TOPICS,
    Topic,
    channel_topic,
    dead_letter_topic,
)

_GENERATED = "Generated from {source} by `python -m catalogue`; edit that, not this page."

CHANNEL_TOPIC = channel_topic("<channel>")
ALL_TOPICS = (*TOPICS.values(), CHANNEL_TOPIC, dead_letter_topic("<group>"))


def keep(topic: Topic) -> str:
    """How long a topic keeps its records."""
    return "compacted" if topic.retention_days is None else f"{topic.retention_days} days"


def readers(topic: Topic) -> str:
    """Who reads a topic: the consumer group of a service, or the words for others."""
    groups = [code(f"{r}.{topic.name}") if r in SERVICES else r for r in topic.readers]
    return ", ".join(groups)


def topics_page() -> str:
    """docs/topics.md."""
    rows = [
        [
            code(topic.name),
            topic.summary,
            code(topic.key),
            topic.writer,
            readers(topic),
            ", ".join(model.__name__ for model in topic.carries) or "records as they came",
            keep(topic),
            "yes" if topic.personal else "",
        ]
        for topic in ALL_TOPICS
    ]
    head = ["topic", "what", "key", "writer", "consumer groups", "carries", "keep", "personal"]
    return page(
        "# Topics",
        _GENERATED.format(source="`shared/recall/contracts/topics.py`"),
        f"Every topic has {DEFAULT_PARTITIONS} partitions unless `PARTITIONS` says otherwise, and "
        "all topics keyed by patient have the same number, so that a patient has the same "
        "partition on each. Record timestamps are LogAppendTime. *Personal* topics carry contact "
        "details; no other topic has a name, a phone number or an NHS number. What the records "
        "say stands in [events](events.md).",
        table(head, rows),
    )


def events_page() -> str:
    """docs/events.md."""
    carried = [*TOPICS.values(), CHANNEL_TOPIC]
    return page(
        "# Events",
        _GENERATED.format(source="`shared/recall/contracts`"),
        "Each record is one CloudEvents 1.0 event in structured mode: its one header is "
        f"`content-type: {CONTENT_TYPE}`, its value a JSON object of the fields below. A reader "
        "takes fields it does not know. Schemas: `shared/recall/contracts/schemas`; examples: "
        "`shared/recall/contracts/examples`.",
        "## Envelope",
        _fields(Envelope),
        "Beside them stands `data`, which each event below describes.",
        "## Types of fields",
        _types(),
        *[part for topic in carried for part in _topic(topic)],
    )


def _topic(topic: Topic) -> list[str]:
    personal = " Carries contact details." if topic.personal else ""
    first = [
        f"## Topic {code(topic.name)}",
        f"{topic.summary}{personal}",
        (
            f"Key: {code(topic.key)}. Written by {topic.writer}, read by "
            f"{', '.join(topic.readers)}. Kept: {keep(topic)}."
        ),
    ]
    return first + [part for model in topic.carries for part in _event(model, topic)]


def _event(model: type[Data], topic: Topic) -> list[str]:
    title = f"### {model.__name__}"
    if topic is CHANNEL_TOPIC and model.event_type in _ON_FIXED_TOPICS:
        return [title, f"As on {code(_ON_FIXED_TOPICS[model.event_type])}."]
    inner = [
        part
        for each in parts_of(model)[1:]
        for part in (f"{each.__name__}: {_first_sentence(each)}", _fields(each))
    ]
    return [
        title,
        f"{code(model.event_type)}, about {code(model.subject_field)}",
        inspect.getdoc(model) or "",
        _fields(model),
        *inner,
        _EXAMPLE.format(json=text_of(model.event_type, "full")),
    ]


_EXAMPLE = "<details><summary>Example</summary>\n\n```json\n{json}```\n\n</details>"
_ON_FIXED_TOPICS = {m.event_type: topic.name for topic in TOPICS.values() for m in topic.carries}


def _first_sentence(model: type[BaseModel]) -> str:
    text = " ".join((model.__doc__ or "").split())
    return text[:1].lower() + text[1:]


def _fields(model: type[BaseModel]) -> str:
    rows = [
        [
            code(name),
            type_of(model, name) + ("" if field.is_required() else ", may be left out"),
            meaning_of(model, name),
        ]
        for name, field in model.model_fields.items()
    ]
    return table(["field", "type", "meaning"], rows)


def _types() -> str:
    """The shared field types that the tables name."""
    models: list[type[BaseModel]] = [Envelope]
    models += [part for event in EVENTS.values() for part in parts_of(event)]
    used = {w for m in models for f in m.model_fields for w in re.findall(r"\w+", type_of(m, f))}
    return table(
        ["type", "meaning"],
        [[name, text] for name, text in sorted(aliases().items()) if name in used],
    )


def codes_page() -> str:
    """docs/codes.md."""
    alerts = vocabulary.ALERTS.values()
    return page(
        "# Codes",
        _GENERATED.format(source="`shared/recall/contracts/vocabulary.py`"),
        "What the words mean stands in the [glossary](glossary.md).",
        "## Statuses",
        table(["code", "as people read it"], _rows(vocabulary.STATUS_TEXTS)),
        "## Outcomes",
        f"An invitation ends as one of {codes(get_args(vocabulary.Outcome))}.",
        "## Descriptions",
        "Why a patient has the status. *SMS* stands for the channel of the patient's round.",
        table(
            ["code", "as people read it"],
            [[code(c), vocabulary.describe(c, "sms")] for c in vocabulary.DESCRIPTIONS],
        ),
        "## Why an invitation could not be delivered",
        table(["code", "sentence"], _rows(vocabulary.UNDELIVERABLE_TEXTS)),
        "## What a print supplier says of a letter",
        "`recall.channel.posted` takes these words. A reason ends the invitation, `deceased` with "
        "a patient alert.",
        table(
            ["supplier", "meaning", "delivery", "reason"],
            [_supplier_row(key, said) for key, said in post.SAID_BY_SUPPLIER.items()],
        ),
        "## Patient alerts",
        table(
            ["code", "title", "what it says", "what to do"],
            [[code(alert.code), alert.title, alert.text, alert.action] for alert in alerts],
        ),
        "## Further lists",
        table(["list", "codes"], _further()),
    )


def _supplier_row(key: tuple[str, str | None], said: post.SaidOfLetter) -> list[str]:
    words = " ".join(part for part in key if part)
    return [code(words), said.words, code(said.delivery), code(said.reason) if said.reason else ""]


def _rows(texts: Mapping[Any, str]) -> list[list[str]]:
    return [[code(name), text] for name, text in texts.items()]


def _further() -> list[list[str]]:
    lists = ("TargetState", "Delivery", "DeliveryNews", "AnsweredVia", "QueueReason")
    return [[aliases()[name], codes(get_args(getattr(vocabulary, name)))] for name in lists]


def metrics_page() -> str:
    """docs/metrics.md."""
    own = [
        part
        for service in SERVICES
        if own_metrics(service)
        for part in (f"## Of {service}", _metrics(own_metrics(service)))
    ]
    return page(
        "# Metrics",
        _GENERATED.format(source="the registries of the services"),
        "Every service serves them on `/metrics` in Prometheus' text format. No label holds a "
        "name, a phone number or an NHS number.",
        "## Of every service",
        _metrics(kit_metrics()),
        *own,
        "## Topics by service",
        "What `recall_consumer_lag_records` and `recall_consumer_lag_seconds` are there for.",
        table(["service", "reads"], [[s, codes(wiring(s).reads) or "nothing"] for s in SERVICES]),
    )


def _metrics(metrics: Sequence[Metric]) -> str:
    return table(
        ["metric", "kind", "labels", "says"],
        [[code(m.name), m.kind, codes(m.labels), m.says] for m in metrics],
    )
