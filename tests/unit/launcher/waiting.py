"""Waiting for a condition, with a bound."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

PATIENCE = 15.0


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - another process's state has no event
            await asyncio.sleep(0.01)


def is_running(pid: int | None) -> bool:
    """Whether a process exists and is more than a zombie."""
    if pid is None:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def kill(pid: int | None, number: int) -> None:
    assert pid is not None
    os.kill(pid, number)
