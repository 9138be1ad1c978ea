"""The connection pool, and which errors mean what."""

import asyncio

import asyncpg
from asyncpg.protocol import protocol

from recall.kit.settings import ServiceSettings

COMMAND_SECONDS = 60.0
CONNECT_SECONDS = 10.0

TRANSIENT: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.TransactionRollbackError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
)
"""Errors that the same work may survive when it is done again."""

DATA_ERRORS: tuple[type[BaseException], ...] = (
    ValueError,
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
)
"""Errors that belong to a record and come again however often it is folded."""

# asyncpg asks of every element of an array whether it is an array itself, and asks that of abstract
# classes: more than half of what sending an array costs (measured: 335 against 147 ns an element).
# Our arrays are lists and tuples, and so would their elements be.
vars(protocol)["IterableABC"] = (list, tuple)

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
Pool = asyncpg.Pool


async def open_pool(settings: ServiceSettings) -> Pool:
    """Connections under the service's own role.

    Raises:
        OSError: the database does not answer.
        asyncpg.PostgresError: it refuses.
    """
    return await asyncpg.create_pool(
        settings.database_url.get_secret_value(),
        # None are opened yet: the database may come later than we do.
        min_size=0,
        max_size=settings.database_connections,
        command_timeout=COMMAND_SECONDS,
        timeout=CONNECT_SECONDS,
        # Plans are kept per connection; no DISCARD ALL is needed between our own transactions.
        reset=_keep,
    )


async def _keep(_connection: Connection) -> None:
    """Leave a returned connection as it is: nothing here sets session state."""
