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
DURATION_PATTERN = (
    r"^P(?:[0-9]{1,3}W|(?:[0-9]{1,4}D)?(?:T(?:[0-9]{1,5}H)?(?:[0-9]{1,5}M)?(?:[0-9]{1,7}S)?)?)$"
)
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
PatientId = Annotated[str, StringConstraints(pattern=UUID_PATTERN)]
PersonId = Annotated[str, StringConstraints(pattern=UUID_PATTERN)]
InvitationId = Annotated[str, StringConstraints(pattern=UUID_PATTERN[:-1] + r"\.[1-9][0-9]{0,2}$")]
"""`<patient_id>.<round>`: one patient in one round, at most one, ever."""

SlotId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$")]
ReportId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:=+-]{1,120}$")]
"""The provider's own id of a report; a repeat carries the same one."""

Channel = Annotated[str, StringConstraints(pattern=CHANNEL_PATTERN)]
OdsCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{3,10}$")]
"""A practice's code from the Organisation Data Service, for example A81001."""

NhsNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{10}$")]
Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]
"""E.164."""

Postcode = Annotated[str, StringConstraints(min_length=5, max_length=8)]
RoundNumber = Annotated[int, Field(ge=1, le=999)]
Version = Annotated[int, Field(ge=1, le=2**62)]
Count = Annotated[int, Field(ge=0, le=2**62)]
Ratio = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}(?:\.[0-9]{1,3})?$")]
"""A decimal number as text: no float travels."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=120)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=500)]
MessageText = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
ReplyText = Annotated[str, StringConstraints(max_length=2000)]
Actor = Annotated[str, StringConstraints(min_length=1, max_length=120)]
"""Who asked: `staff:<name>`, `patient`, or a service's name."""

CommandId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,100}$")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
