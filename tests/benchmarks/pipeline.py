"""The pipeline from upload to counts on the page, and where its time goes."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.raw import Volume, raw_limit, volume_of
from benchmarks.usage import Usage
from launcher.crowd import START, Crowd, prepare, run_out, upload
from launcher.driving import Driver, begin
from launcher.stack import Options, Stack

WEEK = timedelta(days=7)
"""The clock goes from deadline to deadline: between them nothing waits for anything."""

Say = Callable[[str], None]


async def measure(patients: int, seed: int, folder: Path, say: Say) -> dict[str, Any]:
    """Run a crowd through a stack of its own, then the raw limit on the same stores."""
    clock_file, scenario_file = folder / "clock.json", folder / "scenario.json"
    begin(clock_file, START)
    scenario_file.write_text("{}")
    options = Options(
        directory=folder,
        clock_file=clock_file,
        scenario_file=scenario_file,
        seed=seed,
        bootstrap=None,
        admin_dsn=None,
    )
    crowd = Crowd(patients, seed)
    async with Stack(options, say) as stack, Driver(stack.stack, clock_file) as driver:
        await prepare(driver, crowd)
        usage = Usage({name: kept.pid for name, kept in stack.processes.items()})
        pipeline = await _pipeline(driver, crowd, usage, say)
        volume = await volume_of(stack.stack["kafka"], stack.admin_dsn)
        say("Measuring the raw limit: the same messages and rows, no logic …")
        raw = await raw_limit(stack.stack["kafka"], stack.admin_dsn, volume)
    return _figures(patients, pipeline, raw, volume, usage)


async def _pipeline(driver: Driver, crowd: Crowd, usage: Usage, say: Say) -> dict[str, Any]:
    say(f"Uploading {crowd.patients:,} patients …")
    usage.begin()
    began = time.monotonic()
    await upload(driver, crowd)
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
