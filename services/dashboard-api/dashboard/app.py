"""The wiring: topics to handlers, routes, static files, headers.  Nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from dashboard import assets, handlers, rendering, routes, sending
from dashboard.headers import SecurityHeaders
from dashboard.live import Live
from dashboard.origin import SameOrigin
from dashboard.settings import Settings
from recall.kit.service import Service


def create_app(settings: Settings) -> FastAPI:
    """The dashboard as `__main__` serves it and tests call it."""
    service = Service("dashboard", settings)
    live = Live(routes.snapshots(service))
    service.reads("targets", live.after(handlers.on_targets))
    service.reads("patients", handlers.on_patients)
    service.reads("patient-progress", live.after(handlers.on_patient_progress))
    service.reads("patient-requests", handlers.on_patient_requests)
    service.reads("invitation-outcomes", handlers.on_invitation_outcomes)
    service.reads("queue-states", live.after(handlers.on_queue_states))
    service.reads("slot-availability", live.after(handlers.on_slot_availability))
    service.reads("slots", handlers.on_slots)
    http = sending.client()
    sender = sending.Sender(
        http,
        {"ingest": settings.ingest_url, "invitations": settings.invitations_url},
        settings.token.get_secret_value(),
    )
    app = service.app(routes.routers(service, sender, live, settings.upload_bytes))
    rendering.strays_are_shown(app)
    app.state.service = service
    app.mount(assets.PREFIX, assets.ASSETS, name="static")
    app.add_middleware(SameOrigin, page=rendering.failed)
    app.add_middleware(SecurityHeaders)
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(running: FastAPI) -> AsyncIterator[None]:
        async with http, inner(running):
            yield

    app.router.lifespan_context = lifespan
    return app
