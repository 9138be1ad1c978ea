"""The topics against the tables of all services: who says how many, and where they differ."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from launcher.told import Told
from recall.contracts.vocabulary import STATUSES

SOURCES: Final = ("topics", "ingest", "workflow", "invitations", "dashboard")
OUTCOMES: Final = ("booked", "declined", "unanswered", "undeliverable", "withdrawn")
_IN_DASHBOARD: Final = (
    "SELECT status, count(*) FROM dashboard.patients JOIN dashboard.cells USING (cell)"
)

_TABLES: Final = {
    "patients enrolled": {
        "ingest": "SELECT count(*) FROM ingest.patients",
        "workflow": "SELECT count(*) FROM workflow.patients",
        "invitations": "SELECT count(*) FROM invitations.patients",
        "dashboard": "SELECT count(*) FROM dashboard.identities",
    },
    "patients removed": {
        "ingest": "SELECT count(*) FROM ingest.patients WHERE removed_at IS NOT NULL",
        "workflow": "SELECT count(*) FROM workflow.patients WHERE status = 'removed'",
        "invitations": "SELECT count(*) FROM invitations.removals",
        "dashboard": "SELECT count(*) FROM dashboard.patients JOIN dashboard.cells USING (cell) "
        "WHERE status = 'removed'",
    },
    "invitations": {
        "workflow": "SELECT count(*) FROM workflow.dispatched",
        "invitations": "SELECT count(*) FROM invitations.invitations",
        "dashboard": "SELECT count(*) FROM dashboard.timeline WHERE what = 'invited'",
    },
    "appointments": {
        "workflow": "SELECT count(DISTINCT slot_id) FROM workflow.patients",
        "invitations": "SELECT count(*) FROM invitations.appointments",
        "dashboard": "SELECT count(DISTINCT slot_id) FROM dashboard.patients",
    },
    "slots booked": {
        "invitations": "SELECT count(*) FROM invitations.slots WHERE booked",
    },
}


@dataclass(frozen=True)
class Line:
    """One thing that is counted, and what each source says of it."""

    what: str
    counts: dict[str, int]

    @property
    def differs(self) -> bool:
        """Whether two sources disagree."""
        return len(set(self.counts.values())) > 1


async def lines(told: Told, admin_dsn: str, page: dict[str, Any]) -> list[Line]:
    """Everything that is reconciled, line by line."""
    connection = await asyncpg.connect(admin_dsn)
    try:
        return [line async for line in _lines(told, connection, page)]
    finally:
        await connection.close()


async def _lines(told: Told, connection: asyncpg.Connection, page: dict[str, Any]) -> Any:
    for what, count in _of_topics(told).items():
        counts = {"topics": count}
        for service, query in _TABLES[what].items():
            counts[service] = await connection.fetchval(query)
        yield Line(what, counts)
    states = await _grouped(connection, "SELECT state, count(*) FROM invitations.invitations")
    timeline = await _grouped(connection, "SELECT what, count(*) FROM dashboard.timeline")
    for outcome in OUTCOMES:
        in_words = sum(n for what, n in timeline.items() if what.split("_")[0] == outcome)
        yield Line(
            f"ended as {outcome}",
            {
                "topics": told.outcomes[outcome],
                "invitations": states.get(outcome, 0),
                "dashboard": in_words,
            },
        )
    workflow = await _grouped(connection, "SELECT status, count(*) FROM workflow.patients")
    dashboard = await _grouped(connection, _IN_DASHBOARD)
    for status in STATUSES:
        counts = {
            "topics": told.statuses[status],
            "workflow": workflow.get(status, 0),
            "dashboard": dashboard.get(status, 0),
        }
        yield Line(f"patients: {status}", counts)
        if status in page["overview"]:
            yield Line(
                f"on the page: {status}",
                {"topics": told.statuses[status], "dashboard": page["overview"][status]},
            )
    for line in _never(told):
        yield line


def _of_topics(told: Told) -> dict[str, int]:
    return {
        "patients enrolled": len(told.enrolled),
        "patients removed": len(told.removed),
        "invitations": len(told.dispatched),
        "appointments": len(told.standing),
        "slots booked": len(told.standing),
    }


def _never(told: Told) -> Iterator[Line]:
    """What must be none, each beside a nought."""
    unasked = told.endings.keys() - told.dispatched.keys()
    for what, found in (
        ("invitations with two outcomes", len(told.ended_twice)),
        ("outcomes without an invitation", len(unasked)),
        ("invitations without an outcome", len(told.dispatched.keys() - told.endings.keys())),
    ):
        yield Line(what, {"topics": found, "expected": 0})


async def _grouped(connection: asyncpg.Connection, query: str) -> dict[str, int]:
    return {row[0]: row[1] for row in await connection.fetch(f"{query} GROUP BY 1")}
