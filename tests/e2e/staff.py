"""What a practice does to a crowd while it is being invited: the same for the same seed.

Each command is sent with a key, so that it can be sent again whatever came of it, at a business
instant at which all is settled: whatever is killed meanwhile, it then finds the same patients in
the same places, and what it leads to is the same.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import asyncpg

from launcher.crowd import ROWS_A_FILE, SLOTS_A_REQUEST, Crowd
from launcher.driving import Driver
from launcher.made_up import MadeUp, csv_of, parts
from launcher.problems import Problem
from recall.contracts.ids import draw

Insist = Callable[[Callable[[], Coroutine[Any, Any, Any]]], Awaitable[Any]]
"""Does something until it works."""

SHARES: Final[Mapping[str, float]] = {
    "removed": 0.04,
    "removed-paused": 0.02,
    "removed-late": 0.01,
    "corrected": 0.02,
    "opted-out": 0.03,
    "opted-out-late": 0.03,
    "cancelled": 0.05,
    "cancelled-late": 0.05,
}
"""How many of all are chosen for a command; some of them it does not concern."""
BACK: Final = 0.5
"""How many of those removed first are uploaded again."""
LAST_DAY: Final = 16
"""No command comes after this day."""
AT_ONCE: Final = 4


@dataclass
class Staff:
    """A practice and its crowd; `done` counts what was done to how many."""

    driver: Driver
    crowd: Crowd
    dsn: str
    insist: Insist
    done: Counter[str] = field(default_factory=Counter)

    async def prepare(self) -> None:
        """Create the target and release its slots."""
        await self._send("/v1/targets", "target", json=self.crowd.target())
        slots = self.crowd.slots()
        for start in range(0, len(slots), SLOTS_A_REQUEST):
            part = slots[start : start + SLOTS_A_REQUEST]
            await self._send(f"{self._path}/slots", f"slots-{start}", json={"slots": part})

    async def upload(self) -> None:
        """Upload everybody."""
        for number, part in enumerate(parts(self.crowd.people(), ROWS_A_FILE)):
            answer = await self._upload(part, f"upload-{number}")
            assert answer["enrolled"] == len(part), answer

    def of(self, day: int) -> list[Callable[[], Coroutine[Any, Any, None]]]:
        """What is done on a day, one after the other, before the clock moves."""
        acts: dict[int, list[Callable[[], Coroutine[Any, Any, None]]]] = {
            2: [partial(self._remove, "removed"), partial(self._correct, "corrected")],
            3: [self._enrol_again],
            4: [partial(self._opt_out, "opted-out")],
            5: [partial(self._cancel, "cancelled")],
            7: [partial(self._switch, "pause")],
            # Round 1 has ended for most: they wait for round 2.
            8: [partial(self._remove, "removed-paused")],
            9: [partial(self._switch, "resume")],
            12: [partial(self._cancel, "cancelled-late"), partial(self._remove, "removed-late")],
            LAST_DAY: [partial(self._opt_out, "opted-out-late")],
        }
        return acts.get(day, [])

    async def _remove(self, what: str) -> None:
        numbers = [person.nhs_number for person in self._chosen(what)]
        body = {"nhs_numbers": numbers, "reason": "Has moved away."}
        answer = await self._send(f"{self._path}/removals", what, json=body)
        self.done[what] = answer["count"]

    async def _enrol_again(self) -> None:
        removed = self._chosen("removed")
        back = [p for p in removed if draw(self.crowd.seed, p.nhs_number, "back") < BACK]
        self.done["back"] = (await self._upload(back, "back"))["enrolled"]

    async def _switch(self, what: str) -> None:
        answer = await self._send(f"{self._path}/{what}", what)
        self.done[what] = answer["count"]

    async def _correct(self, what: str) -> None:
        body = {"first_name": "Robin", "mobile": "07700 900999"}
        await self._each(
            what,
            lambda patient: self._send(
                f"/v1/patients/{patient}", f"{what}-{patient}", "PATCH", json=body
            ),
        )

    async def _opt_out(self, what: str) -> None:
        await self._each(
            what,
            lambda patient: self._send(f"/v1/patients/{patient}/opt-outs", f"{what}-{patient}"),
        )

    async def _cancel(self, what: str) -> None:
        """Cancel the appointments of those of the chosen who have one."""
        rows = await self._rows("SELECT patient_id::text FROM invitations.appointments")
        have_one = {row["patient_id"] for row in rows}
        await self._each(what, self._cancelled, have_one)

    async def _cancelled(self, patient: str) -> None:
        """Cancel one; to be told that there is none means that it was done the time before."""
        path = f"/v1/patients/{patient}/cancellations"

        async def cancel() -> None:
            try:
                await self.driver.post("invitations", path, json={"reason": "Cannot come."})
            except Problem as problem:
                if "no appointment" not in problem.what:
                    raise

        await self.insist(cancel)

    async def _each(
        self, what: str, act: Callable[[str], Awaitable[Any]], among: set[str] | None = None
    ) -> None:
        """Do something to the chosen who stand on the target, a few at a time."""
        numbers = [person.nhs_number for person in self._chosen(what)]
        rows = await self._rows(
            "SELECT patient_id FROM ingest.patients WHERE target_id = $1"
            " AND nhs_number = ANY($2::text[]) AND removed_at IS NULL ORDER BY 1",
            self.crowd.target_id,
            numbers,
        )
        ids = [r["patient_id"] for r in rows if among is None or r["patient_id"] in among]
        for some in parts(ids, AT_ONCE):
            await asyncio.gather(*(act(patient) for patient in some))
        self.done[what] = len(ids)

    def _chosen(self, what: str) -> list[MadeUp]:
        """Whom the seed names for a command."""
        return [
            person
            for person in self.crowd.people()
            if draw(self.crowd.seed, person.nhs_number, what) < SHARES[what]
        ]

    @property
    def _path(self) -> str:
        return f"/v1/targets/{self.crowd.target_id}"

    async def _upload(self, people: Any, key: str) -> dict[str, Any]:
        return await self._send(f"{self._path}/uploads", key, content=csv_of(people))

    async def _send(self, path: str, key: str, method: str = "POST", **body: Any) -> dict[str, Any]:
        headers = {"Idempotency-Key": f"{self.crowd.target_id}-{key}"}
        if "content" in body:
            headers["Content-Type"] = "text/csv"
        found: dict[str, Any] = await self.insist(
            lambda: self.driver.ask("ingest", method, path, headers=headers, **body)
        )
        return found

    async def _rows(self, query: str, *values: object) -> list[asyncpg.Record]:
        async def ask() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.dsn, timeout=10)
            try:
                found: list[asyncpg.Record] = await connection.fetch(query, *values)
                return found
            finally:
                connection.terminate()

        rows: list[asyncpg.Record] = await self.insist(ask)
        return rows
