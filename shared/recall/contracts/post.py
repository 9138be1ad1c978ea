"""What a print supplier says of a letter, and what that means here.  Data alone.

A supplier's own words are mapped once, in `SAID_BY_SUPPLIER`, for simulated letters and plugins
alike: how far the delivery is, and for a letter that ended, why it could not reach the patient.
"""

from typing import Literal, NamedTuple

from recall.contracts.vocabulary import Delivery, UndeliverableReason

SupplierStatus = Literal[
    "PENDING",
    "ACCEPTED",
    "PRINTED",
    "ENCLOSED",
    "DISPATCHED",
    "FORWARDED",
    "DELIVERED",
    "RETURNED",
    "REJECTED",
    "CANCELLED",
    "FAILED",
]
"""How far a print supplier has got with a letter."""

ReturnCode = Literal["R01", "R02", "R03", "R04", "R05", "R06", "R07", "R08", "R09", "R10"]
"""Why the post brought a letter back."""


class SaidOfLetter(NamedTuple):
    """One line of the table.

    Attributes:
        words: what the supplier means, in plain words.
        delivery: how far the letter is.
        reason: why it failed; `deceased` makes a patient alert and ends the invitation.
    """

    words: str
    delivery: Delivery
    reason: UndeliverableReason | None = None


SAID_BY_SUPPLIER: dict[tuple[SupplierStatus, ReturnCode | None], SaidOfLetter] = {
    ("PENDING", None): SaidOfLetter("waits at the supplier", "sending"),
    ("ACCEPTED", None): SaidOfLetter("the supplier will print it", "sending"),
    ("PRINTED", None): SaidOfLetter("printed", "sending"),
    ("ENCLOSED", None): SaidOfLetter("in its envelope", "sending"),
    ("DISPATCHED", None): SaidOfLetter("handed to the post", "sending"),
    ("FORWARDED", None): SaidOfLetter("sent on to another address", "sending"),
    ("DELIVERED", None): SaidOfLetter("delivered", "delivered"),
    ("REJECTED", None): SaidOfLetter("refused by the supplier", "failed", "technical_failure"),
    ("CANCELLED", None): SaidOfLetter("not printed", "failed", "technical_failure"),
    ("FAILED", None): SaidOfLetter("lost or spoilt", "failed", "technical_failure"),
    ("RETURNED", None): SaidOfLetter("returned", "failed", "returned_no_reason"),
    ("RETURNED", "R01"): SaidOfLetter("addressee gone away", "failed", "returned_gone_away"),
    ("RETURNED", "R02"): SaidOfLetter("address incomplete", "failed", "returned_no_such_address"),
    ("RETURNED", "R03"): SaidOfLetter("address inaccessible", "failed", "returned_no_such_address"),
    ("RETURNED", "R04"): SaidOfLetter("addressee unknown", "failed", "returned_gone_away"),
    ("RETURNED", "R05"): SaidOfLetter("gone away or refused", "failed", "returned_refused"),
    ("RETURNED", "R06"): SaidOfLetter("not called for", "failed", "returned_refused"),
    ("RETURNED", "R07"): SaidOfLetter("no such address", "failed", "returned_no_such_address"),
    ("RETURNED", "R08"): SaidOfLetter("no reason given", "failed", "returned_no_reason"),
    ("RETURNED", "R09"): SaidOfLetter("deceased", "failed", "deceased"),
    ("RETURNED", "R10"): SaidOfLetter("miscellaneous", "failed", "returned_no_reason"),
}
"""Every status, and every code that a returned letter may carry."""


def said_of_letter(words: str) -> SaidOfLetter:
    """The meaning of a supplier's words, `DISPATCHED` or `RETURNED R01`.

    Raises:
        ValueError: no supplier says so.
    """
    status, _, code = words.strip().upper().partition(" ")
    found = SAID_BY_SUPPLIER.get((status, code or None))  # type: ignore[arg-type]  # any words may be asked for.
    if found is None:
        raise ValueError("not a status of a print supplier")
    return found
