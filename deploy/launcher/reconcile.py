"""`./dev reconcile`: a crowd through a whole target, watched all the while, then counted twice."""

import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from launcher import show, signals, told
from launcher.campaign import BANK_HOLIDAY, CLOSES, OPENS, START, Campaign, play
from launcher.driving import Driver, begin
from launcher.made_up import MOST
from launcher.paths import RUN
from launcher.problems import Problem
from launcher.reconciling import SOURCES, Line, lines
from launcher.signals import INTERRUPTED
from launcher.stack import Options, Stack
from launcher.stackfile import RunLock
from launcher.sums import broken
from launcher.told import Told, working_hours

LOOK_SECONDS = 0.2
"""The page is looked at this often while the services work."""


@dataclass
class Watch:
    """Looks at the target page while everything is in flight, and keeps what did not add up."""

    target_id: str
    looks: int = 0
    faults: list[str] = field(default_factory=list)
    driver: Driver | None = None
    _looked_at: float = 0.0

    async def look(self) -> None:
        """Look, unless it was just now or there is nothing to see yet."""
        if self.driver is None or time.monotonic() - self._looked_at < LOOK_SECONDS:
            return
        try:
            page = await self.driver.page(self.target_id)
        except Problem:
            return
        self._looked_at = time.monotonic()
        self.see(page)

    def see(self, page: dict[str, Any]) -> None:
        """Check one page that anybody could have seen."""
        self.looks += 1
        self.faults += [f"{page['as_of']}: {fault}" for fault in broken(page)]


@dataclass(frozen=True)
class Reconciled:
    """What a run came to."""

    page: dict[str, Any]
    lines: list[Line]
    looks: int
    faults: list[str]
    topics: Told

    @property
    def differs(self) -> bool:
        """Whether anything does not add up."""
        return bool(self.faults) or any(line.differs for line in self.lines)


def run(*, patients: int, seed: int, as_json: bool) -> int:
    """Play, count, show; returns the exit status, 1 on any difference.

    Raises:
        Problem: it cannot be played here, with what mends it.
    """
    if patients > MOST:
        raise Problem(f"There are only {MOST:,} made-up NHS numbers to give out.")
    lock = RunLock()
    lock.acquire("reconcile")
    try:
        status = signals.run(_run(Campaign(patients, seed), as_json=as_json))
    finally:
        lock.release()
    return INTERRUPTED if status is None else status


async def _run(campaign: Campaign, *, as_json: bool) -> int:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(
        prefix="reconcile-", dir=RUN, ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        begin(folder / "clock.json", START)
        options = Options(
            directory=folder, clock_file=folder / "clock.json", seed=campaign.seed,
            bootstrap=None, admin_dsn=None,
        )  # fmt: skip
        async with Stack(options, show.say) as stack:
            found = await _watched(stack, folder / "clock.json", campaign)
    if as_json:
        show.as_json({line.what: line.counts for line in found.lines})
    else:
        show.OUT.print(table(found.lines))
    for fault in found.faults[:10]:
        show.say(f"Did not add up: {fault}")
    show.say(
        f"{found.looks:,} looks at the page, {len(found.faults)} sums that did not hold; "
        f"{found.topics.records:,} records read, {found.topics.repeats:,} of them repeats; "
        f"{sum(line.differs for line in found.lines)} differences; "
        f"{time.monotonic() - began:.0f} s in all."
    )
    return 1 if found.differs else 0


async def _watched(stack: Stack, clock_file: Path, campaign: Campaign) -> Reconciled:
    """Play with a bar of how many have completed."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=show.ERRORS,
    ) as bar:
        task = bar.add_task("Uploading", total=campaign.patients)

        def tell(page: dict[str, Any]) -> None:
            day = datetime.fromisoformat(page["as_of"])
            o = page["overview"]
            bar.update(
                task,
                completed=o["completed"],
                total=o["total_patients"],
                description=f"{day:%a %d %b %H:%M}, {o['being_invited']:,} being invited",
            )

        return await reconciled(stack, clock_file, campaign, tell)


async def reconciled(stack: Stack, clock_file: Path, campaign: Campaign, tell: Any) -> Reconciled:
    """Play a campaign on a stack, then count it from the topics and from the tables."""
    watch = Watch(campaign.target_id)

    def at_stop(page: dict[str, Any]) -> None:
        watch.see(page)
        tell(page)

    async with Driver(stack.stack, clock_file, watch.look) as driver:
        watch.driver = driver
        page = await play(driver, campaign, at_stop)
    topics = await told.read(stack.stack["kafka"], stack.options.partitions)
    sends = working_hours(OPENS, CLOSES, {BANK_HOLIDAY})
    outside = {"topics": topics.sent_outside(sends), "expected": 0}
    found = [
        *await lines(topics, stack.admin_dsn, page),
        Line("sent outside the send window", outside),
    ]
    return Reconciled(page, found, watch.looks, watch.faults, topics)


def table(found: list[Line]) -> Table:
    """Who says how many."""
    made = Table(box=None, pad_edge=False)
    made.add_column("", no_wrap=True)
    for source in (*SOURCES, "expected"):
        made.add_column(source, justify="right", min_width=9)
    made.add_column("")
    for line in found:
        counts = [line.counts.get(source) for source in (*SOURCES, "expected")]
        made.add_row(
            line.what,
            *("" if count is None else f"{count:,}" for count in counts),
            "[red]differs[/]" if line.differs else "[green]✓[/]",
        )
    return made
