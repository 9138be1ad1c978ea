"""`./dev up` in the background.

A supervisor process of its own session, which reports here until it is ready.

The report is a pipe of JSON lines: {"say": text}, then {"ready": the stack.json} or {"problem": …,
"mend": …}.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TextIO

from launcher import signals, stackfile
from launcher.paths import ROOT, RUN
from launcher.problems import Problem
from launcher.process import bound
from launcher.services import CHANNELS
from launcher.stack import Options, Stack

STOPS_WITHIN = 60.0
SUPERVISOR_LOG = RUN / "logs/stack.log"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What `./dev up` was asked for, as it is handed to the supervisor process."""

    port: int | None = None
    no_simulate: Sequence[str] = ()
    kafka_lost: bool = False

    def options(self) -> Options:
        """The stack that this asks for."""
        return Options(
            directory=RUN,
            run=RUN,
            simulated_channels=[name for name in CHANNELS if name not in self.no_simulate],
            dashboard_port=self.port,
            kafka_lost=self.kafka_lost,
        )


def start(wanted: Wanted, say: Callable[[str], None]) -> dict[str, str]:
    """Start a supervisor and wait until its stack is ready.

    Returns stack.json's content; raises Problem.
    """
    SUPERVISOR_LOG.parent.mkdir(parents=True, exist_ok=True)
    bound(SUPERVISOR_LOG)
    reading, writing = os.pipe()
    with SUPERVISOR_LOG.open("ab") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "launcher.background", str(writing), json.dumps(asdict(wanted))],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=ROOT,
            pass_fds=(writing,),
            start_new_session=True,
        )
    os.close(writing)
    with os.fdopen(reading) as report:
        try:
            return _follow(report, say)
        except KeyboardInterrupt:
            say("Stopping …")
            supervisor.send_signal(signal.SIGTERM)
            supervisor.wait(STOPS_WITHIN)
            raise


def _follow(report: TextIO, say: Callable[[str], None]) -> dict[str, str]:
    for line in report:
        told: dict[str, Any] = json.loads(line)
        if "ready" in told:
            return dict(told["ready"])
        if "problem" in told:
            raise Problem(told["problem"], told["mend"])
        say(told["say"])
    raise Problem("The stack's supervisor ended without a word.", f"Its log: {SUPERVISOR_LOG}")


def stop(pid: int) -> bool:
    """Stop the running stack and wait for its end.

    Whether it ended by itself and had not to be killed.
    """
    os.kill(pid, signal.SIGTERM)
    if _gone(STOPS_WITHIN):
        return True
    os.kill(
        pid, signal.SIGKILL
    )  # Its processes go with it: the kernel sends each the signal it asked for.
    _gone(STOPS_WITHIN)
    stackfile.clear(RUN)
    return False


def _gone(within: float) -> bool:
    until = time.monotonic() + within
    while stackfile.holder_pid() is not None:
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


async def _supervise(wanted: Wanted, report: TextIO) -> None:
    """Keep a stack until somebody ends this process."""

    def tell(**told: object) -> None:
        report.write(json.dumps(told) + "\n")
        report.flush()

    lock = stackfile.RunLock()
    try:
        lock.acquire("up")
        async with Stack(wanted.options(), say=lambda text: tell(say=text)) as stack:
            tell(ready=stack.stack)
            report.close()
            await asyncio.Event().wait()
    except Problem as problem:
        tell(problem=problem.what, mend=problem.mend)
    finally:
        lock.release()


def main(arguments: Sequence[str]) -> None:
    """The supervisor process: `python -m launcher.background FD JSON`."""
    with os.fdopen(int(arguments[0]), "w") as report:
        signals.run(_supervise(Wanted(**json.loads(arguments[1])), report))


if __name__ == "__main__":
    main(sys.argv[1:])
