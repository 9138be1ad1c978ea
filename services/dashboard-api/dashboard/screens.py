"""What the pages show, apart from how: links, captions, sentences.  Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from dashboard.counts import Overview, overview, round_counts
from dashboard.filters import SORTS, Filters
from dashboard.views import RoundSetting, Row, Target, described
from dashboard.wording import NOT_KNOWN, counted, full_time, local_time, spaced, window
from recall.contracts.vocabulary import (
    COMPLETED,
    DESCRIPTIONS,
    IN_PROGRESS,
    STATUS_TEXTS,
    Description,
    Status,
    channel_text,
    describe,
)

STATE_TEXTS = {"active": "Active", "paused": "Paused", "closed": "Closed"}
GROUP_TEXTS = {"in_progress": "In progress", "completed": "Completed"}
SORT_TEXTS = {
    "name": "Name, A to Z",
    "-name": "Name, Z to A",
    "nhs_number": "NHS number, lowest first",
    "-nhs_number": "NHS number, highest first",
    "updated_at": "Last change, oldest first",
    "-updated_at": "Last change, newest first",
}


@dataclass(frozen=True)
class Number:
    """A number with the list of exactly those patients behind it.

    `key` is where the same number stands in the target's JSON, for live updates; `parts` are the
    numbers it is the sum of, where they stand beside it.
    """

    label: str
    n: int
    href: str
    key: str
    parts: tuple["Number", ...] = ()


@dataclass(frozen=True)
class RoundRow:
    """A row of the round breakdown."""

    heading: str
    channel: str
    numbers: list[Number]
    onward: str


def list_link(target_id: str, **filters: str | int) -> str:
    """The address of the patient list, filtered."""
    query = urlencode(filters)
    return f"/targets/{target_id}/patients" + (f"?{query}" if query else "")


def headline(target: Target) -> list[Number]:
    """The first row of the overview."""
    totals = overview(target.histogram)
    link = target.id
    return [
        _total(totals, "total_patients", "Total number of patients", list_link(link)),
        _total(
            totals,
            "in_progress",
            "In progress",
            list_link(link, status="in_progress"),
            tuple(_status(target, totals, status) for status in IN_PROGRESS),
        ),
        _total(totals, "completed", "Completed", list_link(link, status="completed")),
    ]


def completed(target: Target) -> list[Number]:
    """The second row of the overview: what "Completed" is made of."""
    totals = overview(target.histogram)
    return [_status(target, totals, status) for status in COMPLETED]


def _status(target: Target, totals: Overview, status: Status) -> Number:
    return _total(totals, status, STATUS_TEXTS[status], list_link(target.id, status=status))


def _total(
    totals: Overview, key: str, label: str, href: str, parts: tuple[Number, ...] = ()
) -> Number:
    figures: Mapping[str, Any] = totals
    return Number(label, figures[key], href, f"overview.{key}", parts)


def round_rows(target: Target) -> list[RoundRow]:
    """The round breakdown, in workflow order."""
    return [_round_row(target, setting) for setting in target.rounds]


def _round_row(target: Target, setting: RoundSetting) -> RoundRow:
    figures = round_counts(target.histogram, setting.round)
    at = setting.round
    numbers = [
        Number(
            STATUS_TEXTS[status],
            getattr(figures, status),
            list_link(target.id, status=status, round=at),
            f"rounds.{at}.{status}",
        )
        for status in ("in_queue", "being_invited", "booked", "declined")
    ]
    numbers.append(
        Number(
            STATUS_TEXTS["did_not_book"],
            figures.did_not_book,
            list_link(target.id, did_not_book_in=at),
            f"rounds.{at}.did_not_book",
        )
    )
    channel = channel_text(setting.channel)
    return RoundRow(f"{at}. {setting.name}", channel, numbers, _onward(target, at))


def _onward(target: Target, at: int) -> str:
    """Where those go who did not book in a round."""
    following = target.round_setting(at + 1)
    if following is None:
        return "Patients who do not book here have completed the workflow."
    last = target.round_setting(at + 2) is None
    which = "the final round" if last else f"round {at + 1}"
    return f"Patients who do not book here move to {which}: {following.name}."


def slots_sentence(target: Target) -> str:
    """What can still be booked: "102 slots available, 15 to 30 September"."""
    return f"{counted(target.available, 'slot', 'slots')} available, {slots_window(target)}"


def slots_window(target: Target) -> str:
    """The booking window in words."""
    return window(target.window_from, target.window_to)


def queue_sentences(target: Target) -> list[str]:
    """Why each round's queue waits, where somebody waits in it."""
    found = []
    for queue in target.queues:
        figures = round_counts(target.histogram, queue.round)
        setting = target.round_setting(queue.round)
        if figures.in_queue and setting:
            why = describe(queue.reason, setting.channel, local_time(queue.until))
            found.append(f"Round {queue.round} queue: {why}.")
    return found


def target_summary(target: Target) -> dict[str, Any]:
    """A target in the list of targets."""
    return {
        "id": target.id,
        "name": target.name,
        "practice": target.practice,
        "state": STATE_TEXTS[target.state],
        "numbers": [*headline(target), completed(target)[0]],
        "slots": slots_sentence(target),
    }


def target_screen(target: Target, as_of: datetime) -> dict[str, Any]:
    """The dashboard of one target."""
    return {
        "target": target,
        "tab": "Dashboard",
        "as_of": full_time(as_of),
        "headline": headline(target),
        "completed": completed(target),
        "slots": counted(target.available, "slot", "slots"),
        "slots_window": slots_window(target),
        "queues": queue_sentences(target),
        "rounds": round_rows(target),
    }


def patient_row(row: Row, target: Target) -> dict[str, Any]:
    """A patient in the list."""
    setting = target.round_setting(row["round"])
    return {
        "href": f"/targets/{target.id}/patients/{row['patient_id']}",
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
            "nhs_number": spaced(filters.nhs_number) if filters.nhs_number else "",
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
    """The filters as a query string, for the next page and the file."""
    given = {
        "nhs_number": filters.nhs_number,
        "status": filters.status,
        "description": filters.description,
        "round": filters.round,
        "did_not_book_in": filters.did_not_book_in,
        "sort": None if sort == "name" else sort,
        **more,
    }
    return urlencode({name: value for name, value in given.items() if value is not None})
