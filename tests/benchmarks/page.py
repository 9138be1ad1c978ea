"""The page at a million patients: how soon it answers, and how soon it shows what happened."""

import asyncio
import contextlib
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.arriving import Arriving, Watching
from benchmarks.asking import AIMS_MS, API, PAGE, SHARES, Answers, Questions, ask, lists
from benchmarks.crowded import Crowded, fill
from benchmarks.pipeline import Say
from benchmarks.plans import plans_of
from benchmarks.usage import Usage
from launcher import show
from launcher.services import packaged
from launcher.stack import Options, Stack

REQUESTS_A_SECOND, EVENTS_A_SECOND = 50.0, 1_000.0
SEEN_AIM_MS = 1_000.0
ALONE = 40
"""Requests of each kind that are asked one after another, for what each costs."""
CATCH_UP_SECONDS = 30.0


async def measure_page(
    patients: int, seed: int, seconds: float, folder: Path, say: Say
) -> dict[str, Any]:
    """Fill a dashboard of its own, look at its plans, then ask while events arrive."""
    options = Options(
        directory=folder,
        services=(packaged("dashboard"),),
        bootstrap=None,
        admin_dsn=None,
    )
    async with Stack(options, say) as stack, _client(stack) as client:
        crowded = Crowded(patients, options.partitions)
        async with asyncpg.create_pool(
            stack.admin_dsn, min_size=2, max_size=2, server_settings={"search_path": "dashboard"}
        ) as pool:
            await _fill(pool, crowded)
            say("Looking at the plan of every list …")
            async with pool.acquire() as connection:
                addresses: dict[str, str] = {"target JSON": API, "target page": PAGE} | lists(
                    patients
                )
                plans = await plans_of(connection, addresses)
        questions = Questions(patients, seed)
        say("Asking one after another, with nothing else going on …")
        alone = await _alone(stack, client, questions)
        say(
            f"Asking {REQUESTS_A_SECOND:.0f} times a second for {seconds:.0f} s while "
            f"{EVENTS_A_SECOND:,.0f} events a second arrive …"
        )
        load = await _load(stack, client, crowded, questions, seconds)
    return {
        "patients": patients,
        "seconds": seconds,
        "alone": alone,
        "plans": [asdict(plan) | {"reads_all": plan.reads_all} for plan in plans],
        **load,
    }


@asynccontextmanager
async def _client(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=stack.stack["dashboard"],
        headers={"Authorization": f"Bearer {stack.stack['token']}"},
        timeout=60,
        limits=httpx.Limits(max_connections=200, max_keepalive_connections=50),
        trust_env=False,
    ) as client:
        yield client


async def _fill(pool: asyncpg.Pool, crowded: Crowded) -> None:
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=show.ERRORS,
    ) as bar:
        task = bar.add_task("Filling the dashboard's tables", total=crowded.patients)
        await fill(pool, crowded, lambda more: bar.advance(task, more))


async def _alone(
    stack: Stack, client: httpx.AsyncClient, questions: Questions
) -> dict[str, dict[str, float]]:
    """What one request of each kind costs: its time, and processor time of each process."""
    found = {}
    for kind, _ in SHARES:
        usage = _usage(stack)
        (await questions.of(kind).put(client)).raise_for_status()
        usage.begin()
        took = []
        for _ in range(ALONE):
            began = time.monotonic()
            (await questions.of(kind).put(client)).raise_for_status()
            took.append((time.monotonic() - began) * 1000)
        usage.end()
        used = usage.figures(1.0)
        found[kind] = _percentiles(took) | {
            f"{name}_cpu_ms": one["cpu_seconds"] * 1000 / ALONE for name, one in used.items()
        }
    return found


def _usage(stack: Stack) -> Usage:
    return Usage({name: stack.processes[name].pid for name in ("dashboard", "postgres")})


async def _load(
    stack: Stack,
    client: httpx.AsyncClient,
    crowded: Crowded,
    questions: Questions,
    seconds: float,
) -> dict[str, Any]:
    watching = Watching(client)
    watcher = asyncio.create_task(watching.run())
    async with asyncio.timeout(CATCH_UP_SECONDS):
        await watching.next()
    arriving = Arriving(stack.stack["kafka"], crowded, EVENTS_A_SECOND, seed=1)
    usage = _usage(stack)
    usage.begin()
    began = time.monotonic()
    events = asyncio.create_task(arriving.run())
    answers = await ask(client, questions, REQUESTS_A_SECOND, seconds)
    took = time.monotonic() - began
    await _end(events)
    usage.end()
    errors = [*answers.errors]
    try:
        async with asyncio.timeout(CATCH_UP_SECONDS):
            while len(watching.delays(arriving.sent_at)) < len(arriving.sent_at):
                await watching.next()
    except TimeoutError:
        errors.append("the open page did not show every probe")
    await _end(watcher)
    return {
        "requests_a_second": answers.reached,
        "events_a_second": arriving.sent / took,
        "answers": _answers(answers),
        "slowest": [{"ms": took * 1000, "path": path} for took, path in answers.slowest],
        "seen": _percentiles([s * 1000 for s in watching.delays(arriving.sent_at)])
        | {"aim_ms": SEEN_AIM_MS},
        "processes": usage.figures(took),
        "errors": errors,
    }


async def _end(task: "asyncio.Task[None]") -> None:
    """Cancel a task that runs for ever; what went wrong in it is raised."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _answers(answers: Answers) -> dict[str, dict[str, float]]:
    return {
        kind: _percentiles([s * 1000 for s in answers.seconds[kind]]) | {"aim_ms": AIMS_MS[kind]}
        for kind, _ in SHARES
        if answers.seconds[kind]
    }


def _percentiles(found: Sequence[float]) -> dict[str, float]:
    """Of milliseconds: how many, p50, p99 and the most."""
    if not found:
        return {"count": 0, "p50_ms": 0.0, "p99_ms": 0.0, "max_ms": 0.0}
    ordered = sorted(found)
    return {
        "count": len(ordered),
        "p50_ms": statistics.median(ordered),
        "p99_ms": ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))],
        "max_ms": ordered[-1],
    }
