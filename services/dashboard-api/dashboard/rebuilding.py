"""The tables made anew: emptied here, told again by their owners, shown again when whole.

Only `./dev rebuild` and whoever has the stack's token call this: it begins here, asks every owner
to republish, waits until all of that is folded, and ends here.  Interrupted, it is begun again.
"""

from fastapi import APIRouter, Depends

from dashboard import store
from recall.kit.access import guard
from recall.kit.service import Service


def router(service: Service) -> APIRouter:
    """`POST /rebuild` empties the tables, `DELETE /rebuild` shows them again."""
    token = service.settings.token.get_secret_value()
    found = APIRouter(dependencies=[Depends(guard(token))], include_in_schema=False)

    @found.post("/rebuild", status_code=204)
    async def begin() -> None:
        async with service.unit() as unit:
            await store.begin_rebuilding(unit.connection, unit.now)

    @found.delete("/rebuild", status_code=204)
    async def end() -> None:
        async with service.unit() as unit:
            await store.end_rebuilding(unit.connection)

    return found
