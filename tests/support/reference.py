"""A whole target as a practice manager would keep it in an exercise book: plain and obvious.

It hears what was said, in the order in which it was said, and knows of no service, topic or
table.  It refuses at once what must never be said, and tells where everybody must be once all
has been heard.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from recall.contracts.instants import LONDON, moment
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
    slot: str | None = None
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
                person = self.people[data.patient_id]
                assert person.slot == data.slot_id, "an appointment is cancelled that stands"
                person.slot = None
            case _ if type(data) in ENDINGS:
                self._end(data, now)

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

    def _came_first(self, data: Any) -> None:
        """Whoever waits in the same round was uploaded later."""
        person = self.people[data.patient_id]
        waiting = [
            other.position
            for other in self.people.values()
            if (other.status, other.round) == ("in_queue", data.round) and not other.removed
        ]
        assert all(person.position < position for position in waiting), "first come, first served"

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
            person.slot = data.slot_id

    def misplaced(self) -> list[str]:
        """Whoever is not where they must be, now that everything has been heard."""
        return [
            f"{name} is {person.status} in round {person.round}, by the book: {wanted}; {person}"
            for name, person in self.people.items()
            if (wanted := self._where(person)) != f"{person.status} {person.round}"
        ]

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
        if last >= len(self.target.rounds) or (last >= self.rounds and _has_finished(person)):
            return f"did_not_book {last}"
        return f"in_queue {last + 1}"


def _has_finished(person: Person) -> bool:
    """Whoever had finished when a round was added stays finished."""
    return person.status == "did_not_book"


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
