"""What a patient becomes when something happens: pure, on frozen values.

Looks the pair up in `transitions.TABLE` and fills in what each status carries.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from recall.contracts.vocabulary import AlertCode, Delivery, Description, Status
from workflow.transitions import Event, Rule, State, rule_of

SERVICE: Final = "workflow"
"""The actor of what the service does of itself."""


class TargetNotReadError(Exception):
    """A patient would enter the next round of a target that has not been read yet.

    It comes on another topic; the batch is done again until it is there.
    """


class Enrolment(Struct, frozen=True):
    """What ingest says about a patient, without names, numbers to call, or addresses."""

    patient_id: str
    target_id: str
    partition: int
    position: int
    version: int
    nhs_number: str
    date_of_birth: str
    has_mobile: bool
    has_address: bool
    has_carer_mobile: bool
    alert: AlertCode | None
    actor: str
    at: str


class Patient(Struct, frozen=True):
    """One patient; the fields are the columns of `patients`, in their order.

    Instants and dates are texts as on the wire.  `round` is 0 until round 1; `invited_round` is
    the last round in which an invitation went out, or 0; `outcome_version` and `noted_version`
    are the highest versions applied of outcomes and of delivery notes.
    """

    patient_id: str
    target_id: str
    partition: int
    position: int
    enrolment_version: int
    nhs_number: str
    date_of_birth: str
    has_mobile: bool
    has_address: bool
    has_carer_mobile: bool
    round: int
    invited_round: int
    status: State
    description: Description
    until: str | None
    alert: AlertCode | None
    delivery: Delivery | None
    slot_id: str | None
    slot_starts_at: str | None
    outcome_version: int
    noted_version: int
    version: int
    actor: str
    reason: str | None
    updated_at: str


class Happening(Struct, frozen=True):
    """One thing that happened to a patient.

    Attributes:
        event: which row of the table.
        at: when, as on the wire.
        version: invitations' version of it, 0 for what has none.
        round: the round of the invitation it is about, if it is about one.
        description: the description that goes with it.
        until: until when that description holds, if that is known.
        slot: the slot's id and start, for a booking.
    """

    event: Event
    at: str
    actor: str = SERVICE
    reason: str | None = None
    version: int = 0
    round: int | None = None
    description: Description | None = None
    until: str | None = None
    alert: AlertCode | None = None
    delivery: Delivery | None = None
    slot: tuple[str, str] | None = None


class Withdrawal(NamedTuple):
    """An invitation that invitations is to end."""

    round: int
    version: int
    what: Happening


class Folded(NamedTuple):
    """A patient before and after a batch, and what invitations must be told.

    `channel` is the one through which the patient is to be invited now, if they are.
    """

    before: Patient | None
    after: Patient
    withdrawals: Sequence[Withdrawal] = ()
    channel: str | None = None

    @property
    def progressed(self) -> bool:
        """Whether anybody could see a difference."""
        return self.before is None or self.after.version != self.before.version


def enrol(said: Enrolment) -> Patient:
    """A patient who is met for the first time."""
    return decide(_unmet(said), _entry(said), None)[0]


def correct(patient: Patient, said: Enrolment, rounds: int | None) -> tuple[Patient, Rule | None]:
    """A known patient with a later word of ingest: new facts, an alert raised or cleared."""
    if said.version <= patient.enrolment_version:
        return patient, None
    corrected = replace(
        patient,
        position=said.position,
        enrolment_version=said.version,
        nhs_number=said.nhs_number,
        date_of_birth=said.date_of_birth,
        has_mobile=said.has_mobile,
        has_address=said.has_address,
        has_carer_mobile=said.has_carer_mobile,
    )
    return decide(corrected, _entry(said, "cleared"), rounds)


def fold(
    before: Patient | None, said: Sequence[Enrolment | Happening], rounds: int | None
) -> Folded:
    """Apply what was said to a patient, in order.

    Args:
        before: None if the first of `said` is an enrolment of somebody not met yet.
        said: enrolments and happenings.
        rounds: how many rounds the target has; None if it has not been read yet.

    Raises:
        TargetNotReadError: `rounds` is None and is needed.
    """
    patient = before
    withdrawals = []
    for what in said:
        rule: Rule | None = None
        last = patient
        if isinstance(what, Happening):
            assert last is not None  # noqa: S101 - callers put an enrolment first.
            patient, rule = decide(last, what, rounds)
        elif last is None:
            patient = enrol(what)
        else:
            patient, rule = correct(last, what, rounds)
        if rule is not None and rule.withdraws and last is not None:
            happened = what if isinstance(what, Happening) else _entry(what)
            withdrawals.append(Withdrawal(last.round, patient.version, happened))
    assert patient is not None  # noqa: S101 - something was said.
    return Folded(before, patient, withdrawals)


def decide(patient: Patient, what: Happening, rounds: int | None) -> tuple[Patient, Rule | None]:
    """The patient after one happening, and the rule that was applied, if one was."""
    if _repeated(patient, what):
        return patient, None
    rule = rule_of(patient.status, what.event, in_open_round=what.round == patient.round)
    after = patient if rule is None else _moved(patient, rule, what, rounds)
    return _recorded(after, what), rule


def _repeated(patient: Patient, what: Happening) -> bool:
    """Whether an outcome or note is known already, or older than what is known.

    A note never hides an outcome, even an earlier one: the outcome moves the patient.
    """
    if what.event == "noted":
        return what.version <= max(patient.noted_version, patient.outcome_version)
    return 0 < what.version <= patient.outcome_version


def _recorded(after: Patient, what: Happening) -> Patient:
    """Keep the version of an outcome, whether or not it changed anything."""
    if what.version and what.event != "noted":
        return replace(after, outcome_version=what.version)
    return after


def _moved(patient: Patient, rule: Rule, what: Happening, rounds: int | None) -> Patient:
    """The patient at the rule's destination, one version on if anything changed."""
    status, round_number = _destination(patient, rule, rounds)
    after = _FILLED[status](patient, what)
    after = replace(after, status=status, round=round_number)
    if after == patient:
        return patient
    return replace(
        after,
        version=patient.version + 1,
        actor=what.actor,
        reason=what.reason,
        updated_at=what.at,
    )


def _destination(patient: Patient, rule: Rule, rounds: int | None) -> tuple[Status, int]:
    """Status and round that a rule leads to."""
    now = patient.round
    match rule.to:
        case "first":
            return "in_queue", 1
        case "same":
            return _known(patient.status), now
        case "next":
            return _queue(max(now, 1) + 1, rounds)
        case "again":
            return _queue(now + 1 if now and patient.invited_round == now else max(now, 1), rounds)
        case "booked" | "declined":
            return rule.to, max(now, 1)
        case status:
            return status, now


def _queue(wanted: int, rounds: int | None) -> tuple[Status, int]:
    """The queue of a round, or the end of the workflow if there is no such round."""
    if wanted == 1:
        return "in_queue", 1
    if rounds is None:
        raise TargetNotReadError("the target of a patient has not been read yet")
    return ("in_queue", wanted) if wanted <= rounds else ("did_not_book", wanted - 1)


def _known(state: State) -> Status:
    assert state != "new"  # noqa: S101 - no rule keeps somebody unmet.
    return state


def _queued(patient: Patient, _what: Happening) -> Patient:
    return replace(
        patient,
        description="in_queue",
        until=None,
        alert=None,
        delivery=None,
        slot_id=None,
        slot_starts_at=None,
    )


def _invited(patient: Patient, what: Happening) -> Patient:
    """Dispatched, or further news of the message; a note leaves `until` as it is."""
    dispatched = what.event == "dispatched"
    return replace(
        patient,
        description=what.description,
        until=what.until if dispatched else patient.until,
        delivery=what.delivery,
        invited_round=patient.round,
        noted_version=patient.noted_version if dispatched else what.version,
    )


def _booked(patient: Patient, what: Happening) -> Patient:
    slot = what.slot or (None, None)
    return replace(
        patient,
        description=what.description,
        until=None,
        alert=None,
        slot_id=slot[0],
        slot_starts_at=slot[1],
    )


def _finished(patient: Patient, what: Happening) -> Patient:
    """Declined or did not book: whatever appointment there was is gone."""
    delivery: Delivery | None = "failed" if what.event == "undeliverable" else patient.delivery
    return replace(
        patient,
        # An alert that is cleared after the last round's invitation leaves nothing to try.
        description=what.description or "undeliverable",
        until=None,
        alert=None,
        delivery=delivery,
        slot_id=None,
        slot_starts_at=None,
    )


def _alerted(patient: Patient, what: Happening) -> Patient:
    return replace(patient, description=what.alert, until=None, alert=what.alert)


def _removed(patient: Patient, what: Happening) -> Patient:
    """Off the target; an appointment stands until it is cancelled (rule 6)."""
    after = replace(patient, description="removed", until=None, alert=None)
    if what.event == "booked" and what.slot:
        return replace(after, slot_id=what.slot[0], slot_starts_at=what.slot[1])
    if what.event == "cancelled":
        return replace(after, slot_id=None, slot_starts_at=None)
    return after


_FILLED: Final = {
    "in_queue": _queued,
    "being_invited": _invited,
    "booked": _booked,
    "declined": _finished,
    "did_not_book": _finished,
    "patient_alert": _alerted,
    "removed": _removed,
}
"""What each status carries, beside status and round."""


def _unmet(said: Enrolment) -> Patient:
    """A patient before anything happened to them."""
    return Patient(
        patient_id=said.patient_id,
        target_id=said.target_id,
        partition=said.partition,
        position=said.position,
        enrolment_version=said.version,
        nhs_number=said.nhs_number,
        date_of_birth=said.date_of_birth,
        has_mobile=said.has_mobile,
        has_address=said.has_address,
        has_carer_mobile=said.has_carer_mobile,
        round=0,
        invited_round=0,
        status="new",
        description="in_queue",
        until=None,
        alert=None,
        delivery=None,
        slot_id=None,
        slot_starts_at=None,
        outcome_version=0,
        noted_version=0,
        version=0,
        actor=said.actor,
        reason=None,
        updated_at=said.at,
    )


def _entry(said: Enrolment, otherwise: Literal["enrolled", "cleared"] = "enrolled") -> Happening:
    """An enrolment as something that happens: an alert, or else its absence."""
    event: Event = "alerted" if said.alert else otherwise
    return Happening(event=event, at=said.at, actor=said.actor, alert=said.alert)


class Tally(NamedTuple):
    """How many patients more or less."""

    in_queue: int = 0
    being_invited: int = 0
    booked: int = 0


Tallies = dict[tuple[str, int], Tally]
"""By target and round."""


def tallied(folded: Iterable[Folded]) -> Tallies:
    """How a batch changes the tallies; pairs that it does not change are left out."""
    found: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for change in folded:
        for patient, sign in ((change.before, -1), (change.after, 1)):
            place = None if patient is None else _TALLIED.get(patient.status)
            if patient is not None and place is not None:
                found[patient.target_id, patient.round][place] += sign
    return {key: Tally(*counts) for key, counts in found.items() if any(counts)}


_TALLIED: Final[dict[State, int]] = {"in_queue": 0, "being_invited": 1, "booked": 2}
