"""Targets, patients and what happens to them, made up: what tests of workflow start from."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from recall.contracts.ids import invitation_id, patient_id
from recall.contracts.instants import instant
from recall.kit import wire
from recall.windows import Window
from workflow.decide import Enrolment, Happening
from workflow.pacing import Availability, Round, Settings

KEY = b"made up"
TARGET = "childhood-immunisations"
START = datetime(2025, 9, 1, 8, tzinfo=UTC)
"""Monday 1 September 2025, 09:00 in London."""
WEEKDAYS: Any = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAILY = Window(frozenset(WEEKDAYS), "08:00", "18:00")
CHANNELS = ("sms", "sms-link", "letter")


def at(**after: float) -> str:
    """The instant so long after START, as on the wire."""
    return instant(START + timedelta(**after))


def patient(number: int, target: str = TARGET) -> str:
    """The id of the nth made-up patient of a target."""
    return patient_id(KEY, target, f"{number:010d}", 1)


def settings(rounds: int = 3, **changes: Any) -> Settings:
    """A target with daily windows, open 15 to 30 September."""
    steps = tuple(
        Round(n, CHANNELS[(n - 1) % 3], timedelta(days=7), DAILY) for n in range(1, rounds + 1)
    )
    fields: dict[str, Any] = {
        "target_id": TARGET,
        "state": "active",
        "rounds": steps,
        "from_date": "2025-09-15",
        "to_date": "2025-09-30",
        "ratio": Decimal(1),
    }
    return Settings(**(fields | changes))


def free(slots: int, day: str = "2025-09-15") -> Availability:
    """So many free slots on one day; the last slot of all is on 30 September."""
    return Availability(((day, slots),), datetime(2025, 9, 30, 15, tzinfo=UTC))


def enrolment(number: int = 1, version: int = 1, **changes: Any) -> Enrolment:
    """The nth patient as ingest says it."""
    fields: dict[str, Any] = {
        "patient_id": patient(number),
        "target_id": TARGET,
        "partition": 0,
        "position": number,
        "version": version,
        "nhs_number": f"{9990000000 + number}",
        "date_of_birth": "1980-05-17",
        "has_mobile": True,
        "has_address": True,
        "has_carer_mobile": False,
        "alert": None,
        "actor": "staff:ann",
        "at": at(),
    }
    return Enrolment(**(fields | changes))


def dispatched(**changes: Any) -> Happening:
    """The invitation going out."""
    fields: dict[str, Any] = {
        "event": "dispatched",
        "at": at(),
        "description": "sending",
        "until": at(days=7),
        "delivery": "sending",
    }
    return Happening(**(fields | changes))


def booked(version: int, step: int | None = 1, slot: str = "slot-1") -> Happening:
    return Happening(
        event="booked",
        at=at(days=1),
        actor="patient",
        version=version,
        round=step,
        description="booked_by_reply",
        slot=(slot, at(days=14)),
    )


def declined(version: int, step: int | None = 1) -> Happening:
    return Happening(
        event="declined",
        at=at(days=1),
        actor="patient",
        version=version,
        round=step,
        description="declined_by_reply",
    )


def unanswered(version: int, step: int = 1) -> Happening:
    return Happening(
        event="unanswered",
        at=at(days=7),
        version=version,
        round=step,
        description="unanswered",
    )


def undeliverable(version: int, step: int = 1) -> Happening:
    return Happening(
        event="undeliverable",
        at=at(hours=1),
        version=version,
        round=step,
        description="undeliverable",
    )


def died(version: int, step: int = 1) -> Happening:
    return Happening(
        event="died",
        at=at(days=3),
        version=version,
        round=step,
        description="deceased",
        alert="deceased",
    )


def cancelled(version: int) -> Happening:
    return Happening(
        event="cancelled",
        at=at(days=2),
        actor="staff:ann",
        reason="The clinic is closed.",
        version=version,
        description="cancelled",
    )


def noted(
    version: int, state: Any = "delivered", *, step: int = 1, reply: bool = False
) -> Happening:
    return Happening(
        event="noted",
        at=at(minutes=1),
        version=version,
        round=step,
        description="needs_reply" if reply else state,
        delivery=state,
    )


def removed(reason: str = "Moved away.") -> Happening:
    return Happening(event="removed", at=at(days=1), actor="staff:ann", reason=reason)


def alerted(code: Any = "deceased") -> Happening:
    return Happening(event="alerted", at=at(), alert=code)


@dataclass(frozen=True)
class Wire:
    """Events about one target, as its other services publish them."""

    target: str = TARGET

    def saved(self, version: int = 1, **changes: Any) -> Any:
        """The target: three rounds of seven days, a daily window, any number per slot."""
        window = wire.SendWindow(days=WEEKDAYS, from_time="08:00", to_time="18:00")
        fields: dict[str, Any] = {
            "target_id": self.target,
            "version": version,
            "practice": "A81001",
            "name": "Childhood Immunisations",
            "state": "active",
            "rounds": [
                wire.Round(
                    round=n, channel=channel, name=channel, respond_within="P7D", send_window=window
                )
                for n, channel in enumerate(CHANNELS, 1)
            ],
            "booking_window": wire.BookingWindow(from_date="2025-09-15", to_date="2025-09-30"),
            "invitations_per_slot": "1.0",
            "actor": "staff:ann",
            "saved_at": at(),
        }
        return wire.TargetSaved(**(fields | changes))

    def counted(self, slots: int, version: int = 1, booked: int | None = None) -> Any:
        """So many slots free on 15 September."""
        return wire.SlotAvailability(
            target_id=self.target,
            version=version,
            days=[wire.FreeSlots(date="2025-09-15", free=slots)],
            last_slot_at=at(days=29),
            booked=booked,
            counted_at=at(),
        )

    def enrolled(self, number: int, version: int = 1, alert: Any = None) -> Any:
        """The nth patient, an adult with a mobile and an address."""
        return wire.PatientEnrolled(
            target_id=self.target,
            patient_id=patient(number, self.target),
            person_id=patient_id(KEY, "", f"{number:010d}", 1),
            version=version,
            enrolment=1,
            position=number,
            nhs_number=f"{9990000000 + number}",
            date_of_birth="1980-05-17",
            first_name="Ann",
            last_name="Smith",
            mobile="+447700900123",
            address=["1 Elm Road", "Ashmere"],
            postcode="ZY1 2AB",
            carer_name=None,
            carer_mobile=None,
            alert=alert,
            actor="staff:ann",
            enrolled_at=at(),
        )

    def removal(self, number: int) -> Any:
        return wire.PatientRemovalRequested(
            target_id=self.target,
            patient_id=patient(number, self.target),
            command_id=f"remove-{number}",
            actor="staff:ann",
            reason="Moved away.",
            requested_at=at(days=1),
        )

    def booked(self, number: int, version: int = 1, step: int = 1) -> Any:
        return wire.AppointmentBooked(
            **self._about(number, version, step, channel=False),
            slot_id=f"slot-{number}",
            starts_at=at(days=14),
            via="reply",
            actor="patient",
            booked_at=at(days=1),
        )

    def declined(self, number: int, version: int = 1, step: int = 1) -> Any:
        return wire.InvitationDeclined(
            **self._about(number, version, step, channel=False),
            via="page",
            actor="patient",
            declined_at=at(days=1),
        )

    def unanswered(self, number: int, version: int = 1, step: int = 1) -> Any:
        return wire.InvitationUnanswered(
            **self._about(number, version, step), expired_at=at(days=7 * step)
        )

    def undeliverable(
        self, number: int, version: int = 1, step: int = 1, reason: Any = "invalid_number"
    ) -> Any:
        return wire.InvitationUndeliverable(
            **self._about(number, version, step), reason=reason, ended_at=at(hours=1)
        )

    def noted(self, number: int, version: int = 1, step: int = 1, state: Any = "delivered") -> Any:
        return wire.DeliveryNoted(
            **self._about(number, version, step),
            state=state,
            needs_reply=False,
            noted_at=at(minutes=1),
        )

    def cancelled(self, number: int, version: int = 2) -> Any:
        return wire.AppointmentCancelled(
            target_id=self.target,
            patient_id=patient(number, self.target),
            version=version,
            slot_id=f"slot-{number}",
            actor="staff:ann",
            reason="The clinic is closed.",
            cancelled_at=at(days=2),
        )

    def _about(
        self, number: int, version: int, step: int, *, channel: bool = True
    ) -> dict[str, Any]:
        who = patient(number, self.target)
        fields: dict[str, Any] = {
            "target_id": self.target,
            "patient_id": who,
            "invitation_id": invitation_id(who, step),
            "version": version,
            "round": step,
        }
        return fields | ({"channel": CHANNELS[(step - 1) % 3]} if channel else {})
