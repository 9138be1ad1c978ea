"""How often one address may try codes: a few a minute, whichever process it comes to.

Addresses are kept as keyed hashes, for the minute in which they count, by machine time.
"""

import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from invitations.channels import Channels
from invitations.openings import behind_code
from invitations.store import links
from recall.kit.postgres import Connection
from recall.kit.service import Service

TRIES = 10
WITHIN = timedelta(minutes=1)
_BYTES = 16


def machine_time() -> datetime:
    """The clock that people's patience runs by."""
    return datetime.now(UTC)


class Limit:
    """Counts the wrong codes of each address over the last minute."""

    def __init__(self, channels: Channels, now: Callable[[], datetime] = machine_time) -> None:
        self._channels, self._now = channels, now

    async def find(
        self, connection: Connection, address: str, code: str
    ) -> tuple[bool, str | None]:
        """Whether the address had a try left, and the invitation of the code if there is one."""
        known, now = self._hash_of(address), self._now()
        if not await links.take_code_try(connection, known, now, now - WITHIN, TRIES):
            return False, None
        found = await behind_code(connection, self._channels, code)
        if found is not None:
            await links.give_code_try_back(connection, known, now)
        return True, found

    def _hash_of(self, address: str) -> bytes:
        return hmac.digest(self._channels.page_key, f"address\n{address}".encode(), "sha256")[
            :_BYTES
        ]


async def prune(service: Service) -> bool:
    """Forget the addresses whose tries count no more."""
    async with service.pool.acquire() as connection:
        await links.prune_code_tries(connection, machine_time() - WITHIN)
    return False
