"""The four services against a plain model of a whole target, whatever people, clocks and messages do.

Staff and patients act at any moment; every consumer falls behind, folds again what it has folded,
or dies before its commit.  At each step the page adds up and nothing is said that must not be;
whenever everything has been delivered, everybody is where the model has them.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from launcher.sums import broken
from recall.contracts.instants import instant
from recall.kit import wire
from support.people import nhs_numbers
from support.reference import Book
from support.stores import TestStores, fresh_database
from support.world import LOOPS, Consumer, Said, World, opened, silent
from workflow import pacing

START = datetime(2025, 9, 1, 8, tzinfo=UTC)
"""Monday 1 September 2025, 09:00 in London."""
NUMBERS = list(islice(nhs_numbers(5), 8))
TEXTS = ["A", "b please", "C", "DECLINE", "cancel", "what is this?", "STOP", "START"]
HOURS = [0.5, 6, 15, 24, 30]
ROUND = {"channel": "sms", "respond_within": "P1D"}


class AnyTarget(RuleBasedStateMachine):
    """One target, and everything that can happen to it."""

    world: ClassVar[World]
    runner: ClassVar[asyncio.Runner]

    def __init__(self) -> None:
        super().__init__()
        self.runner.run(self.world.begin(START))
        self.book = Book(rounds=2)
        self.world.heard = self._hear
        self.reports = self.slots = 0

    def _hear(self, said: Sequence[Said]) -> None:
        self._look_at_target()
        self.book.hear([(s.event.id, s.event.data) for s in said], self.world.clock.at)

    def _look_at_target(self) -> None:
        """The target as workflow has read it."""
        known = self.world.folded["workflow", "targets"]
        if known:
            self.book.target = max((s.event.data for s in known), key=lambda t: t.version)

    def _ask(self, method: str, path: str, *fine: int, at: str = "ingest", **body: Any) -> Any:
        answer = self.runner.run(self.world.ask(at, method, path, **body))
        assert answer.status_code in fine, answer.text
        return answer.json()

    # Staff.

    @initialize(
        ratio=st.sampled_from([1.0, 1.5, None]),
        slots=st.integers(1, 3),
        later=st.sampled_from([0, 0, 12]),
    )
    def create(self, ratio: float | None, slots: int, later: int) -> None:
        """A target with three patients, made in the morning or in the evening."""
        self.world.clock.at += timedelta(hours=later)
        target = {
            "target_id": "t",
            "name": "Childhood Immunisations",
            "practice": "A81001",
            "rounds": [ROUND, ROUND],
            "booking_window": {"from": "2025-09-15", "to": "2025-09-30"},
            "invitations_per_slot": ratio,
        }
        self._ask("POST", "/v1/targets", 201, json=target)
        self.release(slots)
        self.upload(NUMBERS[:3])

    @rule(numbers=st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=3, unique=True))
    def upload(self, numbers: list[str]) -> None:
        content = "".join(f"{number},17/05/1980\n" for number in numbers)
        headers = {"Content-Type": "text/csv"}
        self._ask("POST", "/v1/targets/t/uploads", 200, 409, content=content, headers=headers)

    @rule(count=st.integers(1, 2))
    def release(self, count: int) -> None:
        slots = []
        for _ in range(count):
            at = datetime(2025, 9, 15 + self.slots % 20 % 15, 9, tzinfo=UTC)
            slots.append({"slot_id": f"s{self.slots}", "starts_at": instant(at), "minutes": 10})
            self.slots += 1
        self._ask("POST", "/v1/targets/t/slots", 201, 409, json={"slots": slots})

    @rule(place=st.integers(0, 30))
    def withdraw_slot(self, place: int) -> None:
        self._ask("DELETE", f"/v1/targets/t/slots/s{place % self.slots}", 202)

    @rule(
        change=st.sampled_from(
            [
                {"invitations_per_slot": 0.5},
                {"invitations_per_slot": 3.0},
                {"booking_window": {"from": "2025-09-20"}},
                {"booking_window": {"from": "2025-09-15"}},
            ]
        )
    )
    def patch_target(self, change: dict[str, Any]) -> None:
        self._ask("PATCH", "/v1/targets/t", 200, json=change)

    @rule(within=st.sampled_from(["PT12H", "P3D"]), opens=st.sampled_from(["07:00", "10:00"]))
    def patch_rounds(self, within: str, opens: str) -> None:
        rounds = self._ask("GET", "/v1/targets/t", 200)["rounds"]
        for one in rounds:
            one["respond_within"] = within
            one["send_window"]["from"] = opens
        self._ask("PATCH", "/v1/targets/t", 200, json={"rounds": rounds})

    @precondition(lambda self: len(self.world.said(wire.TargetSaved)[-1].rounds) < 4)
    @rule()
    def add_round(self) -> None:
        rounds = self._ask("GET", "/v1/targets/t", 200)["rounds"]
        self._ask("PATCH", "/v1/targets/t", 200, json={"rounds": [*rounds, ROUND]})

    @rule(verb=st.sampled_from(["pause", "resume", "resume"]))
    def pause_or_resume(self, verb: str) -> None:
        self._ask("POST", f"/v1/targets/t/{verb}", 202)

    @rule(number=st.sampled_from(NUMBERS[:4]))
    def remove(self, number: str) -> None:
        body = {"nhs_numbers": [number], "reason": "Moved away."}
        self._ask("POST", "/v1/targets/t/removals", 202, 404, json=body)

    @rule(number=st.sampled_from(NUMBERS[:4]), again=st.booleans())
    def change_the_register(self, number: str, again: bool) -> None:
        """The register names an alert, or takes it back; staff may ask it again at once."""
        if self.world.alerts.pop(number, None) is None:
            self.world.alerts[number] = "restricted"
        if again:
            self._ask("POST", "/v1/targets/t/reprocess", 202, json={"all": True})

    @rule(place=st.integers(0, 30))
    def cancel(self, place: int) -> None:
        holders = sorted(name for name, person in self.book.people.items() if person.slot)
        if holders:
            path = f"/v1/patients/{holders[place % len(holders)]}/cancellations"
            body = {"reason": "The clinic is closed."}
            self._ask("POST", path, 200, 202, 404, 409, at="invitations", json=body)

    # Patients, channels and time.

    @rule(place=st.integers(0, 30), text=st.sampled_from(TEXTS), late=st.booleans())
    def reply(self, place: int, text: str, late: bool) -> None:
        """A reply to any invitation there ever was; its channel may have had it for an hour."""
        rows = self.runner.run(
            self.world.admin.fetch(
                "SELECT * FROM invitations.invitations ORDER BY patient_id, round"
            )
        )
        if not rows:
            return
        found = rows[place % len(rows)]
        self.reports += 1
        self.world.report(
            wire.ReplyReceived(
                target_id="t",
                patient_id=str(found["patient_id"]),
                invitation_id=found["invitation_id"],
                channel=found["channel"],
                report_id=f"r{self.reports}",
                text=text,
                received_at=instant(self.world.clock.at - timedelta(hours=late)),
            ),
            self.reports,
        )

    @rule(hours=st.sampled_from(HOURS))
    def let_time_pass(self, hours: float) -> None:
        self.world.clock.at += timedelta(hours=hours)

    # Messages.

    @rule(data=st.data(), crash=st.sampled_from([False] * 5 + [True]))
    def fold(self, data: st.DataObject, crash: bool) -> None:
        """Some records that wait, in any order."""
        waiting = sorted(c for c, said in self.world.pending.items() if said)
        if waiting:
            consumer = data.draw(st.sampled_from(waiting))
            said = self.world.pending[consumer]
            places = data.draw(
                st.lists(st.integers(0, len(said) - 1), min_size=1, max_size=5, unique=True)
            )
            self._fold(consumer, [said[place] for place in places], crash=crash)

    @rule(data=st.data())
    def fold_again(self, data: st.DataObject) -> None:
        """Records that were folded before, as after a crash of the publisher."""
        past = sorted(c for c, said in self.world.folded.items() if said)
        if past:
            consumer = data.draw(st.sampled_from(past))
            said = self.world.folded[consumer]
            place = data.draw(st.integers(0, len(said) - 1))
            self._fold(consumer, said[place : place + 3], crash=False)

    def _fold(self, consumer: Consumer, said: Sequence[Said], *, crash: bool) -> None:
        self.runner.run(self.world.fold(consumer, list(said), crash=crash))

    @rule(loop=st.sampled_from(LOOPS))
    def tick(self, loop: tuple[str, str]) -> None:
        self.runner.run(self.world.tick(*loop))

    @rule(seed=st.randoms(use_true_random=False))
    def settle(self, seed: Any) -> None:
        """Everything is delivered, in some order."""
        self.runner.run(self.world.settle(seed.randrange))
        self._look_at_target()
        assert self.book.misplaced() == []
        self.runner.run(self._nothing_is_lost())

    async def _nothing_is_lost(self) -> None:
        fetch = self.world.admin.fetch
        statuses = Counter(
            {
                (row[0], row[1]): row[2]
                for row in await fetch(_HISTOGRAM.format("workflow.patients"))
            }
        )
        shown = await fetch(
            _HISTOGRAM.format("dashboard.patients JOIN dashboard.cells USING (cell)")
        )
        assert statuses == Counter({(row[0], row[1]): row[2] for row in shown})
        (rest,) = await fetch(
            """
            SELECT
                (SELECT count(*) FROM workflow.waiting_messages)
                + (SELECT count(*) FROM invitations.waiting_messages) AS waiting,
                (SELECT count(*) FROM workflow.dispatched) AS dispatched,
                (SELECT count(*) FROM invitations.invitations) AS invited
            """
        )
        assert rest["waiting"] == 0
        assert rest["dispatched"] == rest["invited"]
        await self._nobody_waits_without_a_reason(statuses)

    async def _nobody_waits_without_a_reason(self, statuses: Counter[tuple[str, int]]) -> None:
        """Whoever waits does so for a pause, the hour, or a slot."""
        target = self.book.target
        now = self.world.clock.at
        local = f"{now + timedelta(hours=1):%H:%M}"
        (row,) = await self.world.admin.fetch(_FREE, now)
        invited = sum(n for (status, _), n in statuses.items() if status == "being_invited")
        ratio = target.invitations_per_slot
        room = row["free"] and (ratio is None or invited < row["free"] * float(ratio))
        for step in target.rounds:
            window = step.send_window
            if target.state == "active" and room and window.from_time <= local < window.to_time:
                assert not statuses["in_queue", step.round], "somebody waits without a reason"

    @invariant()
    def the_page_adds_up(self) -> None:
        answer = self.runner.run(self.world.ask("dashboard", "GET", "/v1/targets/t"))
        if answer.status_code == 404:
            return
        page = answer.json()
        # Whoever had finished when a round was added stays finished in what was the last round.
        assert [x for x in broken(page) if not x.startswith("did not book in the last")] == []
        assert page["overview"]["did_not_book"] <= sum(r["did_not_book"] for r in page["rounds"])

    def teardown(self) -> None:
        self.runner.run(self.world.settle(lambda _: 0))
        self._look_at_target()
        assert self.book.misplaced() == []


_HISTOGRAM = "SELECT status, round, count(*) FROM {} GROUP BY 1, 2"
_FREE = """
SELECT count(*) AS free FROM invitations.slots AS s JOIN invitations.targets USING (target_id)
WHERE NOT booked AND NOT withdrawn AND starts_at > $1 AND london_date BETWEEN from_date AND to_date
"""


@pytest.fixture
def machine(stores: TestStores, tmp_path: Path) -> Iterator[type[AnyTarget]]:
    """The machine on services and a database of its own."""
    scenario = tmp_path / "scenario.json"
    scenario.write_text(silent())
    with asyncio.Runner() as runner:
        dsn = runner.run(fresh_database(stores))
        opening = opened(dsn, stores.role_password, str(scenario))
        world = runner.run(opening.__aenter__())
        try:
            yield type("Machine", (AnyTarget,), {"world": world, "runner": runner})
        finally:
            runner.run(opening.__aexit__(None, None, None))


def played(machine: type[AnyTarget], examples: int, *, shrink: bool = True) -> None:
    run_state_machine_as_test(
        machine,
        settings=hypothesis_settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.timeout(600)
def test_whatever_happens_to_a_target_everybody_is_where_the_book_has_them(
    machine: type[AnyTarget],
) -> None:
    played(machine, EXAMPLES)


EXAMPLES = 10


def always_open(mutant: ExitStack) -> None:
    """A send window that never shuts."""
    mutant.enter_context(patch.object(pacing, "is_open", lambda *_: True))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("plant", [always_open])
def test_a_planted_mistake_is_found(
    machine: type[AnyTarget], plant: Callable[[ExitStack], None]
) -> None:
    with ExitStack() as mutant:
        plant(mutant)
        with pytest.raises((AssertionError, ExceptionGroup)):
            played(machine, 40, shrink=False)
