"""The examples of events that are committed beside their schemas."""

import json
from typing import Any

from catalogue.places import EXAMPLES

NEEDED = ("minimal", "full")
"""What every event has: one with as little as may be, one with every field."""


def names(event_type: str) -> list[str]:
    """The names of an event's examples."""
    return sorted(path.stem for path in (EXAMPLES / event_type).glob("*.json"))


def text_of(event_type: str, name: str) -> str:
    """An example as it is committed."""
    return (EXAMPLES / event_type / f"{name}.json").read_text()


def example(event_type: str, name: str) -> Any:
    """An example as JSON."""
    return json.loads(text_of(event_type, name))
