"""Wires workflow: what it reads, what it does by the clock, what it serves."""

from datetime import datetime

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from recall.contracts.fields import NhsNumber
from recall.contracts.vocabulary import AlertCode
from recall.kit.service import Service
from recall.register import Register, SimulatedRegister
from workflow.dispatching import Dispatching
from workflow.handlers import Handlers
from workflow.republishing import REQUESTS, TELLERS
from workflow.settings import Settings

NAME = "workflow"


class Scenario(BaseModel):
    """The part of a scenario file that is about the register."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    alerts: dict[NhsNumber, AlertCode] = Field(default={}, alias="register")
    """Whom the register names an alert for."""


def create_app(settings: Settings) -> FastAPI:
    """The whole service, for `__main__` and for tests."""

    async def _due(now: datetime) -> int:
        return await dispatching.due(now)

    service = Service(NAME, settings, timers_due=_due)
    dispatching = Dispatching(service, register_of(settings), settings.dispatch_portion)
    handlers = Handlers(dispatching)
    service.reads("targets", handlers.on_targets)
    service.reads("slot-availability", handlers.on_slot_availability)
    service.reads("patients", handlers.on_patients)
    service.reads("patient-requests", handlers.on_patient_requests)
    service.reads("invitation-outcomes", handlers.on_invitation_outcomes)
    service.republishes(TELLERS, REQUESTS)
    return service.app([])


def register_of(settings: Settings) -> Register:
    """The simulated register, with the alerts that the scenario names.

    Raises:
        pydantic.ValidationError: the scenario names a number or an alert that cannot be.
    """
    if settings.scenario_file is None:
        return SimulatedRegister({})
    scenario = Scenario.model_validate_json(settings.scenario_file.read_bytes())
    return SimulatedRegister(scenario.alerts)
