"""Every change of a patient's status stands in TABLE, and nowhere else.

The theory.  A patient is in one status at a time, in one round; both are moved by events that
reach the service from three sides, in any order and more than once:

- ingest says `enrolled`, `alerted` (the register named a reason not to invite), `cleared` (a
  higher version without the alert) and `removed` (staff took the patient off the target);
- the service itself says `dispatched` when the patient leaves the queue, and `alerted` when the
  register, asked again just before, names a reason;
- invitations says how an invitation ended: `booked`, `declined`, `unanswered`, `undeliverable`,
  `died` (undeliverable because the patient has died), `ended` (withdrawn, as we asked), and
  beside that `cancelled` (an appointment no longer stands) and `noted` (how far a message got).

Because they may come late, twice, or after something stronger has happened, a pair of status and
event that has no rule is no error: the event changes nothing.  Five laws shape the table.

1. Nobody comes back from `removed`; an appointment that won the race is only recorded there.
2. An appointment is a fact: `booked` is accepted in every other status, in whatever round, since
   a patient who holds a slot must not be invited again.  A decline is a wish about the target
   and likewise needs no matching round.
3. What ends one invitation without an answer (`unanswered`, `undeliverable`, `died`) or only
   tells of it (`noted`) counts while that very round is open: `open_round`.
4. `cancelled` says by itself that there was a booking.  Should it overtake the booking's event,
   the patient moves on all the same, because the overtaken event is then dropped by its version.
5. Rounds only grow, so a patient is invited at most once in each.

A rule names where the patient goes.  Four destinations depend on more than the status: `first`
is the queue of round 1; `next` the next round's queue, or `did_not_book` after the last round;
`again` the queue the patient left, or the next round's if their invitation had gone out; `same`
keeps the status and records what was said.
"""

from typing import Final, Literal, NamedTuple, get_args

from recall.contracts.vocabulary import Status

State = Literal["new"] | Status
"""`new`: nothing is known of the patient yet."""

Event = Literal[
    "enrolled",
    "alerted",
    "cleared",
    "dispatched",
    "noted",
    "booked",
    "declined",
    "unanswered",
    "undeliverable",
    "died",
    "ended",
    "cancelled",
    "removed",
]
EVENTS: Final[tuple[Event, ...]] = get_args(Event)

Destination = Literal["first", "next", "again", "same"] | Status


class Rule(NamedTuple):
    """What an event does to a patient in a status.

    Attributes:
        to: where the patient goes.
        open_round: the event counts only if it is about the round the patient is in.
        withdraws: an invitation is out, and invitations must be told to end it.
    """

    to: Destination
    open_round: bool = False
    withdraws: bool = False


TABLE: Final[dict[tuple[State, Event], Rule]] = {
    ("new", "enrolled"): Rule("first"),
    ("new", "alerted"): Rule("patient_alert"),
    ("in_queue", "dispatched"): Rule("being_invited"),
    ("in_queue", "alerted"): Rule("patient_alert"),
    ("in_queue", "booked"): Rule("booked"),
    ("in_queue", "declined"): Rule("declined"),
    ("in_queue", "cancelled"): Rule("next"),
    ("in_queue", "removed"): Rule("removed"),
    ("being_invited", "noted"): Rule("same", open_round=True),
    ("being_invited", "booked"): Rule("booked"),
    ("being_invited", "declined"): Rule("declined"),
    ("being_invited", "unanswered"): Rule("next", open_round=True),
    ("being_invited", "undeliverable"): Rule("next", open_round=True),
    ("being_invited", "died"): Rule("patient_alert", open_round=True),
    ("being_invited", "alerted"): Rule("patient_alert", withdraws=True),
    ("being_invited", "cancelled"): Rule("next"),
    ("being_invited", "removed"): Rule("removed", withdraws=True),
    ("booked", "booked"): Rule("same"),
    ("booked", "cancelled"): Rule("next"),
    ("booked", "removed"): Rule("removed"),
    ("declined", "booked"): Rule("booked"),
    ("declined", "cancelled"): Rule("next"),
    ("declined", "removed"): Rule("removed"),
    ("did_not_book", "booked"): Rule("booked"),
    ("did_not_book", "declined"): Rule("declined"),
    ("did_not_book", "removed"): Rule("removed"),
    ("patient_alert", "alerted"): Rule("same"),
    ("patient_alert", "cleared"): Rule("again"),
    ("patient_alert", "booked"): Rule("booked"),
    ("patient_alert", "declined"): Rule("declined"),
    ("patient_alert", "removed"): Rule("removed"),
    ("removed", "booked"): Rule("same"),
    ("removed", "cancelled"): Rule("same"),
}


def rule_of(state: State, event: Event, *, in_open_round: bool) -> Rule | None:
    """The rule for an event in a status, or None when the event changes nothing.

    Args:
        state: the patient's.
        event: what happened.
        in_open_round: whether it is about the round the patient is in.
    """
    rule = TABLE.get((state, event))
    return None if rule is None or (rule.open_round and not in_open_round) else rule
