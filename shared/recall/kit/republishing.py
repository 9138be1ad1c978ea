"""Saying everything again: an owner publishes its rows anew, each with the version it has.

A reader that has lost its tables, or a topic whose last record for a key is not the highest
version (compaction keeps the last), is made whole by it; whoever has read a version before drops
the repeat.  Rows are locked while they are told, so that no newer version overtakes an older one
on its way out.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends

from recall.kit.access import guard
from recall.kit.postgres import Connection
from recall.kit.sql import queries
from recall.kit.unit import Unit

if TYPE_CHECKING:
    from recall.kit.service import Service

SQL = queries("recall.kit")

PORTION = 2000
"""Rows told in one transaction."""
REST_SECONDS = 2.0
"""How soon what a crash interrupted goes on; a request wakes the loop at once."""

NO_TELLERS: Mapping[str, "Teller"] = MappingProxyType({})
"""Of a service that sends nothing but what rows say."""

Teller = Callable[[Unit, str, int], Awaitable[str | None]]
"""Emits the rows after a key, in key order, at most so many.

Returns the key to go on after, or None when there are no more; the first key is the empty text.
"""


class Republishing:
    """The tellers of one service, by topic, and the loop that lets them tell.

    `tellers` tell rows: to readers that begin anew.  `requests` tell again what others were asked
    to do: that is wanted only where records were lost on their way (`recall.kit.lost`).
    """

    def __init__(
        self, service: "Service", tellers: Mapping[str, Teller], requests: Mapping[str, Teller]
    ) -> None:
        self._service = service
        self._tellers = {**tellers, **requests}
        self._rows = sorted(tellers)
        self._loop = service.every(REST_SECONDS, "republish", self.step)

    async def begin(self) -> list[str]:
        """Tell all rows again, from the beginning; returns the topics."""
        async with self._service.unit() as unit:
            await unit.connection.execute(SQL["begin_republication"], self._rows)
            unit.after_commit(self._loop.wake)
        return self._rows

    async def step(self) -> bool:
        """One portion of one topic; returns whether anything was left to tell."""
        async with self._service.unit() as unit:
            row = await unit.connection.fetchrow(SQL["take_republication"])
            if row is None:
                return False
            topic = row["topic"]
            tell = self._tellers.get(topic)
            after = await tell(unit, row["after_key"], PORTION) if tell else None
            if after is None:
                await unit.connection.execute(SQL["end_republication"], topic)
            else:
                await unit.connection.execute(SQL["move_republication"], topic, after)
        return True

    def routes(self) -> APIRouter:
        """With the token: `POST /republish` begins, `GET` counts the topics still being told."""
        token = self._service.settings.token.get_secret_value()
        router = APIRouter(dependencies=[Depends(guard(token))])

        @router.post("/republish", status_code=202)
        async def republish() -> dict[str, list[str]]:
            return {"topics": await self.begin()}

        @router.get("/republish")
        async def left() -> dict[str, int]:
            self._service.check_booted()
            async with self._service.pool.acquire() as connection:
                return {"left": await count_left(connection)}

        return router


async def count_left(connection: Connection) -> int:
    """How many topics have not been told to the end."""
    return int(await connection.fetchval(SQL["count_republications"]))
