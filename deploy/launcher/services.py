"""The four services as the launcher sees them: a command, a port and an environment.

Tests describe services of their own.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from launcher.ports import LOOPBACK

CHANNELS = ("sms", "sms-link", "letter")
# Ids and links are HMACs under these keys: a simulated run gives the same ones on every computer.
# Everybody can read them here: whoever has real patients has keys of their own.
SIMULATION_ID_KEY = "7265636167652d73696d756c6174696f6e2d6f6e6c792d6e6f2d736563726574"
SIMULATION_LINK_KEY = "726563616c6c2d73696d756c617465642d6c696e6b732d6e6f2d736563726574"

# What is freed goes back to the system: with an arena a thread, and thresholds that grow with what
# was ever asked for, a process keeps the sum of its worst moments.  What is asked for again and
# again stays, however: with thresholds a sixteenth of these, a batch's buffers came new from the
# system each time, twenty times as many pages of zeros.  The image says the same.
MALLOC = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "4194304",
    "MALLOC_TRIM_THRESHOLD_": "16777216",
}


@dataclass(frozen=True, slots=True)
class Service:
    """A service's name (also its role's and its schema's) and the command that starts it."""

    name: str
    command: Sequence[str]
    extra: Mapping[str, str] = field(default_factory=dict)


def packaged(name: str) -> Service:
    """One of this repository's services."""
    return Service(name, (sys.executable, "-m", name))


SERVICES = tuple(packaged(name) for name in ("ingest", "workflow", "invitations", "dashboard"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What all services of one stack share.

    `admin_dsn` is a superuser's; each service gets its own role's.
    """

    bootstrap: str
    admin_dsn: str
    role_password: str = field(repr=False)
    token: str = field(repr=False)
    urls: Mapping[str, str]
    partitions: int
    seed: int
    simulated_channels: Sequence[str]
    clock_file: Path | None
    scenario_file: Path | None
    extra: Mapping[str, str]


def environment(service: Service, settings: Settings) -> dict[str, str]:
    """The whole environment of one service process.

    What the user's shell set for the stores does not leak in.
    """
    own = {
        "KAFKA_BOOTSTRAP_SERVERS": settings.bootstrap,
        "DATABASE_URL": role_dsn(settings.admin_dsn, service.name, settings.role_password),
        "HOST": LOOPBACK,
        "PORT": settings.urls[service.name].rsplit(":", 1)[1],
        "TOKEN": settings.token,
        "PARTITIONS": str(settings.partitions),
        "SEED": str(settings.seed),
        "ID_KEY": SIMULATION_ID_KEY,
        "LINK_KEY": SIMULATION_LINK_KEY,
        "SIMULATED_CHANNELS": ",".join(settings.simulated_channels),
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "info"),
        "LOG_FORMAT": os.environ.get("LOG_FORMAT", "text"),
        "PYTHONUNBUFFERED": "1",
        **MALLOC,
    }
    for variable, peer in (
        ("INGEST_URL", "ingest"),
        ("INVITATIONS_URL", "invitations"),
        ("BOOKING_URL", "invitations"),
    ):
        if peer in settings.urls:
            own[variable] = settings.urls[peer]
    for variable, file in (
        ("CLOCK_FILE", settings.clock_file),
        ("SCENARIO_FILE", settings.scenario_file),
    ):
        if file is not None:
            own[variable] = str(file)
    shell = {
        name: value
        for name, value in os.environ.items()
        if name not in {"CLOCK_FILE", "SCENARIO_FILE", "ROLE_PASSWORD"}
    }
    return shell | own | dict(settings.extra) | dict(service.extra)


def role_dsn(admin_dsn: str, role: str, password: str) -> str:
    """The same server and database, as another role."""
    parts = urlsplit(admin_dsn)
    host = parts.netloc.rsplit("@", 1)[-1]
    return urlunsplit(parts._replace(netloc=f"{role}:{password}@{host}"))
