"""The pages about patients: list, one patient, alerts, appointments, and what staff do there."""

from fastapi import APIRouter, Depends

from dashboard.errands import Errands
from dashboard.people import alerts, appointments, confirming, listed, one
from dashboard.rendering import PageRoute
from dashboard.sending import Sender
from recall.kit.access import guard
from recall.kit.service import Service


def router(service: Service, sender: Sender, errands: Errands) -> APIRouter:
    """The pages, each behind the cookie or the token."""
    token = service.settings.token.get_secret_value()
    found = APIRouter(
        route_class=PageRoute, include_in_schema=False, dependencies=[Depends(guard(token))]
    )
    listed.add(found, service)
    confirming.add(found, service, errands)
    alerts.add(found, service)
    appointments.add(found, service)
    one.add(found, service, sender)
    return found
