"""What all routes work with."""

import asyncio
from dataclasses import dataclass, field

from ingest.cells import LOAD_RANGE, TEST_RANGE, Rules
from ingest.enrolling import Desk
from ingest.enrolments import Arrival
from recall.contracts.instants import london_date
from recall.kit.service import Service
from recall.kit.unit import Unit
from recall.register import Register


@dataclass(frozen=True)
class Limits:
    """How much ingest takes at once."""

    upload_bytes: int
    outbox_records: int
    outbox_wait_seconds: float


@dataclass(frozen=True)
class Office:
    """The running service as routes see it, with the register it asks."""

    service: Service
    register: Register
    id_key: bytes = field(repr=False)
    token: str = field(repr=False)
    limits: Limits
    load_range: bool
    reading: asyncio.Semaphore
    """Held by an upload while its file is read."""

    @property
    def desk(self) -> Desk:
        """The register and the outbox; the outbox exists once the service has started."""
        return Desk(self.register, self.service.outbox)

    def arrival(self, unit: Unit, target_id: str, actor: str) -> Arrival:
        """By whom, when and where to patients come or change in a unit."""
        return Arrival(self.id_key, target_id, actor, unit.now, london_date(unit.now))

    def rules(self, arrival: Arrival) -> Rules:
        """What numbers and birthdays this stack takes today."""
        ranges = (TEST_RANGE, LOAD_RANGE) if self.load_range else (TEST_RANGE,)
        return Rules(arrival.today, ranges)
