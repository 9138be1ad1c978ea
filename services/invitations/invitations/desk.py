"""The appointment desk: what one transaction does to invitations, slots and appointments.

Answers from texts, the booking page, staff and simulated patients all pass through here: the pure
`answers` decide, the desk locks what they need, keeps what they change, and tells the others.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from invitations import store
from invitations.answers import (
    Booked,
    Cancelled,
    Declined,
    Delayed,
    Effect,
    Invitation,
    MessageKind,
    Noted,
    OfferWanted,
    OptedIn,
    OptedOut,
    Slot,
    Step,
    Stood,
    Tell,
    Told,
    Undelivered,
    opted_out,
    undelivered,
)
from invitations.channels import Channels, Message
from invitations.offering import Rotation
from invitations.places import Place
from invitations.retrying import next_attempt
from invitations.store import resending
from invitations.telling import Said, tell_outcome
from recall.contracts.vocabulary import UndeliverableReason
from recall.kit.unit import Unit
from recall.windows import bank_holidays


class Desk:
    """Made at the start of a unit of work, closed at its end."""

    def __init__(self, unit: Unit, channels: Channels, rotation: Rotation) -> None:
        self.unit = unit
        self.invitations: dict[str, Invitation] = {}
        self.slots: dict[str, dict[str, Slot]] = defaultdict(dict)
        self._channels = channels
        self._rotation = rotation
        self._changed: set[str] = set()
        self._appointments: dict[tuple[str, str], tuple[object, ...]] = {}
        self._ended_appointments: list[tuple[str, str]] = []
        self._booked: dict[tuple[str, str], bool] = {}
        self._standing: dict[tuple[str, str], Slot] = {}
        self._words: dict[str, tuple[bool, datetime]] = {}
        self._messages: list[Message] = []
        self._delayed: dict[str, tuple[UndeliverableReason, str, Said]] = {}

    async def load(self, patients: Iterable[str]) -> None:
        """Lock all invitations of these patients."""
        await self.load_from((patient_id, 0) for patient_id in patients)

    async def load_from(self, places: Iterable[Place]) -> None:
        """Lock invitations and those that their patients got later."""
        first: dict[str, int] = {}
        for patient_id, number in places:
            first[patient_id] = min(number, first.get(patient_id, number))
        for invitation in await store.lock_invitations(self.unit.connection, first):
            self.invitations[invitation.invitation_id] = invitation

    async def lock_slots(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Lock the slots, by (target id, slot id), that answers may ask for."""
        found = await store.lock_slots(self.unit.connection, wanted)
        for (target_id, slot_id), slot in found.items():
            self.slots[target_id][slot_id] = slot

    async def take_slots(self, target_id: str, count: int) -> list[Slot]:
        """Lock free slots of a target for those who take any."""
        now = self.unit.now
        taken = await self._rotation.take(self.unit.connection, target_id, now, count, lock=True)
        self.slots[target_id] |= {slot.slot_id: slot for slot in taken}
        return taken

    def invitation(self, invitation_id: str) -> Invitation:
        """An invitation as it stands now, with the appointment its person has got by now."""
        found = self.invitations[invitation_id]
        booked = self._standing.get((found.target_id, found.person_id))
        if booked is None or found.appointment is not None:
            return found
        return replace(found, appointment=booked.slot_id, appointment_at=booked.starts_at)

    def last_of(self, patient_id: str) -> Invitation | None:
        """The patient's invitation in the highest round."""
        mine = [i for i in self.invitations.values() if i.patient_id == patient_id]
        return self.invitation(max(mine, key=lambda i: i.round).invitation_id) if mine else None

    def open_of(self, patient_id: str, like: Invitation) -> Invitation:
        """The patient's open invitation, to which a late answer applies; else the one answered."""
        if like.state == "open":
            return like
        for number in range(like.round + 1, like.round + 20):
            later = self.invitations.get(f"{patient_id}.{number}")
            if later is None:
                break
            if later.state == "open":
                return self.invitation(later.invitation_id)
        return like

    def apply(self, step: Step, said: Said) -> None:
        """Keep what an answer changed and tell of it."""
        invitation, effects = step
        known = self.invitations.get(invitation.invitation_id)
        if invitation is not known:
            self._changed.add(invitation.invitation_id)
            self.invitations[invitation.invitation_id] = invitation
        for effect in effects:
            self._effect(effect, self.invitations[invitation.invitation_id], said)

    def _effect(self, effect: Effect, invitation: Invitation, said: Said) -> None:
        match effect:
            case Booked(slot):
                self._book(invitation, slot, said)
            case Cancelled(slot_id):
                self._cancel(invitation, slot_id)
            case OfferWanted():
                self._message(invitation, "new_offer", said)
            case Tell(kind):
                self._message(invitation, kind, said)
            case OptedOut() | OptedIn():
                self._heed(invitation.person_id, said.at, out=isinstance(effect, OptedOut))
            case Delayed(reason):
                report_id = said.cause.data.report_id if said.cause else said.cause_id
                self._delayed[invitation.invitation_id] = (reason, report_id, said)
            case Stood() | Declined() | Undelivered() | Noted():
                pass
        if isinstance(effect, Told):
            self._tell(effect, invitation, said)

    def _message(self, invitation: Invitation, kind: MessageKind, said: Said) -> None:
        """Tell the patient, by the channel by which they have just written."""
        answered = self.invitations.get(said.on or "", invitation)
        self._messages.append(Message(answered, kind, said.cause_id, said.at))

    def _book(self, invitation: Invitation, slot: Slot, said: Said) -> None:
        """Keep the appointment; the slot is taken for the rest of this transaction."""
        target = invitation.target_id
        self.slots[target][slot.slot_id] = replace(slot, bookable=False)
        self._booked[target, slot.slot_id] = True
        self._standing[target, invitation.person_id] = slot
        self._appointments[target, slot.slot_id] = (
            target,
            slot.slot_id,
            invitation.person_id,
            invitation.patient_id,
            None if said.direct else invitation.round,
            slot.starts_at,
            said.at,
        )

    def _cancel(self, invitation: Invitation, slot_id: str) -> None:
        """End the appointment; one made in this same transaction was never stored."""
        place = (invitation.target_id, slot_id)
        if self._appointments.pop(place, None) is None:
            self._ended_appointments.append(place)
        self._booked[place] = False
        self._standing.pop((invitation.target_id, invitation.person_id), None)

    def _tell(self, effect: Told, invitation: Invitation, said: Said) -> None:
        """Emit an event about an invitation and count it."""
        counted = replace(invitation, said=invitation.said + 1)
        self.invitations[invitation.invitation_id] = counted
        self._changed.add(invitation.invitation_id)
        tell_outcome(self.unit, counted, effect, said)

    def opt_out(self, person_id: str, at: datetime) -> None:
        """Staff say that the person wants no texts."""
        self._heed(person_id, at, out=True)

    def _heed(self, person_id: str, at: datetime, *, out: bool) -> None:
        """Keep the person's last word about texts: channels hand words in late, in any order."""
        known = self._words.get(person_id)
        if known is None or known[1] <= at:
            self._words[person_id] = (out, at)

    def withdraw(self, invitation_id: str, at: datetime) -> Invitation | None:
        """End an open invitation as withdrawn; None if there is nothing to end."""
        invitation = self.invitations.get(invitation_id)
        if invitation is None or invitation.state != "open":
            return None
        ended = replace(
            invitation,
            state="withdrawn",
            ended_at=at,
            needs_reply=False,
            said=invitation.said + 1,
        )
        self.invitations[invitation_id] = ended
        self._changed.add(invitation_id)
        return ended

    async def close(self) -> None:
        """End what opt-outs end, make new offers, store everything, send messages."""
        await self._end_texts_of_opted_out()
        await self._send_again_or_end()
        offers = await self._offer()
        connection = self.unit.connection
        changed = [self.invitations[name] for name in sorted(self._changed)]
        if changed:
            await store.save_invitations(connection, changed)
        if self._ended_appointments:
            await store.delete_appointments(connection, self._ended_appointments)
        if self._appointments:
            await store.add_appointments(connection, list(self._appointments.values()))
        if self._booked:
            await store.set_booked(connection, self._booked)
            await store.mark_dirty(connection, self._booked_more())
        if self._messages:
            await self._channels.tell(self.unit, self._current(self._messages), offers)

    def _booked_more(self) -> dict[str, int]:
        """By target, how many more appointments stand than before."""
        more = dict.fromkeys((target for target, _ in self._booked), 0)
        for target, _ in self._appointments:
            more[target] += 1
        for target, _ in self._ended_appointments:
            more[target] -= 1
        return more

    def _current(self, messages: Sequence[Message]) -> list[Message]:
        """Messages with their invitations as they stand at the end."""
        return [
            Message(self.invitation(m.invitation.invitation_id), m.kind, m.cause, m.at)
            for m in messages
        ]

    async def _end_texts_of_opted_out(self) -> None:
        """STOP ends the person's open text invitations on every target (rule 9)."""
        if not self._words:
            return
        # An opt-out that comes again after the person's START changes nothing.
        counted = await store.save_opt_outs(self.unit.connection, self._words)
        people = [person for person, (out, _) in self._words.items() if out and person in counted]
        for found in await store.lock_open_texts(self.unit.connection, people):
            known = self.invitations.get(found.invitation_id, found)
            if known.state == "open":
                _, at = self._words[known.person_id]
                said = Said(at, "reply", "patient", None, f"{known.invitation_id}/opted_out")
                self.apply((opted_out(known, at), [Undelivered("opted_out")]), said)

    async def _send_again_or_end(self) -> None:
        """What met a temporary failure goes out again later, or ends where that is of no use."""
        waiting = {n for n in self._delayed if self.invitations[n].state == "open"}
        if not waiting:
            return
        connection = self.unit.connection
        known = await resending.read(connection, waiting)
        targets = await store.read_targets(
            connection, {self.invitations[name].target_id for name in waiting}
        )
        again = []
        for name in sorted(waiting):
            invitation, (reason, report_id, said) = self.invitations[name], self._delayed[name]
            attempt, heard, due = known.get(name, (1, "", None))
            if due is not None or heard == report_id:
                continue  # The same failure said once more.
            target = targets.get(invitation.target_id)
            found = target.round_of(invitation.round) if target else None
            window = found.send_window if found else None
            holidays = bank_holidays(said.at)
            due = next_attempt(attempt, said.at, window, invitation.expires_at, holidays)
            if due is None:
                self.apply(undelivered(invitation, reason, said.at), said)
                continue
            again.append(
                resending.Resending(name, invitation.partition, attempt + 1, report_id, due)
            )
        if again:
            await resending.save(connection, again)

    async def _offer(self) -> dict[str, Sequence[Slot]]:
        """Three other slots for each whose slot was gone."""
        wanted: dict[str, list[str]] = defaultdict(list)
        for message in self._messages:
            if message.kind == "new_offer":
                invitation = message.invitation
                wanted[invitation.target_id].append(invitation.invitation_id)
        offers: dict[str, Sequence[Slot]] = {}
        for target_id, ids in sorted(wanted.items()):
            made = await self._rotation.offers(
                self.unit.connection, target_id, self.unit.now, len(ids)
            )
            for invitation_id, offer in zip(ids, made, strict=True):
                offers[invitation_id] = offer
                self._changed.add(invitation_id)
                self.invitations[invitation_id] = offered(self.invitations[invitation_id], offer)
        return offers


def offered(invitation: Invitation, offer: Sequence[Slot]) -> Invitation:
    """The invitation with its latest offer."""
    ids: list[str | None] = [slot.slot_id for slot in offer]
    ids += [None] * (3 - len(ids))
    return replace(invitation, offer=(ids[0], ids[1], ids[2]))
