"""The pipeline from upload to counts on the page, and where its time goes."""

import platform
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.raw import Volume, raw_limit, volume_of
from benchmarks.usage import Usage
from launcher.crowd import START, Crowd, files, prepare, run_out, upload
from launcher.driving import Driver, begin
from launcher.stack import Options, Stack

WEEK = timedelta(days=7)
"""The clock goes from deadline to deadline: between them nothing waits for anything."""

CLOCK = "clock.json"

Say = Callable[[str], None]


async def measure(
    patients: int, seed: int, folder: Path, say: Say, *, larger: Sequence[int] = ()
) -> dict[str, Any]:
    """Run a crowd through a stack of its own, then the raw limit on the same stores.

    Args:
        patients: how many are uploaded in one file.
        seed: decides everything about them.
        folder: an empty one, for the stack.
        say: told what is going on.
        larger: other numbers of patients, whose peaks of memory stand beside the first one's.
    """
    crowd = Crowd(patients, seed)
    async with running(folder, seed, say) as (stack, driver):
        await prepare(driver, crowd)
        usage = Usage({name: kept.pid for name, kept in stack.processes.items()})
        pipeline = await _pipeline(driver, crowd, usage, say)
        volume = await volume_of(stack.stack["kafka"], stack.admin_dsn)
        say("Measuring the raw limit: the same messages and rows, no logic …")
        raw = await raw_limit(stack.stack["kafka"], stack.admin_dsn, volume)
    figures = _figures(patients, pipeline, raw, volume, usage)
    if larger:
        peaks = {patients: {name: one["peak_mb"] for name, one in figures["processes"].items()}}
        for size in larger:
            peaks[size] = await _peaks(Crowd(size, seed), folder / f"{size}", say)
        figures["memory"] = memory(peaks)
    return figures


def memory(peaks: Mapping[int, Mapping[str, float]]) -> list[dict[str, Any]]:
    """For each process the most memory it had, by the upload's size, and how much that grew.

    Args:
        peaks: by the number of patients, then by process, in MB.
    """
    sizes = sorted(peaks)
    return [
        {
            "process": name,
            "peak_mb": {str(size): peaks[size][name] for size in sizes},
            "growth_percent": 100 * (peaks[sizes[-1]][name] / peaks[sizes[0]][name] - 1),
        }
        for name in peaks[sizes[0]]
    ]


@asynccontextmanager
async def running(folder: Path, seed: int, say: Say) -> AsyncIterator[tuple[Stack, Driver]]:
    """A running stack of its own, with whoever drives its clock."""
    options = _options(folder, seed)
    clock_file = folder / CLOCK
    async with Stack(options, say) as stack, Driver(stack.stack, clock_file) as driver:
        yield stack, driver


def _options(folder: Path, seed: int) -> Options:
    """A stack in a folder, its clock standing at the start and nobody's answers scripted."""
    folder.mkdir(exist_ok=True)
    scenario_file = folder / "scenario.json"
    begin(folder / CLOCK, START)
    scenario_file.write_text("{}")
    return Options(
        directory=folder,
        clock_file=folder / CLOCK,
        scenario_file=scenario_file,
        seed=seed,
        bootstrap=None,
        admin_dsn=None,
    )


async def _peaks(crowd: Crowd, folder: Path, say: Say) -> dict[str, float]:
    """The most memory that each process used for another crowd, in a stack of its own."""
    async with running(folder, crowd.seed, say) as (stack, driver):
        await prepare(driver, crowd)
        usage = Usage({name: kept.pid for name, kept in stack.processes.items()})
        pipeline = await _pipeline(driver, crowd, usage, say)
    return {name: one["peak_mb"] for name, one in usage.figures(pipeline["seconds"]).items()}


async def _pipeline(driver: Driver, crowd: Crowd, usage: Usage, say: Say) -> dict[str, Any]:
    made = files(crowd)
    say(f"Uploading {crowd.patients:,} patients …")
    usage.begin()
    began = time.monotonic()
    await upload(driver, crowd, made)
    uploaded = time.monotonic()
    await driver.settle()
    first_round = time.monotonic()
    say("Running every workflow to its end …")
    page = await run_out(driver, crowd, usage.look, step=WEEK)
    ended = time.monotonic()
    usage.end()
    return {
        "seconds": ended - began,
        "upload_seconds": uploaded - began,
        "first_round_invited_seconds": first_round - began,
        "page": page,
    }


def _figures(
    patients: int, pipeline: dict[str, Any], raw: dict[str, float], volume: Volume, usage: Usage
) -> dict[str, Any]:
    seconds = pipeline["seconds"]
    overview = pipeline["page"]["overview"]
    rate, raw_rate = patients / seconds, patients / raw["seconds"]
    return {
        "python": f"{platform.python_version()} in {sys.base_prefix}",
        "patients": patients,
        "complete": overview["completed"] == patients,
        "patients_per_second": rate,
        "seconds": seconds,
        "upload_seconds": pipeline["upload_seconds"],
        "first_round_invited_seconds": pipeline["first_round_invited_seconds"],
        "raw_patients_per_second": raw_rate,
        "raw": raw,
        "ratio_to_raw": rate / raw_rate,
        "messages_per_patient": volume.messages / patients,
        "bytes_per_message": volume.bytes_per_message,
        "row_writes_per_patient": volume.row_writes / patients,
        "processes": usage.figures(seconds),
        "overview": overview,
    }
