"""A whole target as a practice manager would keep it in an exercise book: plain and obvious.

It hears what was said, in the order in which it was said, and knows of no service, topic or
table.  It refuses at once what must never be said, and tells where everybody must be once all
has been heard.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import Any

from recall.contracts.instants import LONDON, moment
from recall.contracts.vocabulary import is_text_channel
from recall.kit import wire

ENDINGS: dict[type[Any], str] = {
    wire.AppointmentBooked: "booked",
    wire.InvitationDeclined: "declined",
    wire.InvitationUnanswered: "unanswered",
    wire.InvitationUndeliverable: "undeliverable",
    wire.InvitationEnded: "withdrawn",
}


@dataclass
class Person:
    """One patient's page in the book."""

    person_id: str = ""
    position: int = 0
    enrolled: bool = False
    removed: bool = False
    invited: dict[int, str] = field(default_factory=dict)
    """By round, until when the patient may answer."""
    ended: dict[int, str] = field(default_factory=dict)
    """By round, how the invitation ended."""
    channels: dict[int, str] = field(default_factory=dict)
    slot: str | None = None
    by_phone: bool = False
    """Whether the appointment answered no invitation: staff took it from somebody who had none."""
    left: int | None = None
    """The round in which such an appointment was cancelled, or the one before: an invitation that
    ended just before staff booked may be heard of later than the booking."""
    declined: bool = False
    status: str = ""
    round: int = 0
    version: int = 0

    @property
    def settled(self) -> bool:
        return self.slot is not None or self.declined

    @property
    def open_rounds(self) -> set[int]:
        return self.invited.keys() - self.ended.keys()


@dataclass
class Book:
    """The target's exercise book."""

    rounds: int
    """How many rounds there were at first; more may follow."""
    target: Any = None
    """The target as those who dispatch know it."""
    availability: Any = None
    """The free slots as those who dispatch know them."""
    words: dict[str, dict[str, set[bool]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )
    """By person and instant, whether they opted out of texts or in again."""
    people: dict[str, Person] = field(default_factory=lambda: defaultdict(Person))
    events: set[str] = field(default_factory=set)

    def hear(self, said: list[tuple[str, Any]], now: datetime) -> None:
        """Events that were published together, with their ids."""
        fresh = [(name, data) for name, data in said if name not in self.events]
        self.events |= {name for name, _ in said}
        going = [data for _, data in fresh if isinstance(data, wire.InvitationDispatched)]
        for _, data in fresh:
            self._hear(data, now)
        for data in going:
            self._came_first(data)
        if going:
            self._there_is_room()

    def _hear(self, data: Any, now: datetime) -> None:
        match data:
            case wire.PatientEnrolled():
                person = self.people[data.patient_id]
                person.enrolled, person.person_id = True, data.person_id
                person.position = data.position
            case wire.PatientRemovalRequested():
                self.people[data.patient_id].removed = True
            case wire.InvitationDispatched():
                self._invite(data)
            case wire.PatientProgressed():
                self._progress(data)
            case wire.AppointmentCancelled():
                self._cancel(data)
            case wire.OptOutRequested() | wire.ReplyReceived():
                self._listen(data)
            case _ if type(data) in ENDINGS:
                self._end(data, now)

    def _listen(self, data: Any) -> None:
        """Words about texts."""
        if isinstance(data, wire.OptOutRequested):
            self.words[data.person_id][data.requested_at].add(True)
        elif data.text in {"STOP", "START"}:
            person_id = self.people[data.patient_id].person_id
            self.words[person_id][data.received_at].add(data.text == "STOP")

    def _cancel(self, data: Any) -> None:
        person = self.people[data.patient_id]
        assert person.slot == data.slot_id, "an appointment is cancelled that stands"
        if person.by_phone:
            person.left = max(person.round, 1)
        for other in self.people.values():
            # Somebody may have been put on the target again with their appointment.
            if other.person_id == person.person_id and other.slot == data.slot_id:
                other.slot, other.by_phone = None, False

    def _invite(self, data: Any) -> None:
        person = self.people[data.patient_id]
        assert data.round not in person.invited, "one invitation in a round, ever"
        assert not person.open_rounds, "nobody is invited twice at once"
        assert all(data.round > earlier for earlier in person.invited), "rounds only grow"
        assert self.target is not None, "nobody is invited to a target that is not known"
        assert self.target.state == "active", "nobody is invited while the target is paused"
        step = self.target.rounds[data.round - 1]
        local = moment(data.dispatched_at).astimezone(LONDON)
        window = step.send_window
        assert window.from_time <= f"{local:%H:%M}" < window.to_time, "nothing goes out at night"
        assert data.channel == step.channel
        person.invited[data.round] = data.expires_at
        person.channels[data.round] = data.channel

    def _came_first(self, data: Any) -> None:
        """Whoever waits in the same round was uploaded later; in a later one that sends, nobody."""
        person = self.people[data.patient_id]
        local = f"{moment(data.dispatched_at).astimezone(LONDON):%H:%M}"
        sending = {
            step.round
            for step in self.target.rounds
            if step.send_window.from_time <= local < step.send_window.to_time
        }
        for other in self.people.values():
            if other.status == "in_queue" and not other.removed and other.round in sending:
                assert other.round <= data.round, "later rounds first"
                same = other.round == data.round
                assert not same or person.position < other.position, "first come, first served"

    def _there_is_room(self) -> None:
        """No more are being invited than the free slots of the window allow."""
        window, ratio = self.target.booking_window, self.target.invitations_per_slot
        free = sum(
            day.free
            for day in (self.availability.days if self.availability else ())
            if window.from_date <= day.date <= window.to_date
        )
        invited = sum(person.status == "being_invited" for person in self.people.values())
        assert free, "nobody is invited while no slot is free"
        assert ratio is None or invited <= ceil(free * float(ratio)), "no more than there is room"

    def _progress(self, data: Any) -> None:
        person = self.people[data.patient_id]
        if data.version > person.version:
            assert (data.round or 0) >= person.round, "nobody goes back to an earlier round"
            person.version, person.status = data.version, data.status
            person.round = data.round or 0

    def _end(self, data: Any, now: datetime) -> None:
        person = self.people[data.patient_id]
        how = ENDINGS[type(data)]
        if data.invitation_id is not None:
            assert data.round in person.invited, "only an invitation has an outcome"
            assert data.round not in person.ended, "one outcome for each invitation"
            person.ended[data.round] = how
        if how == "unanswered":
            assert person.invited[data.round] == data.expired_at <= _text(now), "in its time"
        person.declined = how == "declined" or (person.declined and how != "booked")
        if how == "booked":
            holders = {
                other.person_id
                for other in self.people.values()
                if other.slot == data.slot_id and other is not person
            }
            assert holders <= {person.person_id}, "one patient in a slot"
            assert person.slot in {None, data.slot_id}, "one slot for a patient"
            person.slot, person.by_phone = data.slot_id, data.invitation_id is None

    def misplaced(self) -> list[str]:
        """Whoever is not where they must be, now that everything has been heard."""
        return [
            f"{name} is {person.status} in round {person.round}, by the book: {wanted}; {person}"
            for name, person in self.people.items()
            if (wanted := self._where(person)) != f"{person.status} {person.round}"
        ]

    def texted(self) -> list[str]:
        """Whoever has an open invitation by text although they opted out."""
        return [
            f"{name} opted out and is invited by text"
            for name, person in self.people.items()
            if self.opted_out(person.person_id)
            and any(is_text_channel(person.channels[number]) for number in person.open_rounds)
        ]

    def opted_out(self, person_id: str) -> bool | None:
        """Whether somebody's last word was STOP; None if they said both at that very instant."""
        words = self.words.get(person_id)
        last = words[max(words)] if words else {False}
        return None if len(last) > 1 else True in last

    def _where(self, person: Person) -> str:
        """Where somebody must be, with the round."""
        last = max(person.invited, default=0)
        if person.removed or (person.status == "patient_alert" and not person.settled):
            assert not person.open_rounds, "whoever is off the target is invited no more"
            return f"{'removed' if person.removed else 'patient_alert'} {person.round}"
        if person.settled:
            return f"{'booked' if person.slot else 'declined'} {person.round}"
        if person.open_rounds:
            return f"being_invited {last}"
        if person.left is not None and person.left >= last:
            last = person.left
            last += (person.status, person.round) in {
                ("in_queue", last + 2),
                ("did_not_book", last + 1),
            }
        if last >= len(self.target.rounds) or (last >= self.rounds and _has_finished(person)):
            return f"did_not_book {last}"
        return f"in_queue {last + 1}"


def _has_finished(person: Person) -> bool:
    """Whoever had finished when a round was added stays finished."""
    return person.status == "did_not_book"


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
