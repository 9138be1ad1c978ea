"""One service: its pool, broker, consumers, loops and HTTP, started and stopped in order.

HTTP is up from the first moment; readiness follows once the database and the broker answer.
"""

import asyncio
import contextlib
import gc
import logging
import os
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime

import structlog
import uvicorn
from fastapi import APIRouter, FastAPI
from faststream.kafka import KafkaBroker

from recall import __version__
from recall.contracts.topics import TOPICS
from recall.kit import health, problems, telemetry
from recall.kit.clock import Clock, clock_from
from recall.kit.consuming import Consumer, Handler
from recall.kit.kafka import Ends
from recall.kit.loops import Loop, Step
from recall.kit.metrics import Metrics
from recall.kit.outbox import Outbox
from recall.kit.postgres import Pool, open_pool
from recall.kit.publishing import Publisher
from recall.kit.readers import Readers
from recall.kit.reasons import reason_of
from recall.kit.republishing import NO_TELLERS, Republishing, Teller, count_left
from recall.kit.settings import ServiceSettings
from recall.kit.sql import queries
from recall.kit.unit import Unit
from recall.kit.watching import EXIT_STUCK, TimersDue, Watch

log = structlog.get_logger()

SQL = queries("recall.kit")

RELAY_SECONDS = 0.5
"""How often to look for what a crash left; what units leave wakes the relay."""
WATCH_SECONDS = 1.0
HINT_SECONDS = 0.3
"""How often Kafka is told how far paced topics are folded, while they are: who holds back until
they are needs a fresh answer."""
HINTS_OF_OTHERS = 16
"""Of the other topics it is told every so many times: each costs it a record and us a wait."""
STOP_SECONDS = 8.0
HARD_STOP_SECONDS = 15.0


async def _no_timers(_now: datetime) -> int:
    """For a service without timers."""
    return 0


class Service:
    """What `create_app` wires: which topics are folded by which handlers, which loops run."""

    def __init__(
        self, name: str, settings: ServiceSettings, *, timers_due: TimersDue = _no_timers
    ) -> None:
        self.name = name
        self.settings = settings
        self.clock: Clock = clock_from(settings.clock_file)
        self.metrics = Metrics(name)
        self.loops: list[Loop] = []
        self.consumers: dict[str, Consumer] = {}
        self.booted = False
        self.trouble: str | None = "starting"
        self.pool: Pool
        self.outbox: Outbox
        self.ends: Ends
        self.readers: Readers
        self.watch: Watch
        self._publisher: Publisher
        self._broker: KafkaBroker
        self._handlers: dict[str, Handler] = {}
        self._timers_due = timers_due
        self._republishing: Republishing | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._hints = 0

    def reads(self, topic: str, handler: Handler) -> None:
        """Fold a topic with a handler, in the consumer group `<service>.<topic>`."""
        self._handlers[topic] = handler

    def republishes(
        self, tellers: Mapping[str, Teller], requests: Mapping[str, Teller] = NO_TELLERS
    ) -> None:
        """Tell these topics again from the service's own rows when `POST /republish` asks.

        `requests` are told again only when Kafka's data were lost.
        """
        self._republishing = Republishing(self, tellers, requests)

    def every(self, seconds: float, name: str, step: Step) -> Loop:
        """Run a step again and again, at the latest after so many seconds of rest."""
        loop = Loop(name, step, seconds)
        self.loops.append(loop)
        return loop

    def unit(self) -> AbstractAsyncContextManager[Unit]:
        """A transaction whose messages go out when it has committed.

        Raises:
            Problem: 503 while the service is starting.
        """
        self.check_booted()
        return self.outbox.unit()

    def check_booted(self) -> None:
        """Raise 503 while the service is starting: what needs the database cannot be done yet."""
        if not self.booted:
            raise problems.Problem(503, "starting", "The service is starting. Try again soon.")

    def app(self, routers: Sequence[APIRouter]) -> FastAPI:
        """The HTTP side: health for all, the service's own routes, errors as problems."""
        app = FastAPI(
            title=f"Recall {self.name}",
            version=__version__,
            lifespan=self._lifespan,
            openapi_url=None,
        )
        problems.install(app)
        app.include_router(health.routes(self))
        if self._republishing is not None:
            app.include_router(self._republishing.routes())
        for router in routers:
            app.include_router(router)
        return app

    @asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        boot = asyncio.create_task(self._boot(), name="boot")
        boot.add_done_callback(_end_if_failed)
        self._tasks.append(boot)
        try:
            yield
        finally:
            await self._stop()

    async def _boot(self) -> None:
        """Open everything, however long the stores take to answer."""
        await self._open()
        relay = self.every(RELAY_SECONDS, "relay", self.outbox.relay)
        self.outbox.left = relay.wake
        own = self.loops[:-1]
        watch = self.every(WATCH_SECONDS, "watch", self.watch.step)
        loops = [relay, watch, self.every(HINT_SECONDS, "hint", self._hint), *own]
        await self._start_broker()
        self._tasks.extend(asyncio.create_task(loop.run(), name=loop.name) for loop in loops)
        self.booted, self.trouble = True, None
        log.info("the service is up", port=self.settings.port)

    async def _open(self) -> None:
        settings = self.settings
        self.pool = await open_pool(settings)
        await self._until_migrated()
        bootstrap = settings.kafka_bootstrap_servers
        self.ends = Ends(bootstrap)
        self.readers = Readers(bootstrap, self.ends, settings.partitions)
        self._publisher = Publisher(bootstrap)
        self.outbox = Outbox(
            pool=self.pool,
            publisher=self._publisher,
            clock=self.clock,
            metrics=self.metrics,
            instance=settings.instance,
            partitions=settings.partitions,
        )
        self.consumers = {
            topic: Consumer(
                topic=TOPICS[topic],
                handler=handler,
                outbox=self.outbox,
                ends=self.ends,
                metrics=self.metrics,
                dead_letter_limit=settings.dead_letter_limit,
            )
            for topic, handler in self._handlers.items()
        }
        self.watch = Watch(
            consumers=list(self.consumers.values()),
            pool=self.pool,
            ends=self.ends,
            outbox=self.outbox,
            metrics=self.metrics,
            clock=self.clock,
            partitions=settings.partitions,
            patience=settings.watchdog_seconds,
            timers_due=self._left_to_do,
        )

    async def _hint(self) -> bool:
        """A loop's step: tell Kafka how far topics are folded."""
        self._hints += 1
        for consumer in self.consumers.values():
            if consumer.topic.paced or self._hints % HINTS_OF_OTHERS == 0:
                await consumer.hint()
        return False

    async def _left_to_do(self, now: datetime) -> int:
        """Timers that are due, and topics that have not been told again to the end."""
        async with self.pool.acquire() as connection:
            untold = await count_left(connection)
        return untold + await self._timers_due(now)

    async def _until_migrated(self) -> None:
        """Wait for the schema: provisioning may still be under way."""
        pause = 0.05
        while True:
            try:
                async with self.pool.acquire() as connection:
                    await connection.fetch(SQL["find_tables"])
            except Exception as error:  # noqa: BLE001 - the database may take its time.
                self.trouble = f"waiting for the database: {type(error).__name__}"
                await asyncio.sleep(pause)
                pause = min(1.0, pause * 2)
            else:
                return

    async def _start_broker(self) -> None:
        """Start all consumers; Kafka may come later than we do."""
        pause = 0.2
        while True:
            self._broker = KafkaBroker(
                self.settings.kafka_bootstrap_servers,
                client_id=f"recall-{self.name}",
                allow_auto_create_topics=False,
                graceful_timeout=STOP_SECONDS,
                logger=logging.getLogger("faststream"),
                apply_types=False,
            )
            for topic, consumer in self.consumers.items():
                consumer.subscribe(self._broker, f"{self.name}.{topic}", self.settings)
            try:
                await self._broker.start()
            except Exception as error:  # noqa: BLE001 - the broker may take its time.
                self.trouble = f"waiting for Kafka: {type(error).__name__}"
                log.warning("Kafka does not answer yet", error=reason_of(error))
                with contextlib.suppress(Exception):
                    await self._broker.stop()
                await asyncio.sleep(pause)
                pause = min(2.0, pause * 2)
            else:
                return

    async def _stop(self) -> None:
        """Stop in the order of dependence, within a bounded time whatever hangs."""
        timer = threading.Timer(HARD_STOP_SECONDS, os._exit, (1,))
        timer.daemon = True
        timer.start()
        for consumer in self.consumers.values():
            consumer.leave()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        closing = [
            getattr(self, name).stop
            for name in ("_broker", "_publisher", "readers", "ends")
            if hasattr(self, name)
        ]
        if hasattr(self, "pool"):
            closing.append(self.pool.close)
        for close in closing:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(STOP_SECONDS):
                    await close()
        timer.cancel()
        log.info("the service has stopped")


def _end_if_failed(boot: "asyncio.Task[None]") -> None:
    """A service that cannot boot for a reason that no waiting mends ends, and is started anew."""
    error = None if boot.cancelled() else boot.exception()
    if error is not None:
        log.critical("the service cannot start", error=reason_of(error))
        os._exit(EXIT_STUCK)


def serve(app: FastAPI, settings: ServiceSettings, name: str) -> None:
    """Configure the logs and serve until a signal ends it."""
    # Batches make many small objects that live for milliseconds: look for cycles less often.
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)
    telemetry.configure(name, settings.log_level, settings.log_format)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    # It tells of every batch otherwise; what goes wrong must still be seen.
    logging.getLogger("faststream").setLevel(logging.WARNING)
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
        server_header=False,
    )
