"""What a channel says: how far a message got, and what the patient replied.

`report_id` is the provider's own id of the report.  A report that is made again must carry the
same one: by it a repeat is known.  `at` is the moment the channel learnt it, aware UTC: an answer
counts by that moment, however late the report arrives.
"""

import os
from dataclasses import dataclass
from datetime import datetime

from recall.channel.messages import Reference
from recall.contracts.events import DeliveryReported, ReplyReceived
from recall.contracts.ids import event_id
from recall.contracts.instants import instant
from recall.contracts.post import said_of_letter
from recall.contracts.vocabulary import Delivery, UndeliverableReason
from recall.kit.codec import encode


@dataclass(frozen=True, slots=True)
class Report:
    """One event for `channel-reports`, valid by its contract."""

    event_id: str
    said: DeliveryReported | ReplyReceived

    @property
    def key(self) -> bytes:
        """The record's key."""
        return self.said.patient_id.encode()

    def value(self, traceparent: str | None = None) -> bytes:
        """The record's value; its one header is `recall.kit.codec.HEADERS`.

        Args:
            traceparent: the trace of the event that asked for the message.
        """
        trace = traceparent[:36] if traceparent else f"00-{os.urandom(16).hex()}-"
        return encode(
            type(self.said),
            self.said.model_dump(),
            event_id=self.event_id,
            source=f"/recall/plugins/{self.said.channel}",
            subject=self.said.invitation_id,
            time=self.said.received_at,
            traceparent=f"{trace}{os.urandom(8).hex()}-01",
        )


def sending(about: Reference, report_id: str, at: datetime) -> Report:
    """The message is under way: the provider has taken it.

    Raises:
        pydantic.ValidationError: the id is no ReportId.
    """
    return _delivery(about, report_id, at, "sending", None)


def delivered(about: Reference, report_id: str, at: datetime) -> Report:
    """The message has arrived.

    Raises:
        pydantic.ValidationError: the id is no ReportId.
    """
    return _delivery(about, report_id, at, "delivered", None)


def failed(
    about: Reference,
    report_id: str,
    at: datetime,
    reason: UndeliverableReason,
    *,
    temporary: bool = False,
) -> Report:
    """The message cannot reach the patient, who moves on to the next round at once.

    With `temporary` it may reach them if it is sent again: Recall asks for that later, a few times
    at most, in the round's send window and before the deadline.

    Raises:
        pydantic.ValidationError: the id is no ReportId, or the reason is not on the list.
    """
    return _delivery(about, report_id, at, "failed", reason, temporary=temporary)


def posted(about: Reference, report_id: str, at: datetime, words: str) -> Report:
    """What a print supplier says of a letter, as in `DISPATCHED` or `RETURNED R01`.

    Raises:
        ValueError: no supplier says so; docs/codes.md has the list.
    """
    said = said_of_letter(words)
    return _delivery(about, report_id, at, said.delivery, said.reason)


def replied(about: Reference, report_id: str, at: datetime, text: str) -> Report:
    """The patient wrote this; what it means is Recall's to say.

    Raises:
        pydantic.ValidationError: the id is no ReportId, or the text is longer than 2,000.
    """
    said = ReplyReceived(
        target_id=about.target_id,
        patient_id=about.patient_id,
        invitation_id=about.invitation_id,
        channel=about.channel,
        report_id=report_id,
        text=text,
        received_at=instant(at),
    )
    return Report(event_id(about.invitation_id, "reply", report_id), said)


def _delivery(
    about: Reference,
    report_id: str,
    at: datetime,
    state: Delivery,
    reason: UndeliverableReason | None,
    *,
    temporary: bool = False,
) -> Report:
    said = DeliveryReported(
        target_id=about.target_id,
        patient_id=about.patient_id,
        invitation_id=about.invitation_id,
        channel=about.channel,
        report_id=report_id,
        state=state,
        reason=reason,
        temporary=temporary,
        received_at=instant(at),
    )
    return Report(event_id(about.invitation_id, state, report_id), said)
