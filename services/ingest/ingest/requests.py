"""What requests may say: strict, nothing unknown, every error a sentence that names the field."""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Final, Literal, LiteralString, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from recall.contracts import fields
from recall.contracts.instants import duration
from recall.texts import Fault, faults_of

MOST_ROUNDS: Final = 50
LONGEST_ANSWER: Final = timedelta(days=366)
CHANNEL_NAMES: Final = {"sms": "SMS invitation", "sms-link": "SMS link", "letter": "Letter"}
WEEKDAYS: Final[tuple[fields.Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_IDS: Final = 50_000
LONGEST_TEXT: Final = 2000
ANSWERED: Final = frozenset({"text_version", "text_parts", "text_parts_unusual_name", "text_cost"})
"""What a round's answer has beside what may be asked for: sent back, it is passed over."""
MOST_SLOTS_WITHDRAWN: Final = 2_000

_RATIO: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})?")


def _form(pattern: str, sentence: LiteralString) -> AfterValidator:
    """A text that matches, or else the sentence."""
    form = re.compile(f"(?:{pattern.removeprefix('^').removesuffix('$')})")

    def check(text: str) -> str:
        if not form.fullmatch(text):
            raise PydanticCustomError("form", sentence)
        return text

    return AfterValidator(check)


def _readable(limit: int, *, empty: bool = False) -> AfterValidator:
    """One line of text that can be printed, without spaces around it."""

    def check(text: str) -> str:
        text = text.strip()
        if not text.isprintable():
            raise PydanticCustomError("text", "Write one line without control characters.")
        if len(text) > limit or not (text or empty):
            raise PydanticCustomError("length", "Write 1 to {limit} characters.", {"limit": limit})
        return text

    return AfterValidator(check)


def _calendar_date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() if len(text) == len("2025-09-15") else ""
    except ValueError:
        return ""


def _date(text: str) -> str:
    """A day of the calendar."""
    if _calendar_date(text) != text or not text:
        raise PydanticCustomError("date", "Give a date of the calendar, such as 2025-09-15.")
    return text


def _respond_within(text: str) -> str:
    try:
        length = duration(text)
    except (ValueError, OverflowError):
        raise PydanticCustomError(
            "duration", "Give a duration such as P7D, P2W or PT24H; a day is 24 hours."
        ) from None
    if not timedelta() < length <= LONGEST_ANSWER:
        raise PydanticCustomError(
            "duration", "Give patients longer than no time and at most P366D to answer."
        )
    return text


def _ratio(number: float) -> float:
    if not number > 0:
        raise PydanticCustomError(
            "ratio", "Give a number above 0, or null for any number while one slot is free."
        )
    if not _RATIO.fullmatch(ratio_text(number)) or not Decimal(ratio_text(number)):
        raise PydanticCustomError("ratio", "Give at most 999.999, with at most three decimals.")
    return number


def ratio_text(number: float) -> str:
    """A number as the wire's decimal text."""
    return f"{Decimal(repr(number)):f}"


def _wording(text: str | None) -> str | None:
    """A template, which may have several lines; blank is none."""
    text = "\n".join((text or "").splitlines()).strip()
    if not text.replace("\n", "").isprintable():
        raise PydanticCustomError("text", "Write plain text, without control characters.")
    if len(text) > LONGEST_TEXT:
        raise PydanticCustomError("length", "Write at most {limit} characters.", {"limit": 2000})
    return text or None


Wording = Annotated[str | None, AfterValidator(_wording)]
Name = Annotated[str, _readable(120)]
Reason = Annotated[str, _readable(500)]
TargetId = Annotated[
    str,
    _form(
        r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}",
        "A target_id has 1 to 64 letters, digits, - and _, and begins with a letter or a digit.",
    ),
]
OdsCode = Annotated[
    str, _form(r"[A-Z0-9]{3,10}", "Give the practice's ODS code in capitals, such as A81001.")
]
Channel = Annotated[
    str,
    _form(
        fields.CHANNEL_PATTERN,
        "A channel is sms, sms-link, letter or a plugin's name: small letters, digits and -.",
    ),
]
TimeOfDay = Annotated[
    str,
    _form(
        r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00",
        "Give a time of day such as 08:00; 24:00 ends a day.",
    ),
]
Date = Annotated[str, AfterValidator(_date)]
Duration = Annotated[str, AfterValidator(_respond_within)]
Ratio = Annotated[float, AfterValidator(_ratio)]
PatientId = Annotated[str, _form(fields.UUID_PATTERN, "A patient's id is a UUID in small letters.")]
SlotId = Annotated[
    str,
    _form(
        r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}",
        "A slot_id has 1 to 100 letters, digits and the signs _ . : -.",
    ),
]
NhsNumber = Annotated[str, _form(r"[0-9]{10}", "Give an NHS number as ten digits.")]


class Model(BaseModel):
    """The rules of all bodies."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )


class SendWindowRequest(Model):
    """When a round may send; by default every day from 08:00 to 18:00, London.

    With `bank_holidays` false it sends nothing on the bank holidays of England.
    """

    days: list[fields.Weekday] = Field(default=list(WEEKDAYS), min_length=1, max_length=7)
    from_time: TimeOfDay = Field(default="08:00", alias="from")
    to_time: TimeOfDay = Field(default="18:00", alias="to")
    bank_holidays: bool = True

    @model_validator(mode="after")
    def _opens(self) -> Self:
        if len(set(self.days)) != len(self.days):
            raise PydanticCustomError("days", "Name each day of the send window once.")
        if not self.from_time < self.to_time:
            raise PydanticCustomError("window", "A send window's from must be before its to.")
        return self


class RoundRequest(Model):
    """One step of the workflow; `round` may be given and then is its place, from 1."""

    round: int | None = Field(default=None, ge=1, le=MOST_ROUNDS)
    channel: Channel
    name: Name | None = None
    respond_within: Duration = "P7D"
    send_window: SendWindowRequest = Field(default_factory=SendWindowRequest)
    text: Wording = None

    @model_validator(mode="before")
    @classmethod
    def _as_asked(cls, given: object) -> object:
        if isinstance(given, dict):
            return {name: value for name, value in given.items() if name not in ANSWERED}
        return given

    @property
    def title(self) -> str:
        """What the page calls the round."""
        return self.name or CHANNEL_NAMES.get(self.channel, self.channel)


def _numbered(rounds: list[RoundRequest]) -> list[RoundRequest]:
    for place, found in enumerate(rounds, 1):
        if found.round not in {None, place}:
            raise PydanticCustomError("rounds", "Rounds are numbered from 1, without gaps.")
    return rounds


Rounds = Annotated[
    list[RoundRequest], Field(min_length=1, max_length=MOST_ROUNDS), AfterValidator(_numbered)
]


class BookingWindowRequest(Model):
    """The London dates, both inclusive, whose slots may be booked."""

    from_date: Date = Field(alias="from")
    to_date: Date = Field(alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_date > self.to_date:
            raise PydanticCustomError("window", "A booking window's from must not be after its to.")
        return self


class TargetSettings(Model):
    """What may be said of a target at any time."""

    name: Name
    rounds: Rounds
    booking_window: BookingWindowRequest
    invitations_per_slot: Ratio | None = 1.0

    @field_validator("rounds")
    @classmethod
    def _worded(cls, rounds: list[RoundRequest], info: ValidationInfo) -> list[RoundRequest]:
        """Every text may be saved; the target's name, which texts may say, is known by now."""
        target = info.data.get("name", "")
        wrong = [
            _wrong_text(place, fault)
            for place, found in enumerate(rounds)
            if found.text is not None
            for fault in faults_of(found.text, found.channel, target)
        ]
        if wrong:
            raise ValidationError.from_exception_data(cls.__name__, wrong)
        return rounds


def _wrong_text(place: int, fault: Fault) -> InitErrorDetails:
    sentence = PydanticCustomError(
        "wording", "Round {round}, text: {said}", {"round": place + 1, "said": fault.text}
    )
    return InitErrorDetails(type=sentence, loc=(place, "text"), input=None)


class PreviewRequest(Model):
    """A wording to look at before it is saved; without `text` the standard one."""

    channel: Channel
    text: Wording = None
    target: Name = "Childhood Immunisations"


class TargetPatch(Model):
    """The fields that a patch may have; their values are checked once merged."""

    name: object = None
    rounds: object = None
    booking_window: object = None
    invitations_per_slot: object = None


class TargetRequest(TargetSettings):
    """A new target."""

    target_id: TargetId | None = None
    practice: OdsCode


class RemovalRequest(Model):
    """Whom to take off a target: some, by one kind of id, or all."""

    patients: list[PatientId] | None = Field(default=None, min_length=1, max_length=MOST_IDS)
    nhs_numbers: list[NhsNumber] | None = Field(default=None, min_length=1, max_length=MOST_IDS)
    all: Literal[True] | None = None
    reason: Reason

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if [self.patients, self.nhs_numbers, self.all].count(None) != 2:  # noqa: PLR2004 - one of the three is given.
            raise PydanticCustomError(
                "selection", "Give exactly one of patients, nhs_numbers and all."
            )
        return self


class ReprocessRequest(Model):
    """Whom to ask the register about again."""

    patients: list[PatientId] | None = Field(default=None, min_length=1, max_length=MOST_IDS)
    all: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.patients is None) == (self.all is None):
            raise PydanticCustomError("selection", "Give exactly one of patients and all.")
        return self


class CorrectionRequest(Model):
    """What the practice corrects; null leaves a detail to the register, absent leaves it as is."""

    first_name: str | None = None
    last_name: str | None = None
    mobile: str | None = None
    address: list[str] | None = Field(default=None, max_length=5)
    postcode: str | None = None
    carer_name: str | None = None
    carer_mobile: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("empty", "Name at least one detail to correct.")
        return self


class OptOutRequest(Model):
    """Why a person wants no more texts."""

    reason: Reason = "The patient asked staff for no more texts."


class SlotsRequest(Model):
    """Slots, each judged by itself as a row of a file is."""

    slots: list[dict[str, object]] = Field(min_length=1, max_length=200_000)


class WithdrawalRequest(Model):
    """Which slots to withdraw."""

    slots: list[SlotId] = Field(min_length=1, max_length=MOST_SLOTS_WITHDRAWN)


Actor = Annotated[str, _readable(120)]
IdempotencyKey = Annotated[
    str, _form(r"[\x21-\x7e]{1,255}", "An Idempotency-Key has 1 to 255 visible characters.")
]


class Headers(Model):
    """The headers that commands know."""

    actor: Actor = Field(default="staff", alias="X-Actor")
    key: IdempotencyKey | None = Field(default=None, alias="Idempotency-Key")
