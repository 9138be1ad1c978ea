"""How often one address may try codes: a few a minute, counted in this process."""

from collections import OrderedDict, deque
from time import monotonic

TRIES = 10
SECONDS = 60.0
_ADDRESSES = 10_000
"""The addresses remembered; the one that has been silent for longest is forgotten first."""


class Limit:
    """Counts the wrong codes of each address over the last minute (machine time)."""

    def __init__(self) -> None:
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()

    def reached(self, address: str) -> bool:
        """Whether this address has to wait."""
        tries = self._tries.get(address)
        if tries is None:
            return False
        while tries and tries[0] <= monotonic() - SECONDS:
            tries.popleft()
        return len(tries) >= TRIES

    def count(self, address: str) -> None:
        """One more wrong code."""
        self._tries.setdefault(address, deque(maxlen=TRIES)).append(monotonic())
        self._tries.move_to_end(address)
        if len(self._tries) > _ADDRESSES:
            self._tries.popitem(last=False)
