"""Kafka's ahead-of-time cache.

One practice run records what the JVM loads, and halves every later start (JDK 25).
"""

import contextlib
import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from launcher import kafka
from launcher.java import Java
from launcher.ports import free_ports
from launcher.problems import Problem
from launcher.process import KeptProcess

ENDS_WITHIN = (
    60.0  # seconds for the JVM to write its cache when the practice run stops: 8 s on two cores
)


async def ensure(java: Java, jars: Sequence[Path], say: Callable[[str], None]) -> None:
    """Make the cache if this Java can have one and has none.

    It only saves time: a failure is remembered and ignored.
    """
    if java.cache is None or java.cache.exists():
        return
    say("Preparing Kafka for fast starts (10 s, once) …")
    java.cache.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="training-", dir=java.cache.parent) as place:
        made = Path(place) / "made.aot"
        with contextlib.suppress(Problem):
            await _practise(dataclasses.replace(java, cache=None), jars, Path(place), made)
        if not made.is_file():
            made.write_bytes(
                b""
            )  # The JVM starts without an empty cache, and nobody tries again at every start.
        made.replace(java.cache)


async def _practise(java: Java, jars: Sequence[Path], place: Path, made: Path) -> None:
    """Run a throwaway broker until it is ready, and stop it, upon which the JVM writes `made`."""
    port, controller_port = free_ports(2)
    broker = kafka.Broker(
        directory=place / "kafka",
        log=place / "log",
        port=port,
        controller_port=controller_port,
        java=java,
        jars=jars,
    )
    spec = kafka.spec(broker)
    command = [spec.command[0], f"-XX:AOTCacheOutput={made}", *spec.command[1:]]
    kept = KeptProcess(dataclasses.replace(spec, command=command, stop_within=ENDS_WITHIN))
    try:
        await kept.start()
    finally:
        await kept.stop()
