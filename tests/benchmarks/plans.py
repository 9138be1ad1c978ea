"""How PostgreSQL answers each list: the plans of the very queries that the pages run."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from dashboard.app import create_app
from dashboard.settings import Settings

BIG = ("identities", "patients", "timeline", "slots")
"""Tables that no page may read from end to end."""


@dataclass(frozen=True)
class Plan:
    """How one query of one page was answered."""

    label: str
    query: str
    milliseconds: float
    rows_read: int
    access: tuple[str, ...]
    """Each access to a table, as "Index Scan patients_by_change" or "Seq Scan patients"."""

    @property
    def reads_all(self) -> bool:
        """Whether a big table is read from end to end."""
        return any(f"Seq Scan {table}" in self.access for table in BIG)


class _Clock:
    @staticmethod
    def now() -> datetime:
        return datetime(2025, 9, 12, 11, tzinfo=UTC)


class _Explaining:
    """A connection that has every query explained before it is run."""

    def __init__(self, connection: Any, plans: list[tuple[str, Any]]) -> None:
        self._connection = connection
        self._plans = plans

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def _explain(self, query: str, arguments: tuple[Any, ...]) -> None:
        if "set_config" not in query:
            found = await self._connection.fetchval(
                f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", *arguments
            )
            self._plans.append((query, json.loads(found)[0]))

    async def fetch(self, query: str, *arguments: Any) -> Any:
        await self._explain(query, arguments)
        return await self._connection.fetch(query, *arguments)

    async def fetchrow(self, query: str, *arguments: Any) -> Any:
        await self._explain(query, arguments)
        return await self._connection.fetchrow(query, *arguments)

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        await self._explain(query, arguments)
        return await self._connection.fetchval(query, *arguments)


class _Pool:
    """Hands out one explaining connection."""

    def __init__(self, connection: Any) -> None:
        self.plans: list[tuple[str, Any]] = []
        self._connection = _Explaining(connection, self.plans)

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Any]:
        yield self._connection


async def plans_of(connection: Any, questions: dict[str, str]) -> list[Plan]:
    """Ask the dashboard's own routes, in this process, and keep every plan.

    Args:
        connection: to the dashboard's schema.
        questions: addresses by label.
    """
    pool = _Pool(connection)
    settings = Settings(
        kafka_bootstrap_servers="127.0.0.1:1", database_url="unused", port=1, token="token"
    )
    app = create_app(settings)
    service = app.state.service
    service.clock, service.pool, service.booted = _Clock(), pool, True
    found = []
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://bench",
        headers={"Authorization": "Bearer token"},
        timeout=60,
    ) as client:
        for label, path in questions.items():
            pool.plans.clear()
            answer = await client.get(path)
            answer.raise_for_status()
            found += [_plan(label, query, plan) for query, plan in pool.plans]
    return found


def _plan(label: str, query: str, plan: dict[str, Any]) -> Plan:
    nodes = list(_nodes(plan["Plan"]))
    access = tuple(
        dict.fromkeys(
            f"{node['Node Type']} {node.get('Index Name') or node['Relation Name']}"
            for node in nodes
            if "Scan" in node["Node Type"] and ("Index Name" in node or "Relation Name" in node)
        )
    )
    read = sum(
        int((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
        for node in nodes
        if "Relation Name" in node
    )
    took = plan["Planning Time"] + plan["Execution Time"]
    return Plan(label, query.partition("\n")[0].removeprefix("-- "), took, read, access)


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from _nodes(inner)
