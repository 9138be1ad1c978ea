"""The closed lists of Recall: statuses, outcomes, descriptions, alerts and their sentences."""

from dataclasses import dataclass
from typing import Literal, get_args

Status = Literal[
    "in_queue", "being_invited", "booked", "declined", "did_not_book", "patient_alert", "removed"
]
"""Where a patient is."""

STATUSES: tuple[Status, ...] = get_args(Status)
IN_PROGRESS: tuple[Status, ...] = ("in_queue", "being_invited")
COMPLETED: tuple[Status, ...] = ("booked", "declined", "did_not_book", "patient_alert")
STATUS_TEXTS: dict[Status, str] = {
    "in_queue": "In queue",
    "being_invited": "Being invited",
    "booked": "Booked",
    "declined": "Declined",
    "did_not_book": "Did not book",
    "patient_alert": "Patient alert",
    "removed": "Removed",
}

TargetState = Literal["active", "paused", "closed"]
"""Whether a target invites, waits, or is over."""

Outcome = Literal["booked", "declined", "unanswered", "undeliverable", "withdrawn"]
"""How an invitation ended, exactly one."""

Delivery = Literal["sending", "delivered", "failed"]
"""How far a message got."""

DeliveryNews = Literal["delivery", "needs_reply", "dealt_with", "help_sent"]
"""What is new when a delivery is noted: how far the message got, that a reply waits for staff, that
staff dealt with it, or that they had the help text sent once more."""

AnsweredVia = Literal["reply", "page", "staff", "standing"]
"""How an answer came: a text reply, the booking page, staff, or an appointment that stood."""

UndeliverableReason = Literal[
    "no_mobile",
    "no_address",
    "invalid_number",
    "unreachable",
    "rejected",
    "opted_out",
    "channel_not_served",
    "returned_gone_away",
    "returned_no_such_address",
    "returned_refused",
    "returned_no_reason",
    "technical_failure",
    "deceased",
]
"""Why an invitation could not reach the patient; `deceased` makes a patient alert instead."""

UNDELIVERABLE_TEXTS: dict[UndeliverableReason, str] = {
    "no_mobile": "the patient has no mobile number",
    "no_address": "the patient has no postal address",
    "invalid_number": "the mobile number is not in use",
    "unreachable": "the phone could not be reached",
    "rejected": "the network refused the message",
    "opted_out": "the patient has opted out of texts",
    "channel_not_served": "nothing serves this channel",
    "returned_gone_away": "the letter was returned: addressee gone away",
    "returned_no_such_address": "the letter was returned: no such address",
    "returned_refused": "the letter was returned: refused",
    "returned_no_reason": "the letter was returned: no reason given",
    "technical_failure": "a technical failure stopped the message",
    "deceased": "the letter was returned: the patient has died",
}

AlertCode = Literal[
    "no_match",
    "multiple_matches",
    "superseded",
    "deceased",
    "restricted",
    "no_contact",
    "no_contact_for_child",
]
"""Why a patient could not be processed."""


@dataclass(frozen=True)
class Alert:
    """A patient alert: its code, a plain sentence, and what the practice can do."""

    code: AlertCode
    title: str
    text: str
    action: str


_CORRECT_AND_REPROCESS = "then choose Reprocess."

ALERTS: dict[AlertCode, Alert] = {
    alert.code: alert
    for alert in (
        Alert(
            "no_match",
            "PDS error: no match",
            "The national register has no patient with this NHS number and date of birth.",
            "Check both against the patient's record, correct them there, remove the patient "
            "and upload them again.",
        ),
        Alert(
            "multiple_matches",
            "PDS error: multiple matches found",
            "The national register found more than one patient for these details.",
            "Ask the national back office to resolve the duplicate, " + _CORRECT_AND_REPROCESS,
        ),
        Alert(
            "superseded",
            "PDS error: NHS number is out of date",
            "This NHS number has been replaced by another one.",
            "Find the current number in the patient's record, remove the patient and upload "
            "them with the current number.",
        ),
        Alert(
            "deceased",
            "PDS error: patient has died",
            "The patient is recorded as having died. Nothing will be sent.",
            "Check the patient's record and remove the patient from the target.",
        ),
        Alert(
            "restricted",
            "PDS error: record is restricted",
            "The patient's contact details are restricted and must not be used here.",
            "Invite the patient by a safe way agreed with them, and remove them from the target.",
        ),
        Alert(
            "no_contact",
            "No contact details",
            "Neither the upload nor the register has a mobile number or an address.",
            "Add a mobile number or an address to the patient, " + _CORRECT_AND_REPROCESS,
        ),
        Alert(
            "no_contact_for_child",
            "No contact for child",
            "The patient is under 16 and no parent or carer can be reached.",
            "Add a parent's or carer's mobile number, or an address, " + _CORRECT_AND_REPROCESS,
        ),
    )
}

QueueReason = Literal[
    "next_to_be_invited",
    "waiting_for_slot",
    "outside_send_window",
    "target_paused",
    "target_closed",
    "booking_window_passed",
]
"""Why a round's queue waits; belongs to (target, round), not to each patient."""

Description = Literal[
    "in_queue",
    "next_to_be_invited",
    "waiting_for_slot",
    "outside_send_window",
    "target_paused",
    "target_closed",
    "booking_window_passed",
    "sending",
    "delivered",
    "failed",
    "needs_reply",
    "booked_by_reply",
    "booked_by_page",
    "booked_by_staff",
    "booked_standing",
    "declined_by_reply",
    "declined_by_page",
    "declined_by_staff",
    "unanswered",
    "undeliverable",
    "cancelled",
    "no_match",
    "multiple_matches",
    "superseded",
    "deceased",
    "restricted",
    "no_contact",
    "no_contact_for_child",
    "removed",
]
"""Why a patient has the status; the patient list can be filtered by it."""

DESCRIPTIONS: tuple[Description, ...] = get_args(Description)

CHANNEL_TEXTS: dict[str, str] = {"sms": "SMS", "sms-link": "SMS link", "letter": "Letter"}

_DESCRIPTION_TEXTS: dict[str, str] = {
    "in_queue": "In queue",
    "next_to_be_invited": "Next to be invited",
    "waiting_for_slot": "Waiting for a free slot",
    "outside_send_window": "Waiting for the send window",
    "target_paused": "Waiting: the target is paused",
    "target_closed": "Waiting: the target is closed",
    "booking_window_passed": "The booking window's last slot has passed: set a new window "
    "or close the target",
    "sending": "{channel} sending",
    "delivered": "{channel} delivered",
    "failed": "{channel} not delivered",
    "needs_reply": "A reply is waiting for staff",
    "booked_by_reply": "Booked from {channel}",
    "booked_by_page": "Booked from {channel}",
    "booked_by_staff": "Booked by staff",
    "booked_standing": "Already has an appointment",
    "declined_by_reply": "Declined from {channel}",
    "declined_by_page": "Declined from {channel}",
    "declined_by_staff": "Declined by staff",
    "unanswered": "No answer to {channel}",
    "undeliverable": "{channel} could not be delivered",
    "cancelled": "Appointment cancelled",
    "removed": "Removed from the target",
    **{code: alert.title for code, alert in ALERTS.items()},
}


def channel_text(channel: str) -> str:
    """A channel as people read it: `sms-link` is "SMS link", a plugin's `voice` is "Voice"."""
    return CHANNEL_TEXTS.get(channel, channel.replace("-", " ").capitalize())


def describe(code: str, channel: str | None = None, until: str | None = None) -> str:
    """The sentence of a description.

    Args:
        code: one of DESCRIPTIONS.
        channel: the channel of the patient's round, if they have one.
        until: a local time as people read it, for example "Mon 15 Sep 08:00".
    """
    if code == "outside_send_window" and until:
        return f"Sends {until}"
    name = channel_text(channel) if channel else "Invitation"
    return _DESCRIPTION_TEXTS[code].format(channel=name)


def is_text_channel(channel: str) -> bool:
    """Whether an opt-out from texts covers this channel: `sms` and `sms-*`."""
    return channel == "sms" or channel.startswith("sms-")
