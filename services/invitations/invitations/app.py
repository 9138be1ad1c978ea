"""Wiring and nothing else."""

from datetime import datetime
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from invitations import (
    availability,
    batches,
    deadlines,
    limiting,
    phones,
    resending,
    simulation,
    store,
)
from invitations.behaviour import scenario_of
from invitations.channels import Channels, Ways
from invitations.handlers import handlers
from invitations.letter_routes import router as letters
from invitations.offering import Rotation
from invitations.pages import router as pages
from invitations.practices import practices_of
from invitations.republishing import TELLERS
from invitations.routes import router
from invitations.settings import Settings
from invitations.showing import ASSETS
from recall.kit.service import Service

PUBLISH_SECONDS = 0.2
"""Availability goes out at most this often."""
TIMER_SECONDS = 0.1
LETTERS_SECONDS = 0.5
"""Cut-offs come once a day."""
PRUNE_SECONDS = 60.0


def create_app(settings: Settings) -> FastAPI:
    """The invitations service, ready to be served."""

    async def timers_due(now: datetime) -> int:
        async with service.pool.acquire() as connection:
            return await store.count_timers(connection, now)

    service = Service("invitations", settings, timers_due=timers_due)
    channels = Channels(ways_of(settings), scenario_of(_text(settings.scenario_file)))
    rotation = Rotation()
    practices = practices_of(_text(settings.practices_file))
    for topic, handler in handlers(channels, rotation).items():
        service.reads(topic, handler)
    service.every(TIMER_SECONDS, "simulation", partial(simulation.act, service, channels, rotation))
    resend = partial(resending.resend, service, channels, rotation)
    service.every(TIMER_SECONDS, "temporary failures", resend)
    service.every(TIMER_SECONDS, "deadlines", partial(deadlines.expire, service, channels))
    service.every(LETTERS_SECONDS, "letters", partial(batches.form, service, practices))
    service.every(PUBLISH_SECONDS, "availability", partial(availability.publish, service))
    service.every(PRUNE_SECONDS, "code tries", partial(limiting.prune, service))
    service.republishes(TELLERS)
    routers = [
        router(service, channels, rotation),
        letters(service, channels, practices),
        pages(service, channels, rotation, practices),
    ]
    phone = any(channels.plays_text(channel) for channel in settings.simulated)
    if phone:
        service.every(PRUNE_SECONDS, "phones", partial(phones.prune, service))
        routers.append(phones.router(service))
    app = service.app(routers)
    app.mount(ASSETS.prefix, ASSETS)
    if phone:
        app.mount(phones.ASSETS.prefix, phones.ASSETS)
    return app


def ways_of(settings: Settings) -> Ways:
    """What the channels need of the settings."""
    return Ways(
        simulated=settings.simulated,
        seed=settings.seed,
        booking_url=settings.booking_url,
        link_key=settings.link_key.get_secret_value().encode(),
        bootstrap=settings.kafka_bootstrap_servers,
        partitions=settings.partitions,
    )


def _text(path: Path | None) -> str | None:
    """What stands in a file that a setting names."""
    return path.read_text() if path else None
