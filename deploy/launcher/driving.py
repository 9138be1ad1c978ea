"""Driving a simulated stack: its HTTP as anybody's programs use it, and its business clock.

The clock is raised only when all four services are settled (no lag, empty outboxes, no timer due),
so however fast it runs it never outruns the machinery.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import httpx

from launcher.problems import Problem
from recall.contracts.instants import moment
from recall.kit.clock import Run, write_run

POLL_SECONDS = 0.03
LONGEST_POLL_SECONDS = 0.2
POLLED_SHARE = 0.03
"""The longer a wait has lasted, the longer to the next question, which is work for them, too."""
STUCK_SECONDS = 120.0
"""So long may no position move before the driver gives up."""
SPEED = 1e9
"""Business seconds a second: each step is a jump to its halt."""
NAMES = ("ingest", "workflow", "invitations", "dashboard")

Look = Callable[[], Awaitable[None]]
"""Called now and then while the driver waits, for whoever shows progress."""


async def _nothing() -> None:
    """Nobody looks on."""


def begin(clock_file: Path, at: datetime) -> None:
    """Put the business clock at an instant, standing still."""
    write_run(clock_file, Run(at, time.time(), SPEED, at))


class Driver:
    """A client of one running stack that also holds its clock."""

    def __init__(self, stack: dict[str, str], clock_file: Path, look: Look = _nothing) -> None:
        self.stack = stack
        self._clock_file = clock_file
        self._look = look
        self._now: datetime | None = None
        headers = {"Authorization": f"Bearer {stack['token']}", "X-Actor": "demo"}
        self._http = httpx.AsyncClient(headers=headers, timeout=600.0, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def post(self, service: str, path: str, **body: Any) -> dict[str, Any]:
        """A command; its answer.

        Raises:
            Problem: the service refused it, with its own sentence.
        """
        return await self.ask(service, "POST", path, **body)

    async def ask(self, service: str, method: str, path: str, **body: Any) -> dict[str, Any]:
        """A request of any method; its answer.

        Raises:
            Problem: the service refused it, with its own sentence.
        """
        url = f"{self.stack[service]}{path}"
        return self._answer(await self._http.request(method, url, **body))

    async def get(self, service: str, path: str, **query: Any) -> dict[str, Any]:
        """A question; its answer.

        Raises:
            Problem: the service refused it, with its own sentence.
        """
        return self._answer(await self._http.get(f"{self.stack[service]}{path}", params=query))

    async def upload(self, target_id: str, content: bytes) -> dict[str, Any]:
        """Upload a file of patients; the verdict on its rows."""
        return await self.post(
            "ingest",
            f"/v1/targets/{target_id}/uploads",
            content=content,
            headers={"Content-Type": "text/csv"},
        )

    async def page(self, target_id: str) -> dict[str, Any]:
        """The target page as JSON."""
        return await self.get("dashboard", f"/v1/targets/{target_id}")

    async def advance(self, to: datetime) -> None:
        """Let business time run to an instant, and wait until all that it brings about is done."""
        start = self._now or to
        write_run(self._clock_file, Run(min(start, to), time.time(), SPEED, to))
        self._now = to
        await self.settle()

    async def settle(self) -> None:
        """Wait until nothing is in flight: twice running all settled, with no work in between.

        Raises:
            Problem: nothing moves any more and yet something is left to do.
        """
        before: list[int] | None = None
        began = moved_at = time.monotonic()
        seen: list[object] = []
        while True:
            found = await self._ask_in_turn()
            work = [one["work"] for one in found]
            quiet = len(found) == len(NAMES) and all(one["settled"] for one in found)
            if quiet and work == before:
                return
            before = work if quiet else None
            left = [*work, *((one.get("outbox"), one.get("timers_due")) for one in found)]
            if left != seen:
                moved_at, seen = time.monotonic(), left
            elif time.monotonic() - moved_at > STUCK_SECONDS:
                raise Problem(_left(found), "See: ./dev lag      and: ./dev logs workflow")
            await self._look()
            waited = time.monotonic() - began
            rest = min(LONGEST_POLL_SECONDS, max(POLL_SECONDS, waited * POLLED_SHARE))
            await asyncio.sleep(POLL_SECONDS if quiet else rest)

    async def _ask_in_turn(self) -> list[dict[str, Any]]:
        """What each service has left to do, up to the first that is not settled.

        In the order in which work passes through them: asking is work for a busy machine, too.
        """
        found = []
        for name in NAMES:
            found.append(await self._ask(name))
            if not found[-1]["settled"]:
                break
        return found

    async def _ask(self, service: str) -> dict[str, Any]:
        try:
            found = await self.get(service, "/settled")
        except (httpx.HTTPError, Problem):
            return {"settled": False, "work": -1, "service": service}
        late = self._now is not None and moment(found["now"]) < self._now
        return found | {"service": service, "settled": found["settled"] and not late}

    @staticmethod
    def _answer(answer: httpx.Response) -> dict[str, Any]:
        if answer.is_success:
            return dict(answer.json())
        try:
            detail = answer.json().get("detail", "")
        except ValueError:
            detail = answer.text[:200]
        raise Problem(f"{answer.request.url.path} answered {answer.status_code}: {detail}")


def _left(found: Sequence[dict[str, Any]]) -> str:
    """A sentence on who has what left to do."""
    parts = [
        f"{one['service']} (lag {one.get('lag')}, outbox {one.get('outbox')}, "
        f"timers {one.get('timers_due')})"
        for one in found
        if not one["settled"]
    ]
    return f"Nothing has moved for {STUCK_SECONDS:.0f} s, yet not settled: {', '.join(parts)}."
