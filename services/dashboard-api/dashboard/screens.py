"""What the patient list and the patient's page show, apart from how.  Pure."""

from typing import Any
from urllib.parse import urlencode

from dashboard.filters import SORTS, Filters
from dashboard.views import Row, Target, described
from dashboard.wording import NOT_KNOWN, local_time, spaced
from recall.contracts.vocabulary import DESCRIPTIONS, STATUS_TEXTS, Description, describe

GROUP_TEXTS = {"in_progress": "In progress", "completed": "Completed"}
SORT_TEXTS = {
    "name": "Name, A to Z",
    "-name": "Name, Z to A",
    "nhs_number": "NHS number, lowest first",
    "-nhs_number": "NHS number, highest first",
    "updated_at": "Last change, oldest first",
    "-updated_at": "Last change, newest first",
}


def list_link(target_id: str, **filters: str | int) -> str:
    """The address of the patient list, filtered."""
    query = urlencode(filters)
    return f"/targets/{target_id}/patients" + (f"?{query}" if query else "")


def patient_row(row: Row, target: Target) -> dict[str, Any]:
    """A patient in the list."""
    setting = target.round_setting(row["round"])
    return {
        "href": f"/targets/{target.id}/patients/{row['patient_id']}",
        "id": row["patient_id"],
        "nhs_number": spaced(row["nhs_number"]),
        "name": row["name"] or "Name not known",
        "round": setting.name if setting else NOT_KNOWN,
        "status": STATUS_TEXTS[row["status"]],
        "status_code": row["status"],
        "description": described(row, target)[1],
        "appointment": local_time(row["starts_at"]) or NOT_KNOWN,
        "updated_at": local_time(row["updated_at"]),
    }


def form(target: Target, filters: Filters, sort: str) -> dict[str, Any]:
    """The filter form: every choice with its words, and what is chosen."""
    return {
        "statuses": {**GROUP_TEXTS, **STATUS_TEXTS},
        "descriptions": _description_choices(),
        "rounds": {str(r.round): f"{r.round}. {r.name}" for r in target.rounds},
        "sorts": {name: SORT_TEXTS[name] for name in SORTS},
        "chosen": {
            "status": filters.status or "",
            "description": filters.description or "",
            "round": "" if filters.round is None else str(filters.round),
            "did_not_book_in": ""
            if filters.did_not_book_in is None
            else str(filters.did_not_book_in),
            "sort": sort,
        },
    }


_GENERAL: dict[Description, str] = {
    "sending": "Being sent",
    "delivered": "Delivered",
    "failed": "Not delivered",
    "booked_by_reply": "Booked by reply",
    "booked_by_page": "Booked on the booking page",
    "declined_by_reply": "Declined by reply",
    "declined_by_page": "Declined on the booking page",
    "unanswered": "No answer",
    "undeliverable": "Could not be delivered",
}
"""Descriptions that name a round's channel, in words for all channels at once."""


def _description_choices() -> dict[str, str]:
    """Every description, for the filter."""
    return {code: _GENERAL.get(code, describe(code)) for code in DESCRIPTIONS}


def query_of(filters: Filters, sort: str, **more: str) -> str:
    """The filters as a query string, for the next page and the file; never an NHS number."""
    given = {
        "status": filters.status,
        "description": filters.description,
        "round": filters.round,
        "did_not_book_in": filters.did_not_book_in,
        "sort": None if sort == "name" else sort,
        **more,
    }
    return urlencode({name: value for name, value in given.items() if value is not None})
