"""Which of a batch's records count: for each key the highest version, keys in order.  Pure."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar


class Versioned(Protocol):
    """What an owner versions."""

    @property
    def version(self) -> int:
        """Grows only in the owner."""
        ...


V = TypeVar("V", bound=Versioned)


def latest(items: Iterable[V], key: Callable[[V], str]) -> list[V]:
    """The highest version for each key, sorted by key so that rows are locked in one order."""
    found: dict[str, V] = {}
    for item in items:
        name = key(item)
        known = found.get(name)
        if known is None or known.version < item.version:
            found[name] = item
    return [found[name] for name in sorted(found)]
