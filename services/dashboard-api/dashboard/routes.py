"""HTTP in: the JSON API, the pages, and the commands that are passed on."""

from fastapi import APIRouter

from dashboard import api, commands, pages, rebuilding, store, views
from dashboard.asking import reading
from dashboard.live import Live, Numbers
from dashboard.sending import Sender
from recall.kit.service import Service


def routers(service: Service, sender: Sender) -> list[APIRouter]:
    """All routes of the dashboard."""

    async def read(target_id: str) -> Numbers | None:
        as_of = service.clock.now()
        async with reading(service) as connection:
            target = await store.read_target(connection, target_id)
        return None if target is None else views.target_json(target, as_of)

    return [
        api.router(service, Live(read)),
        rebuilding.router(service),
        commands.router(service, sender),
        pages.router(service),
    ]
