"""The AsyncAPI 3.0 document: every topic, message and operation, for authors of plugins."""

import json
from typing import Any

import yaml  # type: ignore[import-untyped]  # PyYAML has no types.

from catalogue.examples import example
from catalogue.pages import CHANNEL_TOPIC, keep
from catalogue.schemas import schema_of
from catalogue.wiring import SERVICES
from recall import __version__
from recall.contracts.envelope import CONTENT_TYPE, Data
from recall.contracts.events import EVENTS
from recall.contracts.fields import CHANNEL_PATTERN
from recall.contracts.topics import (
    DEFAULT_PARTITIONS,
    TOPICS,
    Topic,
    channel_topic,
    dead_letter_topic,
)

DAY_MS = 24 * 3600 * 1000
BINDING = "0.5.0"
PLUGIN = "plugin"
GROUP = "{channel}.invitations-{channel}"

Json = dict[str, Any]


def document() -> Json:
    """The whole document."""
    return {
        "asyncapi": "3.0.0",
        "info": _info(),
        "defaultContentType": CONTENT_TYPE,
        "servers": {
            "local": {
                "host": "127.0.0.1:9092",
                "protocol": "kafka",
                "description": "Whichever broker `kafka` in .run/stack.json names.",
            }
        },
        "channels": _channels(),
        "operations": _operations(),
        "components": {
            "messages": {model.event_type: _message(model) for model in EVENTS.values()},
            "schemas": _schemas(),
        },
    }


def _info() -> Json:
    return {
        "title": "Recall",
        "version": __version__,
        "description": "Invites lists of patients to book appointments. Every record is one "
        "CloudEvents 1.0 event in structured mode. A channel plugin reads "
        "`invitations-{channel}` and writes `channel-reports`; docs/plugins.md shows one.",
        "license": {"name": "MIT"},
    }


def _channels() -> Json:
    plugins = channel_topic("{channel}")
    dead = dead_letter_topic(GROUP)
    return {
        **{topic.name: _channel(topic) for topic in TOPICS.values()},
        "invitations": _channel(plugins) | {"parameters": _parameters()},
        "dead-letters": _channel(dead) | {"parameters": _parameters()},
    }


def _parameters() -> Json:
    return {"channel": {"description": f"The plugin's channel: a name like {CHANNEL_PATTERN}"}}


def _channel(topic: Topic) -> Json:
    config: Json = {"cleanup.policy": ["compact" if topic.compacted else "delete"]}
    if topic.retention_days is not None:
        config["retention.ms"] = topic.retention_days * DAY_MS
    personal = " Carries contact details." if topic.personal else ""
    return {
        "address": topic.name,
        "summary": topic.summary,
        "description": f"Key: {topic.key}. Kept: {keep(topic)}.{personal}",
        "messages": {
            model.event_type: {"$ref": f"#/components/messages/{model.event_type}"}
            for model in topic.carries
        },
        "bindings": {
            "kafka": {
                "partitions": DEFAULT_PARTITIONS,
                "topicConfiguration": config,
                "bindingVersion": BINDING,
            }
        },
    }


def _operations() -> Json:
    found: Json = {}
    for topic in TOPICS.values():
        if topic.writer in SERVICES:
            found[f"{topic.writer}-writes-{topic.name}"] = _sends(topic.name, topic)
        for reader in topic.readers:
            found[f"{reader}-reads-{topic.name}"] = _receives(
                topic.name, topic, f"{reader}.{topic.name}"
            )
    reports = TOPICS["channel-reports"]
    return found | {
        "invitations-writes-invitations": _sends("invitations", CHANNEL_TOPIC),
        "invitations-writes-channel-reports": _sends(reports.name, reports)
        | {"summary": "What simulated channels report, as a plugin would."},
        f"{PLUGIN}-reads-invitations": _receives("invitations", CHANNEL_TOPIC, GROUP)
        | {"summary": "What a plugin is asked to send."},
        f"{PLUGIN}-writes-channel-reports": _sends(reports.name, reports)
        | {"summary": "What a plugin says happened, and what patients replied."},
        f"{PLUGIN}-writes-dead-letters": _operation("send", "dead-letters", ())
        | {"summary": "Records that a plugin could not use, as they came."},
    }


def _sends(channel: str, topic: Topic) -> Json:
    return _operation("send", channel, topic.carries)


def _receives(channel: str, topic: Topic, group: str) -> Json:
    return _operation("receive", channel, topic.carries) | {
        "bindings": {
            "kafka": {"groupId": {"type": "string", "enum": [group]}, "bindingVersion": BINDING}
        }
    }


def _operation(action: str, channel: str, carries: tuple[type[Data], ...]) -> Json:
    messages = [{"$ref": f"#/channels/{channel}/messages/{model.event_type}"} for model in carries]
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        **({"messages": messages} if messages else {}),
    }


def _message(model: type[Data]) -> Json:
    return {
        "name": model.event_type,
        "title": model.__name__,
        "summary": " ".join((model.__doc__ or "").split()),
        "contentType": CONTENT_TYPE,
        "payload": {"$ref": f"#/components/schemas/{model.event_type}"},
        "examples": [{"name": "full", "payload": example(model.event_type, "full")}],
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": f"The {_key_of(model)}."},
                "bindingVersion": BINDING,
            }
        },
    }


def _key_of(model: type[Data]) -> str:
    """All topics that carry an event have the same key."""
    return next(t.key for t in (*TOPICS.values(), CHANNEL_TOPIC) if model in t.carries)


def _schemas() -> Json:
    """Every event's schema; what stands in `$defs` there stands beside them here."""
    found: Json = {}
    for model in EVENTS.values():
        schema = schema_of(model)
        parts = schema.pop("$defs")
        whole = {key: value for key, value in schema.items() if key not in {"$schema", "$id"}}
        found[model.event_type] = whole
        found |= parts
    text = json.dumps(found).replace("#/$defs/", "#/components/schemas/")
    return dict(json.loads(text))


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # nor has its dumper.
    """Without anchors: the same object written twice is written twice."""

    def ignore_aliases(self, data: object) -> bool:
        """Always."""
        del data
        return True


def text() -> str:
    """docs/asyncapi.yaml."""
    head = "# Generated from shared/recall/contracts by `python -m catalogue`; edit that.\n"
    body: str = yaml.dump(
        document(), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100
    )
    return head + body
