"""What a running stack says about itself.

Its processes, and each service's lag and dead letters.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families

from launcher import kafka, postgres, stackfile
from launcher.problems import Problem
from launcher.services import SERVICES
from launcher.stack import is_ready


@dataclass(frozen=True, slots=True)
class ProcessState:
    """One process of the stack. `up_seconds` and `memory_mb` are None while it is down."""

    name: str
    state: str
    pid: int | None
    restarts: int
    up_seconds: float | None
    memory_mb: float | None
    where: str


@dataclass(slots=True)
class TopicLag:
    """How far one service is behind on one topic.

    Records in all partitions, seconds in the worst one.
    """

    service: str
    topic: str
    records: int = 0
    seconds: float = 0.0
    partitions: int = 0
    dead_letters: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


async def states() -> list[ProcessState]:
    """Every process of the running stack. Raises Problem when none runs."""
    described = stackfile.read(name=stackfile.PROCESSES)["processes"]
    try:
        stack = stackfile.read()
    except Problem:  # While it starts there are processes and no addresses yet.
        stack = {}
    ready = await asyncio.gather(*(_answers(name, stack.get(name, "")) for name in described))
    return [
        _state(name, about, is_up, _without_password(stack.get(name, "")))
        for (name, about), is_up in zip(described.items(), ready, strict=True)
    ]


async def _answers(name: str, where: str) -> bool:
    """Whether a process does its work, asked in its own tongue; without an address it is not."""
    if not where:
        return False
    if name == "kafka":
        return await kafka.answers(int(where.rsplit(":", 1)[1]))
    if name == "postgres":
        return await postgres.takes_connections(where)
    return await is_ready(where)


def _state(name: str, about: Mapping[str, Any], is_up: bool, where: str) -> ProcessState:
    process = _process(about["pid"])
    if process is None:
        return ProcessState(name, "down", None, about["restarts"], None, None, where)
    memory = process.memory_info().rss / 1_000_000
    state = "ready" if is_up else "not ready"
    up = time.time() - about["started_at"]
    return ProcessState(
        name, state, about["pid"], about["restarts"], round(up, 1), round(memory, 1), where
    )


def _process(pid: int | None) -> psutil.Process | None:
    try:
        return psutil.Process(pid) if pid is not None else None
    except psutil.NoSuchProcess:
        return None


def _without_password(dsn: str) -> str:
    before, at, after = dsn.rpartition("@")
    return f"{before.rsplit(':', 1)[0]}@{after}" if at else dsn


async def lags() -> tuple[list[TopicLag], list[str]]:
    """The lag of every service on every topic it reads, and the services that did not answer."""
    stack = stackfile.read()
    names = [service.name for service in SERVICES if service.name in stack]
    async with httpx.AsyncClient(timeout=3, trust_env=False) as client:
        pages = await asyncio.gather(*(_metrics(client, stack[name]) for name in names))
    silent = [name for name, page in zip(names, pages, strict=True) if page is None]
    return fold([page for page in pages if page is not None]), silent


async def _metrics(client: httpx.AsyncClient, url: str) -> str | None:
    try:
        answer = await client.get(f"{url}/metrics")
    except httpx.HTTPError:
        return None
    return answer.text if answer.is_success and _is_readable(answer.text) else None


def _is_readable(page: str) -> bool:
    """Whether this is a page of metrics: a service's port may have gone to another program."""
    try:
        return bool(list(text_string_to_metric_families(page)))
    except ValueError:
        return False


def fold(pages: Sequence[str]) -> list[TopicLag]:
    """Metric pages as one row per service and topic, in order."""
    rows: dict[tuple[str, str], TopicLag] = {}
    dead: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for page in pages:
        for family in text_string_to_metric_families(page):
            for sample in family.samples:
                key = (sample.labels.get("service", ""), sample.labels.get("topic", ""))
                if sample.name == "recall_consumer_lag_records":
                    row = rows.setdefault(key, TopicLag(*key))
                    row.records += int(sample.value)
                    row.partitions += 1
                elif sample.name == "recall_consumer_lag_seconds":
                    row = rows.setdefault(key, TopicLag(*key))
                    row.seconds = max(row.seconds, round(sample.value, 3))
                elif sample.name == "recall_dead_letters_total" and sample.value:
                    dead[key][sample.labels.get("reason", "")] = int(sample.value)
    for key, reasons in dead.items():
        rows.setdefault(key, TopicLag(*key)).dead_letters = reasons
    return [rows[key] for key in sorted(rows)]
