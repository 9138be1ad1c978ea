"""Rows as CSV for spreadsheets: no cell runs as a formula, no NHS number is a number.  Pure."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from dashboard.views import Row, Target, described
from dashboard.wording import spaced, stamp
from recall.contracts.vocabulary import STATUS_TEXTS

BYTE_ORDER_MARK = "\ufeff"
"""Tells spreadsheets that the file is UTF-8."""

PATIENT_COLUMNS = {
    "NHS number": "Ten digits, 3-3-4; empty until it is known.",
    "Name": "First and last name as uploaded, or as the register has it.",
    "Round": "The round the patient is in; empty before round 1.",
    "Status": "In queue, Being invited, Booked, Declined, Did not book, Patient alert or Removed.",
    "Description": "Why the patient has the status.",
    "Delivery": "How far the last message got: sending, delivered or failed.",
    "Appointment": "The start of the appointment that stands, UK time, as 2025-09-15 08:30.",
    "Last change": "When the status or its description last changed, UK time.",
}
"""The columns of the patient list's file, each with what it holds."""

APPOINTMENT_COLUMNS = {
    "Date": "The day, as 2025-09-15.",
    "Time": "The start, UK time, as 08:30.",
    "Minutes": "How long it is.",
    "Clinician": "Who sees the patient.",
    "NHS number": "Ten digits, 3-3-4.",
    "Name": "First and last name.",
    "Status": "Booked; Removed for a patient who was removed while the appointment stands.",
}
"""The columns of the appointments' file, each with what it holds."""

_FORMULA = re.compile(r"\s*[=+\-@\t\r\n]")


def safe(text: str) -> str:
    """A cell that no spreadsheet takes for a formula; a NUL ends no cell early.

    >>> safe("=1+1")
    "'=1+1"
    >>> safe(" @SUM(A1)")
    "' @SUM(A1)"
    """
    text = text.replace("\0", "")
    return f"'{text}" if _FORMULA.match(text) else text


def lines(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows as CSV."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def patient_line(row: Row, target: Target) -> list[str]:
    """A patient, in the order of PATIENT_COLUMNS."""
    setting = target.round_setting(row["round"])
    return [
        _number(row),
        row["name"] or "",
        setting.name if setting else "",
        STATUS_TEXTS[row["status"]],
        described(row, target)[1],
        row["delivery"] or "",
        stamp(row["starts_at"]) if row["starts_at"] else "",
        stamp(row["updated_at"]),
    ]


def appointment_line(row: Row) -> list[str]:
    """An appointment, in the order of APPOINTMENT_COLUMNS."""
    day, _, time = stamp(row["starts_at"]).partition(" ")
    return [
        day,
        time,
        "" if row["minutes"] is None else str(row["minutes"]),
        row["clinician"] or "",
        _number(row),
        row["name"] or "",
        STATUS_TEXTS[row["status"]],
    ]


def _number(row: Row) -> str:
    return spaced(row["nhs_number"]) if row["nhs_number"] else ""


def file_name(target: Target, what: str, now: datetime) -> str:
    """The name of a file: the target, what it lists, and the London date.

    >>> file_name_of("Flu: over 65s", "patients", "2025-09-12")
    'flu-over-65s-patients-2025-09-12.csv'
    """
    return file_name_of(target.name, what, stamp(now)[:10])


def file_name_of(name: str, what: str, day: str) -> str:
    """The same from its parts; letters that headers cannot carry are left out."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return "-".join(filter(None, (plain[:60], what, day))) + ".csv"
