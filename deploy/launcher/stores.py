"""Kafka and PostgreSQL for one stack: embedded, unless the environment names yours."""

import asyncio
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from launcher import jars, java, kafka, postgres, training
from launcher.ports import free_ports, is_free
from launcher.problems import Problem, from_group, from_os_error
from launcher.process import KeptProcess

LEAST_FREE_BYTES = 500_000_000


@dataclass(slots=True, kw_only=True)
class Stores:
    """Both stores, started side by side and stopped Kafka first.

    `bootstrap` and `admin_dsn` are given for stores of somebody else's; what is None is embedded
    under `directory`.
    """

    directory: Path
    logs: Path
    bootstrap: str | None = None
    admin_dsn: str | None = None
    say: Callable[[str], None] = lambda _: None
    on_change: Callable[[], None] = lambda: None
    role_password: str = field(default_factory=lambda: os.environ.get("ROLE_PASSWORD", "recall"))
    public_dsn: str = ""
    processes: dict[str, KeptProcess] = field(default_factory=dict)

    async def start(self) -> None:
        """Have both ready; `bootstrap` and `admin_dsn` are set from here on. Raises Problem."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            self.logs.mkdir(parents=True, exist_ok=True)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._postgres())
                group.create_task(self._kafka())
        except ExceptionGroup as group:
            raise from_group(group, self.directory) from group
        except OSError as error:
            raise from_os_error(error, self.directory) from error

    async def stop(self) -> None:
        """Stop what was started here."""
        for name in ("kafka", "postgres"):
            if name in self.processes:
                await self.processes[name].stop()

    async def _kafka(self) -> None:
        if self.bootstrap is not None:
            return
        check_disk(self.directory)
        fetched = await asyncio.to_thread(jars.ensure, self.say)
        runtime = await asyncio.to_thread(java.find)
        await training.ensure(runtime, fetched, self.say)
        port, controller_port = kept_ports(self.directory / "kafka", 2)
        broker = kafka.Broker(
            directory=self.directory / "kafka",
            log=self.logs / "kafka.log",
            port=port,
            controller_port=controller_port,
            java=runtime,
            jars=fetched,
        )
        await self._keep(KeptProcess(kafka.spec(broker), on_change=self.on_change))
        self.bootstrap = broker.bootstrap

    async def _postgres(self) -> None:
        if self.admin_dsn is not None:
            self.public_dsn = self.public_dsn or self.admin_dsn
            return
        check_disk(self.directory)
        folder = self.directory / "postgres"
        server = postgres.server(folder, self.logs / "postgres.log", kept_ports(folder, 1)[0])
        self.role_password = server.password
        await self._keep(KeptProcess(postgres.spec(server), on_change=self.on_change))
        await postgres.create_database(server.dsn(postgres.SUPERUSER), postgres.DATABASE)
        self.public_dsn = server.public_dsn
        self.admin_dsn = server.dsn()

    async def _keep(self, process: KeptProcess) -> None:
        self.processes[process.spec.name] = process
        await process.start()


def kept_ports(folder: Path, count: int) -> list[int]:
    """The ports that a data folder used last, if they are still free: clients find it again."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "ports.json"
    try:
        ports = [int(port) for port in json.loads(kept.read_text())]
    except (OSError, ValueError, TypeError):
        ports = []
    if len(ports) != count or not all(is_free(port) for port in ports):
        ports = free_ports(count)
        kept.write_text(json.dumps(ports))
    return ports


def check_disk(folder: Path) -> None:
    """Refuse to start on a disk that is as good as full.

    Stores that cannot write lose nothing but explain little.
    """
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        raise Problem(
            f"Only {free // 1_000_000} MB are free on the disk that holds {folder};"
            " the stores need 500 MB to start.",
            "Free some space (./dev reset wipes this stack's data), then run it again.",
        )
