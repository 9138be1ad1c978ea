"""Workflow's core under any order of people, services, repeats and crashes.

The machine plays the world around the core: ingest and staff speak, invitations answers what it
was told, a dispatcher moves the queue.  Messages lie in a bag from which they are delivered in
any order and as often as it likes; a step may crash before its commit, and then never was.
"""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from unit.workflow.builders import (
    START,
    alerted,
    booked,
    cancelled,
    declined,
    died,
    dispatched,
    enrolment,
    free,
    noted,
    patient,
    removed,
    settings,
    unanswered,
    undeliverable,
)
from workflow.decide import Enrolment, Folded, Happening, Patient, fold, tallied
from workflow.pacing import plan

ROUNDS = 2
SLOTS = 2
ENDINGS = ("booked", "declined", "unanswered", "undeliverable", "died")
numbers = st.integers(0, 2)
crashes = st.sampled_from([False] * 6 + [True])
alerts = st.sampled_from([None] * 5 + ["restricted"])


@dataclass
class Desk:
    """What invitations knows of one patient."""

    version: int = 0
    open_round: int | None = None
    booked: bool = False
    last: str = ""
    """What was said last of how things ended."""
    seen: set[int] = field(default_factory=set)
    withdrawn: set[int] = field(default_factory=set)


@dataclass
class Message:
    """One message on its way to workflow."""

    number: int
    what: Enrolment | Happening
    folded: bool = False


class AnyOrder(RuleBasedStateMachine):
    """The world around the core."""

    def __init__(self) -> None:
        super().__init__()
        self.patients: dict[int, Patient] = {}
        self.tallies: Counter[tuple[str, int, str]] = Counter()
        self.dispatched: set[tuple[int, int]] = set()
        self.waiting: dict[int, list[Happening]] = {}
        self.bag: list[Message] = []
        self.told: list[tuple[int, str, int]] = []
        self.desks: dict[int, Desk] = {}
        self.enrolments: dict[int, int] = {}
        self.removals: set[int] = set()
        self.outcomes: Counter[tuple[int, int]] = Counter()

    # Ingest and staff.

    @rule(number=numbers, alert=alerts)
    def enrol_or_ask_again(self, number: int, alert: str | None) -> None:
        version = self.enrolments.get(number, 0) + 1
        self.enrolments[number] = version
        self.bag.append(Message(number, enrolment(number, version, alert=alert)))

    @precondition(lambda self: self.enrolments)
    @rule(number=st.sampled_from([0, 1]))
    def remove(self, number: int) -> None:
        """The last of the patients is left to go all the way."""
        self.removals.add(number)
        self.bag.append(Message(number, removed()))

    # Invitations.

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def tell_invitations(self, data: st.DataObject) -> None:
        """An order reaches invitations: any of them, again and again."""
        fresh = [(n, o, s) for n, o, s in self.told if o == "dispatch" and not self._seen(n, s)]
        number, order, step = data.draw(st.sampled_from(fresh or self.told))
        desk = self.desks.setdefault(number, Desk())
        if order == "withdraw":
            desk.withdrawn.add(step)
            if desk.open_round == step:
                self._end(number, "ended")
        elif step not in desk.seen:
            desk.seen.add(step)
            desk.open_round = step
            if step in desk.withdrawn:
                self._end(number, "ended")
            elif desk.booked:
                self._end(number, "booked")

    @precondition(lambda self: self._open())
    @rule(data=st.data(), how=st.sampled_from(ENDINGS))
    def end_invitation(self, data: st.DataObject, how: str) -> None:
        self._end(data.draw(st.sampled_from(self._open())), how)

    @precondition(lambda self: self._known())
    @rule(data=st.data(), reply=st.booleans())
    def note_delivery(self, data: st.DataObject, reply: bool) -> None:
        """A channel reports, be it long after the invitation has ended."""
        number = data.draw(st.sampled_from(self._known()))
        desk = self.desks[number]
        desk.version += 1
        self._say(number, noted(desk.version, step=max(desk.seen), reply=reply))

    @precondition(lambda self: self._booked())
    @rule(data=st.data())
    def cancel_appointment(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self._booked()))
        self.desks[number].version += 1
        self.desks[number].booked = False
        self.desks[number].last = "cancelled"
        self._say(number, cancelled(self.desks[number].version))

    @precondition(lambda self: self.enrolments)
    @rule(number=numbers)
    def book_by_phone(self, number: int) -> None:
        """Staff book without an invitation, for anybody who was put on the target."""
        desk = self.desks.setdefault(number, Desk())
        if number in self.enrolments and not desk.booked and desk.open_round is None:
            desk.version += 1
            desk.booked, desk.last = True, "booked"
            self._say(number, booked(desk.version, step=None))

    def _open(self) -> list[int]:
        return [n for n, desk in self.desks.items() if desk.open_round is not None]

    def _known(self) -> list[int]:
        return [n for n, desk in self.desks.items() if desk.seen]

    def _booked(self) -> list[int]:
        return [n for n, desk in self.desks.items() if desk.booked]

    def _seen(self, number: int, step: int) -> bool:
        return step in self.desks.get(number, Desk()).seen

    def _end(self, number: int, how: str) -> None:
        desk = self.desks[number]
        step = desk.open_round
        assert step is not None
        desk.open_round = None
        desk.version += 1
        self.outcomes[number, step] += 1
        desk.booked, desk.last = desk.booked or how == "booked", how
        made = {
            "booked": lambda: booked(desk.version, step),
            "declined": lambda: declined(desk.version, step),
            "unanswered": lambda: unanswered(desk.version, step),
            "undeliverable": lambda: undeliverable(desk.version, step),
            "died": lambda: died(desk.version, step),
            "ended": lambda: Happening("ended", "", version=desk.version, round=step),
        }
        self._say(number, made[how]())

    def _say(self, number: int, what: Happening) -> None:
        self.bag.append(Message(number, what))

    # Workflow.

    @precondition(lambda self: self.bag)
    @rule(data=st.data(), crash=crashes)
    def fold_batch(self, data: st.DataObject, crash: bool) -> None:
        """Any messages of the bag, old ones too, in any order."""
        fresh = [message for message in self.bag if not message.folded]
        found = data.draw(st.lists(st.sampled_from(fresh or self.bag), min_size=1, max_size=4))
        found += data.draw(st.lists(st.sampled_from(self.bag), max_size=1))
        if not crash:
            for message in found:
                self._fold(message)

    @precondition(lambda self: any(p.status == "in_queue" for p in self.patients.values()))
    @rule(crash=crashes, scene=st.data())
    def dispatch(self, crash: bool, scene: st.DataObject) -> None:
        """A pass of the dispatcher; the register may name an alert."""
        queued = [n for n, p in self.patients.items() if p.status == "in_queue"]
        invited = sum(p.status == "being_invited" for p in self.patients.values())
        found = plan(settings(ROUNDS), free(SLOTS), invited, START)
        queued.sort(key=lambda n: (-self.patients[n].round, n))
        taken = queued[: found.room]
        codes = [scene.draw(alerts) for _ in taken]
        if crash:
            return
        for number, code in zip(taken, codes, strict=True):
            what = alerted(code) if code else dispatched()
            self._commit(number, fold(self.patients[number], [what], ROUNDS))
            after = self.patients[number]
            if after.status == "being_invited":
                assert (number, after.round) not in self.dispatched
                self.dispatched.add((number, after.round))
                self.told.append((number, "dispatch", after.round))

    def _fold(self, message: Message) -> None:
        """What a handler does with one message, in one transaction."""
        message.folded = True
        number, what = message.number, message.what
        before = self.patients.get(number)
        if before is None and isinstance(what, Happening):
            self.waiting.setdefault(number, []).append(what)
            return
        said: list[Enrolment | Happening] = [what]
        if before is None:
            said += sorted(self.waiting.pop(number, []), key=lambda w: w.version)
        self._commit(number, fold(before, said, ROUNDS))

    def _commit(self, number: int, folded: Folded) -> None:
        before, after = folded.before, folded.after
        if before is not None:
            assert after.round >= before.round
            assert after.version >= before.version
            assert before.status != "removed" or after.status == "removed"
        self.patients[number] = after
        for (target, step), change in tallied([folded]).items():
            for status, count in change._asdict().items():
                self.tallies[target, step, status] += count
        self.told += [(number, "withdraw", w.round) for w in folded.withdrawals]

    # What holds at every instant.

    @invariant()
    def the_page_adds_up(self) -> None:
        """Rules 1 and 2, on the histogram of round and status."""
        cells: Counter[tuple[int, str]] = Counter(
            (p.round, p.status) for p in self.patients.values()
        )
        overview: Counter[str] = Counter(p.status for p in self.patients.values())
        total = len(self.patients) - overview["removed"]
        in_progress = overview["in_queue"] + overview["being_invited"]
        finished = ("booked", "declined", "did_not_book", "patient_alert")
        assert total == in_progress + sum(overview[status] for status in finished)
        for step in range(1, ROUNDS + 1):
            left = sum(
                count
                for (at, status), count in cells.items()
                if (at > step and status != "removed") or (at, status) == (step, "did_not_book")
            )
            shown = ("in_queue", "being_invited", "booked", "declined", "patient_alert")
            reached = sum(p.round >= step and p.status != "removed" for p in self.patients.values())
            assert reached == left + sum(cells[step, status] for status in shown)
        assert all(cells[0, s] == 0 for s in (*shown[:-1], "did_not_book"))
        assert all(step == ROUNDS for step, status in cells if status == "did_not_book")

    @invariant()
    def no_more_are_invited_than_there_is_room(self) -> None:
        assert sum(p.status == "being_invited" for p in self.patients.values()) <= SLOTS

    @invariant()
    def the_tallies_equal_a_recount(self) -> None:
        counted = Counter(
            (p.target_id, p.round, p.status)
            for p in self.patients.values()
            if p.status in {"in_queue", "being_invited", "booked"}
        )
        assert {key: value for key, value in self.tallies.items() if value} == dict(counted)

    @invariant()
    def an_invitation_has_one_outcome_at_most(self) -> None:
        assert all(count == 1 for count in self.outcomes.values())
        assert set(self.outcomes) <= self.dispatched

    def teardown(self) -> None:
        """Once everything has been delivered, nothing is lost and nobody is stuck."""
        while True:
            rest = [message for message in self.bag if not message.folded]
            for message in rest:
                self._fold(message)
            for number, order, step in list(self.told):
                self._deliver(number, order, step)
            if not rest and not any(not m.folded for m in self.bag):
                break
        self.the_tallies_equal_a_recount()
        for number, version in self.enrolments.items():
            assert self.patients[number].enrolment_version == version
            assert self.patients[number].patient_id == patient(number)
            self._is_where_the_messages_say(number)

    def _deliver(self, number: int, order: str, step: int) -> None:
        desk = self.desks.setdefault(number, Desk())
        if order == "withdraw":
            desk.withdrawn.add(step)
            if desk.open_round == step:
                self._end(number, "ended")
        elif step not in desk.seen:
            desk.seen.add(step)
            desk.open_round = step
            if step in desk.withdrawn or desk.booked:
                self._end(number, "ended" if step in desk.withdrawn else "booked")

    def _is_where_the_messages_say(self, number: int) -> None:
        found = self.patients[number]
        desk = self.desks.get(number, Desk())
        assert (found.status == "removed") == (number in self.removals)
        assert not self.waiting.get(number)
        if found.status == "being_invited":
            assert desk.open_round == found.round
        if desk.booked and found.status != "removed":
            assert found.status == "booked"
            assert found.slot_id
        if found.status == "booked":
            assert desk.booked
        if found.status != "removed" and desk.last in {"declined", "cancelled"}:
            assert (found.status == "declined") == (desk.last == "declined")


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = hypothesis_settings(max_examples=250, stateful_step_count=60, deadline=None)
