"""What a patient's own page shows, apart from how; and what staff can do there.  Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from dashboard.screens import patient_row
from dashboard.timeline import Entry, in_order
from dashboard.views import Row, Target, alert_json, timeline_json
from dashboard.wording import NOT_KNOWN, clock_time, counted, day_name, full_time
from recall.contracts.instants import london_date
from recall.contracts.vocabulary import channel_text

_ACTORS = {
    "patient": "the patient",
    "workflow": "Recall",
    "invitations": "Recall",
    "ingest": "Recall",
    "register": "the national register",
}
_DELIVERIES = {
    "sending": "{channel} was sent; not known yet whether it arrived",
    "delivered": "{channel} was delivered",
    "failed": "{channel} was not delivered",
}
_ANSWERED = frozenset(
    {"booked_by_reply", "booked_by_page", "declined_by_reply", "declined_by_page"}
)
"""Who answered a message has got it, whether or not its channel ever says so."""
_MAY_DECLINE = frozenset({"in_queue", "being_invited", "did_not_book"})
_MAY_BOOK = _MAY_DECLINE | {"declined"}
"""Whoever calls can book, also before they are invited and after they declined or did not book."""

DONE = {
    "corrected": "The details were corrected",
    "opted-out": "The patient is opted out of text messages",
    "booked": "The appointment is booked",
    "declined": "The patient has declined",
    "cancelled": "The appointment is cancelled",
}
"""What a form on the patient's pages did."""
AFTERWARDS = {
    "corrected": "The register was asked about the patient again with the new details.",
    "opted-out": "This holds on every target of this system. Letters are still sent.",
    "booked": "",
    "declined": "The patient is not invited again on this target.",
    "cancelled": "Its slot is free again. The patient goes on to the next round, if there is one.",
}


def person_screen(
    row: Row, entries: Sequence[Entry], target: Target, now: datetime
) -> dict[str, Any]:
    """A patient: details, alert, appointment and delivery, what can be done, the timeline."""
    told = timeline_json(entries, target)
    base = f"/targets/{target.id}/patients/{row['patient_id']}"
    return {
        "target": target,
        "patient": patient_row(row, target),
        "alert": alert_json(row),
        "appointment": _appointment(row, now),
        "delivery": _delivery(row, target),
        "removed": row["status"] == "removed",
        "acts": _acts(row, target, now, base),
        "timeline": [
            said | {"local": full_time(entry.at), "by": _ACTORS.get(entry.actor, entry.actor)}
            for said, entry in zip(told, in_order(entries), strict=True)
        ],
    }


def _appointment(row: Row, now: datetime) -> dict[str, Any] | None:
    starts_at = row["starts_at"]
    if starts_at is None:
        return None
    minutes = row["minutes"]
    about = [counted(minutes, "minute", "minutes")] if minutes else []
    return {
        "at": slot_time(starts_at),
        "about": ", ".join([*about, *([f"with {row['clinician']}"] if row["clinician"] else [])]),
        "past": starts_at <= now,
    }


def slot_time(starts_at: datetime) -> str:
    """A start as people say it: "Monday 15 September 2025, 9 am"."""
    return f"{day_name(london_date(starts_at))}, {clock_time(starts_at)}"


def _delivery(row: Row, target: Target) -> str:
    """How far the last message got, apart from whether the patient has booked."""
    setting = target.round_setting(row["round"])
    text = _DELIVERIES.get(row["delivery"] or "")
    if text is None:
        return NOT_KNOWN
    if row["delivery"] == "sending" and row["description"] in _ANSWERED:
        text = "{channel} was answered"
    return text.format(channel=channel_text(setting.channel) if setting else "The message")


def _acts(row: Row, target: Target, now: datetime, base: str) -> list[tuple[str, str]]:
    """What staff can do for a patient in their status: words and addresses."""
    status = row["status"]
    found = []
    if status in _MAY_BOOK and row["starts_at"] is None:
        found.append(("Book an appointment by phone", f"{base}/book"))
    if status in _MAY_DECLINE:
        found.append(("Record that the patient declined", f"{base}/decline"))
    setting = target.round_setting(row["round"])
    if status == "being_invited" and setting and setting.channel == "letter":
        found.append(("See the letter", f"{base}/letter.pdf"))
        found.append(("Print the letter in large print", f"{base}/letter.pdf?large_print=true"))
    if row["starts_at"] is not None and row["starts_at"] > now:
        found.append(("Cancel the appointment", f"{base}/cancel"))
    person = f"patient={row['patient_id']}"
    if status == "patient_alert":
        found.append(("Reprocess", f"/targets/{target.id}/reprocess?{person}"))
    if status != "removed":
        found.append(("Correct name or contact", f"{base}/correct"))
    found.append(("Opt out of text messages", f"{base}/opt-out"))
    if status != "removed":
        found.append(("Remove from this target", f"/targets/{target.id}/remove?{person}"))
    return found


@dataclass(frozen=True)
class Box:
    """A field of the correction form."""

    name: str
    label: str
    hint: str = ""
    lines: int = 1


BOXES = (
    Box("first_name", "First name"),
    Box("last_name", "Last name"),
    Box("mobile", "Mobile number"),
    Box("address", "Address", "Up to 5 lines, without the postcode.", 4),
    Box("postcode", "Postcode"),
    Box("carer_name", "Parent's or carer's name"),
    Box("carer_mobile", "Parent's or carer's mobile number"),
)
CLEARED = {
    "mobile": "Mobile number",
    "address": "Address and postcode",
    "carer_mobile": "Parent or carer",
}
"""What can be left to the register again, each with its words."""
_WITH = {"address": ("address", "postcode"), "carer_mobile": ("carer_name", "carer_mobile")}


def correction(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """What a form corrects: what was typed, and null for what is left to the register.

    >>> correction([("mobile", " 07700 900001 "), ("postcode", ""), ("clear", "carer_mobile")])
    {'mobile': '07700 900001', 'carer_name': None, 'carer_mobile': None}
    """
    typed = {name: value.strip() for name, value in pairs}
    found: dict[str, Any] = {}
    for box in BOXES:
        text = typed.get(box.name, "")
        if text and box.lines == 1:
            found[box.name] = text
        elif text:
            found[box.name] = [line.strip() for line in text.splitlines() if line.strip()]
    for name, value in pairs:
        if name == "clear" and value in CLEARED:
            found |= dict.fromkeys(_WITH.get(value, (value,)))
    return found


def slot_choices(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Free slots by day, for a select."""
    return [
        {
            "day": day_name(day),
            "slots": [
                {
                    "id": row["slot_id"],
                    "text": ", ".join(
                        filter(None, (clock_time(row["starts_at"]), row["clinician"]))
                    ),
                }
                for row in found
            ],
        }
        for day, found in groupby(rows, key=lambda row: london_date(row["starts_at"]))
    ]


def wrong_fields(errors: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Errors of a service, each at the box it is about; at none where there is no such box."""
    known = {box.name for box in BOXES} | {"reason", "slot"}
    return [
        {"field": name if name in known else "", "message": error["message"]}
        for error in errors
        for name in [error["field"].partition(".")[0]]
    ]
