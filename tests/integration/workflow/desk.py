"""Workflow on a real PostgreSQL and without Kafka: what it would publish is kept."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from recall.contracts.vocabulary import AlertCode
from recall.kit.service import Service
from recall.register import SimulatedRegister
from support.alone import PARTITIONS, Alone, pool_of, role_dsn
from unit.workflow.builders import START
from workflow.dispatching import Dispatching
from workflow.handlers import Handlers
from workflow.settings import Settings

TOPICS = ("targets", "slot-availability", "patients", "patient-requests", "invitation-outcomes")


class Desk(Alone):
    """One workflow process: its handlers, its dispatcher, and the rows behind them."""

    def __init__(self, dsn: str, pool: asyncpg.Pool, portion: int) -> None:
        settings = Settings(
            kafka_bootstrap_servers="127.0.0.1:1", database_url=dsn, port=1, token="t"
        )
        service = Service("workflow", settings)
        self.alerts: dict[str, AlertCode] = {}
        self.dispatching = Dispatching(service, SimulatedRegister(self.alerts), portion)
        self.workflow = Handlers(self.dispatching)
        handlers = {
            topic: getattr(self.workflow, f"on_{topic.replace('-', '_')}") for topic in TOPICS
        }
        super().__init__(service, handlers, pool, START)

    async def settle(self) -> int:
        """Dispatch until a pass finds nothing more; returns the number of passes."""
        passes = 1
        self.dispatching._scanned_at = -1e9  # The test's time is not the loop's.
        while await self.dispatching.step():
            passes += 1
        return passes

    async def histogram(self, target: str) -> Counter[tuple[str, int]]:
        """How many patients have each status in each round."""
        rows = await self.rows(
            "SELECT status, round, count(*) FROM patients WHERE target_id = $1 GROUP BY 1, 2",
            target,
        )
        return Counter({(row[0], row[1]): row[2] for row in rows})

    async def assert_sound(self) -> None:
        """The tallies equal a recount, and every invitation has its row in `dispatched`."""
        wrong = await self.rows(
            """
            SELECT * FROM (
                SELECT target_id, round, sum(in_queue) AS q, sum(being_invited) AS b
                FROM tallies GROUP BY 1, 2
            ) AS t FULL JOIN (
                SELECT
                    target_id, round, count(*) FILTER (WHERE status = 'in_queue') AS q,
                    count(*) FILTER (WHERE status = 'being_invited') AS b
                FROM patients GROUP BY 1, 2
            ) AS p USING (target_id, round)
            WHERE (coalesce(t.q, 0), coalesce(t.b, 0)) <> (coalesce(p.q, 0), coalesce(p.b, 0))
            """
        )
        assert not wrong


@asynccontextmanager
async def opened(admin_dsn: str, password: str, portion: int = 2000) -> AsyncIterator[Desk]:
    """A desk on a database that is provisioned for it."""
    async with pool_of(admin_dsn, password, "workflow") as pool:
        desk = Desk(role_dsn(admin_dsn, "workflow", password), pool, portion)
        await desk.rows(
            "INSERT INTO inbox_offsets (topic, partition, next_offset) "
            "SELECT 'patients', p, 0 FROM generate_series(0, $1) AS p ON CONFLICT DO NOTHING",
            PARTITIONS - 1,
        )
        yield desk
