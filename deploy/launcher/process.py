"""One child process kept alive.

Started, watched, started again with back-off, stopped within bounded time.
"""

import asyncio
import contextlib
import ctypes
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from launcher.problems import DISK_FULL, Problem, disk_is_full, from_os_error

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
LIVED_WELL = 10.0  # seconds after which a start counts as a success and the back-off begins anew
LOG_LIMIT = 20_000_000


async def _nothing() -> None:
    """The preparation of a process that needs none."""


async def _at_once() -> bool:
    """The readiness of a process that is ready by running."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """What to run and how to tell that it is ready.

    Plain data, so that tests describe processes of their own.

    `ready` is asked until it says yes; `prepare` runs before every start; `attempts` is how many
    times the process may end before it was ever ready. `when_orphaned` is the signal it gets if
    this supervisor dies without a word.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    log: Path
    ready: Callable[[], Awaitable[bool]] = _at_once
    prepare: Callable[[], Awaitable[None]] = _nothing
    directory: Path | None = None
    user: str | None = None
    attempts: int = 3
    ready_within: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within: float = 10.0
    when_orphaned: signal.Signals = signal.SIGKILL


@dataclass(slots=True)
class KeptProcess:
    """A process that is started again whenever it dies, until `stop`."""

    spec: ProcessSpec
    pid: int | None = None
    restarts: int = 0
    started_at: float = 0.0
    on_change: Callable[[], None] = lambda: None
    _running: asyncio.subprocess.Process | None = None
    _keeper: asyncio.Task[None] | None = None
    _was_ready: bool = False
    _failure: Problem | None = None

    async def start(self) -> None:
        """Start it and return once it is ready.

        Raises Problem, with the end of its log, when it will not be.
        """
        self.spec.log.parent.mkdir(parents=True, exist_ok=True)
        self._keeper = asyncio.create_task(self._keep(), name=f"keep-{self.spec.name}")
        try:
            async with asyncio.timeout(self.spec.ready_within):
                await self._until_ready()
        except TimeoutError:
            raise trouble(
                self.spec, f"{self.spec.name} was not ready after {self.spec.ready_within:.0f} s"
            ) from None
        self._was_ready = True

    async def stop(self) -> None:
        """End it for good.

        Its own signal first, SIGKILL when it takes longer than `stop_within`.
        """
        if self._keeper is None:
            return
        self._keeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._keeper
        running = self._running
        if running is not None and running.returncode is None:
            await self._end(running)
        self.pid = None

    async def _end(self, running: asyncio.subprocess.Process) -> None:
        with contextlib.suppress(ProcessLookupError):
            # A stopped (SIGSTOP) process would not see the signal before it is woken.
            running.send_signal(signal.SIGCONT)
            running.send_signal(self.spec.stop_signal)
        try:
            async with asyncio.timeout(self.spec.stop_within):
                await running.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                running.kill()
            await running.wait()

    async def _keep(self) -> None:
        """Start, wait for the end, pause, again."""
        failures = 0
        while True:
            try:
                code = await self._live()
            except (Problem, OSError) as error:
                failure, final = self._told(error), True
            else:
                told = f"{self.spec.name} ended with code {code} before it was ready"
                failure, final = trouble(self.spec, told), failures + 1 >= self.spec.attempts
            if final and not self._was_ready:
                self._failure = failure
                return
            failures = 0 if time.time() - self.started_at > LIVED_WELL else failures + 1
            await asyncio.sleep(pause_before(failures))
            self.restarts += 1

    async def _live(self) -> int:
        """One life, from its preparation to its end. Returns the exit code."""
        self.started_at = time.time()
        await self.spec.prepare()
        self._running = await spawn(self.spec)
        self.pid = self._running.pid
        self.on_change()
        code = await self._running.wait()
        self.pid = None
        self.on_change()
        self._note(f"ended with code {code}")
        return code

    async def _until_ready(self) -> None:
        while True:
            if self._failure is not None:
                raise self._failure
            if self.pid is not None and await self.spec.ready():
                return
            await asyncio.sleep(0.05)

    def _told(self, error: Problem | OSError) -> Problem:
        """What kept it from starting."""
        return error if isinstance(error, Problem) else from_os_error(error, self.spec.name)

    def _note(self, what: str) -> None:
        with contextlib.suppress(OSError), self.spec.log.open("a") as log:
            log.write(f"--- {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {what}\n")


def pause_before(failures: int) -> float:
    """Seconds to wait before the next start: doubling, with jitter, at most LONGEST_PAUSE."""
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** max(0, failures - 1))
    return random.uniform(longest / 2, longest)


def tail(log: Path, lines: int) -> str:
    """The last lines of a log, reading no more than its last 64 KiB."""
    try:
        with log.open("rb") as content:
            content.seek(max(0, log.stat().st_size - 65_536))
            return "\n".join(content.read().decode(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


def bound(log: Path, limit: int = LOG_LIMIT) -> None:
    """Keep a log below its limit.

    What there is moves to `<name>.1`, and the writer, which appends, goes on at zero.
    """
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > limit:
            older = log.with_suffix(log.suffix + ".1")
            older.write_bytes(log.read_bytes())
            os.truncate(log, 0)


def die_with_parent(how: signal.Signals) -> Callable[[], None]:
    """What runs in the child before exec.

    The kernel is to send it `how` when the supervisor is gone.
    """
    parent = os.getpid()

    def before_exec() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(how))
        if os.getppid() != parent:  # It died before the line above could take hold.
            os._exit(1)

    return before_exec


class FailedError(Problem):
    """A process that ended badly, with the code that it ended with."""

    def __init__(self, trouble: Problem, code: int) -> None:
        super().__init__(trouble.what, trouble.mend)
        self.code = code


async def run_once(spec: ProcessSpec) -> None:
    """Run a process to its end.

    Raises Problem (FailedError if it ended badly), with the end of its log, unless it ends well in
    time.
    """
    spec.log.parent.mkdir(parents=True, exist_ok=True)
    running = await spawn(spec)
    try:
        async with asyncio.timeout(spec.ready_within):
            code = await running.wait()
    except TimeoutError:
        raise trouble(
            spec, f"{spec.name} was not through after {spec.ready_within:.0f} s"
        ) from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            running.kill()
    if code != 0:
        raise FailedError(trouble(spec, f"{spec.name} failed with code {code}"), code)


async def spawn(spec: ProcessSpec) -> asyncio.subprocess.Process:
    """Start the process, its output appended to its log, bound to this one's life."""
    with spec.log.open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *spec.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=dict(spec.environment),
            cwd=spec.directory,
            user=spec.user,
            group=spec.user,
            extra_groups=None if spec.user is None else [],
            # Ctrl-C in the terminal is for the supervisor, which stops its processes in order.
            start_new_session=True,
            preexec_fn=die_with_parent(spec.when_orphaned),
        )


def trouble(spec: ProcessSpec, what: str) -> Problem:
    """What happened, with the end of the process's log; a full disk says so plainly."""
    end = tail(spec.log, 8)
    if DISK_FULL in end:
        return disk_is_full(spec.directory or spec.log.parent)
    return Problem(f"{what}. The end of its log:\n{end}", f"All of it: {spec.log}")
