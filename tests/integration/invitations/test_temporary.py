"""Temporary failures on real tables: sent again in the window, or undeliverable in the end."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from integration.invitations.test_invitations import ACTOR, START, Invitations, patient_id, service
from invitations import resending
from invitations.retrying import BACK_OFF
from recall.contracts import events
from recall.contracts.instants import LONDON, instant
from recall.kit import wire

__all__ = ["service"]


def target(days: int = 7) -> events.TargetSaved:
    return wire.TargetSaved(
        target_id="t",
        version=2,
        practice="A81001",
        name="Childhood Immunisations",
        state="active",
        rounds=[
            wire.Round(
                round=1,
                channel="sms",
                name="SMS",
                respond_within=f"P{days}D",
                send_window=wire.SendWindow(
                    days=["mon", "tue", "wed", "thu", "fri"], from_time="08:00", to_time="18:00"
                ),
                text="Hello ((first_name)): ((offer))",
                text_version=3,
            )
        ],
        booking_window=wire.BookingWindow(from_date="2025-09-15", to_date="2025-09-30"),
        invitations_per_slot="1.0",
        actor=ACTOR,
        saved_at=instant(START),
    )


def failure(report: str, at: datetime) -> events.DeliveryReported:
    return wire.DeliveryReported(
        target_id="t",
        patient_id=patient_id(1),
        invitation_id=f"{patient_id(1)}.1",
        channel="sms",
        report_id=report,
        state="failed",
        reason="unreachable",
        temporary=True,
        received_at=instant(at),
    )


async def invited(service: Invitations) -> None:
    """An invitation that a plugin sends."""
    service.channels._ways = replace(service.channels._ways, simulated=frozenset())
    service.channels._made = {"sms"}
    await service.target()
    await service.hear(target(), service.patient(1))
    await service.hear(service.dispatch(1))


async def due(service: Invitations) -> datetime | None:
    rows = await service.rows("SELECT due_at FROM resendings")
    return rows[0]["due_at"] if rows else None


async def test_it_goes_out_again_when_the_window_opens_and_says_which_attempt_it_is(
    service: Invitations,
) -> None:
    await invited(service)
    service.clock.at = datetime(2025, 9, 1, 17, 58, tzinfo=LONDON)
    for _ in range(2):  # Said twice, heard once.
        await service.hear(failure("f1", service.clock.at))
    opening = datetime(2025, 9, 2, 8, tzinfo=LONDON)
    assert await due(service) == opening

    service.clock.at = opening - timedelta(seconds=1)
    await resending.resend(service.service, service.channels, service.rotation)
    assert len(service.kept.of(wire.InvitationRequested)) == 1
    service.clock.at = opening
    for _ in range(2):
        await resending.resend(service.service, service.channels, service.rotation)
    first, second = service.kept.of(wire.InvitationRequested)
    assert (first.attempt, second.attempt) == (1, 2)
    assert second.invitation_id == first.invitation_id
    assert (second.template_version, second.expires_at) == (3, first.expires_at)
    assert second.text.startswith("Hello Ann: A Monday 15 September")
    assert len({event.id for event in service.kept.events if event.data in (first, second)}) == 2
    # The failure of the first attempt, said once more, is no failure of the second.
    await service.hear(failure("f1", opening))
    assert await due(service) is None
    assert await service.states() == {f"{patient_id(1)}.1": "open"}

    # What is answered is the offer of the latest text.
    await service.hear(service.reply(1, "A", hours=24))
    (booked,) = service.kept.of(wire.AppointmentBooked)
    assert booked.slot_id == second.offer[0].slot_id


async def test_after_the_last_attempt_the_patient_moves_on(service: Invitations) -> None:
    await invited(service)
    for attempt in range(len(BACK_OFF) + 1):
        service.clock.at += timedelta(minutes=1)
        await service.hear(failure(f"f{attempt}", service.clock.at))
        service.clock.at = await due(service) or service.clock.at
        await resending.resend(service.service, service.channels, service.rotation)
    (ended,) = service.kept.of(wire.InvitationUndeliverable)
    assert ended.reason == "unreachable"
    assert len(service.kept.of(wire.InvitationRequested)) == len(BACK_OFF) + 1
    await service.hear(failure("late", service.clock.at))
    assert len(service.kept.of(wire.InvitationUndeliverable)) == 1


async def test_shortly_before_the_deadline_it_is_undeliverable_at_once(
    service: Invitations,
) -> None:
    await invited(service)
    service.clock.at = START + timedelta(days=7) - timedelta(minutes=4)
    await service.hear(failure("f1", service.clock.at))
    assert len(service.kept.of(wire.InvitationUndeliverable)) == 1
    assert await due(service) is None


async def test_what_was_answered_meanwhile_is_not_sent_again(service: Invitations) -> None:
    await invited(service)
    await service.hear(failure("f1", START))
    service.clock.at = START + timedelta(minutes=10)
    await service.hear(service.withdrawal(1))
    await resending.resend(service.service, service.channels, service.rotation)
    assert len(service.kept.of(wire.InvitationRequested)) == 1
