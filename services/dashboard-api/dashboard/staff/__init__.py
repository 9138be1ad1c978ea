"""The pages on which staff set up and feed a target: new, settings, upload, slots."""

from fastapi import APIRouter, Depends

from dashboard.rendering import PageRoute
from dashboard.sending import Sender
from dashboard.staff import creating, setting, slotting, uploading
from recall.kit.access import guard
from recall.kit.service import Service


def router(service: Service, sender: Sender, largest_file: int) -> APIRouter:
    """The pages, each behind the cookie or the token."""
    token = service.settings.token.get_secret_value()
    found = APIRouter(
        route_class=PageRoute, include_in_schema=False, dependencies=[Depends(guard(token))]
    )
    for part in (creating, setting, slotting):
        part.add(found, service, sender)
    uploading.add(found, service, sender, largest_file)
    return found
