import asyncio
import signal
import sys
from pathlib import Path

import pytest

from launcher.problems import Problem
from launcher.process import LONGEST_PAUSE, KeptProcess, ProcessSpec, bound, pause_before, run_once
from unit.launcher.waiting import is_running, kill, until

SLEEPER = (sys.executable, "-c", "import signal; signal.pause()")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); signal.pause()",
)


def spec(tmp_path: Path, *command: str, **changes: object) -> ProcessSpec:
    told = {
        "name": "it",
        "command": command,
        "environment": {"PATH": "/usr/bin:/bin"},
        "log": tmp_path / "it.log",
    }
    return ProcessSpec(**(told | changes))  # type: ignore[arg-type]


async def test_a_killed_process_is_started_again(tmp_path: Path) -> None:
    kept = KeptProcess(spec(tmp_path, *SLEEPER))
    await kept.start()
    first = kept.pid
    kill(first, signal.SIGKILL)
    await until(lambda: kept.pid not in {None, first})
    assert kept.restarts == 1
    await kept.stop()
    assert not is_running(first)


async def test_a_stopped_process_stays_stopped(tmp_path: Path) -> None:
    kept = KeptProcess(spec(tmp_path, *SLEEPER))
    await kept.start()
    pid = kept.pid
    await kept.stop()
    assert kept.pid is None
    assert not is_running(pid)


async def test_a_process_that_ignores_its_signal_is_killed_in_bounded_time(tmp_path: Path) -> None:
    kept = KeptProcess(spec(tmp_path, *STUBBORN, stop_within=0.2))
    await kept.start()
    await until(lambda: "deaf" in (tmp_path / "it.log").read_text())
    pid = kept.pid
    await kept.stop()
    assert not is_running(pid)


async def test_a_frozen_process_is_stopped_too(tmp_path: Path) -> None:
    kept = KeptProcess(spec(tmp_path, *SLEEPER))
    await kept.start()
    pid = kept.pid
    kill(pid, signal.SIGSTOP)
    await kept.stop()
    assert not is_running(pid)


async def test_a_process_that_never_becomes_ready_is_told_with_the_end_of_its_log(
    tmp_path: Path,
) -> None:
    kept = KeptProcess(
        spec(tmp_path, "/bin/sh", "-c", "echo the reason; exit 3", ready=never, attempts=2)
    )
    with pytest.raises(Problem, match=r"it ended with code 3 before it was ready(?s:.)*the reason"):
        await kept.start()
    await kept.stop()


async def test_a_process_that_takes_too_long_is_told(tmp_path: Path) -> None:
    kept = KeptProcess(spec(tmp_path, *SLEEPER, ready=never, ready_within=0.2))
    with pytest.raises(Problem, match="it was not ready after"):
        await kept.start()
    await kept.stop()


async def test_a_full_disk_is_named_as_such(tmp_path: Path) -> None:
    kept = KeptProcess(
        spec(tmp_path, "/bin/sh", "-c", "echo x: No space left on device; exit 1", ready=never)
    )
    with pytest.raises(Problem, match=r"The disk that holds .* is full"):
        await kept.start()
    await kept.stop()


async def test_a_command_that_does_not_exist_is_told(tmp_path: Path) -> None:
    kept = KeptProcess(spec(tmp_path, "/no/such/program"))
    with pytest.raises(Problem, match="it: No such file or directory"):
        await kept.start()
    await kept.stop()


async def test_a_preparation_that_fails_later_is_tried_again(tmp_path: Path) -> None:
    calls = []

    async def prepare() -> None:
        calls.append("call")
        if len(calls) == 2:
            raise OSError(28, "No space left on device")

    kept = KeptProcess(spec(tmp_path, *SLEEPER, prepare=prepare))
    await kept.start()
    first = kept.pid
    kill(first, signal.SIGKILL)
    await until(lambda: kept.pid not in {None, first})
    assert len(calls) == 3
    await kept.stop()


async def test_a_single_run_that_fails_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"it failed with code 4(?s:.)*the reason"):
        await run_once(spec(tmp_path, "/bin/sh", "-c", "echo the reason; exit 4"))


async def test_a_child_dies_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "supervisor.py"
    program.write_text(SUPERVISOR)
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable,
        str(program),
        str(tmp_path / "log"),
        stdout=asyncio.subprocess.PIPE,
        env=import_path(),
    )
    assert supervisor.stdout is not None
    child = int(await supervisor.stdout.readline())
    assert is_running(child)
    supervisor.kill()
    await supervisor.wait()
    await until(lambda: not is_running(child))


def test_pauses_double_up_to_a_limit() -> None:
    longest = [max(pause_before(failures) for _ in range(200)) for failures in (1, 2, 3, 30)]
    assert longest[0] <= 0.2
    assert longest[0] < longest[1] < longest[2] < longest[3] <= LONGEST_PAUSE


def test_a_log_beyond_its_limit_moves_aside_and_begins_anew(tmp_path: Path) -> None:
    log = tmp_path / "it.log"
    log.write_text("x" * 11)
    bound(log, limit=10)
    assert log.read_text() == ""
    assert (tmp_path / "it.log.1").read_text() == "x" * 11


async def never() -> bool:
    return False


def import_path() -> dict[str, str]:
    return {"PYTHONPATH": ":".join(path for path in sys.path if path), "PATH": "/usr/bin:/bin"}


SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from launcher.process import KeptProcess, ProcessSpec

async def main():
    command = [sys.executable, "-c", "import signal; signal.pause()"]
    kept = KeptProcess(ProcessSpec(name="child", command=command, environment={}, log=Path(sys.argv[1])))
    await kept.start()
    print(kept.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
