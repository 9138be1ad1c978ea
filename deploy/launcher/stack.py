"""A whole stack: stores, provisioning, services. Used by `./dev up`, by the demo and by tests.

async with Stack(Options(directory=folder)) as stack:
    stack.stack["ingest"]         # what stack.json holds
    stack.processes["kafka"].pid  # to inject faults with real signals
"""

import asyncio
import contextlib
import os
import secrets
import ssl
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

from launcher import stackfile
from launcher.paths import IMPORT_ROOTS, ROOT
from launcher.ports import LOOPBACK, claim, free_ports
from launcher.problems import Problem, from_group, from_os_error
from launcher.process import FailedError, KeptProcess, ProcessSpec, bound, run_once
from launcher.services import CHANNELS, SERVICES, Service, Settings, environment
from launcher.stores import Stores

HOUSEKEEPING_SECONDS = 5.0
KAFKA_LOST = 3
"""Provisioning ends with it when topics are gone (`recall.kit.lost`)."""

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody: for loopback, where reading all authorities each time costs 20 ms of a core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What kind of stack.

    Only `directory` has to be given: data go to its `data`, logs to its `logs`.

    `bootstrap` and `admin_dsn` name stores that run already; by default the environment's, else
    embedded ones. `run` is where stack.json is written, None for nowhere. `provision` is the
    command that makes roles, tables and topics, None for none; `kafka_lost` has it begin anew on
    topics that are gone. `extra` is added to every service's environment.
    """

    directory: Path
    run: Path | None = None
    logs: Path | None = None
    services: Sequence[Service] = SERVICES
    bootstrap: str | None = field(
        default_factory=lambda: os.environ.get("KAFKA_BOOTSTRAP_SERVERS") or None
    )
    admin_dsn: str | None = field(default_factory=lambda: os.environ.get("DATABASE_URL") or None)
    simulated_channels: Sequence[str] = CHANNELS
    clock_file: Path | None = None
    scenario_file: Path | None = None
    seed: int = 0
    partitions: int = 12
    dashboard_port: int | None = None
    kafka_lost: bool = False
    provision: Sequence[str] | None = (sys.executable, "-m", "recall.kit.provision")
    ready_within: float = 60.0
    extra: Mapping[str, str] = field(default_factory=dict)


class Stack:
    """A running stack, as an async context manager.

    Leaving it stops services, then Kafka, then PostgreSQL.
    """

    def __init__(self, options: Options, say: Callable[[str], None] = lambda _: None) -> None:
        self.options = options
        self.stack: dict[str, str] = {}
        self.processes: dict[str, KeptProcess] = {}
        self._say = say
        self._logs = options.logs or options.directory / "logs"
        self._stores = Stores(
            directory=options.directory / "data",
            logs=self._logs,
            bootstrap=options.bootstrap,
            admin_dsn=options.admin_dsn,
            say=say,
            on_change=self._publish,
        )
        self._housekeeper: asyncio.Task[None] | None = None
        self._published: dict[str, Any] = {}

    @property
    def admin_dsn(self) -> str:
        """A superuser's DSN of the database that the services use."""
        return self._stores.admin_dsn or ""

    @property
    def restarts(self) -> dict[str, int]:
        """How often each process was started again."""
        return {name: process.restarts for name, process in self.processes.items()}

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except OSError as error:
            await self._stop()
            raise from_os_error(error, self.options.directory) from error
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    async def _start(self) -> None:
        services = self.options.services
        urls = self._urls()
        self._say("Starting Kafka and PostgreSQL …")
        self.processes = self._stores.processes
        await self._stores.start()
        self._housekeeper = asyncio.create_task(self._keep_house())
        self._say("Making roles, tables and topics …")
        await self._provision()
        settings = self._settings(urls)
        self.stack = {
            **urls,
            "kafka": settings.bootstrap,
            "postgres": self._stores.public_dsn,
            "token": settings.token,
        }
        self._say(f"Starting {', '.join(service.name for service in services)} …")
        try:
            async with asyncio.TaskGroup() as group:
                for service in services:
                    process = KeptProcess(self._spec(service, settings), on_change=self._publish)
                    self.processes[service.name] = process
                    group.create_task(process.start())
        except ExceptionGroup as group:
            raise from_group(group, self._logs) from group
        if self.options.run is not None:
            stackfile.write(self.options.run / stackfile.STACK, self.stack)
        self._publish()

    async def _stop(self) -> None:
        """Services together, then Kafka, then PostgreSQL."""
        if self._housekeeper is not None:
            self._housekeeper.cancel()
        stores = set(self._stores.processes) & {"kafka", "postgres"}
        services = [process for name, process in self.processes.items() if name not in stores]
        await asyncio.gather(*(process.stop() for process in services))
        await self._stores.stop()
        self._publish()

    def _urls(self) -> dict[str, str]:
        """A loopback address for each service; the dashboard's port may be asked for."""
        names = [service.name for service in self.options.services]
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        if self.options.dashboard_port is not None:
            ports["dashboard"] = claim(self.options.dashboard_port, "--port")
        return {name: f"http://{LOOPBACK}:{port}" for name, port in ports.items()}

    def _settings(self, urls: Mapping[str, str]) -> Settings:
        options = self.options
        return Settings(
            bootstrap=self._stores.bootstrap or "",
            admin_dsn=self.admin_dsn,
            role_password=self._stores.role_password,
            token=secrets.token_urlsafe(24),
            urls=urls,
            partitions=options.partitions,
            seed=options.seed,
            simulated_channels=options.simulated_channels,
            clock_file=options.clock_file,
            scenario_file=options.scenario_file,
            extra=options.extra,
        )

    def _spec(self, service: Service, settings: Settings) -> ProcessSpec:
        async def ready() -> bool:
            return await is_ready(settings.urls[service.name])

        return ProcessSpec(
            name=service.name,
            command=service.command,
            environment=environment(service, settings) | {"PYTHONPATH": import_path()},
            log=self._logs / f"{service.name}.log",
            directory=ROOT,
            ready=ready,
            ready_within=self.options.ready_within,
        )

    async def _provision(self) -> None:
        """Roles, tables and topics.

        The DSN goes by the environment, since a command line is everybody's to read.
        """
        if self.options.provision is None:
            return
        names = [service.name for service in self.options.services]
        log = self._logs / "provision.log"
        told = {
            "ADMIN_DATABASE_URL": self.admin_dsn,
            "KAFKA_BOOTSTRAP_SERVERS": self._stores.bootstrap or "",
            "ROLE_PASSWORD": self._stores.role_password,
            "PYTHONPATH": import_path(),
        }
        command = [*self.options.provision, "--partitions", str(self.options.partitions), *names]
        spec = ProcessSpec(
            name="provision",
            command=[*command, *(["--kafka-lost"] if self.options.kafka_lost else [])],
            environment=os.environ | told,
            log=log,
            directory=ROOT,
        )
        try:
            await run_once(spec)
        except FailedError as failure:
            raise (kafka_is_lost(log) if failure.code == KAFKA_LOST else failure) from None

    async def _keep_house(self) -> None:
        """Keep the logs bounded, and what others read true, while the stack runs."""
        while True:
            await asyncio.sleep(HOUSEKEEPING_SECONDS)
            self._publish()
            for process in self.processes.values():
                await asyncio.to_thread(bound, process.spec.log)

    def _publish(self) -> None:
        """Say in processes.json what runs, whenever that changes; a full disk is tried again."""
        described = self._description()
        if self.options.run is None or described == self._published:
            return
        with contextlib.suppress(OSError):
            stackfile.write(self.options.run / stackfile.PROCESSES, described)
            self._published = described

    def _description(self) -> dict[str, Any]:
        return {
            "supervisor": os.getpid(),
            "processes": {
                name: {
                    "pid": process.pid,
                    "restarts": process.restarts,
                    "started_at": process.started_at,
                    "log": str(process.spec.log),
                }
                for name, process in self.processes.items()
            },
        }


def kafka_is_lost(log: Path) -> Problem:
    """The problem of topics that are gone, and the command that mends it."""
    return Problem(
        "Kafka has lost topics that the services have read from, or is not the one that they read"
        " from.\n  PostgreSQL has everything that was done, so no patient is lost by it.",
        "If Kafka's data are gone:  ./dev up --kafka-lost    begins on new topics; nobody is"
        " invited twice\n  If the data are worth nothing:  ./dev reset\n"
        f"  Which topics:  {log}",
    )


def import_path() -> str:
    """PYTHONPATH for a child, so that a checkout works whatever environment runs it."""
    return ":".join(str(ROOT / place) for place in IMPORT_ROOTS)


async def is_ready(url: str) -> bool:
    """Whether the service at this base URL says that it is ready."""
    try:
        async with httpx.AsyncClient(timeout=2, trust_env=False, verify=NO_TLS) as client:
            return (await client.get(f"{url}/readyz")).is_success
    except httpx.HTTPError:
        return False
