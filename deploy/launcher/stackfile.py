"""What a running stack leaves for others to find.

`.run/stack.json`, `.run/processes.json` and the lock it holds.

`stack.json`: {"ingest", "workflow", "invitations", "dashboard": base URLs, "kafka": bootstrap,
"postgres": DSN, "token"}. `processes.json`: {"supervisor": pid, "processes": {name: {"pid": int or
null, "restarts": int, "started_at": epoch seconds, "log": path}}}. The lock is the kernel's: it
goes with its process, however that ends.
"""

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from launcher.paths import RUN
from launcher.problems import Problem

STACK = "stack.json"
PROCESSES = "processes.json"


class RunLock:
    """One stack per checkout: whoever holds `<run>/lock` is it.

    Its first line is the holder's pid.
    """

    def __init__(self, run: Path = RUN) -> None:
        self.run = run
        self._held: TextIO | None = None

    def acquire(self, what: str) -> None:
        """Become this checkout's stack and clear away what a dead one left.

        Args:
            what: the verb that holds it, for the message to the next one.

        Raises:
            Problem: another stack runs.
        """
        self.run.mkdir(parents=True, exist_ok=True)
        handle = (self.run / "lock").open("a+")
        if not _lock(handle):
            handle.close()
            holder = holder_of(self.run)
            raise Problem(
                f"A stack runs in this checkout already ({holder or 'starting or stopping'}).",
                "See it: ./dev status      Stop it: ./dev down",
            )
        handle.seek(0)
        handle.truncate()
        handle.write(f"{os.getpid()}\n{what}\n")
        handle.flush()
        self._held = handle
        clear(self.run)

    def release(self) -> None:
        """Let the next one in, leaving no trace of this one."""
        if self._held is not None:
            clear(self.run)
            self._held.truncate(0)
            self._held.close()
            self._held = None


@contextlib.contextmanager
def throwaway(what: str, run: Path = RUN) -> Iterator[Path]:
    """Be this checkout's stack in an empty folder of its own, which is gone afterwards.

    Raises Problem when another stack runs. What a kill -9 leaves goes at the next start.
    """
    lock = RunLock(run)
    lock.acquire(what)
    try:
        yield Path(tempfile.mkdtemp(prefix="demo-", dir=run))
    finally:
        lock.release()


def _lock(handle: TextIO) -> bool:
    """Take the lock; once more after a moment, since a look at it (`holder_of`) takes it, too."""
    for pause in (0.0, 0.1, 0.3):
        time.sleep(pause)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    return False


def holder_of(run: Path = RUN) -> str | None:
    """Who runs a stack here, as "./dev up, process 123"; None when nobody does."""
    pid, what = _holder(run)
    return None if pid is None else f"./dev {what}, process {pid}"


def holder_pid(run: Path = RUN) -> int | None:
    """The supervisor's process id; None when no stack runs, whatever a dead one wrote."""
    return _holder(run)[0]


def _holder(run: Path) -> tuple[int | None, str]:
    try:
        with (run / "lock").open() as handle:
            try:
                # Shared and let go at once: a look must not keep a starting stack out.
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                lines = handle.read().split("\n")
                return (int(lines[0]), lines[1]) if lines[0].isdigit() else (None, "")
            return None, ""
    except FileNotFoundError:
        return None, ""


def clear(run: Path) -> None:
    """Remove the files of a stack that is no more, and the throwaway stores of demos."""
    for name in (STACK, PROCESSES):
        (run / name).unlink(missing_ok=True)
    for left in run.glob("demo-*"):
        shutil.rmtree(left, ignore_errors=True)


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Replace a JSON file in one step.

    Nobody but its owner may read it, since it holds the token.
    """
    partial = path.with_name(f"{path.name}.partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(content, out, indent=1)
    partial.replace(path)


def read(run: Path = RUN, name: str = STACK) -> dict[str, Any]:
    """What the running stack wrote. Raises Problem when none runs."""
    if holder_pid(run) is None:
        raise Problem(
            "No stack is running in this checkout.", "Start one: ./dev up      or: ./dev demo"
        )
    try:
        return dict(json.loads((run / name).read_text()))
    except FileNotFoundError:
        raise Problem(
            "The stack is still starting.", "Try again in a moment, or see: ./dev logs stack"
        ) from None
