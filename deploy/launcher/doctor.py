"""`./dev doctor`: what this computer has, and the command that mends what it has not."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil
from rich.table import Table

from launcher import environment, jars, java, postgres, stackfile
from launcher import show as terminal
from launcher.paths import ROOT, RUN
from launcher.ports import free_ports
from launcher.problems import Problem

LEAST_MEMORY_MB = 2_000
LEAST_DISK_MB = 2_000
NOT_BEFORE = 1_735_689_600  # 2025-01-01: a clock before it is wrong, and certificates would fail


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `mend` is the command or step when it is not ok."""

    name: str
    ok: bool
    what: str
    mend: str = ""


def examine() -> list[Finding]:
    """Look at everything, whatever fails before."""
    looks: Sequence[Callable[[], Finding]] = (
        _python, _packages, _disk, _memory, _ports, _java, _kafka, _postgres, _clock, _stack,
    )  # fmt: skip
    return [_safely(look) for look in looks]


def show(found: Sequence[Finding]) -> None:
    """One line each, the mending command under what needs it."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for _ in ("state", "name", "what"):
        table.add_column(overflow="fold")
    for one in found:
        table.add_row("[green]ok[/]" if one.ok else "[red]problem[/]", one.name, one.what)
        if not one.ok and one.mend:
            table.add_row("", "", f"[yellow]→ {one.mend}[/]")
    terminal.OUT.print(table)


def _safely(look: Callable[[], Finding]) -> Finding:
    """A look that fails is a finding, too."""
    name = look.__name__.lstrip("_")
    try:
        return look()
    except Problem as problem:
        return Finding(name, ok=False, what=problem.what, mend=problem.mend)
    except OSError as error:
        return Finding(name, ok=False, what=str(error))


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding(
        "python",
        sys.version_info[:2] == (3, 11),
        f"{version}, {sys.executable}",
        "rm -r .venv && ./dev doctor",
    )


def _packages() -> Finding:
    locks = [
        name
        for name in (environment.LOCAL_LOCK, environment.DEV_LOCK)
        if environment.is_current(ROOT, name)
    ]
    ok = environment.LOCAL_LOCK in locks
    return Finding(
        "packages",
        ok,
        "as locked" if ok else "not what the lock says",
        "./dev status installs them anew",
    )


def _disk() -> Finding:
    free = shutil.disk_usage(ROOT).free // 1_000_000
    return Finding(
        "disk",
        free >= LEAST_DISK_MB,
        f"{free:,} MB free at {ROOT}",
        "./dev reset wipes the data of `up`",
    )


def _memory() -> Finding:
    free = psutil.virtual_memory().available // 1_000_000
    return Finding(
        "memory",
        free >= LEAST_MEMORY_MB,
        f"{free:,} MB available",
        f"Close something: a stack needs {LEAST_MEMORY_MB:,} MB",
    )


def _ports() -> Finding:
    ports = free_ports(7)
    return Finding("ports", ok=True, what=f"loopback has free ones, as {ports[0]}")


def _java() -> Finding:
    if os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        return Finding("java", ok=True, what="not needed: KAFKA_BOOTSTRAP_SERVERS is set")
    found = java.find()
    return Finding("java", ok=True, what=f"{found.name}, {found.executable}")


def _kafka() -> Finding:
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        return Finding("kafka", ok=True, what=f"yours, at {given}")
    folder = jars.home()
    if not jars.are_there(folder):
        return Finding(
            "kafka",
            ok=True,
            what="its jars are not fetched yet; the first ./dev up or demo does it",
        )
    for name in jars.expected():
        jars.check(folder / "jars" / name)
    return Finding(
        "kafka", ok=True, what=f"{jars.VERSION}, {len(jars.expected())} jars as listed, in {folder}"
    )


def _postgres() -> Finding:
    if os.environ.get("DATABASE_URL"):
        return Finding("postgres", ok=True, what="yours, by DATABASE_URL")
    there = (postgres.binaries() / "postgres").is_file()
    return Finding("postgres", there, str(postgres.binaries()), "rm -r .venv && ./dev doctor")


def _clock() -> Finding:
    now = time.time()
    shown = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    return Finding(
        "clock", now > NOT_BEFORE, shown, "Set this computer's clock: sudo timedatectl set-ntp true"
    )


def _stack() -> Finding:
    holder = stackfile.holder_of()
    if holder is not None:
        return Finding("stack", ok=True, what=f"running: {holder}")
    left = (RUN / stackfile.STACK).exists()
    return Finding(
        "stack",
        not left,
        "one ended without cleaning up" if left else "none running",
        "./dev up cleans up and starts anew",
    )
