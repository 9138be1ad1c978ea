"""What a patient's timeline says: entries from events, sentences from entries.  Pure.

An entry keeps facts, not prose: sentences are made on reading, so that storing stays cheap and
a better sentence improves the past as well.  What two topics tell about one thing is told once:
workflow tells invitations, alerts and removals, invitations tells answers and deliveries, ingest
tells what staff did.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from recall.contracts import events
from recall.contracts.instants import moment
from recall.contracts.vocabulary import ALERTS, UNDELIVERABLE_TEXTS, channel_text


class Entry(NamedTuple):
    """One thing that was done to a patient; the fields in the order of the table's columns.

    Attributes:
        patient_id: the patient.
        event: the event's id, without the patient's id where it begins with it.
        at: when it happened, business time.
        what: a code; the sentence follows from it.
        round: the round it belongs to.
        detail: what the sentence needs beside: a channel, a reason's code, an instant.
        reason: why, in the words of who asked.
        actor: who.
    """

    patient_id: str
    event: str
    at: datetime
    what: str
    round: int | None
    detail: str | None
    reason: str | None
    actor: str


def whole_id(event: str, patient_id: str) -> str:
    """The event's id again, from what an entry keeps of it."""
    return patient_id + event if event[:1] in {"/", "."} else event


def entry_of(event_type: str, event_id: str, data: Any) -> Entry | None:
    """What an event says for the timeline; None for what another event tells.

    Raises:
        KeyError: not an event that timelines tell of.
    """
    return _ENTRIES[event_type](data, event_id.removeprefix(data.patient_id))


_TOLD_STATUSES = {"being_invited": "invited", "patient_alert": "alert", "removed": "removed"}


def _progressed(data: events.PatientProgressed, event: str) -> Entry | None:
    """Invited (once a round), alert, removed (once); None for the rest.

    Later versions say the same status again, with news that other topics tell.  What happens
    once has an id of its own, so that whichever version comes first tells it.
    """
    what = _TOLD_STATUSES.get(data.status)
    if what is None:
        return None
    if what == "invited":
        event = f".{data.round}/invited"
    elif what == "removed":
        event = "/removed"
    at = moment(data.updated_at)
    detail = data.until if what == "invited" else data.alert
    return Entry(data.patient_id, event, at, what, data.round, detail, data.reason, data.actor)


def _enrolled(data: events.PatientEnrolled, event: str) -> Entry:
    """Put on the target, or corrected and asked of the register again."""
    what = "corrected" if data.version > 1 else "enrolled"
    alert = data.alert if data.version > 1 else None
    at = moment(data.enrolled_at)
    return Entry(data.patient_id, event, at, what, None, alert, None, data.actor)


def _removal_requested(data: events.PatientRemovalRequested, event: str) -> Entry:
    at, actor = moment(data.requested_at), data.actor
    return Entry(data.patient_id, event, at, "removal_requested", None, None, data.reason, actor)


def _opt_out_requested(data: events.OptOutRequested, event: str) -> Entry:
    at, actor = moment(data.requested_at), data.actor
    return Entry(data.patient_id, event, at, "opt_out_requested", None, None, data.reason, actor)


def _booked(data: events.AppointmentBooked, event: str) -> Entry:
    at, what = moment(data.booked_at), f"booked_{data.via}"
    return Entry(data.patient_id, event, at, what, data.round, data.starts_at, None, data.actor)


def _declined(data: events.InvitationDeclined, event: str) -> Entry:
    at, what = moment(data.declined_at), f"declined_{data.via}"
    return Entry(data.patient_id, event, at, what, data.round, None, None, data.actor)


def _unanswered(data: events.InvitationUnanswered, event: str) -> Entry:
    at = moment(data.expired_at)
    return Entry(
        data.patient_id, event, at, "unanswered", data.round, data.channel, None, "invitations"
    )


def _undeliverable(data: events.InvitationUndeliverable, event: str) -> Entry:
    at, detail = moment(data.ended_at), f"{data.channel}/{data.reason}"
    return Entry(
        data.patient_id, event, at, "undeliverable", data.round, detail, None, "invitations"
    )


def _withdrawn(data: events.InvitationEnded, event: str) -> Entry:
    at = moment(data.ended_at)
    return Entry(
        data.patient_id, event, at, "withdrawn", data.round, data.channel, data.reason, data.actor
    )


def _cancelled(data: events.AppointmentCancelled, event: str) -> Entry:
    at = moment(data.cancelled_at)
    return Entry(data.patient_id, event, at, "cancelled", None, None, data.reason, data.actor)


def _noted(data: events.DeliveryNoted, event: str) -> Entry | None:
    """Delivered, not delivered, a reply that waits or was dealt with.

    That it is being sent is told already.
    """
    news = data.news or ("needs_reply" if data.needs_reply else "delivery")
    what = data.state if news == "delivery" else news
    if what == "sending":
        return None
    actor = data.actor or ("patient" if news == "needs_reply" else "invitations")
    at = moment(data.noted_at)
    return Entry(data.patient_id, event, at, what, data.round, data.channel, None, actor)


_ENTRIES: dict[str, Callable[[Any, str], Entry | None]] = {
    events.PatientProgressed.event_type: _progressed,
    events.PatientEnrolled.event_type: _enrolled,
    events.PatientRemovalRequested.event_type: _removal_requested,
    events.OptOutRequested.event_type: _opt_out_requested,
    events.AppointmentBooked.event_type: _booked,
    events.InvitationDeclined.event_type: _declined,
    events.InvitationUnanswered.event_type: _unanswered,
    events.InvitationUndeliverable.event_type: _undeliverable,
    events.InvitationEnded.event_type: _withdrawn,
    events.AppointmentCancelled.event_type: _cancelled,
    events.DeliveryNoted.event_type: _noted,
}


_AFTER_ALL_ROUNDS = 32_767
_PLACES = {
    "enrolled": 0,
    "alert": 1,
    "invited": 2,
    "delivered": 3,
    "failed": 4,
    "needs_reply": 5,
    "help_sent": 6,
    "dealt_with": 6,
    "cancelled": 8,
    "corrected": 8,
    "opt_out_requested": 9,
    "removal_requested": 10,
    "removed": 11,
}
_OUTCOME = 7


def in_order(entries: Sequence[Entry]) -> list[Entry]:
    """Entries as they came about: by time, and within one instant by cause.

    A simulated clock stands still while a round ends and the next begins, and a real one may
    show the same microsecond twice: then the round and the kind of entry tell what came first.
    """
    return sorted(entries, key=lambda entry: _place(entry, entries))


def _place(entry: Entry, entries: Sequence[Entry]) -> tuple[datetime, int, int, str]:
    place = _PLACES.get(entry.what, _OUTCOME)
    number = entry.round
    if entry.what == "cancelled":
        number = _booked_round(entry, entries)
    if number is None or entry.what == "removed":
        number = 0 if entry.what in {"enrolled", "alert"} else _AFTER_ALL_ROUNDS
    return entry.at, number, place, entry.event


def _booked_round(cancelled: Entry, entries: Sequence[Entry]) -> int | None:
    """The round whose appointment was cancelled: the last one booked until then."""
    rounds = [
        entry.round
        for entry in entries
        if entry.what.startswith("booked") and entry.at <= cancelled.at and entry.round is not None
    ]
    return max(rounds, default=None)


_SENTENCES = {
    "enrolled": "Put on the target.",
    "corrected": "Details were corrected or checked again.",
    "alert": "Could not be processed.",
    "removed": "Removed from the target.",
    "removal_requested": "Removal from the target was asked for.",
    "opt_out_requested": "Opted out of text messages, on every target.",
    "booked_reply": "Booked by replying to the invitation.",
    "booked_page": "Booked on the booking page.",
    "booked_staff": "Booked by staff.",
    "booked_standing": "Already had an appointment.",
    "declined_reply": "Declined by replying to the invitation.",
    "declined_page": "Declined on the booking page.",
    "declined_staff": "Declined; staff entered it.",
    "declined_standing": "Had declined already.",
    "cancelled": "The appointment was cancelled; its slot is free again.",
}

_ABOUT_CHANNEL = {
    "unanswered": "The time to answer the {channel} passed without an answer.",
    "withdrawn": "The {channel} was withdrawn.",
    "delivered": "The {channel} was delivered.",
    "failed": "The {channel} was not delivered.",
    "needs_reply": "The patient's reply to the {channel} is waiting for staff.",
    "dealt_with": "The patient's reply to the {channel} was dealt with.",
    "help_sent": "The patient's reply to the {channel} was answered with the help text.",
}


def sentence(entry: Entry, *, round_name: str | None, local: Callable[[datetime], str]) -> str:
    """An entry in plain words.

    Args:
        entry: what happened.
        round_name: how the practice calls the entry's round, if it belongs to one.
        local: writes an instant as people read it.
    """
    why = f" Reason: {entry.reason}" if entry.reason else ""
    return _plain(entry, round_name, local) + why


def _plain(entry: Entry, round_name: str | None, local: Callable[[datetime], str]) -> str:
    what, detail = entry.what, entry.detail
    if what == "invited":
        by = f"; to answer by {local(moment(detail))}" if detail else ""
        return f"Invited: round {entry.round}, {round_name or 'invitation'}{by}."
    if what == "undeliverable" and detail:
        channel, _, code = detail.partition("/")
        why = {str(k): text for k, text in UNDELIVERABLE_TEXTS.items()}.get(code, code)
        return f"The {_invitation(channel)} could not reach the patient: {why}."
    if what in _ABOUT_CHANNEL:
        return _ABOUT_CHANNEL[what].format(channel=_invitation(detail))
    text = _SENTENCES.get(what, what.replace("_", " ").capitalize() + ".")
    if what.startswith("booked") and detail:
        return f"{text[:-1]}: {local(moment(detail))}."
    alerts = {str(code): alert for code, alert in ALERTS.items()}
    if what in {"alert", "corrected"} and detail in alerts:
        return f"{text[:-1]}: {alerts[detail].title}."
    return text


def _invitation(channel: str | None) -> str:
    """The channel's invitation, or a plain "invitation" where the channel is not known."""
    return f"{channel_text(channel)} invitation" if channel else "invitation"
