"""Wiring and nothing else."""

import asyncio
import json
from datetime import datetime
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from ingest.answering import forget_old_answers
from ingest.enrolling import ERASING, erase_rejected_rows
from ingest.handing import HandingOn
from ingest.republishing import REQUESTS, TELLERS
from ingest.routes import router
from ingest.routes.office import Limits, Office
from ingest.settings import Settings
from ingest.store.portions import count_waiting
from recall.kit.service import Service
from recall.register import SimulatedRegister

FORGET_SECONDS = 600.0


def create_app(settings: Settings) -> FastAPI:
    """The ingest service, ready to be served."""

    async def _waiting(_now: datetime) -> int:
        """Patients not yet handed on, which is work left to do whatever the time."""
        async with service.pool.acquire() as connection:
            return await count_waiting(connection)

    service = Service("ingest", settings, timers_due=_waiting)
    office = Office(
        service=service,
        register=register_of(settings.scenario_file),
        handing=HandingOn(service),
        id_key=settings.id_key_bytes,
        token=settings.token.get_secret_value(),
        limits=Limits(
            upload_bytes=settings.upload_bytes,
            patients_waiting=settings.patients_waiting,
            waiting_seconds=settings.waiting_seconds,
        ),
        load_range=settings.allow_load_range,
        reading=asyncio.Semaphore(settings.uploads_at_once),
        reading_small=asyncio.Semaphore(settings.uploads_at_once),
    )
    service.every(FORGET_SECONDS, "forget old answers", partial(forget_old_answers, service))
    service.every(FORGET_SECONDS, ERASING, partial(erase_rejected_rows, service))
    service.republishes(TELLERS, REQUESTS)
    return service.app([router(office)])


def register_of(scenario: Path | None) -> SimulatedRegister:
    """The simulated register, with the alerts that a scenario names."""
    if scenario is None:
        return SimulatedRegister({})
    return SimulatedRegister(json.loads(scenario.read_text()).get("register", {}))
