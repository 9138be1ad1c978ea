"""The field types of everything on the wire: strings with patterns, whole numbers, closed lists.

No UUID, datetime, timedelta or float travels: a reader in any language sees plain JSON, and
decoding stays cheap.  Conversions to and from Python's own types stand in `instants`.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

INSTANT_PATTERN = (
    r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z$"
)
DATE_PATTERN = r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$"
_TIME_PATTERN = (
    r"T(?:[0-9]{1,5}H(?:[0-9]{1,5}M)?(?:[0-9]{1,7}S)?|[0-9]{1,5}M(?:[0-9]{1,7}S)?|[0-9]{1,7}S)"
)
DURATION_PATTERN = rf"^P(?:[0-9]{{1,3}}W|[0-9]{{1,4}}D(?:{_TIME_PATTERN})?|{_TIME_PATTERN})$"
UUID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
CHANNEL_PATTERN = r"^[a-z][a-z0-9-]{0,30}$"

Instant = Annotated[str, StringConstraints(pattern=INSTANT_PATTERN)]
"""A UTC instant, `YYYY-MM-DDTHH:MM:SS.ffffffZ`: sorts as text, one spelling per instant."""

Date = Annotated[str, StringConstraints(pattern=DATE_PATTERN)]
"""A local (Europe/London) calendar date, `YYYY-MM-DD`."""

Duration = Annotated[str, StringConstraints(pattern=DURATION_PATTERN)]
"""An ISO 8601 duration in weeks, or in days, hours, minutes and seconds; a day is 24 hours."""

TimeOfDay = Annotated[
    str, StringConstraints(pattern=r"^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")
]
"""A local time of day, `HH:MM`; `24:00` ends a day."""

TargetId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
"""The target's id."""

PatientId = Annotated[str, StringConstraints(pattern=UUID_PATTERN)]
"""The id of one enrolment of a person on a target; gives no NHS number away."""

PersonId = Annotated[str, StringConstraints(pattern=UUID_PATTERN)]
"""The id of a person, the same on every target; gives no NHS number away."""

InvitationId = Annotated[str, StringConstraints(pattern=UUID_PATTERN[:-1] + r"\.[1-9][0-9]{0,2}$")]
"""`<patient_id>.<round>`: one patient in one round, at most one, ever."""

SlotId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$")]
"""The slot's id, unique on its target."""

ReportId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:=+-]{1,120}$")]
"""The provider's own id of a report; a repeat carries the same one."""

Channel = Annotated[str, StringConstraints(pattern=CHANNEL_PATTERN)]
"""How a round reaches a patient: `sms`, `sms-link`, `letter`, or a name that a plugin serves."""

OdsCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{3,10}$")]
"""A practice's code from the Organisation Data Service, for example A81001."""

NhsNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{10}$")]
"""An NHS number: ten digits, no spaces."""

Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]
"""A telephone number as E.164, for example +447700900123."""

Postcode = Annotated[str, StringConstraints(min_length=5, max_length=8)]
"""A postcode with its space, for example LS1 4AP."""

RoundNumber = Annotated[int, Field(ge=1, le=999)]
"""The number of a round, from 1."""

Version = Annotated[int, Field(ge=1, le=2**62)]
"""The owner's version: it grows with every change, and the highest is the truth."""

Count = Annotated[int, Field(ge=0, le=2**62)]
"""How many, from 0."""

Ratio = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}(?:\.[0-9]{1,3})?$")]
"""A decimal number as text: no float travels."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=120)]
"""A name as people write it."""

Line = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""One line of a postal address."""

Sentence = Annotated[str, StringConstraints(min_length=1, max_length=500)]
"""A few plain words for people."""

MessageText = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
"""The final text of a message: send it as it is."""

TemplateText = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
"""The wording of a round, with fields such as `((first_name))`: see docs/texts.md."""

ReplyText = Annotated[str, StringConstraints(max_length=2000)]
"""What the patient wrote, as it came."""

Actor = Annotated[str, StringConstraints(min_length=1, max_length=120)]
"""Who asked: `staff:<name>`, `patient`, or a service's name."""

CommandId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,100}$")]
"""The id of a command: a repeat carries the same one."""

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
"""A day of the week."""
