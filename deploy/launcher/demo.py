"""`./dev demo`: a stack of its own, the worked example or a crowd, expected beside actual."""

import asyncio
import json
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from launcher import crowd, example, pictures, show, signals
from launcher.driving import Driver, begin
from launcher.made_up import MOST
from launcher.paths import RUN
from launcher.problems import Problem
from launcher.signals import INTERRUPTED
from launcher.stack import Options, Stack
from launcher.stackfile import RunLock


@dataclass(frozen=True)
class Wanted:
    """What the command line asked for; `patients` None is the worked example."""

    leave: bool
    as_json: bool
    patients: int | None
    seed: int


def run(*, leave: bool, as_json: bool, patients: int | None, seed: int) -> int:
    """Play the demonstration; returns the exit status, 1 when a number differs.

    Raises:
        Problem: it cannot be played here, with what mends it.
    """
    if patients is not None and patients > MOST:
        raise Problem(
            f"There are only {MOST:,} made-up NHS numbers to give out.",
            f"Ask for fewer: ./dev demo --patients {MOST}",
        )
    lock = RunLock()
    lock.acquire("demo")
    try:
        wanted = Wanted(leave, as_json, patients, seed)
        status = signals.run(_play(wanted), lambda: show.say("Stopping …"))
    finally:
        lock.release()
    return INTERRUPTED if status is None else status


async def _play(wanted: Wanted) -> int:
    with tempfile.TemporaryDirectory(prefix="demo-", dir=RUN, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        async with Stack(_options(wanted, folder), show.say) as stack:
            if wanted.patients is None:
                page, status = await _example(stack, folder / "clock.json", wanted)
            else:
                page, status = await _crowd(stack, folder / "clock.json", wanted)
            if wanted.as_json:
                print(json.dumps(page, indent=2))
            if not wanted.leave:
                await _stay(stack)
    return status


def _options(wanted: Wanted, folder: Path) -> Options:
    """Empty stores in a folder of their own, a clock that stands still, a scenario."""
    clock_file, scenario_file = folder / "clock.json", folder / "scenario.json"
    playing_example = wanted.patients is None
    begin(clock_file, example.START if playing_example else crowd.START)
    scenario_file.write_text(json.dumps(example.cast().scenario if playing_example else {}))
    return Options(
        directory=folder,
        run=RUN,
        clock_file=clock_file,
        scenario_file=scenario_file,
        seed=wanted.seed,
        bootstrap=None,
        admin_dsn=None,
    )


async def _example(stack: Stack, clock_file: Path, wanted: Wanted) -> tuple[dict[str, Any], int]:
    """The worked example, with a table that moves while it runs."""
    show.say("Playing the worked example: 121 patients, 1 to 12 September 2025 …")
    with Live(console=show.ERRORS, refresh_per_second=8, transient=True) as live:

        async def look() -> None:
            page = await _page_if_any(driver, example.TARGET_ID)
            if page is not None:
                live.update(pictures.page(page))

        driver = Driver(stack.stack, clock_file, look)
        async with driver:
            page = await example.play(driver)
    differences = pictures.differences(example.EXPECTED, page)
    if not wanted.as_json:
        show.OUT.print(pictures.page(page))
        show.OUT.print(pictures.comparison(example.EXPECTED, page))
    if differences:
        show.say(f"{len(differences)} numbers differ: {'; '.join(differences)}")
    else:
        show.say("Every number is as expected.")
    return page, 1 if differences else 0


async def _page_if_any(driver: Driver, target_id: str) -> dict[str, Any] | None:
    """The page, once the dashboard knows the target."""
    try:
        return await driver.page(target_id)
    except Problem:
        return None


async def _crowd(stack: Stack, clock_file: Path, wanted: Wanted) -> tuple[dict[str, Any], int]:
    """A crowd, with a bar of how many have completed."""
    patients = wanted.patients or 0
    asked = crowd.Crowd(patients, wanted.seed)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=show.ERRORS,
    ) as bar:
        task = bar.add_task("Releasing slots", total=patients)

        def told(page: dict[str, Any]) -> None:
            day = datetime.fromisoformat(page["as_of"])
            done = page["overview"]["completed"]
            bar.update(task, completed=done, description=f"{day:%a %d %b %Y}")

        async with Driver(stack.stack, clock_file) as driver:
            await crowd.prepare(driver, asked)
            bar.update(task, description="Uploading")
            await crowd.upload(driver, asked, crowd.files(asked))
            page = await crowd.run_out(driver, asked, told)
    if not wanted.as_json:
        show.OUT.print(pictures.funnel(page))
    total = page["overview"]["total_patients"]
    if total != patients or page["overview"]["in_progress"]:
        show.say(f"Not everybody completed: {total} of {patients} are on the target.")
        return page, 1
    return page, 0


async def _stay(stack: Stack) -> None:
    """Stay up until Ctrl-C."""
    address, token = stack.stack["dashboard"], stack.stack["token"]
    show.say(f"Page      {address}")
    show.say(f"Sign in   {address}/sign-in?key={token}")
    show.say("It stays up until Ctrl-C.")
    await asyncio.Event().wait()
