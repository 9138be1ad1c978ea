"""Ctrl-C and SIGTERM as an orderly end.

What runs is cancelled once, and its clean-up is not interrupted again.
"""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")
INTERRUPTED = 130


def _in_silence() -> None:
    """Nobody is told that it is being stopped."""


def run(
    work: Coroutine[Any, Any, Result], stopping: Callable[[], None] = _in_silence
) -> Result | None:
    """Run to the end; None when a signal ended it first (after its clean-up).

    `stopping` is called when the signal comes: the clean-up takes seconds.
    """
    return asyncio.run(_interruptible(work, stopping))


async def _interruptible(
    work: Coroutine[Any, Any, Result], stopping: Callable[[], None]
) -> Result | None:
    task = asyncio.ensure_future(work)
    interrupted = False

    def interrupt() -> None:
        nonlocal interrupted
        if not interrupted:
            interrupted = True
            stopping()
            task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, interrupt)
    try:
        return await task
    except asyncio.CancelledError:
        if interrupted:
            return None
        raise
