"""The two clocks.  Business time comes from here alone; machine time is `time`'s own.

Real: the machine's UTC.  Simulated: `min(halt, start + speed * elapsed)` read from a file that
the driver of the simulation replaces atomically; all services read the same file, so their
business time is the same.
"""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from recall.contracts.instants import instant, moment


class Clock(Protocol):
    """Where business time comes from."""

    def now(self) -> datetime:
        """The aware UTC instant of the business."""
        ...


class RealClock:
    """Business time is the machine's time."""

    def now(self) -> datetime:
        """The aware UTC instant."""
        return datetime.now(UTC)


@dataclass(frozen=True)
class Run:
    """One stretch of simulated time: from `start` at `speed` business seconds a second.

    `started_at` is machine time in seconds since the epoch; time stands still at `halt`.
    """

    start: datetime
    started_at: float
    speed: float
    halt: datetime

    def at(self, machine_seconds: float) -> datetime:
        """The business time at a machine time."""
        elapsed = max(0.0, machine_seconds - self.started_at) * self.speed
        ahead = (self.halt - self.start).total_seconds()
        return self.start + timedelta(seconds=min(elapsed, ahead))


class SimulatedClock:
    """Business time as a file tells it; looks at the file's time stamp on every reading."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = (-1, -1)
        self._run = self._read()

    def now(self) -> datetime:
        """The aware UTC instant."""
        if self._stamp() != self._seen:
            self._run = self._read()
        return self._run.at(time.time())

    def _stamp(self) -> tuple[int, int]:
        """What tells one file from the next: two may be written within one tick of its clock."""
        found = self._path.stat()
        return found.st_ino, found.st_mtime_ns

    def _read(self) -> Run:
        self._seen = self._stamp()
        fields = json.loads(self._path.read_text())
        return Run(
            start=moment(fields["start"]),
            started_at=fields["started_at"],
            speed=fields["speed"],
            halt=moment(fields["halt"]),
        )


def write_run(path: Path, run: Run) -> None:
    """Replace the clock's file in one step."""
    fresh = path.with_suffix(".new")
    fresh.write_text(
        json.dumps(
            {
                "start": instant(run.start),
                "started_at": run.started_at,
                "speed": run.speed,
                "halt": instant(run.halt),
            }
        )
    )
    fresh.replace(path)


def clock_from(path: Path | None) -> Clock:
    """The simulated clock of a file, or the real one."""
    return RealClock() if path is None else SimulatedClock(path)
