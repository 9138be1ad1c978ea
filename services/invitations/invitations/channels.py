"""The port to channels: simulated ones act later by themselves, the others' plugins get events."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from invitations import store
from invitations.answers import Invitation, MessageKind, Slot
from invitations.behaviour import ANSWERS_AGAIN, Going, Scenario, acts_of
from invitations.codes import code_behind, grouped, opening_of
from invitations.compose import Facts, invitation_text, message_text
from invitations.phone import Sent
from invitations.store import acts, threads
from recall.contracts.events import Destination, OfferedSlot
from recall.contracts.instants import instant, london_date
from recall.contracts.topics import channel_topic
from recall.contracts.vocabulary import is_text_channel
from recall.kit import wire
from recall.kit.kafka import create_topics
from recall.kit.unit import Unit
from recall.register import Contact, Person, contact_of

KEPT_OF_A_BATCH = 100
"""Texts of one batch that are kept to be looked at: a crowd's are not worth their writing."""
PHONE_REPORT = "/reply/phone-"
"""What the id of a reply from the phone's page has, and no other."""
TOKEN_BYTES = 16
"""128 bits: no link can be guessed."""
LETTERS: tuple[Literal["A", "B", "C"], ...] = ("A", "B", "C")
"""What the slots of an offer are called, in its order."""


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """An invitation to send: with the patient, the target, and the slots of its offer."""

    invitation: Invitation
    patient: store.Patient
    target: store.Target
    offer: Sequence[Slot]
    sent_at: datetime | None = None
    """When it is sent again; None: with its dispatch."""
    attempt: int = 1

    @property
    def at(self) -> datetime:
        """When it is sent."""
        return self.sent_at or self.invitation.dispatched_at


class Message(msgspec.Struct, frozen=True, gc=False):
    """A further message about an invitation; `cause` makes its id, so that it goes out once."""

    invitation: Invitation
    kind: MessageKind
    cause: str
    at: datetime


def contact_for(patient: store.Patient, at: datetime) -> Contact:
    """Whom to write to about a patient at an instant."""
    person = Person(
        patient.nhs_number,
        patient.date_of_birth,
        patient.first_name,
        patient.last_name,
        patient.mobile,
        tuple(patient.address.split("\n")) if patient.address else (),
        patient.postcode,
        patient.carer_name,
        patient.carer_mobile,
    )
    return contact_of(person, london_date(at))


class Ways(msgspec.Struct, frozen=True):
    """How this process reaches patients.

    Attributes:
        simulated: the channels that it plays itself; others are left to plugins.
        seed: of the simulated patients' odds.
        booking_url: the public address of the patients' pages.
        link_key: the secret from which links are derived.
        bootstrap: the brokers on which plugins' topics are made.
        partitions: of such a topic.
    """

    simulated: frozenset[str]
    seed: int
    booking_url: str
    link_key: bytes
    bootstrap: str
    partitions: int


class Channels:
    """Sends through whichever channel an invitation has."""

    def __init__(self, ways: Ways, scenario: Scenario) -> None:
        self._ways = ways
        self._scenario = scenario
        self._made: set[str] = set()

    def simulates(self, channel: str) -> bool:
        """Whether this service plays the channel itself."""
        return channel in self._ways.simulated

    def plays_text(self, channel: str) -> bool:
        """Whether the channel's messages are to be seen on simulated phones."""
        return is_text_channel(channel) and self.simulates(channel)

    def token_of(self, invitation_id: str) -> str:
        """The token in an invitation's link, which is stored nowhere."""
        secret = hmac.digest(self._ways.link_key, invitation_id.encode(), "sha256")[:TOKEN_BYTES]
        return base64.urlsafe_b64encode(secret).decode().rstrip("=")

    def code_of(self, invitation_id: str) -> str:
        """What a patient may type in place of the link."""
        return code_behind(self.token_of(invitation_id))

    def opening_of(self, invitation_id: str) -> int:
        """By what an invitation's page is found: all that is stored of its link and code."""
        return opening_of(self.code_of(invitation_id))

    @property
    def page_key(self) -> bytes:
        """The key by which the patients' pages know their visitors and forms."""
        return hmac.digest(self._ways.link_key, b"pages", "sha256")

    @property
    def secure(self) -> bool:
        """Whether the pages are served over TLS."""
        return self._ways.booking_url.startswith("https://")

    @property
    def page(self) -> str:
        """The address at which codes are typed, as people read it."""
        return f"{self._ways.booking_url.partition('://')[2]}/b"

    def link_of(self, invitation_id: str) -> str:
        """The address of an invitation's booking page."""
        return f"{self._ways.booking_url}/b/{self.token_of(invitation_id)}"

    async def prepare(self, channels: Iterable[str]) -> None:
        """Make the topics of plugins' channels before their first message."""
        missing = {c for c in channels if not self.simulates(c)} - self._made
        if missing:
            await create_topics(
                self._ways.bootstrap,
                [channel_topic(channel) for channel in sorted(missing)],
                self._ways.partitions,
            )
            self._made |= missing

    async def invite(self, unit: Unit, outgoing: Sequence[Outgoing]) -> None:
        """Send invitations."""
        made = [act for one in outgoing for act in self._invited(unit, one)]
        if made:
            await acts.add(unit.connection, made)
        shown = [one for one in outgoing if self.plays_text(one.invitation.channel)]
        if shown:
            sent = [self._sent(one) for one in shown[:KEPT_OF_A_BATCH]]
            await threads.add_sent(unit.connection, sent)

    def _sent(self, one: Outgoing) -> Sent:
        """What the patient's simulated phone shows."""
        i = one.invitation
        text = self._text(one, contact_for(one.patient, one.at))
        return Sent(i.invitation_id, "invitation", text, one.at)

    def _text(self, one: Outgoing, contact: Contact) -> str:
        """The words of an invitation."""
        i = one.invitation
        link, code = self._opening(i)
        facts = _facts(i, one.target, contact, one.offer, link=link, code=code)
        return invitation_text(facts, i.channel, wording_of(one.target, i.round)[0])

    def _opening(self, i: Invitation) -> tuple[str | None, str | None]:
        """Link and code of an invitation's booking page, if it is not answered by letter."""
        if i.channel == "sms":
            return None, None
        return self.link_of(i.invitation_id), grouped(self.code_of(i.invitation_id), "-")

    def _invited(self, unit: Unit, one: Outgoing) -> list[acts.Act]:
        """What a simulated channel will report; a plugin is asked to send instead."""
        if not self.simulates(one.invitation.channel):
            self._request(unit, one)
            return []
        i = one.invitation
        going = Going(
            invitation_id=i.invitation_id,
            nhs_number=one.patient.nhs_number,
            round_number=i.round,
            channel=i.channel,
            respond_within=i.expires_at - one.at,
            # Only where numbers are magic is it worth finding out which one it goes to.
            mobile=contact_for(one.patient, one.at).mobile if self._scenario.magic else None,
            attempt=one.attempt,
        )
        found = acts_of(self._scenario, self._ways.seed, going)
        return [_act(i, one.at + act.after, act.kind, act.text) for act in found]

    def _request(self, unit: Unit, one: Outgoing) -> None:
        i = one.invitation
        contact = contact_for(one.patient, one.at)
        link, code = self._opening(i)
        unit.emit(
            wire.InvitationRequested(
                target_id=i.target_id,
                patient_id=i.patient_id,
                invitation_id=i.invitation_id,
                version=i.round,
                round=i.round,
                channel=i.channel,
                destination=_destination(contact),
                text=self._text(one, contact),
                template_version=i.template_version,
                offer=_offered(one.offer),
                link=link,
                code=code,
                requested_at=instant(one.at),
                expires_at=instant(i.expires_at),
                attempt=one.attempt,
            ),
            i.round if one.attempt == 1 else f"{i.round}.{one.attempt}",
            at=instant(one.at),
            topic=channel_topic(i.channel),
            partition=i.partition,
        )

    async def tell(
        self, unit: Unit, messages: Sequence[Message], offers: dict[str, Sequence[Slot]]
    ) -> None:
        """Send further messages; `offers` are the new offers by invitation id."""
        made = [
            _act(m.invitation, m.at + ANSWERS_AGAIN, *_answers_again(m.invitation))
            for m in messages
            if m.kind == "new_offer"
            and self.simulates(m.invitation.channel)
            # Where a person answers in the patient's place, nothing is made up.
            and PHONE_REPORT not in m.cause
        ]
        if made:
            await acts.add(unit.connection, made)
        asked = [m for m in messages if not self.simulates(m.invitation.channel)]
        if asked:
            await self._ask(unit, asked, offers)
        shown = [m for m in messages if self.plays_text(m.invitation.channel)]
        if shown:
            await self._show(unit, shown[:KEPT_OF_A_BATCH], offers)

    async def _show(
        self, unit: Unit, messages: Sequence[Message], offers: dict[str, Sequence[Slot]]
    ) -> None:
        """Keep further messages for the simulated phones."""
        composed = await self._composed(unit, messages, offers)
        sent = [
            Sent(m.invitation.invitation_id, m.kind, text, m.at)
            for m, (_, text) in zip(messages, composed, strict=True)
        ]
        await threads.add_sent(unit.connection, sent)

    async def _ask(
        self, unit: Unit, messages: Sequence[Message], offers: dict[str, Sequence[Slot]]
    ) -> None:
        """Ask plugins to send further messages."""
        composed = await self._composed(unit, messages, offers)
        for m, (contact, text) in zip(messages, composed, strict=True):
            i = m.invitation
            offer = offers.get(i.invitation_id, ())
            digest = hashlib.sha256(m.cause.encode()).hexdigest()[:16]
            message_id = f"{i.invitation_id}.{m.kind}.{digest}"
            unit.emit(
                wire.MessageRequested(
                    target_id=i.target_id,
                    patient_id=i.patient_id,
                    invitation_id=i.invitation_id,
                    message_id=message_id,
                    version=i.round,
                    channel=i.channel,
                    kind="confirmation" if m.kind == "cancelled" else m.kind,
                    destination=_destination(contact),
                    text=text,
                    offer=_offered(offer),
                    requested_at=instant(m.at),
                ),
                message_id,
                at=instant(m.at),
                topic=channel_topic(i.channel),
                partition=i.partition,
            )

    async def _composed(
        self, unit: Unit, messages: Sequence[Message], offers: dict[str, Sequence[Slot]]
    ) -> list[tuple[Contact, str]]:
        """Whom each message goes to, and its words."""
        ids = {m.invitation.patient_id for m in messages}
        patients = await store.read_patients(unit.connection, ids)
        wanted = {m.invitation.target_id for m in messages}
        targets = await store.read_targets(unit.connection, wanted)
        found = []
        for m in messages:
            i = m.invitation
            contact = contact_for(patients[i.patient_id], m.at)
            # Only the page of an open invitation is of any use to who asks for help.
            link = self._opening(i)[0] if i.state == "open" else None
            offer = offers.get(i.invitation_id, ())
            facts = _facts(i, targets[i.target_id], contact, offer, link=link)
            found.append((contact, message_text(facts, m.kind, i.channel)))
        return found

    def recall(self, unit: Unit, invitation: Invitation, actor: str, reason: str) -> None:
        """Tell a plugin not to send what it has not sent."""
        if self.simulates(invitation.channel):
            return
        unit.emit(
            wire.InvitationWithdrawn(
                target_id=invitation.target_id,
                patient_id=invitation.patient_id,
                invitation_id=invitation.invitation_id,
                version=invitation.round,
                round=invitation.round,
                actor=actor,
                reason=reason,
                withdrawn_at=unit.now_text,
            ),
            invitation.round,
            topic=channel_topic(invitation.channel),
            partition=invitation.partition,
        )


def _act(i: Invitation, due_at: datetime, kind: str, said: str) -> acts.Act:
    return acts.Act(due_at, i.partition, i.patient_id, i.round, i.target_id, i.channel, kind, said)


def _answers_again(invitation: Invitation) -> tuple[str, str]:
    """A simulated patient who wanted to book takes the first slot of the new offer."""
    return ("reply", "A") if invitation.channel == "sms" else ("visit", "A")


def wording_of(target: store.Target | None, round_number: int) -> tuple[str | None, int]:
    """A round's own wording, None for the standard one, and its version."""
    found = target.round_of(round_number) if target else None
    return (found.text, found.text_version) if found else (None, 1)


def _facts(
    i: Invitation,
    target: store.Target,
    contact: Contact,
    offer: Sequence[Slot],
    *,
    link: str | None = None,
    code: str | None = None,
) -> Facts:
    return Facts(
        target=target.name,
        greeting=contact.greeting,
        for_child=contact.for_child,
        practice=target.practice,
        offer=[slot.starts_at for slot in offer],
        link=link,
        code=code,
        expires_at=i.expires_at,
        appointment_at=i.appointment_at,
    )


def _destination(contact: Contact) -> Destination:
    return wire.Destination(
        name=contact.addressee,
        mobile=contact.mobile,
        address=list(contact.address),
        postcode=contact.postcode,
    )


def _offered(offer: Sequence[Slot]) -> list[OfferedSlot]:
    return [
        wire.OfferedSlot(letter=letter, slot_id=slot.slot_id, starts_at=instant(slot.starts_at))
        for letter, slot in zip(LETTERS, offer, strict=False)
    ]
