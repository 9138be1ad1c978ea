"""All four services in one process on a real PostgreSQL, and topics that a test delivers as it likes.

Each service is what `create_app` wires: its handlers, its loops, its routes.  What they publish lies
on topics in memory until the test lets a consumer fold it: late, in any order, again, or in a batch
that crashes before its commit.
"""

import itertools
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast
from unittest.mock import patch
from uuid import UUID

import asyncpg
import httpx

import dashboard.app
import dashboard.settings
import ingest.answering
import ingest.app
import ingest.handing
import ingest.settings
import invitations.app
import invitations.settings
import workflow.app
import workflow.dispatching
import workflow.settings
from invitations.offering import Rotation
from recall.contracts.topics import TOPICS
from recall.contracts.vocabulary import AlertCode
from recall.kit.codec import Event, decoder, encode, model_of
from recall.kit.consuming import Batch, Record
from recall.kit.kafka import partition_of
from recall.kit.outbox import Outbox
from recall.kit.provision import provision_database
from recall.kit.publishing import Parcel
from recall.kit.service import Service
from recall.register import SimulatedRegister
from recall.turns import Turns
from support.alone import PARTITIONS, NobodyBehind, StoppedClock, role_dsn

TOKEN = "a-token-for-tests"
KEY = "00112233445566778899aabbccddeeff"
NAMES = ("ingest", "workflow", "invitations", "dashboard")
REPORTS = "channel-reports"
Consumer = tuple[str, str]
"""A service and a topic."""


class CrashError(Exception):
    """The process dies before its commit."""


class Said(NamedTuple):
    """A record on a topic."""

    topic: str
    partition: int
    place: int
    event: Event


class World:
    """The services, their topics, and the one clock."""

    def __init__(self, admin: asyncpg.Connection, alerts: dict[str, AlertCode]) -> None:
        self.admin = admin
        self.alerts = alerts
        self.clock = StoppedClock(datetime(2025, 9, 1, tzinfo=UTC))
        self.services: dict[str, Service] = {}
        self.http: dict[str, httpx.AsyncClient] = {}
        self.log: list[Said] = []
        self.pending: dict[Consumer, list[Said]] = {}
        self.folded: dict[Consumer, list[Said]] = {}
        self.trouble: Exception | None = None
        self.forgetting: list[Callable[[], None]] = []
        """What services keep in memory is forgotten by these: the same steps lead to the same."""
        self.heard: Callable[[Sequence[Said]], None] = lambda _: None

    # What the kit's publisher, consumers and ends are to the services.

    async def publish(self, parcels: Sequence[Parcel]) -> None:
        said: list[Said] = []
        for parcel in parcels:
            decode = _decoders[parcel.topic]
            for key, value in parcel.records:
                assert partition_of(key.decode(), PARTITIONS) == parcel.partition
                place = len(self.log) + len(said)
                said.append(Said(parcel.topic, parcel.partition, place, decode(value)))
        self._append(said)

    def _append(self, said: Sequence[Said]) -> None:
        self.log += said
        for one in said:
            for consumer in self.pending:
                if consumer[1] == one.topic:
                    self.pending[consumer].append(one)
        self.heard(said)

    @property
    def assigned(self) -> set[int]:
        return set(range(PARTITIONS))

    @property
    def next_offsets(self) -> dict[int, int]:
        """Of the reports in each partition: those folded, if nothing earlier is left out."""
        behind = {one.partition for one in self.pending["invitations", REPORTS]}
        return {p: 0 if p in behind else self._end(p) for p in range(PARTITIONS)}

    async def ends(self, _topic: str, partitions: set[int]) -> dict[int, int]:
        return {p: self._end(p) for p in partitions}

    def _end(self, partition: int) -> int:
        return 1 + sum(one.topic == REPORTS and one.partition == partition for one in self.log)

    # What a test does.

    async def begin(self, at: datetime) -> None:
        """Everything empty."""
        self.clock.at = at
        for forget in self.forgetting:
            forget()
        self.log.clear()
        self.alerts.clear()
        self.trouble = None
        for consumer in self.pending:
            self.pending[consumer], self.folded[consumer] = [], []
        await self.admin.execute(f"TRUNCATE {', '.join(await self._tables())}")
        await self.assign_patients()

    async def assign_patients(self) -> None:
        """Workflow reads `patients`, as it does from its first start on."""
        await self.admin.execute(
            "INSERT INTO workflow.inbox_offsets (topic, partition, next_offset) "
            "SELECT 'patients', p, 0 FROM generate_series(0, $1) AS p",
            PARTITIONS - 1,
        )

    async def _tables(self) -> list[str]:
        rows = await self.admin.fetch(
            "SELECT schemaname, tablename FROM pg_tables "
            "WHERE schemaname = ANY($1) AND tablename NOT LIKE '%migration%'",
            list(NAMES),
        )
        return [f"{row['schemaname']}.{row['tablename']}" for row in rows]

    async def ask(self, service: str, method: str, path: str, **body: Any) -> httpx.Response:
        """A request over HTTP, and its messages published."""
        answer = await self.http[service].request(method, path, **body)
        await self._relay(service)
        return answer

    async def _relay(self, service: str) -> None:
        while await self.services[service].outbox.relay():
            pass

    async def fold(self, consumer: Consumer, said: Sequence[Said], *, crash: bool = False) -> bool:
        """Let a consumer fold records, pending or not; False if it has to do them again."""
        service = self.services[consumer[0]]
        handler = service._handlers[consumer[1]]
        records = [Record(one.event, one.partition, one.place) for one in said]
        try:
            async with service.unit() as unit:
                await handler(Batch(unit, records))
                _maybe(crash)
        except Exception as error:  # noqa: BLE001 - as the kit does: the same batch again.
            self.trouble = error
            return False
        for one in said:
            if one in self.pending[consumer]:
                self.pending[consumer].remove(one)
                self.folded[consumer].append(one)
        return True

    async def tick(self, service: str, loop: str) -> bool:
        """One step of a loop."""
        (found,) = [one for one in self.services[service].loops if one.name == loop]
        if loop == "dispatch":
            # The loop's own time is the machine's: look at all targets now.
            found._step.__self__._scanned_at = -1e9  # type: ignore[attr-defined]
        return await found._step()

    async def settle(self, choose: Callable[[int], int]) -> None:
        """Deliver everything and do what is due; `choose` picks one of so many."""
        while True:
            written, progress = len(self.log), False
            while waiting := [consumer for consumer, said in self.pending.items() if said]:
                consumer = waiting[choose(len(waiting))]
                some = self.pending[consumer][: 1 + choose(8)]
                done = await self.fold(consumer, some)
                if done:
                    progress = True
                elif len(waiting) == 1:
                    some = list(self.pending[consumer])
                    if not await self.fold(consumer, some):
                        assert self.trouble is not None
                        raise self.trouble
            for service, loop in LOOPS:
                while await self.tick(service, loop):
                    pass
            if len(self.log) == written and not progress:
                return

    def report(self, data: Any, number: int) -> None:
        """A channel's report comes in."""
        model = model_of(data)
        value = encode(
            model,
            data,
            event_id=f"{data.invitation_id}/{getattr(data, 'state', 'reply')}/{number}",
            source="/recall/plugins/tests",
            subject=data.invitation_id,
            time=data.received_at,
            traceparent=None,
        )
        partition = partition_of(data.patient_id, PARTITIONS)
        event = _decoders[REPORTS](value)
        self._append([Said(REPORTS, partition, len(self.log), event)])

    def said(self, kind: type[Any]) -> list[Any]:
        """What was said of a kind."""
        return [one.event.data for one in self.log if isinstance(one.event.data, kind)]


def _maybe(crash: bool) -> None:
    if crash:
        raise CrashError


HANDING_ON = ("ingest", "hand on")
LOOPS = (
    HANDING_ON,
    ("invitations", "simulation"),
    ("invitations", "temporary failures"),
    ("invitations", "deadlines"),
    ("invitations", "letters"),
    ("invitations", "availability"),
    ("workflow", "dispatch"),
)
_decoders: Mapping[str, Callable[[bytes], Event]] = {
    name: decoder(topic.carries) for name, topic in TOPICS.items()
}


@asynccontextmanager
async def opened(admin_dsn: str, password: str, scenario: str) -> AsyncIterator[World]:
    """The world on a database of its own; `scenario` is the file that keeps channels silent."""
    await provision_database(admin_dsn, list(NAMES), password)
    async with AsyncExitStack() as closing:
        numbers = itertools.count()
        counted = patch.object(ingest.answering, "uuid4", lambda: UUID(int=next(numbers)))
        closing.enter_context(counted)
        admin = await asyncpg.connect(admin_dsn)
        closing.push_async_callback(admin.close)
        # Thousands of commits, none of which has to outlive the machine.
        database = await admin.fetchval("SELECT current_database()")
        await admin.execute(f'ALTER DATABASE "{database}" SET synchronous_commit = off')
        world = World(admin, {})
        for name in NAMES:
            dsn = role_dsn(admin_dsn, name, password)
            service, app = _made(name, dsn, scenario, world)
            pool = await closing.enter_async_context(
                asyncpg.create_pool(dsn, min_size=1, max_size=4)
            )
            _connect(world, service, pool)
            transport = httpx.ASGITransport(app)
            headers = {"Authorization": f"Bearer {TOKEN}", "X-Actor": "staff:ann"}
            client = httpx.AsyncClient(
                transport=transport, base_url=f"http://{name}", headers=headers
            )
            world.http[name] = await closing.enter_async_context(client)
            world.services[name] = service
            for topic in service._handlers:
                world.pending[name, topic], world.folded[name, topic] = [], []
        yield world


def _connect(world: World, service: Service, pool: asyncpg.Pool) -> None:
    """Give a service its clock, its database, and the world in Kafka's place."""
    service.clock, service.pool, service.booted = world.clock, pool, True
    service.consumers = defaultdict(lambda: cast("Any", world))
    service.ends = cast("Any", world)
    service.readers = cast("Any", NobodyBehind())
    service.outbox = Outbox(
        pool=pool,
        publisher=world,  # type: ignore[arg-type]
        clock=world.clock,
        metrics=service.metrics,
        instance="world",
        partitions=PARTITIONS,
    )


def _made(name: str, dsn: str, scenario: str, world: World) -> tuple[Service, Any]:
    """A service as `__main__` makes it, and its routes; all ask one register."""
    module, settings = _MODULES[name]
    made: list[Service] = []

    class Kept(Service):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            made.append(self)

    given = {
        "kafka_bootstrap_servers": "127.0.0.1:1",
        "database_url": dsn,
        "port": 1,
        "token": TOKEN,
        **({"id_key": KEY} if name == "ingest" else {}),
        **({"scenario_file": scenario, "link_key": KEY} if name == "invitations" else {}),
    }
    register = SimulatedRegister(world.alerts)
    rotation, turns = Rotation(), Turns()
    world.forgetting += [rotation._places.clear, turns._practices.clear, turns._had.clear]
    with (
        patch.object(module, "Service", Kept),
        patch.object(invitations.app, "Rotation", lambda: rotation),
        patch.object(workflow.dispatching, "Turns", lambda: turns),
        patch.object(ingest.handing, "Turns", lambda: turns),
        patch.object(ingest.app, "register_of", lambda _: register),
        patch.object(workflow.app, "register_of", lambda _: register),
    ):
        app = module.create_app(settings(**given))
    return made[0], app


_MODULES: dict[str, tuple[Any, Any]] = {
    "ingest": (ingest.app, ingest.settings.Settings),
    "workflow": (workflow.app, workflow.settings.Settings),
    "invitations": (invitations.app, invitations.settings.Settings),
    "dashboard": (dashboard.app, dashboard.settings.Settings),
}


def silent() -> str:
    """A scenario in which no simulated patient answers of themselves."""
    return json.dumps({"silent_unless_scripted": True})
