"""What a channel is asked: the events of `invitations-<channel>` in the words of a plugin."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import TypeAdapter

from recall.contracts.events import (
    Destination,
    InvitationRequested,
    InvitationWithdrawn,
    MessageRequested,
    OfferedSlot,
)
from recall.contracts.fields import Channel, InvitationId, TargetId
from recall.contracts.instants import moment
from recall.contracts.topics import channel_topic
from recall.kit import wire
from recall.kit.codec import decoder

Kind = Literal[
    "invitation",
    "confirmation",
    "new_offer",
    "help",
    "refusal",
    "declined",
    "opted_out",
    "opted_in",
]

decode = decoder(channel_topic("any").carries)
"""From the bytes of a record to its event.

Raises msgspec.DecodeError for what is no JSON, or not such an event.
"""


@dataclass(frozen=True, slots=True)
class Reference:
    """The invitation that a report is about, in a text to give a provider as *your reference*.

    >>> Reference.parse("sms/flu-2025/9d2b547c-b251-8a77-8f90-df9fdfa868aa.1").channel
    'sms'
    """

    channel: str
    target_id: str
    invitation_id: str

    @property
    def patient_id(self) -> str:
        """The patient whose invitation it is."""
        return self.invitation_id.rpartition(".")[0]

    def __str__(self) -> str:
        return f"{self.channel}/{self.target_id}/{self.invitation_id}"

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """The reference of a text that `str` made.

        Raises:
            ValueError: no reference.
        """
        channel, _, rest = text.partition("/")
        target_id, _, invitation_id = rest.partition("/")
        return cls(
            _CHANNEL.validate_python(channel),
            _TARGET_ID.validate_python(target_id),
            _INVITATION_ID.validate_python(invitation_id),
        )


_CHANNEL: TypeAdapter[str] = TypeAdapter(Channel)
_TARGET_ID: TypeAdapter[str] = TypeAdapter(TargetId)
_INVITATION_ID: TypeAdapter[str] = TypeAdapter(InvitationId)


@dataclass(frozen=True, slots=True)
class Message:
    """One message to send to one patient, once.

    Attributes:
        key: the idempotency key: a message with a key that was sent must not be sent again.
        about: the invitation it belongs to; reports are about the same.
        kind: `invitation`, or what a further message is for.
        destination: whom it goes to: a name, a mobile number, an address, as far as known.
        text: final; send it as it is.
        offer: the slots one of which a reply of A, B or C books.
        link: the patient's booking page, for an invitation that has one.
        code: what a patient types into that page where no link can be clicked.
        expires_at: when the time to answer an invitation ends, aware UTC.
    """

    key: str
    about: Reference
    kind: Kind
    destination: Destination
    text: str
    offer: Sequence[OfferedSlot]
    link: str | None = None
    code: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An invitation that need not be sent any more, if it has not been yet.

    `key` is the key of the invitation's own message.
    """

    key: str
    target_id: str
    actor: str
    reason: str


def asked_for(said: object) -> Message | Withdrawal:
    """What an event's data asks of the channel.

    Raises:
        TypeError: it is no event of `invitations-<channel>`.
    """
    if isinstance(said, wire.InvitationRequested):
        return _invitation(said)
    if isinstance(said, wire.MessageRequested):
        return _further(said)
    if isinstance(said, wire.InvitationWithdrawn):
        return _withdrawal(said)
    raise TypeError(f"channels are not asked by {type(said).__name__}")


def _invitation(said: InvitationRequested) -> Message:
    return Message(
        key=_key(said),
        about=Reference(said.channel, said.target_id, said.invitation_id),
        kind="invitation",
        destination=said.destination,
        text=said.text,
        offer=said.offer,
        link=said.link,
        code=said.code,
        expires_at=moment(said.expires_at),
    )


def _key(said: InvitationRequested) -> str:
    """The invitation's id; an invitation that is to be sent again has another key."""
    if said.attempt == 1:
        return said.invitation_id
    return f"{said.invitation_id}.attempt-{said.attempt}"


def _further(said: MessageRequested) -> Message:
    return Message(
        key=said.message_id,
        about=Reference(said.channel, said.target_id, said.invitation_id),
        kind=said.kind,
        destination=said.destination,
        text=said.text,
        offer=said.offer,
    )


def _withdrawal(said: InvitationWithdrawn) -> Withdrawal:
    return Withdrawal(said.invitation_id, said.target_id, said.actor, said.reason)
