"""The four services against a plain model of a whole target, whatever people, clocks and messages do.

Staff and patients act at any moment; every consumer falls behind, folds again what it has folded,
or dies before its commit.  At each step the page adds up and nothing is said that must not be;
whenever everything has been delivered, everybody is where the model has them.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import islice
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

from invitations import inviting
from launcher.sums import broken
from recall.contracts.instants import instant
from recall.kit import wire
from support.agreement import disagreements
from support.people import nhs_numbers
from support.reference import Book
from support.stores import TestStores, fresh_database
from support.world import HANDING_ON, LOOPS, Consumer, Said, World, opened, silent
from workflow import pacing
from workflow.transitions import TABLE, Rule

START = datetime(2025, 9, 1, 8, tzinfo=UTC)
"""Monday 1 September 2025, 09:00 in London."""
NUMBERS = list(islice(nhs_numbers(5), 8))
TEXTS = ["A", "b please", "C", "DECLINE", "cancel", "what is this?", "STOP", "START"]
HOURS = [0.5, 6, 15, 24, 30]
ROUND = {"channel": "sms", "respond_within": "P1D"}
DELIVERIES: list[dict[str, Any]] = [
    {"state": "delivered"},
    {"state": "failed", "reason": "unreachable"},
    {"state": "failed", "reason": "unreachable", "temporary": True},
    {"state": "failed", "reason": "deceased"},
]
BEGUN = ["", "invited", "removed", "booked", "cancelled", "stopped"]
PLACES = st.integers(0, 30)


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
        self.refused: list[str] = []

    def _hear(self, said: Sequence[Said]) -> None:
        """Have the book hear it; what it refuses is kept, since a service only tries again."""
        self._look()
        try:
            self.book.hear([(s.event.id, s.event.data) for s in said], self.world.clock.at)
        except AssertionError as refusal:
            self.refused.append(str(refusal))

    def _look(self) -> None:
        """The target and its free slots as workflow has read of them."""
        self.book.target = self._latest("targets")
        self.book.availability = self._latest("slot-availability")

    def _latest(self, topic: str) -> Any:
        known = [said.event.data for said in self.world.folded["workflow", topic]]
        return max(known, key=lambda data: data.version, default=None)

    def _ask(self, method: str, path: str, *fine: int, at: str = "ingest", **body: Any) -> Any:
        answer = self.runner.run(self.world.ask(at, method, path, **body))
        assert answer.status_code in fine, answer.text
        return answer.json()

    # Staff.

    @initialize(
        ratio=st.sampled_from([1.0, 1.5, None]),
        slots=st.integers(1, 4),
        later=st.sampled_from([0, 0, 0, 12]),
        channels=st.sampled_from([("sms", "sms"), ("sms", "letter"), ("sms-link", "sms")]),
        begun=st.sampled_from(BEGUN),
    )
    def create(
        self, ratio: float | None, slots: int, later: int, channels: Sequence[str], begun: str
    ) -> None:
        """A target with three patients, some of whom may have been invited or have booked."""
        self.world.clock.at += timedelta(hours=later)
        target = {
            "target_id": "t",
            "name": "Childhood Immunisations",
            "practice": "A81001",
            "rounds": [ROUND | {"channel": channel} for channel in channels],
            "booking_window": {"from": "2025-09-15", "to": "2025-09-30"},
            "invitations_per_slot": ratio,
        }
        self._ask("POST", "/v1/targets", 201, json=target)
        self.release(slots)
        self.upload(NUMBERS[:3])
        if begun:
            self._settle(lambda _: 0)
            self._begin(begun)
            self._settle(lambda _: 0)

    def _begin(self, begun: str) -> None:
        """What has come about already when the play begins: chance would seldom get so far."""
        if begun in {"booked", "cancelled"}:
            for place in range(2):
                self.answer_by_phone(place, place)
        if begun == "cancelled":
            self.cancel(0)
        elif begun == "removed":
            self.remove(NUMBERS[0])
        elif begun == "stopped":
            self.reply(0, "STOP", late=False)

    @rule(numbers=st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=3, unique=True))
    def upload(self, numbers: list[str]) -> None:
        content = "".join(f"{number},17/05/1980\n" for number in numbers)
        headers = {"Content-Type": "text/csv"}
        self._ask("POST", "/v1/targets/t/uploads", 200, 409, content=content, headers=headers)
        # At once: the model's few plays are better spent on what follows.
        self.runner.run(self.world.tick(*HANDING_ON))

    @rule(count=st.integers(1, 2))
    def release(self, count: int) -> None:
        slots = []
        for _ in range(count):
            at = datetime(2025, 9, 15 + self.slots % 20 % 15, 9, tzinfo=UTC)
            slots.append({"slot_id": f"s{self.slots}", "starts_at": instant(at), "minutes": 10})
            self.slots += 1
        self._ask("POST", "/v1/targets/t/slots", 201, 409, json={"slots": slots})

    @rule(place=PLACES)
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

    @precondition(lambda self: any(person.open_rounds for person in self.book.people.values()))
    @rule(place=PLACES)
    def remove_who_is_invited(self, place: int) -> None:
        people = self.book.people
        invited = sorted(name for name in people if people[name].open_rounds)
        body = {"patients": [invited[place % len(invited)]], "reason": "Moved away."}
        self._ask("POST", "/v1/targets/t/removals", 202, 404, json=body)

    @rule(number=st.sampled_from(NUMBERS[:4]), again=st.booleans())
    def change_the_register(self, number: str, again: bool) -> None:
        """The register names an alert, or takes it back; staff may ask it again at once."""
        if self.world.alerts.pop(number, None) is None:
            self.world.alerts[number] = "restricted"
        if again:
            self._ask("POST", "/v1/targets/t/reprocess", 202, json={"all": True})

    def _someone(self, place: int, *, holding: bool = False) -> str:
        """A patient who is or was on the target, or one who holds an appointment."""
        people = self.book.people
        names = sorted(name for name in people if people[name].slot or not holding)
        return names[place % len(names)]

    @precondition(lambda self: any(person.slot for person in self.book.people.values()))
    @rule(place=PLACES)
    def cancel(self, place: int) -> None:
        path = f"/v1/patients/{self._someone(place, holding=True)}/cancellations"
        body = {"reason": "The clinic is closed."}
        self._ask("POST", path, 200, 404, 409, at="invitations", json=body)

    @rule(place=PLACES, slot=st.integers(-2, 10))
    def answer_by_phone(self, place: int, slot: int) -> None:
        """Staff book what a patient chooses on the phone, or enter a no."""
        path = f"/v1/patients/{self._someone(place)}/answers"
        body = {"declined": True} if slot < 0 else {"booked": f"s{slot % self.slots}"}
        self._ask("POST", path, 200, 404, 409, at="invitations", json=body)

    @rule(place=PLACES, what=st.sampled_from(["help", "dealt_with"]))
    def deal_with_a_reply(self, place: int, what: str) -> None:
        path = f"/v1/patients/{self._someone(place)}/replies"
        self._ask("POST", path, 200, 404, 409, at="invitations", json={what: True})

    @rule(place=PLACES, field=st.sampled_from([{"first_name": "Ann"}, {"mobile": "07700900123"}]))
    def correct(self, place: int, field: dict[str, str]) -> None:
        self._ask("PATCH", f"/v1/patients/{self._someone(place)}", 200, 404, 409, json=field)

    @rule(place=PLACES)
    def opt_out(self, place: int) -> None:
        body = {"reason": "Asked on the phone."}
        self._ask("POST", f"/v1/patients/{self._someone(place)}/opt-outs", 202, json=body)

    # Patients, channels and time.

    @rule(place=PLACES, text=st.sampled_from(TEXTS), late=st.booleans())
    def reply(self, place: int, text: str, late: bool) -> None:
        """A reply to any invitation there ever was; its channel may have had it for an hour."""
        self._report(wire.ReplyReceived, place, late, text=text)

    @rule(place=PLACES, how=st.sampled_from(DELIVERIES), late=st.booleans())
    def deliver(self, place: int, how: dict[str, Any], late: bool) -> None:
        """News of how far any invitation has got."""
        self._report(wire.DeliveryReported, place, late, **how)

    def _report(self, kind: type[Any], place: int, late: bool, **said: Any) -> None:
        rows = self.runner.run(
            self.world.admin.fetch(
                "SELECT * FROM invitations.invitations ORDER BY patient_id, round"
            )
        )
        if rows:
            found = rows[place % len(rows)]
            self.reports += 1
            report = kind(
                target_id="t",
                patient_id=str(found["patient_id"]),
                invitation_id=found["invitation_id"],
                channel=found["channel"],
                report_id=f"r{self.reports}",
                received_at=instant(self.world.clock.at - timedelta(hours=late)),
                **said,
            )
            self.world.report(report, self.reports)

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

    @rule(loop=st.sampled_from([loop for loop in LOOPS if loop != HANDING_ON]))
    def tick(self, loop: tuple[str, str]) -> None:
        self.runner.run(self.world.tick(*loop))

    @rule(seed=st.randoms(use_true_random=False))
    def settle(self, seed: Any) -> None:
        """Everything is delivered, in some order, and everybody agrees on it."""
        self._settle(seed.randrange)

    def _settle(self, choose: Callable[[int], int]) -> None:
        self.runner.run(self.world.settle(choose))
        self._look()
        assert self.refused + self.runner.run(disagreements(self.world, self.book)) == []

    @invariant()
    def nothing_is_said_that_must_not_be(self) -> None:
        assert self.refused == []

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
        self._settle(lambda _: 0)


@pytest.fixture(scope="module")
def machine(
    stores: TestStores, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[type[AnyTarget]]:
    """The machine on services and a database of its own."""
    scenario = tmp_path_factory.mktemp("model") / "scenario.json"
    scenario.write_text(silent())
    with asyncio.Runner() as runner:
        dsn = runner.run(fresh_database(stores))
        opening = opened(dsn, stores.role_password, str(scenario))
        world = runner.run(opening.__aenter__())
        try:
            yield type("Machine", (AnyTarget,), {"world": world, "runner": runner})
        finally:
            runner.run(opening.__aexit__(None, None, None))


def played(machine: type[AnyTarget], examples: int, steps: int, *, to_the_end: bool = True) -> None:
    """Play; a planted mistake need only be found, not made small or followed by others."""
    run_state_machine_as_test(
        machine,
        settings=hypothesis_settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate, Phase.shrink] if to_the_end else [Phase.generate],
            report_multiple_bugs=to_the_end,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.timeout(600)
def test_whatever_happens_to_a_target_everybody_is_where_the_book_has_them(
    machine: type[AnyTarget],
) -> None:
    played(machine, examples=10, steps=40)


def always_open(mutant: ExitStack) -> None:
    """A send window that never shuts."""
    mutant.enter_context(patch.object(pacing, "is_open", lambda *_: True))


def never_withdrawn(mutant: ExitStack) -> None:
    """A removal that leaves the open invitation open."""
    removed = {("being_invited", "removed"): Rule("removed")}
    mutant.enter_context(patch.dict(TABLE, removed))


def not_heard(mutant: ExitStack) -> None:
    """A cancelled appointment that leaves its patient where they are."""
    mutant.enter_context(patch.dict(TABLE))
    del TABLE["booked", "cancelled"]


def unlimited(mutant: ExitStack) -> None:
    """A gate that forgets who is being invited already."""
    room_for = pacing.room_for
    mutant.enter_context(
        patch.object(
            pacing, "room_for", lambda target, free, _, now: room_for(target, free, 0, now)
        )
    )


def texted(mutant: ExitStack) -> None:
    """A dispatch that does not ask who wants no texts."""
    mutant.enter_context(patch.object(inviting, "cannot_send", lambda *_: None))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("plant", [always_open, never_withdrawn, not_heard, unlimited, texted])
def test_a_planted_mistake_is_found(
    machine: type[AnyTarget], plant: Callable[[ExitStack], None]
) -> None:
    with ExitStack() as mutant:
        plant(mutant)
        with pytest.raises((AssertionError, ExceptionGroup)):
            played(machine, examples=40, steps=12, to_the_end=False)
