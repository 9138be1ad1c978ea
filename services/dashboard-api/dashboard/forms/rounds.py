"""A round in a form: a channel, how long to answer, when to send, what to say."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from dashboard.forms.values import Trouble, Values, read_clock, read_whole
from recall.contracts.instants import duration
from recall.texts.filling import FIELDS

WEEKDAYS: Final[Mapping[str, str]] = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
CHANNELS: Final[Mapping[str, str]] = {
    "sms": "Text message: patients reply with a letter to book",
    "sms-link": "Text message with a link: patients book on a page",
    "letter": "Letter: with a code to book on a page",
    "other": "Another channel, served by a plugin",
}
TEXT_FIELDS: Final[Mapping[str, str]] = {
    name: about for name, about in FIELDS.items() if name != "appointment"
}
"""The fields that a round's wording may have, each with what stands there."""
UNITS: Final[Mapping[str, timedelta]] = {
    "days": timedelta(days=1),
    "hours": timedelta(hours=1),
    "minutes": timedelta(minutes=1),
    "seconds": timedelta(seconds=1),
}
CHOICES: Final[Mapping[str, Any]] = {
    "channels": CHANNELS,
    "units": tuple(UNITS),
    "weekdays": WEEKDAYS,
    "text_fields": TEXT_FIELDS,
}
"""What the boxes of a round offer."""
_ISO_UNITS: Final = {"days": "P{}D", "hours": "PT{}H", "minutes": "PT{}M", "seconds": "PT{}S"}
LONGEST_ANSWER: Final = timedelta(days=366)
LONGEST_NAME: Final = 120
LONGEST_TEXT: Final = 2000
_CHANNEL: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")


@dataclass(frozen=True)
class RoundForm:
    """A round as it is typed; `used` is whether the target has it at all."""

    used: bool = True
    channel: str = "sms"
    other: str = ""
    name: str = ""
    answer: str = "7"
    unit: str = "days"
    days: tuple[str, ...] = tuple(WEEKDAYS)
    opens: str = "08:00"
    closes: str = "18:00"
    not_on_bank_holidays: bool = False
    text: str = ""


TEMPLATE: Final = (
    RoundForm(channel="sms", name="SMS invitation"),
    RoundForm(channel="sms-link", name="SMS link invitation"),
    RoundForm(
        channel="letter",
        name="Letter invitation",
        answer="14",
        days=("mon", "tue", "wed", "thu", "fri"),
    ),
)
"""SMS, then SMS link, then letter; a letter takes days to arrive, so its answer time is longer."""


def typed_round(values: Values, at: str) -> RoundForm:
    """What was typed into the boxes whose names begin with `at`."""
    return RoundForm(
        used=f"{at}-used" in values,
        channel=values.text(f"{at}-channel", "sms"),
        other=values.text(f"{at}-other"),
        name=values.text(f"{at}-name"),
        answer=values.text(f"{at}-answer"),
        unit=values.text(f"{at}-unit", "days"),
        days=tuple(day for day in WEEKDAYS if day in values.every(f"{at}-days")),
        opens=values.text(f"{at}-opens"),
        closes=values.text(f"{at}-closes"),
        not_on_bank_holidays=f"{at}-holidays" in values,
        text=values.lines(f"{at}-text"),
    )


def shown_round(body: Mapping[str, Any]) -> RoundForm:
    """A round of ingest's, as its boxes show it."""
    window = body["send_window"]
    channel = body["channel"]
    answer, unit = _length(body["respond_within"])
    known = channel in CHANNELS and channel != "other"
    return RoundForm(
        channel=channel if known else "other",
        other="" if known else channel,
        name=body["name"],
        answer=answer,
        unit=unit,
        days=tuple(window["days"]),
        opens=window["from"],
        closes=window["to"],
        not_on_bank_holidays=not window.get("bank_holidays", True),
        text=body.get("text") or "",
    )


def round_body(form: RoundForm, at: str) -> tuple[dict[str, Any], list[Trouble]]:
    """The round to ask ingest for, and what is wrong with it."""
    troubles: list[Trouble] = []

    def check(good: object, box: str, message: str) -> None:
        if not good:
            troubles.append(Trouble(f"{at}-{box}", message))

    channel = form.other if form.channel == "other" else form.channel
    check(form.channel in CHANNELS, "channel", "Choose how this round reaches patients.")
    check(
        form.channel != "other" or _CHANNEL.fullmatch(form.other),
        "other",
        "Write the plugin's channel in small letters, digits and hyphens, for example whatsapp.",
    )
    check(
        0 < len(form.name) <= LONGEST_NAME,
        "name",
        f"Name the round, in 1 to {LONGEST_NAME} characters.",
    )
    length = _typed_length(form)
    check(
        length, "answer", "Write how long patients have to answer as a whole number, 1 to 366 days."
    )
    window, wrong = _window_body(form, at)
    troubles += wrong
    check(len(form.text) <= LONGEST_TEXT, "text", f"Write at most {LONGEST_TEXT} characters.")
    body: dict[str, Any] = {
        "channel": channel,
        "name": form.name,
        "respond_within": length,
        "send_window": window,
    }
    if form.text:
        body["text"] = form.text
    return body, troubles


def _window_body(form: RoundForm, at: str) -> tuple[dict[str, Any], list[Trouble]]:
    """When a round may send, and what is wrong with it."""
    opens, closes = read_clock(form.opens), read_clock(form.closes)
    found = [
        ("days", form.days, "Choose at least one day on which this round may send."),
        (
            "opens",
            opens and opens != "24:00",
            "Write when sending begins as a time, such as 08:00.",
        ),
        ("closes", closes, "Write when sending ends as a time, such as 18:00."),
        (
            "closes",
            not (opens and closes) or opens < closes,
            "Sending must end later in the day than it begins.",
        ),
    ]
    window: dict[str, Any] = {"days": list(form.days), "from": opens, "to": closes}
    if form.not_on_bank_holidays:
        window["bank_holidays"] = False
    return window, [Trouble(f"{at}-{box}", message) for box, good, message in found if not good]


def changed_round(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """A round of ingest's with what a form says of it; its number and channel stay as they are."""
    kept = {name: before[name] for name in ("round", "channel") if name in before}
    window = dict(after["send_window"])
    if "bank_holidays" in before["send_window"]:
        window.setdefault("bank_holidays", True)
    text = {"text": after.get("text")} if "text" in before or after.get("text") else {}
    return {**after, **kept, **text, "send_window": window}


BOXES: Final[Mapping[str, str]] = {
    "channel": "channel",
    "name": "name",
    "respond_within": "answer",
    "send_window": "closes",
    "send_window.days": "days",
    "send_window.from": "opens",
    "send_window.to": "closes",
    "send_window.bank_holidays": "holidays",
    "text": "text",
}
"""Where each of ingest's fields of a round is typed in."""


def another_round() -> RoundForm:
    """A further round, to be filled in."""
    return replace(TEMPLATE[1], used=False, name="")


def _typed_length(form: RoundForm) -> str | None:
    number = read_whole(form.answer, 10_000)
    if number is None or form.unit not in UNITS:
        return None
    if UNITS[form.unit] * number > LONGEST_ANSWER:
        return None
    return _ISO_UNITS[form.unit].format(number)


def _length(text: str) -> tuple[str, str]:
    """A duration in the largest unit of which it is a whole number."""
    length = duration(text)
    unit = next(name for name, size in UNITS.items() if not length % size)
    return str(length // UNITS[unit]), unit
