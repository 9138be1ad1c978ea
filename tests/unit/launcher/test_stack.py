import errno
import json
import signal
import stat
import sys
from pathlib import Path

import httpx
import pytest

from launcher import background, stack, stackfile
from launcher.ports import free_ports, is_free
from launcher.problems import Problem
from launcher.services import Service
from launcher.stack import Options, Stack, is_ready
from recall.kit import lost
from unit.launcher.waiting import is_running, kill, until

STAND_IN = (sys.executable, str(Path(__file__).with_name("stand_in.py")))


def options(tmp_path: Path, **changes: object) -> Options:
    told: dict[str, object] = {
        "directory": tmp_path,
        "services": [Service("ingest", STAND_IN), Service("dashboard", STAND_IN)],
        "bootstrap": "127.0.0.1:9",
        "admin_dsn": "postgresql://admin:secret@127.0.0.1:9/recall",
        "provision": None,
    }
    return Options(**(told | changes))  # type: ignore[arg-type]


async def test_a_stack_says_where_everything_is_to_its_owner_alone(tmp_path: Path) -> None:
    async with Stack(options(tmp_path, run=tmp_path)) as stack:
        written = tmp_path / stackfile.STACK
        assert stat.S_IMODE(written.stat().st_mode) == 0o600
        assert set(stack.stack) == {"ingest", "dashboard", "kafka", "postgres", "token"}
        assert written.read_text().count(stack.stack["token"]) == 1
        assert await is_ready(stack.stack["ingest"])


async def test_leaving_a_stack_leaves_nothing_running(tmp_path: Path) -> None:
    async with Stack(options(tmp_path)) as stack:
        pids = [process.pid for process in stack.processes.values()]
    assert not any(is_running(pid) for pid in pids)


async def test_a_service_that_dies_is_started_again_on_its_port(tmp_path: Path) -> None:
    async with Stack(options(tmp_path)) as stack:
        ingest = stack.processes["ingest"]
        first = ingest.pid
        kill(first, signal.SIGKILL)
        await until(lambda: ingest.pid not in {None, first})
        await until(lambda: not is_free(int(stack.stack["ingest"].rsplit(":", 1)[1])))
        assert await is_ready(stack.stack["ingest"])
        assert stack.restarts == {"ingest": 1, "dashboard": 0}


async def test_services_are_told_their_own_role_and_the_shared_settings(tmp_path: Path) -> None:
    async with Stack(options(tmp_path, seed=7, simulated_channels=("letter",))) as stack:
        told = stack.processes["ingest"].spec.environment
        assert told["DATABASE_URL"] == "postgresql://ingest:recall@127.0.0.1:9/recall"
        assert told["SIMULATED_CHANNELS"] == "letter"
        assert told["INGEST_URL"] == stack.stack["ingest"]
        async with httpx.AsyncClient() as client:
            assert (await client.get(stack.stack["ingest"])).text == "7"


async def test_a_dashboard_port_that_is_taken_is_named(tmp_path: Path) -> None:
    async with Stack(options(tmp_path / "first")) as stack:
        taken = int(stack.stack["dashboard"].rsplit(":", 1)[1])
        with pytest.raises(Problem, match=f"Port {taken} on 127.0.0.1 is taken"):
            await Stack(options(tmp_path / "second", dashboard_port=taken)).__aenter__()


async def test_a_dashboard_port_that_is_free_is_used(tmp_path: Path) -> None:
    port = free_ports(1)[0]
    async with Stack(options(tmp_path, dashboard_port=port)) as stack:
        assert stack.stack["dashboard"] == f"http://127.0.0.1:{port}"


async def test_when_one_service_fails_the_others_are_stopped(tmp_path: Path) -> None:
    broken = Service("dashboard", (sys.executable, "-c", "raise SystemExit('no luck')"))
    stack = Stack(options(tmp_path, services=[Service("ingest", STAND_IN), broken]))
    with pytest.raises(Problem, match="no luck"):
        await stack.__aenter__()
    assert all(process.pid is None for process in stack.processes.values())


async def test_provisioning_that_fails_ends_the_start(tmp_path: Path) -> None:
    failing = (sys.executable, "-c", "import sys; sys.exit(' '.join(sys.argv[1:]))")
    with pytest.raises(Problem, match="--partitions 3 ingest dashboard"):
        await Stack(options(tmp_path, provision=failing, partitions=3)).__aenter__()


async def test_what_could_not_be_written_on_a_full_disk_is_written_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack, "HOUSEKEEPING_SECONDS", 0.02)
    async with Stack(options(tmp_path, run=tmp_path)) as running:
        ingest = running.processes["ingest"]
        first = ingest.pid
        with monkeypatch.context() as full:
            full.setattr(stackfile, "write", _no_room)
            kill(first, signal.SIGKILL)
            await until(lambda: ingest.pid not in {None, first})

        def told() -> int | None:
            found = json.loads((tmp_path / stackfile.PROCESSES).read_text())
            pid: int | None = found["processes"]["ingest"]["pid"]
            return pid

        await until(lambda: told() == ingest.pid)


def _no_room(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def provisioning(code: int) -> tuple[str, ...]:
    """A stand-in for provisioning, which says how it was called and ends with a code."""
    return (sys.executable, "-c", f"import sys; print(sys.argv[1:]); sys.exit({code})")


async def test_topics_that_are_gone_are_told_with_the_command_that_mends_it(
    tmp_path: Path,
) -> None:
    with pytest.raises(Problem) as told:
        async with Stack(options(tmp_path, provision=provisioning(lost.KAFKA_LOST))):
            pytest.fail("it came up")
    assert "./dev up --kafka-lost" in told.value.mend
    assert "no patient is lost" in told.value.what
    assert "Traceback" not in str(told.value)


@pytest.mark.parametrize("kafka_lost", [False, True])
async def test_provisioning_is_told_whether_kafka_was_lost(
    tmp_path: Path, kafka_lost: bool
) -> None:
    wanted = background.Wanted(kafka_lost=kafka_lost)
    asked = options(tmp_path, provision=provisioning(0), kafka_lost=wanted.options().kafka_lost)
    async with Stack(asked):
        said = (tmp_path / "logs/provision.log").read_text()
    assert ("--kafka-lost" in said) is kafka_lost


async def test_what_else_provisioning_says_is_told_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="provision failed with code 1"):
        async with Stack(options(tmp_path, provision=provisioning(1))):
            pytest.fail("it came up")


def test_launcher_and_provisioning_mean_the_same_by_their_exit_code() -> None:
    assert stack.KAFKA_LOST == lost.KAFKA_LOST
