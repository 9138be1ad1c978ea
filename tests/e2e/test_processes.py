"""The verbs on a stack that runs in the background: what dies comes back, what lags is shown."""

import asyncio
import json
import os
import signal
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
import pytest
import pytest_asyncio

from e2e.commands import DEADLINE, ran
from launcher.made_up import csv_of, made_up
from launcher.stack import is_ready

PATIENTS = 40
TARGET = {
    "target_id": "flu",
    "name": "Flu",
    "practice": "A81001",
    "rounds": [{"channel": "sms", "name": "SMS invitation", "respond_within": "P7D"}],
    "booking_window": {
        "from": datetime.now(UTC).date().isoformat(),
        "to": (datetime.now(UTC).date() + timedelta(days=30)).isoformat(),
    },
}


@dataclass(frozen=True)
class Up:
    """A stack that `./dev up` started."""

    folder: Path
    stack: dict[str, str]

    async def states(self) -> dict[str, dict[str, Any]]:
        """What `./dev status` says, by process; nothing while it cannot say."""
        ended = await ran(self.folder, "status", "--json")
        return {one["name"]: one for one in json.loads(ended.out or "[]")}

    async def lag(self) -> dict[tuple[str, str], int]:
        """How many records `./dev lag` says that each service is behind on each topic."""
        ended = await ran(self.folder, "lag", "--json")
        assert ended.code == 0, ended.err
        rows = json.loads(ended.out)["lag"]
        return {(row["service"], row["topic"]): row["records"] for row in rows}

    def client(self) -> httpx.AsyncClient:
        """A client with the token."""
        headers = {"Authorization": f"Bearer {self.stack['token']}"}
        return httpx.AsyncClient(headers=headers, timeout=60)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def up(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Up]:
    """`./dev up`, and `./dev down` when the tests of this module are done."""
    folder = tmp_path_factory.mktemp("up")
    started = await ran(folder, "up", "--json")
    assert started.code == 0, started.err
    try:
        yield Up(folder, json.loads(started.out))
    finally:
        await ran(folder, "down")


@pytest.mark.parametrize("victim", ["workflow", "postgres"])
async def test_what_is_killed_is_started_again(up: Up, victim: str) -> None:
    before = (await up.states())[victim]
    # Meanwhile somebody closed a folder above the data, as pytest does when it starts again.
    up.folder.chmod(stat.S_IRWXU)
    os.kill(before["pid"], signal.SIGKILL)

    async with asyncio.timeout(DEADLINE):
        while (await up.states()).get(victim, before)["pid"] in {None, before["pid"]}:
            pass
        # Everything that leans on it is ready again, too, by itself.
        while (await ran(up.folder, "status")).code != 0:
            pass
    after = (await up.states())[victim]
    assert after["restarts"] == before["restarts"] + 1


async def test_a_consumer_that_cannot_go_on_shows_in_the_lag_until_it_can(up: Up) -> None:
    async with up.client() as client:
        made = await client.post(f"{up.stack['ingest']}/v1/targets", json=TARGET)
        assert made.status_code == 201, made.text
        behind = ("dashboard", "patients")
        connection = await asyncpg.connect(up.stack["postgres"])
        try:
            # Nobody can move the dashboard's offsets while this transaction is open.
            async with connection.transaction():
                await connection.execute("LOCK TABLE dashboard.inbox_offsets IN EXCLUSIVE MODE")
                await _upload(up, client)
                async with asyncio.timeout(DEADLINE):
                    while (await up.lag()).get(behind) != PATIENTS:
                        pass
                shown = (await ran(up.folder, "lag")).out
                assert "patients" in shown
                assert str(PATIENTS) in shown
        finally:
            await connection.close()
    async with asyncio.timeout(DEADLINE):
        while any((await up.lag()).values()):
            pass


async def _upload(up: Up, client: httpx.AsyncClient) -> None:
    people = made_up(PATIENTS, 5, date(1950, 1, 1), date(1980, 1, 1))
    answer = await client.post(
        f"{up.stack['ingest']}/v1/targets/flu/uploads",
        content=csv_of(people),
        headers={"Content-Type": "text/csv"},
    )
    assert answer.json()["enrolled"] == PATIENTS, answer.text


async def test_a_second_up_finds_the_first_and_down_ends_everything(up: Up) -> None:
    again = await ran(up.folder, "up", "--json")
    assert again.code == 0, again.err
    assert json.loads(again.out) == up.stack
    pids = [one["pid"] for one in (await up.states()).values()]
    assert len(pids) == 6

    ended = await ran(up.folder, "down")

    assert ended.code == 0, ended.err
    assert [pid for pid in pids if psutil.pid_exists(pid)] == []
    assert not await is_ready(up.stack["dashboard"])
    assert (await ran(up.folder, "status")).code == 1
