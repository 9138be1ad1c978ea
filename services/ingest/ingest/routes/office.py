"""What all routes work with."""

import asyncio
from dataclasses import dataclass, field

from ingest.cells import LOAD_RANGE, TEST_RANGE, Rules
from ingest.enrolling import Desk
from ingest.enrolments import Arrival
from ingest.handing import HandingOn
from recall.contracts.instants import london_date
from recall.kit.service import Service
from recall.kit.unit import Unit
from recall.register import Register


@dataclass(frozen=True)
class Limits:
    """How much ingest takes at once."""

    upload_bytes: int
    patients_waiting: int
    waiting_seconds: float


@dataclass(frozen=True)
class Office:
    """The running service as routes see it, with the register it asks."""

    service: Service
    register: Register
    handing: HandingOn
    id_key: bytes = field(repr=False)
    token: str = field(repr=False)
    limits: Limits
    load_range: bool
    reading: asyncio.Semaphore
    """Held by an upload while its file is read."""
    reading_small: asyncio.Semaphore
    """Held instead by a small one, which never waits for large ones."""

    @property
    def desk(self) -> Desk:
        """Whom enrolling needs; the outbox exists once the service has started."""
        return Desk(self.register, self.service.outbox, self.handing)

    def arrival(self, unit: Unit, target_id: str, actor: str) -> Arrival:
        """By whom, when and where to patients come or change in a unit."""
        return Arrival(self.id_key, target_id, actor, unit.now, london_date(unit.now))

    def rules(self, arrival: Arrival) -> Rules:
        """What numbers and birthdays this stack takes today."""
        ranges = (TEST_RANGE, LOAD_RANGE) if self.load_range else (TEST_RANGE,)
        return Rules(arrival.today, ranges)
