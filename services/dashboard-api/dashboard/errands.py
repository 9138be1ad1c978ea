"""Errands on their way to ingest: a loop that sends one batch after another, through restarts.

Each batch has an Idempotency-Key of its own and the same patients each time it is sent, so that
it counts once, whatever is cut off in between.
"""

import asyncio

from dashboard import errand_store
from dashboard.errand import header_text
from dashboard.errand_store import Batch
from dashboard.sending import Answer, Sender
from recall.kit.problems import Problem
from recall.kit.service import Service

LOOK_SECONDS = 2.0
LONGEST_BATCH_SECONDS = 60.0
_AGAIN = {408, 425, 429}
_SERVERS_FAULT = 500
_NOT_FOUND = 404
SHOWN_WITHIN_SECONDS = 1.5
"""How long a confirmation waits to show the end of what it began."""
_POLL_SECONDS = 0.05


class Errands:
    """Sends what staff confirmed."""

    def __init__(self, service: Service, sender: Sender) -> None:
        self._service = service
        self._sender = sender
        self._loop = service.every(LOOK_SECONDS, "errands", self.step)

    def wake(self) -> None:
        """Send at once."""
        self._loop.wake()

    async def step(self) -> bool:
        """Send one batch; returns whether there was one."""
        async with self._service.pool.acquire() as connection:
            found = await errand_store.next_batch(connection)
            if found is None:
                return False
            patients = await errand_store.patients_of(connection, found)
        try:
            async with asyncio.timeout(LONGEST_BATCH_SECONDS):
                answer = await self._send(found, patients)
        except (Problem, TimeoutError) as error:
            await self._note(found, "Another part of Recall is not answering.", for_good=False)
            raise _Waiting from error
        await self._close(found, answer)
        return True

    async def _send(self, found: Batch, patients: list[str]) -> Answer:
        remove = found.act == "remove"
        body = {"patients": patients} | ({"reason": found.reason} if remove else {})
        return await self._sender.send(
            "POST",
            f"/v1/targets/{found.target_id}/{'removals' if remove else 'reprocess'}",
            json=body,
            headers={
                "idempotency-key": f"{found.errand_id}/{found.batch}",
                "x-actor": header_text(found.actor) or "staff",
            },
        )

    async def _close(self, found: Batch, answer: Answer) -> None:
        if answer.status >= _SERVERS_FAULT or answer.status in _AGAIN:
            await self._note(found, answer.detail, for_good=False)
            raise _Waiting
        if not answer.ok and answer.status != _NOT_FOUND:
            await self._note(found, answer.detail, for_good=True)
            return
        # Ingest knows none of them: nobody was changed, and that is an answer.
        done = int(answer.body["count"]) if answer.ok else 0
        async with self._service.pool.acquire() as connection:
            await errand_store.close_batch(connection, found, done)

    async def _note(self, found: Batch, problem: str, *, for_good: bool) -> None:
        async with self._service.pool.acquire() as connection:
            await errand_store.note_problem(connection, found.errand_id, problem, for_good=for_good)

    async def until_shown(self, target_id: str, errand_id: str) -> None:
        """Wait for the end of a short errand; a long one shows its progress."""
        for _ in range(int(SHOWN_WITHIN_SECONDS / _POLL_SECONDS)):
            async with self._service.pool.acquire() as connection:
                row = await errand_store.read(connection, target_id, errand_id)
            if row is None or row["state"] != "sending" or row["problem"] is not None:
                return
            await asyncio.sleep(_POLL_SECONDS)


class _Waiting(Exception):  # noqa: N818 - it is no error of ours: the loop sends the batch again.
    """The batch is to be sent again after a pause."""
