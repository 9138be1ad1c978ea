"""The connection pool, and which errors mean what."""

import asyncio
from collections.abc import Iterator
from typing import Any

import asyncpg

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

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
Pool = asyncpg.Pool


class _Column(list[Any]):
    """An array to send: whoever goes through it for the first time finds nothing.

    asyncpg goes through an array twice: first it asks of every element, by abstract classes,
    whether that is an array itself, which is most of what sending takes (measured: 285 against
    60 ns an element); then it writes them.  Ours hold no arrays.  A client that went through only
    once would send a length without elements, which PostgreSQL refuses.
    """

    _looked_at = False

    def __iter__(self) -> Iterator[Any]:
        if self._looked_at:
            return list.__iter__(self)
        self._looked_at = True
        return iter(())


def _columns(arguments: tuple[Any, ...]) -> list[Any]:
    return [_Column(a) if isinstance(a, list | tuple) else a for a in arguments]


class ColumnConnection(asyncpg.Connection):
    """A connection on which lists and tuples are arrays of one dimension, sent fast."""

    async def execute(self, query: str, *args: Any, **options: Any) -> str:
        """Run a statement; its status."""
        return await super().execute(query, *_columns(args), **options)

    async def fetch(self, query: str, *args: Any, **options: Any) -> list[Any]:
        """Run a query; its rows."""
        rows: list[Any] = await super().fetch(query, *_columns(args), **options)
        return rows

    async def fetchrow(self, query: str, *args: Any, **options: Any) -> Any:
        """Run a query; its first row, if any."""
        return await super().fetchrow(query, *_columns(args), **options)

    async def fetchval(self, query: str, *args: Any, **options: Any) -> Any:
        """Run a query; a column of its first row."""
        return await super().fetchval(query, *_columns(args), **options)


async def open_pool(settings: ServiceSettings) -> Pool:
    """Connections under the service's own role.

    Raises:
        OSError: the database does not answer.
        asyncpg.PostgresError: it refuses.
    """
    return await asyncpg.create_pool(
        settings.database_url.get_secret_value(),
        connection_class=ColumnConnection,
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
