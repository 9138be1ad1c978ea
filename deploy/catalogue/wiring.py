"""What each service is wired to do, as its own `create_app` says: what it reads, its metrics.

This looks at attributes that their owners keep to themselves, for want of another way to ask.
"""

import importlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest.mock import patch

from fastapi import APIRouter, FastAPI
from prometheus_client import CollectorRegistry

from recall.kit.service import Service

SERVICES = ("ingest", "workflow", "invitations", "dashboard")

# Nothing is started, so nothing is reached: settings only have to be there.
_ENVIRONMENT = {
    "KAFKA_BOOTSTRAP_SERVERS": "localhost:9092",
    "DATABASE_URL": "postgresql://localhost/recall",
    "PORT": "8000",
    "TOKEN": "token",
    "ID_KEY": "00" * 32,
    "LINK_KEY": "00" * 32,
}


@dataclass(frozen=True, order=True)
class Metric:
    """A metric as a page of metrics shows it."""

    name: str
    kind: str
    labels: tuple[str, ...]
    says: str


@dataclass(frozen=True)
class Wiring:
    """One service: the topics it reads and its metrics."""

    name: str
    reads: tuple[str, ...]
    metrics: tuple[Metric, ...]


@cache
def wired(service: str) -> Service:
    """A service as its process would wire it, not started.

    Raises:
        ValueError: its `create_app` makes more than one service, or none.
    """
    found: list[Service] = []
    serve = Service.app

    def recorded(self: Service, routers: Sequence[APIRouter]) -> FastAPI:
        found.append(self)
        return serve(self, routers)

    settings = importlib.import_module(f"{service}.settings").Settings
    app = importlib.import_module(f"{service}.app")
    with patch.dict(os.environ, _ENVIRONMENT, clear=True), patch.object(Service, "app", recorded):
        app.create_app(settings())
    [made] = found
    return made


def wiring(service: str) -> Wiring:
    """What a service is wired to do."""
    made = wired(service)
    return Wiring(
        name=made.name,
        reads=tuple(vars(made)["_handlers"]),
        metrics=metrics_in(made.metrics.registry),
    )


def metrics_in(registry: CollectorRegistry) -> tuple[Metric, ...]:
    """The metrics of a registry, with labels, though none has been counted yet."""
    collectors: Iterable[Any] = list(vars(registry)["_collector_to_names"])
    return tuple(
        Metric(
            name=vars(collector)["_name"]
            + ("_total" if type(collector).__name__ == "Counter" else ""),
            kind=type(collector).__name__.lower(),
            labels=tuple(vars(collector)["_labelnames"]),
            says=vars(collector)["_documentation"],
        )
        for collector in collectors
    )


def kit_metrics() -> tuple[Metric, ...]:
    """What every service has: the metrics that all wirings share."""
    shared = set(wiring(SERVICES[0]).metrics)
    for service in SERVICES[1:]:
        shared &= set(wiring(service).metrics)
    return tuple(metric for metric in wiring(SERVICES[0]).metrics if metric in shared)


def own_metrics(service: str) -> tuple[Metric, ...]:
    """What a service adds to them."""
    shared = set(kit_metrics())
    return tuple(metric for metric in wiring(service).metrics if metric not in shared)
