"""Records that nobody should have written, for any topic; none of them may change anything."""

import json
import random
from collections.abc import Callable, Sequence

from e2e.records import Raw

MARK = b"garbage"
"""The key of every record made here: no patient and no target has it."""

INSTANT = "2025-09-01T08:00:00.000000Z"


def _envelope(**fields: object) -> bytes:
    whole: dict[str, object] = {
        "specversion": "1.0",
        "id": "garbage/one/1",
        "type": "recall.garbage.thrown.v1",
        "source": "/tests",
        "subject": "garbage",
        "time": INSTANT,
        "dataschema": "urn:recall:schema:recall.garbage.thrown.v1",
        "data": {},
    }
    return json.dumps(whole | fields).encode()


def _noise(draw: random.Random) -> bytes:
    return b"\xff" + draw.randbytes(draw.randrange(1, 200))


KINDS: dict[str, Callable[[random.Random, str], bytes]] = {
    "noise": lambda draw, _: _noise(draw),
    "nothing": lambda _, __: b"",
    "half a record": lambda _, __: _envelope()[:60],
    "no object": lambda draw, _: json.dumps([draw.random()]).encode(),
    "deep nesting": lambda _, __: b"[" * 3000,
    "no envelope": lambda _, __: b'{"patient_id": "somebody"}',
    "unknown type": lambda _, __: _envelope(),
    "known type, no data": lambda _, known: _envelope(type=known),
    "known type, null data": lambda _, known: _envelope(type=known, data=None),
    "another specversion": lambda _, known: _envelope(type=known, specversion="0.3"),
}


def thrown(
    draw: random.Random, topic: str, known_type: str, partitions: int, kinds: Sequence[str] = ()
) -> list[Raw]:
    """One record of each kind, in partitions drawn at random; one with a header that is no text."""
    made = [
        Raw(topic, draw.randrange(partitions), MARK, KINDS[kind](draw, known_type))
        for kind in kinds or KINDS
    ]
    return [*made, Raw(topic, draw.randrange(partitions), MARK, b"{", [("\u00e9", b"\xff\xfe")])]
