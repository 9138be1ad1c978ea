"""HTTP in: the JSON API, the pages, and the commands that are passed on."""

from fastapi import APIRouter

from dashboard import api, commands, lettering, pages, people, rebuilding, replying, staff, store
from dashboard.asking import reading
from dashboard.errands import Errands
from dashboard.live import Live, Read, Snapshot
from dashboard.sending import Sender
from recall.kit.service import Service


def snapshots(service: Service) -> Read:
    """How live targets are read."""

    async def read(target_id: str) -> Snapshot | None:
        as_of = service.clock.now()
        async with reading(service) as connection:
            target = await store.read_target(connection, target_id)
        return None if target is None else Snapshot(target, as_of)

    return read


def routers(service: Service, sender: Sender, live: Live, largest_file: int) -> list[APIRouter]:
    """All routes of the dashboard; files of more bytes than the largest are not passed on."""
    return [
        api.router(service, live),
        rebuilding.router(service),
        commands.router(service, sender),
        staff.router(service, sender, largest_file),
        people.router(service, sender, Errands(service, sender)),
        pages.router(service, live),
        replying.router(service, sender),
        lettering.router(service, sender),
    ]
