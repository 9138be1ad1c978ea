"""The examples of events that are committed beside their schemas."""

import json
from typing import Any

from catalogue.places import EXAMPLES

KINDS = ("minimal", "full")
"""`minimal` leaves out or nulls whatever it may; `full` has every field."""


def text_of(event_type: str, kind: str) -> str:
    """An example as it is committed."""
    return (EXAMPLES / event_type / f"{kind}.json").read_text()


def example(event_type: str, kind: str) -> Any:
    """An example as JSON."""
    return json.loads(text_of(event_type, kind))
