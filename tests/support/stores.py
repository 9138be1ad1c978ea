"""Real Kafka and PostgreSQL for the tests, once per session.

Yours by the environment, else Docker's, else embedded.

Use it with `pytest_plugins = ["support.stores"]` and the fixture `stores`; the embedded ones live
in a thread of their own, so that synchronous tests have them too.
"""

import asyncio
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from testcontainers.core.container import DockerContainer

from launcher import kafka, ports, postgres
from launcher.process import KeptProcess
from launcher.stores import Stores

KAFKA_IMAGE = "apache/kafka:4.3.1"
POSTGRES_IMAGE = "postgres:18"
READY_WITHIN = 120.0


@dataclass(frozen=True, slots=True)
class TestStores:
    """Where they are.

    `processes` holds the embedded ones' ("kafka", "postgres"), to send them real signals.
    """

    __test__ = False

    bootstrap: str
    admin_dsn: str
    role_password: str = field(repr=False)
    processes: dict[str, KeptProcess] = field(repr=False)


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestStores]:
    """Both stores, for the whole session."""
    bootstrap = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    admin_dsn = os.environ.get("DATABASE_URL")
    if (bootstrap is None or admin_dsn is None) and docker_answers():
        with in_docker(bootstrap, admin_dsn) as found:
            yield found
    else:
        with embedded(tmp_path_factory.mktemp("stores"), bootstrap, admin_dsn) as found:
            yield found


async def fresh_database(stores: TestStores) -> str:
    """A superuser's DSN of a new, empty database with a name of its own."""
    name = unique_name("test")
    await postgres.create_database(stores.admin_dsn, name)
    parts = urlsplit(stores.admin_dsn)
    return urlunsplit(parts._replace(path=f"/{name}"))


def unique_name(prefix: str) -> str:
    """A name that nothing else in the stores has: for databases, topics, groups and targets."""
    return f"{prefix}_{secrets.token_hex(6)}"


@contextmanager
def embedded(folder: Path, bootstrap: str | None, admin_dsn: str | None) -> Iterator[TestStores]:
    """The launcher's own stores, kept alive by an event loop in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="stores", daemon=True)
    thread.start()
    found = Stores(
        directory=folder / "data", logs=folder / "logs", bootstrap=bootstrap, admin_dsn=admin_dsn
    )
    try:
        asyncio.run_coroutine_threadsafe(found.start(), loop).result(READY_WITHIN)
        yield TestStores(
            found.bootstrap or "", found.admin_dsn or "", found.role_password, found.processes
        )
    finally:
        asyncio.run_coroutine_threadsafe(found.stop(), loop).result(READY_WITHIN)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def docker_answers() -> bool:
    """Whether a Docker engine is there to be asked."""
    import docker  # type: ignore[import-untyped]
    from docker.errors import DockerException  # type: ignore[import-untyped]

    try:
        client = docker.from_env(timeout=3)
        try:
            return bool(client.ping())
        finally:
            client.close()
    except DockerException:
        return False


@contextmanager
def in_docker(bootstrap: str | None, admin_dsn: str | None) -> Iterator[TestStores]:
    """The same versions in containers, on free loopback ports.

    A store that is given is not started.
    """
    kafka_port, postgres_port = ports.free_ports(2)
    password = secrets.token_urlsafe(12)
    containers = []
    if bootstrap is None:
        broker = on_loopback(DockerContainer(KAFKA_IMAGE), 9092, kafka_port)
        for name, value in kafka_settings(kafka_port).items():
            broker = broker.with_env(name, value)
        containers.append(broker)
    if admin_dsn is None:
        server = on_loopback(DockerContainer(POSTGRES_IMAGE), 5432, postgres_port)
        containers.append(
            server.with_env("POSTGRES_PASSWORD", password).with_env("POSTGRES_DB", "recall")
        )
    try:
        for container in containers:
            container.start()
        found = TestStores(
            bootstrap or f"{ports.LOOPBACK}:{kafka_port}",
            admin_dsn
            or f"postgresql://postgres:{password}@{ports.LOOPBACK}:{postgres_port}/recall",
            os.environ.get("ROLE_PASSWORD", "recall"),
            {},
        )
        asyncio.run(until_ready(found, kafka_port if bootstrap is None else None))
        yield found
    finally:
        for container in containers:
            container.stop()


def on_loopback(container: DockerContainer, inside: int, outside: int) -> DockerContainer:
    """Publish a port on the loopback address alone; the engine takes a pair of address and port."""
    return container.with_bind_ports(inside, (ports.LOOPBACK, outside))  # type: ignore[arg-type]


def kafka_settings(port: int) -> dict[str, str]:
    """All of them: setting any KAFKA_* replaces the image's defaults."""
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_LISTENERS": "CLIENTS://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"CLIENTS://{ports.LOOPBACK}:{port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "CLIENTS",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    }


async def until_ready(found: TestStores, kafka_port: int | None) -> None:
    """Wait until they take requests."""
    async with asyncio.timeout(READY_WITHIN):
        while not await are_ready(found, kafka_port):  # noqa: ASYNC110 - containers set no event
            await asyncio.sleep(0.1)


async def are_ready(found: TestStores, kafka_port: int | None) -> bool:
    """Whether both take requests now."""
    broker = kafka_port is None or await kafka.answers(kafka_port)
    return broker and await postgres.takes_connections(found.admin_dsn)
