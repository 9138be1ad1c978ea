"""Whole stacks for tests: embedded stores and all four services, in a folder of their own.

Nothing here touches the checkout's own `.run`, so that a developer's stack and the tests' may run
side by side.
"""

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from launcher.driving import begin
from launcher.stack import Options, Stack

READY_WITHIN = 180.0
"""Generous: other tests and builds may have the computer, too."""


@asynccontextmanager
async def simulated(
    folder: Path,
    *,
    start: datetime,
    scenario: Mapping[str, Any] | None = None,
    seed: int = 0,
    extra: Mapping[str, str] | None = None,
    kafka_lost: bool = False,
) -> AsyncIterator[Stack]:
    """A stack whose business clock stands at an instant; its clock's file is `clock_of(stack)`."""
    clock_file, scenario_file = _world(folder, start, scenario or {})
    options = Options(
        directory=folder,
        clock_file=clock_file,
        scenario_file=scenario_file,
        seed=seed,
        bootstrap=None,
        admin_dsn=None,
        ready_within=READY_WITHIN,
        extra=extra or {},
        kafka_lost=kafka_lost,
    )
    async with Stack(options) as stack:
        yield stack


def _world(folder: Path, start: datetime, scenario: Mapping[str, Any]) -> tuple[Path, Path]:
    """The files of the simulated clock and of the scenario."""
    folder.mkdir(parents=True, exist_ok=True)
    clock_file, scenario_file = folder / "clock.json", folder / "scenario.json"
    begin(clock_file, start)
    scenario_file.write_text(json.dumps(scenario))
    return clock_file, scenario_file


def clock_of(stack: Stack) -> Path:
    """The file that a driver of this stack's clock writes."""
    clock_file = stack.options.clock_file
    assert clock_file is not None
    return clock_file


def logs_of(stack: Stack) -> dict[str, str]:
    """What every process of a stack has logged, by the log's name."""
    folder = stack.options.directory / "logs"
    return {path.name: path.read_text(errors="replace") for path in sorted(folder.iterdir())}


def own_environment(folder: Path) -> dict[str, str]:
    """The environment of a `./dev` of its own, whatever stores this session was given."""
    hidden = {"KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL", "CLOCK_FILE", "SCENARIO_FILE"}
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return kept | {"RECALL_RUN": str(folder)}
