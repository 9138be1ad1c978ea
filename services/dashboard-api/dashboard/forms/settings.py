"""A change of settings: which section of the page, what it asks ingest for, and both in words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from dashboard.forms.rounds import (
    CHANNELS,
    WEEKDAYS,
    RoundForm,
    another_round,
    changed_round,
    round_body,
    shown_round,
    typed_round,
)
from dashboard.forms.targets import (
    TargetForm,
    name_body,
    ratio_body,
    shown_target,
    typed_settings,
    window_body,
)
from dashboard.forms.values import Trouble, Values
from recall.texts.standard import standard_text

Body = Mapping[str, Any]
"""A target as ingest has it."""

ADDED: Final = "added"
"""The names of a further round's boxes begin so."""
_ROUND: Final = re.compile(r"round-([0-9]{1,2})")
_PARTS: Final = {"name": name_body, "window": window_body, "ratio": ratio_body}


@dataclass(frozen=True)
class Change:
    """What a section's form asks for: `patch` is whole when there are no troubles."""

    section: str
    form: TargetForm
    further: RoundForm
    patch: dict[str, Any]
    troubles: list[Trouble]

    @property
    def done(self) -> str:
        """The code of what was done, for the page that follows."""
        return "round" if self.section.startswith("round-") else self.section


def further_round() -> RoundForm:
    """A further round's boxes as they are first shown."""
    return replace(another_round(), used=True)


def change_of(values: Values, body: Body) -> Change | None:
    """The change that a section asks for; None when there is no such section."""
    section, form, further = values.text("section"), shown_target(body), further_round()
    rounds = list(body["rounds"])
    if section in _PARTS:
        typed = replace(typed_settings(values), practice=form.practice, rounds=form.rounds)
        form = _only(section, form, typed)
        patch, troubles = _PARTS[section](form)
        return Change(section, form, further, patch, troubles)
    if section == ADDED:
        further = typed_round(values, ADDED)
        asked, troubles = round_body(further, ADDED)
        return Change(section, form, further, {"rounds": [*rounds, asked]}, troubles)
    place = _place(section, len(rounds))
    if place is None:
        return None
    typed_one = _typed_existing(values, place, rounds[place])
    asked, troubles = round_body(typed_one, f"rounds-{place}")
    shown = list(form.rounds)
    shown[place] = typed_one
    rounds[place] = changed_round(rounds[place], asked)
    form = replace(form, rounds=tuple(shown))
    return Change(section, form, further, {"rounds": rounds}, troubles)


def told(section: str, body: Body) -> list[tuple[str, str]]:
    """A section's settings in words, each with its label."""
    if section == "name":
        return [("Name", body["name"])]
    if section == "window":
        return [("Booking window", _window(body["booking_window"]))]
    if section == "ratio":
        return [("Invitations for each free slot", _ratio(body["invitations_per_slot"]))]
    if section == ADDED:
        return [("Rounds", ", ".join(found["name"] for found in body["rounds"]))]
    place = _place(section, len(body["rounds"]))
    return [] if place is None else told_round(body["rounds"][place])


def costs(body: Body) -> list[str]:
    """What the text of each round comes to; empty where that is not known."""
    return [_cost(found) for found in body["rounds"]]


def standards(body: Body) -> list[str]:
    """What each round says where it has no wording of its own."""
    return [standard_text(found["channel"]) for found in body["rounds"]]


def _cost(found: Body) -> str:
    parts, cost = found.get("text_parts"), found.get("text_cost")
    if not cost:
        return ""
    price = f"{cost['pence']}p, with VAT {cost['pence_with_vat']}p"
    if not parts:
        return f"A letter costs {price} for each patient."
    messages = "1 message" if parts == 1 else f"{parts} messages"
    return f"The text as it is now takes up to {messages} for each patient, {price}."


def told_round(found: Body) -> list[tuple[str, str]]:
    """A round in words."""
    form, window = shown_round(found), found["send_window"]
    days = [WEEKDAYS[day] for day in window["days"]]
    when = "every day" if len(days) == len(WEEKDAYS) else ", ".join(days)
    not_on = "" if window.get("bank_holidays", True) else ", not on bank holidays"
    unit = form.unit.removesuffix("s") if form.answer == "1" else form.unit
    return [
        ("Name", found["name"]),
        ("Channel", CHANNELS.get(found["channel"], found["channel"])),
        ("Time to answer", f"{form.answer} {unit}"),
        ("Sends", f"{when}, {window['from']} to {window['to']}{not_on}"),
        ("Message text", found.get("text") or "Standard wording"),
    ]


def _only(section: str, before: TargetForm, typed: TargetForm) -> TargetForm:
    """What was typed into one section; the others as they are."""
    if section == "name":
        return replace(before, name=typed.name)
    if section == "window":
        return replace(before, begins=typed.begins, ends=typed.ends)
    return replace(before, limit=typed.limit, per_slot=typed.per_slot)


def _typed_existing(values: Values, place: int, before: Body) -> RoundForm:
    """A round's boxes without the channel, which stays: patients may be in the round."""
    shown = shown_round(before)
    typed = typed_round(values, f"rounds-{place}")
    text = typed.text if f"rounds-{place}-text" in values else shown.text
    return replace(typed, used=True, channel=shown.channel, other=shown.other, text=text)


def _place(section: str, rounds: int) -> int | None:
    match = _ROUND.fullmatch(section)
    place = int(match[1]) - 1 if match else -1
    return place if 0 <= place < rounds else None


def _window(found: Body) -> str:
    begins, ends = (date.fromisoformat(found[name]) for name in ("from", "to"))
    return f"{begins.day} {begins:%B %Y} to {ends.day} {ends:%B %Y}"


def _ratio(ratio: float | None) -> str:
    return "Any number, as long as one slot is free" if ratio is None else f"{ratio:g}"
