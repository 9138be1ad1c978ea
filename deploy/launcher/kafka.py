"""One embedded Kafka broker (KRaft, broker and controller in one process) on loopback ports."""

import asyncio
import base64
import os
import shutil
import struct
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from launcher.java import Java
from launcher.ports import LOOPBACK
from launcher.process import ProcessSpec, run_once

HEAP = "512m"
SEGMENT_BYTES = 128 * 1024 * 1024
INDEX_BYTES = 512 * 1024
"""Enough for the index of such a segment: 12 bytes for every 4 KiB of it.  Each partition maps two
of them, and Linux fills a mapped file's pages with zeros when one is first touched: with the 10 MiB
that are the default this took up to a third of the time of a broker that had just started."""
_API_VERSIONS = struct.Struct(
    ">ihhih"
)  # size, api key, api version, correlation id, length of a null client id


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where a broker keeps its data, where it listens, and what runs it."""

    directory: Path
    log: Path
    port: int
    controller_port: int
    java: Java
    jars: Sequence[Path]

    @property
    def bootstrap(self) -> str:
        """What clients are given."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def properties(self) -> Path:
        """The broker's configuration, written anew before every start."""
        return self.directory / "server.properties"

    @property
    def data(self) -> Path:
        """What `log.dirs` points to; it exists once the storage is formatted."""
        return self.directory / "data"


def spec(broker: Broker) -> ProcessSpec:
    """How the broker is run and kept."""
    return ProcessSpec(
        name="kafka",
        command=[*_jvm(broker.java, broker.jars, HEAP), "kafka.Kafka", str(broker.properties)],
        environment=_environment(),
        log=broker.log,
        directory=broker.directory,
        prepare=lambda: prepare(broker),
        ready=lambda: answers(broker.port),
        ready_within=90,
        stop_within=20,
    )


async def prepare(broker: Broker) -> None:
    """Write the configuration and, once in the life of a data folder, format the storage."""
    broker.directory.mkdir(parents=True, exist_ok=True)
    (broker.directory / "log4j2.properties").write_text(_LOGGING)
    broker.properties.write_text(_render(configuration(broker, broker.data)))
    if not broker.data.exists():
        await _format(broker)


async def _format(broker: Broker) -> None:
    """Format in a folder of another name, so that an interruption leaves nothing half made."""
    partial = broker.directory / "data.partial"
    shutil.rmtree(partial, ignore_errors=True)
    properties = broker.directory / "format.properties"
    properties.write_text(_render(configuration(broker, partial)))
    command = [
        *_jvm(broker.java, broker.jars, "128m"), "kafka.tools.StorageTool",
        "format", "--standalone", "-t", cluster_id(), "-c", str(properties),
    ]  # fmt: skip
    await run_once(
        ProcessSpec(
            name="kafka-format",
            command=command,
            environment=_environment(),
            log=broker.log,
            directory=broker.directory,
        )
    )
    partial.rename(broker.data)


def cluster_id() -> str:
    """A random cluster id as Kafka writes them.

    One that begins with a dash would be read as an option.
    """
    while True:
        made = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not made.startswith("-"):
            return made


def configuration(broker: Broker, data: Path) -> dict[str, str]:
    """The broker's settings.

    One node, nothing replicated, nothing created by accident, small on a laptop.
    """
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.bootstrap.servers": f"{LOOPBACK}:{broker.controller_port}",
        "listeners": f"CLIENTS://{LOOPBACK}:{broker.port},CONTROLLER://{LOOPBACK}:{broker.controller_port}",
        "advertised.listeners": f"CLIENTS://{LOOPBACK}:{broker.port},CONTROLLER://{LOOPBACK}:{broker.controller_port}",
        "listener.security.protocol.map": "CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "CLIENTS",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(data),
        # After kill -9 the controller takes the broker back once the dead one's session ends.
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": "0",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "8",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
        "log.segment.bytes": str(SEGMENT_BYTES),
        "log.index.size.max.bytes": str(INDEX_BYTES),
        "num.network.threads": "2",
        "num.io.threads": "4",
        "num.recovery.threads.per.data.dir": "2",
    }


async def answers(port: int) -> bool:
    """Whether a broker on this port answers a request.

    An open port alone comes before it can serve.
    """
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                writer.write(_API_VERSIONS.pack(_API_VERSIONS.size - 4, 18, 0, 1, -1))
                await writer.drain()
                await reader.readexactly(10)
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False
    return True


def _jvm(java: Java, jars: Sequence[Path], heap: str) -> list[str]:
    """The command line up to the main class.

    The class path in a fixed order, as the ahead-of-time cache asks.
    """
    ahead = (
        [f"-XX:AOTCache={java.cache}"] if java.cache is not None and java.cache.is_file() else []
    )
    return [
        # A broker that lives for minutes never earns back what the second compiler costs.
        str(java.executable), f"-Xmx{heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", *ahead,
        "-Xlog:disable", "-Xlog:all=error:stderr",
        "-Djava.awt.headless=true", "-Dlog4j2.configurationFile=log4j2.properties",
        "-cp", ":".join(str(jar) for jar in jars),
    ]  # fmt: skip


def _environment() -> Mapping[str, str]:
    """Java options of the user's shell would change how the broker runs."""
    dropped = {"JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH"}
    return {name: value for name, value in os.environ.items() if name not in dropped}


def _render(settings: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in settings.items())


_LOGGING = """\
status=warn
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{yyyy-MM-dd'T'HH:mm:ss.SSS} %p %c{1} %m%n
rootLogger.level=warn
rootLogger.appenderRef.console.ref=console
logger.server.name=kafka.server
logger.server.level=info
"""
