"""A target in a form: what it is called, its booking window, its rounds, how many are invited."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, Protocol

from dashboard.forms.rounds import (
    BOXES,
    TEMPLATE,
    RoundForm,
    another_round,
    round_body,
    shown_round,
    typed_round,
)
from dashboard.forms.values import UNTYPED, DateTyped, Trouble, Values, date_boxes, typed_date

FURTHER_ROUNDS: Final = 3
"""Rounds beyond the template that a new target's form has room for."""
LONGEST_NAME: Final = 120

_ODS: Final = re.compile(r"[A-Z0-9]{3,10}")
_RATIO: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})?")


class FieldTrouble(Protocol):
    """What ingest found wrong: the field by its path, and the sentence."""

    @property
    def field(self) -> str:
        """For example `rounds.0.name`; empty for the whole."""
        ...

    @property
    def message(self) -> str:
        """What is wrong and what to do."""
        ...


@dataclass(frozen=True)
class TargetForm:
    """A target as it is typed."""

    name: str = ""
    practice: str = ""
    begins: DateTyped = UNTYPED
    ends: DateTyped = UNTYPED
    limit: str = "some"
    per_slot: str = "1"
    rounds: tuple[RoundForm, ...] = ()


def blank(today: date) -> TargetForm:
    """The form as it is first shown: the template, and a booking window from a fortnight on."""
    begins = today + timedelta(days=14)
    return TargetForm(
        begins=date_boxes(begins),
        ends=date_boxes(begins + timedelta(days=27)),
        rounds=TEMPLATE + (another_round(),) * FURTHER_ROUNDS,
    )


def typed_target(values: Values) -> TargetForm:
    """What was typed into a new target's form."""
    places = range(len(TEMPLATE) + FURTHER_ROUNDS)
    return replace(
        typed_settings(values),
        practice=values.text("practice").upper().replace(" ", ""),
        rounds=tuple(typed_round(values, f"rounds-{place}") for place in places),
    )


def typed_settings(values: Values) -> TargetForm:
    """What was typed of the settings that are the whole target's."""
    return TargetForm(
        name=values.text("name"),
        begins=typed_date(values, "begins"),
        ends=typed_date(values, "ends"),
        limit=values.text("limit", "some"),
        per_slot=values.text("per-slot"),
    )


def shown_target(body: Mapping[str, Any]) -> TargetForm:
    """A target of ingest's, as a form shows it."""
    window, ratio = body["booking_window"], body["invitations_per_slot"]
    return TargetForm(
        name=body["name"],
        practice=body["practice"],
        begins=date_boxes(date.fromisoformat(window["from"])),
        ends=date_boxes(date.fromisoformat(window["to"])),
        limit="any" if ratio is None else "some",
        per_slot="1" if ratio is None else f"{Decimal(repr(ratio)).normalize():f}",
        rounds=tuple(shown_round(found) for found in body["rounds"]),
    )


def target_body(form: TargetForm) -> tuple[dict[str, Any], list[Trouble]]:
    """The target to ask ingest for, and what is wrong with it, in the order of the page."""
    body, troubles = name_body(form)
    if not _ODS.fullmatch(form.practice):
        troubles.append(
            Trouble("practice", "Write the practice's ODS code, 3 to 10 letters and digits.")
        )
    for part in (window_body, ratio_body):
        more, wrong = part(form)
        body |= more
        troubles += wrong
    rounds: list[dict[str, Any]] = []
    for place, found in enumerate(form.rounds):
        if found.used:
            one, wrong = round_body(found, f"rounds-{place}")
            rounds.append(one)
            troubles += wrong
    if not rounds:
        troubles.append(Trouble("rounds-0-used", "Use at least one round."))
    return {**body, "practice": form.practice, "rounds": rounds}, troubles


Part = tuple[dict[str, Any], list[Trouble]]
"""Some fields of a target, and what is wrong with them."""


def name_body(form: TargetForm) -> Part:
    """The name."""
    troubles = []
    if not 0 < len(form.name) <= LONGEST_NAME or not form.name.isprintable():
        troubles.append(Trouble("name", f"Name the target, in 1 to {LONGEST_NAME} characters."))
    return {"name": form.name}, troubles


def window_body(form: TargetForm) -> Part:
    """The booking window; both days are in it."""
    troubles = []
    begins, ends = form.begins.read(), form.ends.read()
    for day, box, what in ((begins, "begins", "first"), (ends, "ends", "last")):
        if day is None:
            example = "for example 15 9 2025"
            sentence = f"Write the {what} day of the booking window, {example}."
            troubles.append(Trouble(f"{box}-day", sentence))
    if begins and ends and begins > ends:
        troubles.append(Trouble("ends-day", "The booking window must not end before it begins."))
    window = {"from": begins and begins.isoformat(), "to": ends and ends.isoformat()}
    return {"booking_window": window}, troubles


def ratio_body(form: TargetForm) -> Part:
    """Invitations per slot; null is any number."""
    if form.limit == "any":
        return {"invitations_per_slot": None}, []
    number = form.per_slot
    if not _RATIO.fullmatch(number) or not Decimal(number):
        sentence = "Write how many invitations for each free slot, more than 0, such as 1 or 1.5."
        return {}, [Trouble("per-slot", sentence)]
    return {"invitations_per_slot": float(number)}, []


_BOXES: Final[Mapping[str, str]] = {
    "name": "name",
    "practice": "practice",
    "booking_window": "begins-day",
    "booking_window.from": "begins-day",
    "booking_window.to": "ends-day",
    "invitations_per_slot": "per-slot",
    "rounds": "rounds-0-used",
}


def troubles_of(found: Iterable[FieldTrouble], places: Iterable[int]) -> list[Trouble]:
    """What ingest found wrong, each at the box it was typed in.

    `places` are the form's rounds that were sent, in order.
    """
    sent = list(places)
    return [Trouble(_box(trouble.field, sent), trouble.message) for trouble in found]


def used_places(form: TargetForm) -> list[int]:
    """Which of a form's rounds are used."""
    return [place for place, found in enumerate(form.rounds) if found.used]


def _box(field: str, sent: list[int]) -> str:
    parts = field.split(".")
    if parts[0] == "rounds" and len(parts) > 1 and parts[1].isdigit() and int(parts[1]) < len(sent):
        place = f"rounds-{sent[int(parts[1])]}"
        return f"{place}-{_longest(BOXES, parts[2:]) or 'used'}"
    return _longest(_BOXES, parts)


def _longest(boxes: Mapping[str, str], parts: list[str]) -> str:
    """The box of the longest beginning of a path that has one."""
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        if name in boxes:
            return boxes[name]
    return ""
