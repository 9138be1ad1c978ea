"""What a practice is called and how to reach it, by its code.  Pure.

Topics carry a practice's code alone.  A real directory is a file of names, telephone numbers and
addresses (`PRACTICES_FILE`); a practice that is not in it, as in simulations, gets made-up ones:
its telephone number is one of 01632 960000 to 960999, which belong to nobody.
"""

import json
from collections.abc import Mapping
from hashlib import blake2b

import msgspec

_TREES = (
    "Alder Ash Beech Birch Cedar Elm Hazel Holly Juniper Larch Lime Maple Oak Pine Rowan Willow"
)
_NAMES = tuple(f"{tree} Road" for tree in _TREES.split())
_KINDS = ("Surgery", "Medical Centre", "Health Centre", "Practice")


class Practice(msgspec.Struct, frozen=True):
    """Who invites: the name, the telephone number as people read it, the lines of the address."""

    name: str
    phone: str
    address: tuple[str, ...] = ()


Practices = Mapping[str, Practice]
"""Practices by their codes."""


def practices_of(text: str | None) -> Practices:
    """A directory as a file holds it: `{"A81001": {"name": …, "phone": …, "address": […]}}`.

    Raises:
        msgspec.ValidationError: it says something else.
    """
    return {} if text is None else msgspec.convert(json.loads(text), dict[str, Practice])


def practice_of(code: str, known: Practices) -> Practice:
    """A practice by its code; one that is not known is made up, always the same.

    >>> practice_of("A81001", {}).phone[:9]
    '01632 960'
    """
    found = known.get(code)
    if found is not None:
        return found
    draw = int.from_bytes(blake2b(code.encode(), digest_size=8).digest())
    name = f"{_NAMES[draw % 16]} {_KINDS[draw // 16 % 4]}"
    return Practice(
        name, f"01632 960 {draw // 64 % 1000:03d}", (f"{draw // 64000 % 90 + 1} High Street",)
    )
