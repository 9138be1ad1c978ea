"""`./dev rebuild`: the dashboard's tables made anew, by the commands of the services themselves."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import httpx

from launcher import show, stackfile
from launcher.problems import Problem

OWNERS = ("ingest", "workflow", "invitations")
POLL_SECONDS = 0.1
PATIENCE_SECONDS = 600.0
AGAIN = "Run it again: ./dev rebuild      See also: ./dev lag"


def run() -> dict[str, Any]:
    """Rebuild the running stack's dashboard.

    Returns:
        `{"topics": […], "seconds": …, "targets": […]}`, the targets as the dashboard lists them.

    Raises:
        Problem: no stack runs, or a service did not do its part.
    """
    return asyncio.run(rebuilt(stackfile.read()))


async def rebuilt(stack: dict[str, str]) -> dict[str, Any]:
    """The same for a given stack."""
    began = time.monotonic()
    headers = {"Authorization": f"Bearer {stack['token']}", "X-Actor": "rebuild"}
    async with httpx.AsyncClient(headers=headers, timeout=60.0, trust_env=False) as http:
        asking = _Asking(http, stack)
        await asking.of("POST", "dashboard", "/rebuild")
        show.say("The dashboard is empty and shows nothing until it is whole again.")
        topics = [
            topic
            for owner in OWNERS
            for topic in (await asking.of("POST", owner, "/republish"))["topics"]
        ]
        show.say(f"Told again: {', '.join(sorted(topics))} …")
        for owner in OWNERS:
            await _until(partial(asking.is_told, owner), f"{owner} to tell its rows")
        await _until(asking.is_folded, "the dashboard to fold them")
        await asking.of("DELETE", "dashboard", "/rebuild")
        targets = (await asking.of("GET", "dashboard", "/v1/targets"))["targets"]
    seconds = time.monotonic() - began
    show.say(f"Whole again after {seconds:.1f} s.")
    return {"topics": sorted(topics), "seconds": round(seconds, 1), "targets": targets}


class _Asking:
    """The services of one stack."""

    def __init__(self, http: httpx.AsyncClient, stack: dict[str, str]) -> None:
        self._http = http
        self._stack = stack

    async def of(self, method: str, service: str, path: str) -> dict[str, Any]:
        """A command or a question; its answer, empty for none."""
        try:
            answer = await self._http.request(method, f"{self._stack[service]}{path}")
        except httpx.HTTPError as error:
            raise Problem(f"{service} does not answer.", AGAIN) from error
        if not answer.is_success:
            raise Problem(f"{service} answered {answer.status_code} to {path}.", AGAIN)
        return dict(answer.json()) if answer.content else {}

    async def is_told(self, owner: str) -> bool:
        """Whether an owner has told all its rows and published them."""
        left = (await self.of("GET", owner, "/republish"))["left"]
        return not left and not (await self.of("GET", owner, "/settled"))["outbox"]

    async def is_folded(self) -> bool:
        """Whether the dashboard has read all there is."""
        return not (await self.of("GET", "dashboard", "/settled"))["lag"]


async def _until(done: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait for a condition, within reason."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not await done():
        if time.monotonic() > end:
            raise Problem(f"Waited {PATIENCE_SECONDS:.0f} s for {what}.", AGAIN)
        await asyncio.sleep(POLL_SECONDS)
