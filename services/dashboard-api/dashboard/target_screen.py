"""What the target page and the list of targets show, apart from how.  Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from dashboard.counts import Overview, did_not_book_in, overview, round_counts
from dashboard.filters import Waiting
from dashboard.funnel import Funnel, funnel
from dashboard.screens import list_link
from dashboard.views import RoundSetting, Target
from dashboard.wording import counted, full_time, number, weekday_time, window
from recall.contracts.instants import LONDON
from recall.contracts.vocabulary import (
    COMPLETED,
    IN_PROGRESS,
    STATUS_TEXTS,
    Status,
    channel_text,
)

IN_ROUND: tuple[Status, ...] = ("in_queue", "being_invited", "booked", "declined")
"""The columns of the round breakdown that say where a round's patients are now."""

WAITS: dict[str, str] = {
    "next_to_be_invited": "next to be invited.",
    "waiting_for_slot": "waiting for a free slot.",
    "outside_send_window": "waiting for the hours when this round may send.",
    "target_paused": "waiting because the target is paused.",
    "target_closed": "not invited any more because the target is closed.",
    "booking_window_passed": "waiting because the booking window's last slot has passed.",
}
"""Why a round's queue waits, after "12 patients in queue …:"."""


@dataclass(frozen=True)
class Number:
    """A number with the list of exactly those patients behind it.

    `key` is where the same number stands in the target's JSON; `parts` are the numbers it is the
    sum of, where they stand beside it.
    """

    label: str
    n: int
    href: str
    key: str
    parts: tuple["Number", ...] = ()


@dataclass(frozen=True)
class RoundRow:
    """A row of the round breakdown; `onward` says where those go who did not book."""

    heading: str
    channel: str
    numbers: Sequence[Number]
    onward: str


@dataclass(frozen=True)
class Notice:
    """Why something does not go on by itself, and where that is put right."""

    about: Literal["state", "patients", "slots", "replies"]
    title: str
    text: str
    link: str
    href: str


@dataclass(frozen=True)
class Queue:
    """A round's queue: how many wait, and why."""

    number: Number
    text: str


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
        for status in IN_ROUND
    ]
    left = Number(
        STATUS_TEXTS["did_not_book"],
        figures.did_not_book,
        list_link(target.id, did_not_book_in=at),
        f"rounds.{at}.did_not_book",
    )
    channel = channel_text(setting.channel)
    return RoundRow(f"{at}. {setting.name}", channel, [*numbers, left], onward(target, at))


def onward(target: Target, at: int) -> str:
    """Where those go who did not book in a round, by how many they are."""
    n = did_not_book_in(target.histogram, at)
    finished = target.histogram.get((at, "did_not_book"), 0)
    if target.round_setting(at + 1) is None:
        return _ended(n)
    last = target.round_setting(at + 2) is None
    where = "the final round" if last else "the next round"
    moved = n - finished
    if n == 0:
        return f"Patients who do not book move to {where}"
    # Who had finished before a round was put behind theirs stays where they are.
    rest = f"; {number(finished)} had completed the workflow before" if finished else ""
    if moved == 1:
        return f"This patient moves to {where}{rest}"
    return f"These {number(moved)} patients move to {where}{rest}"


def _ended(n: int) -> str:
    """Where those are who did not book in the last round."""
    if n == 0:
        return "Patients who do not book have completed the workflow"
    if n == 1:
        return "This patient has completed the workflow"
    return f"These {number(n)} patients have completed the workflow"


def before_rounds(target: Target) -> list[Number] | None:
    """Patients counted in no round, as columns of the breakdown; None when there are none.

    A patient whose appointment stands from an earlier enrolment is booked without being invited.
    """
    numbers = [
        Number(
            STATUS_TEXTS[status],
            target.histogram.get((0, status), 0),
            list_link(target.id, status=status, round=0),
            f"rounds.0.{status}",
        )
        for status in IN_ROUND
    ]
    return numbers if any(found.n for found in numbers) else None


def totals_row(target: Target) -> list[Number]:
    """Below the rounds: each status over all rounds, as the overview counts it.

    Did not book is no sum of the column above it: who left two rounds stands there twice.
    """
    totals = overview(target.histogram)
    return [
        Number(found.label, found.n, found.href, f"totals.{status}")
        for status in (*IN_ROUND, "did_not_book")
        for found in [_status(target, totals, status)]
    ]


def slots_sentence(target: Target) -> str:
    """What can still be booked: "102 slots available, 15 to 30 September"."""
    return f"{slots_available(target)} available, {slots_window(target)}"


def slots_available(target: Target) -> str:
    """How many slots are free: "102 slots"."""
    return counted(target.available, "slot", "slots")


def slots_window(target: Target) -> str:
    """The booking window in words."""
    return window(target.window_from, target.window_to)


def queues(target: Target) -> list[Queue]:
    """Why each round's queue waits, where somebody waits in it."""
    found = []
    for setting in target.rounds:
        n = round_counts(target.histogram, setting.round).in_queue
        waiting = next((queue for queue in target.queues if queue.round == setting.round), None)
        if n and waiting:
            href = list_link(target.id, status="in_queue", round=setting.round)
            label = f"{'patient' if n == 1 else 'patients'} in queue for {setting.name}"
            found.append(
                Queue(Number(label, n, href, f"queues.{setting.round}"), wait_text(waiting))
            )
    return found


def wait_text(waiting: Waiting) -> str:
    """Why a queue waits, and until when if that is known."""
    if waiting.reason == "outside_send_window" and waiting.until:
        return f"sending from {weekday_time(waiting.until)}."
    return WAITS[waiting.reason]


def notices(target: Target, as_of: datetime) -> list[Notice]:
    """What keeps a target from going on and what waits for staff, the most important first."""
    settings, here = f"/targets/{target.id}/settings", f"/targets/{target.id}"
    totals = overview(target.histogram)
    if target.state == "closed":
        text = "Nobody else is invited. Patients who are being invited can still answer."
        closed = Notice("state", "This target is closed", text, "See its settings", settings)
        return [closed, *_reply_notices(target)]
    found = []
    if target.state == "paused":
        text = (
            "Patients in queue are not invited until it is resumed. Those being invited finish "
            "their round, then wait."
        )
        found.append(Notice("state", "This target is paused", text, "Resume the target", settings))
    if totals["total_patients"] == 0:
        text = "Upload a list of patients, and their progress shows here as it happens."
        found.append(
            Notice(
                "patients",
                "No patients have been uploaded",
                text,
                "Upload patients",
                f"{here}/upload",
            )
        )
    return [*found, *_slot_notices(target, totals, as_of), *_reply_notices(target)]


def _slot_notices(target: Target, totals: Overview, as_of: datetime) -> list[Notice]:
    """What is wrong with what can be booked."""
    here = f"/targets/{target.id}"
    passed = any(queue.reason == "booking_window_passed" for queue in target.queues)
    if passed or target.window_to < as_of.astimezone(LONDON).date():
        text = (
            f"It was {slots_window(target)}. Nobody can be invited until there is a new booking "
            "window with free slots; or close the target."
        )
        title, link = "The booking window has passed", "Change the booking window"
        return [Notice("slots", title, text, link, f"{here}/settings")]
    if target.available == 0 and (totals["in_progress"] or not totals["total_patients"]):
        text = f"No slot is free in the booking window, {slots_window(target)}."
        return [Notice("slots", "There are no slots to book", text, "Add slots", f"{here}/slots")]
    return []


def _reply_notices(target: Target) -> list[Notice]:
    """That patients wait for a person to answer them."""
    if not target.replies:
        return []
    waits = "reply waits" if target.replies == 1 else "replies wait"
    title = f"{number(target.replies)} {waits} for an answer from you"
    text = "Recall did not understand what was written, and does not answer for you."
    return [Notice("replies", title, text, "See the replies", f"/targets/{target.id}/replies")]


def spoken(target: Target) -> str:
    """The state of a target in one sentence, for who hears the page instead of seeing it."""
    totals = overview(target.histogram)
    return (
        f"Updated: {number(totals['in_progress'])} in progress, "
        f"{number(totals['completed'])} completed, {number(totals['booked'])} booked, "
        f"{slots_available(target)} available."
    )


def target_summary(target: Target, as_of: datetime) -> dict[str, Any]:
    """A target in the list of targets."""
    total, *rest = headline(target)
    return {
        "id": target.id,
        "name": target.name,
        "practice": target.practice,
        "state": target.state,
        "numbers": [replace(total, label="All patients"), *rest, *completed(target)],
        "slots": slots_sentence(target),
        "notices": [found for found in notices(target, as_of) if found.about != "state"],
    }


def target_screen(target: Target, as_of: datetime) -> dict[str, Any]:
    """The dashboard of one target: everything in it that changes while it is open."""
    picture: Funnel | None = funnel(target.histogram, target.rounds)
    return {
        "target": target,
        "tab": "Dashboard",
        "as_of": full_time(as_of),
        "notices": notices(target, as_of),
        "headline": headline(target),
        "completed": completed(target),
        "slots": slots_available(target),
        "slots_window": slots_window(target),
        "queues": queues(target),
        "rounds": round_rows(target),
        "before": before_rounds(target),
        "totals": totals_row(target),
        "funnel": picture,
        "spoken": spoken(target),
    }
