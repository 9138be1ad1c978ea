"""The port to the register: what may be asked, and what comes back."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from msgspec import Struct

from recall.contracts.vocabulary import AlertCode

Question = tuple[str, date]
"""An NHS number of ten digits and the date of birth that the practice has."""


class Answer(Struct, frozen=True):
    """What the register holds on one patient; with an alert it gives no details away.

    Fields have the shapes of `Person`. `carer_name` and `carer_mobile` are known for children only.
    """

    alert: AlertCode | None = None
    first_name: str | None = None
    last_name: str | None = None
    mobile: str | None = None
    address: tuple[str, ...] = ()
    postcode: str | None = None
    carer_name: str | None = None
    carer_mobile: str | None = None


class Register(Protocol):
    """Whoever can be asked about patients, many at a time."""

    async def look_up(self, questions: Sequence[Question], at: datetime) -> list[Answer]:
        """Answer every question, in their order, as of the instant `at` of business time (UTC)."""
        ...
