"""What went wrong is told to logs and operators without the row that a database refused."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest
import uvicorn
from fastapi import APIRouter, FastAPI

from launcher.paths import ROOT
from recall.kit.loops import Loop
from recall.kit.reasons import reason_of, trace_of
from recall.kit.service import Service
from recall.kit.settings import ServiceSettings
from recall.kit.telemetry import configure
from support.toy import until

pytestmark = pytest.mark.usefixtures("logging_restored")

SAID = 'new row for relation "patients" violates check constraint "known_state"'
REFUSED = asyncpg.PostgresError.new(
    {"C": "23514", "M": SAID, "D": "Failing row contains (Mary, Made-Up, 12 High Street)."}
)
"""As asyncpg makes it of what PostgreSQL answers."""


def test_a_databases_own_text_has_the_row() -> None:
    """Else the tests below would show nothing."""
    assert "High Street" in str(REFUSED)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("wrong\nsecond line"), "ValueError: wrong"),
        (ValueError(), "ValueError"),
        (ValueError("a\x00b"), "ValueError: a\\x00b"),
        (ValueError("\ud800"), "ValueError: \\ud800"),
        (ValueError("x" * 9999), "ValueError: " + "x" * 488),
        (
            asyncpg.DataError("invalid input for query argument $1: 'Mary' (an integer is needed)"),
            "DataError: invalid input for query argument $1",
        ),
        (
            asyncpg.InvalidTextRepresentationError('invalid input syntax for type uuid: "Mary"'),
            "InvalidTextRepresentationError: invalid input syntax for type uuid",
        ),
        (
            asyncpg.NumericValueOutOfRangeError(
                'value "9990000018" is out of range for type integer'
            ),
            'NumericValueOutOfRangeError: value "…" is out of range for type integer',
        ),
        (REFUSED, f"CheckViolationError: {SAID}"),
        (
            ExceptionGroup("two", [REFUSED, TimeoutError()]),
            f"ExceptionGroup: two (2 sub-exceptions): CheckViolationError: {SAID}; TimeoutError",
        ),
    ],
)
def test_a_reason_is_one_line_without_values(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason


OWN_TEXT = re.compile(r'repr\(error\)|error=(str|f"|error\b)|trouble = .*\{error\}')


def test_no_log_and_no_trouble_is_written_with_an_errors_own_text() -> None:
    sources = [path for part in ("shared", "services") for path in (ROOT / part).rglob("*.py")]
    assert len(sources) > 100
    assert [str(path) for path in sources if OWN_TEXT.search(path.read_text())] == []


def refused_step() -> None:
    """Fails as a statement does, in the middle of something else."""
    try:
        raise REFUSED
    except asyncpg.CheckViolationError as error:
        raise RuntimeError("could not be stored") from error


def caught() -> RuntimeError:
    with pytest.raises(RuntimeError) as raised:
        refused_step()
    return raised.value


def test_a_trace_shows_where_and_why_and_what_led_to_it_and_no_row() -> None:
    trace = trace_of(caught())
    first, last = trace.split("The above led to:")
    assert "raise REFUSED" in first
    assert f"CheckViolationError: {SAID}" in first
    assert "in refused_step" in last
    assert last.endswith("RuntimeError: could not be stored")
    assert "High Street" not in trace


def test_a_trace_of_several_errors_shows_each() -> None:
    trace = trace_of(ExceptionGroup("two", [caught(), OSError("away")]))
    assert "of which 1:" in trace
    assert f"  CheckViolationError: {SAID}" in trace
    assert trace.endswith("of which 2:\n  OSError: away")
    assert "High Street" not in trace


def test_errors_that_led_to_each_other_are_told_once() -> None:
    one, two = OSError("one"), OSError("two")
    one.__cause__, two.__cause__ = two, one
    assert trace_of(one) == "OSError: two\n\nThe above led to:\n\nOSError: one"


def test_what_an_error_hides_stays_hidden() -> None:
    error = OSError("shown")
    error.__context__, error.__suppress_context__ = ValueError("hidden"), True
    assert trace_of(error) == "OSError: shown"


async def refuse() -> bool:
    raise REFUSED


@pytest.fixture
def service() -> Service:
    made = Service(
        "toys",
        ServiceSettings(
            kafka_bootstrap_servers="nowhere:1", database_url="postgresql://", port=1, token="t"
        ),
    )
    made.trouble = None
    return made


def app_of(service: Service) -> FastAPI:
    failing = APIRouter()
    failing.add_api_route("/refused", refuse)
    return service.app([failing])


async def test_neither_readyz_nor_the_log_shows_the_row_that_a_loop_was_refused(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("toys", "info", "json")
    loop = service.every(3600.0, "deadlines", refuse)
    async with (
        running(loop),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app_of(service)), base_url="http://toys"
        ) as anybody,
    ):
        answer = await anybody.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["troubles"] == [f"deadlines: CheckViolationError: {SAID}"]
    out = capsys.readouterr().out
    assert "CheckViolationError" in out
    assert "High Street" not in out


@asynccontextmanager
async def running(loop: Loop) -> AsyncIterator[None]:
    """A loop that has tried once."""
    task = asyncio.create_task(loop.run())
    await until(lambda: loop.trouble is not None)
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_neither_the_answer_nor_the_log_shows_the_row_that_a_route_was_refused(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    """Served as it is served: the traceback is written by the server itself."""
    configure("toys", "info", "json")
    config = uvicorn.Config(app_of(service), port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        answer = await client.get("/refused")
    server.should_exit = True
    await task
    assert answer.status_code == 500
    assert "High Street" not in answer.text
    out = capsys.readouterr().out
    assert "in refuse" in out
    assert "violates check constraint" in out
    assert "High Street" not in out
