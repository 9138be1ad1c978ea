"""Invitations on real tables: offers, bookings, withdrawals, opt-outs, deadlines, free slots."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from invitations import availability, simulation
from invitations.app import ways_of
from invitations.behaviour import Scenario
from invitations.channels import Channels
from invitations.deadlines import _claim, expire
from invitations.handlers import handlers
from invitations.offering import Rotation
from invitations.settings import Settings
from recall.contracts import events
from recall.contracts.instants import LONDON, instant
from recall.kit import wire
from recall.kit.consuming import Batch
from recall.kit.service import Service
from support.alone import Alone, pool_of, records_of
from support.stores import TestStores, fresh_database

START = datetime(2025, 9, 1, 9, tzinfo=LONDON)
ACTOR = "staff:test"


def patient_id(number: int) -> str:
    return str(UUID(int=number + 1))


class Invitations(Alone):
    """The service with words of its own for what the tests say."""

    channels: Channels
    rotation: Rotation

    async def target(self, name: str = "t", slots: int = 6) -> None:
        window = wire.BookingWindow(from_date="2025-09-15", to_date="2025-09-30")
        await self.hear(
            wire.TargetSaved(
                target_id=name,
                version=1,
                practice="A81001",
                name="Childhood Immunisations",
                state="active",
                rounds=[],
                booking_window=window,
                invitations_per_slot="1.0",
                actor=ACTOR,
                saved_at=instant(START),
            ),
            *(self.slot(name, number) for number in range(slots)),
        )

    def slot(self, target: str, number: int, version: int = 1) -> events.SlotReleased:
        at = datetime(2025, 9, 15, 9, tzinfo=LONDON) + timedelta(minutes=20 * number)
        return wire.SlotReleased(
            target_id=target,
            slot_id=f"slot-{number}",
            version=version,
            starts_at=instant(at),
            minutes=20,
            clinician=None,
        )

    def patient(
        self, number: int, target: str = "t", person: int | None = None
    ) -> events.PatientEnrolled:
        return wire.PatientEnrolled(
            target_id=target,
            patient_id=patient_id(number),
            person_id=str(UUID(int=1000 + (number if person is None else person))),
            version=1,
            enrolment=1,
            position=number,
            nhs_number="9990000018",
            date_of_birth="1980-05-01",
            first_name="Ann",
            last_name="Other",
            mobile="+447700900123",
            address=["1 Elm Road"],
            postcode="ZY1 2AB",
            carer_name=None,
            carer_mobile=None,
            alert=None,
            actor=ACTOR,
            enrolled_at=instant(START),
        )

    def dispatch(
        self, number: int, target: str = "t", round_number: int = 1, channel: str = "sms"
    ) -> events.InvitationDispatched:
        return wire.InvitationDispatched(
            target_id=target,
            patient_id=patient_id(number),
            invitation_id=f"{patient_id(number)}.{round_number}",
            version=round_number,
            round=round_number,
            channel=channel,
            dispatched_at=instant(START),
            expires_at=instant(START + timedelta(days=7)),
        )

    def reply(
        self, number: int, text: str, report: str = "r1", hours: int = 1, target: str = "t"
    ) -> events.ReplyReceived:
        return wire.ReplyReceived(
            target_id=target,
            patient_id=patient_id(number),
            invitation_id=f"{patient_id(number)}.1",
            channel="sms",
            report_id=report,
            text=text,
            received_at=instant(START + timedelta(hours=hours)),
        )

    def withdrawal(self, number: int) -> events.InvitationWithdrawn:
        return wire.InvitationWithdrawn(
            target_id="t",
            patient_id=patient_id(number),
            invitation_id=f"{patient_id(number)}.1",
            version=2,
            round=1,
            actor=ACTOR,
            reason="Moved away",
            withdrawn_at=instant(START),
        )

    async def states(self) -> dict[str, str]:
        rows = await self.rows("SELECT invitation_id, state FROM invitations")
        return {row["invitation_id"]: row["state"] for row in rows}

    async def offer_of(self, number: int) -> list[str]:
        (row,) = await self.rows(
            "SELECT offer_a, offer_b, offer_c FROM invitations WHERE invitation_id = $1",
            f"{patient_id(number)}.1",
        )
        return list(row)


@pytest.fixture
async def service(stores: TestStores) -> AsyncIterator[Invitations]:
    dsn = await fresh_database(stores)
    settings = Settings(
        kafka_bootstrap_servers="127.0.0.1:1",
        database_url=dsn,
        port=1,
        token="t",
        link_key="00" * 16,
    )
    channels = Channels(ways_of(settings), Scenario(silent_unless_scripted=True))
    rotation = Rotation()
    async with pool_of(dsn, stores.role_password, "invitations") as pool:
        found = Invitations(
            Service("invitations", settings), handlers(channels, rotation), pool, START
        )
        found.channels, found.rotation = channels, rotation
        yield found


async def test_a_dispatch_becomes_one_invitation_however_often_it_comes(
    service: Invitations,
) -> None:
    await service.target()
    await service.hear(service.patient(1))
    for _ in range(3):
        await service.hear(service.dispatch(1))
    assert await service.states() == {f"{patient_id(1)}.1": "open"}
    assert len(set(await service.offer_of(1))) == 3


async def test_a_dispatch_before_its_patient_waits_for_them(service: Invitations) -> None:
    await service.target()
    await service.hear(service.dispatch(1))
    assert await service.states() == {}
    await service.hear(service.patient(1))
    assert await service.states() == {f"{patient_id(1)}.1": "open"}


async def test_a_dispatch_and_its_patient_at_the_same_moment_always_meet(
    service: Invitations,
) -> None:
    await service.target()
    await service.rows(
        "INSERT INTO inbox_offsets (topic, partition, next_offset) "
        "SELECT 'patients', p, 0 FROM generate_series(0, 11) AS p"
    )
    people = range(40)

    async def enrol(number: int) -> None:
        # As the consumer does: the offsets of the batch are locked before it is folded.
        records = records_of("patients", [service.patient(number)])
        async with service.service.unit() as unit:
            await unit.connection.execute(
                "SELECT 1 FROM inbox_offsets WHERE topic = 'patients' AND partition = $1 FOR UPDATE",
                records[0].partition,
            )
            await service.handlers["patients"](Batch(unit, records))

    await asyncio.gather(
        *(enrol(n) for n in people), *(service.hear(service.dispatch(n)) for n in people)
    )
    assert len(await service.states()) == len(people)
    assert await service.rows("SELECT 1 FROM waiting_messages") == []


async def test_a_reply_books_its_slot_once(service: Invitations) -> None:
    await service.target()
    await service.hear(service.patient(1), service.dispatch(1))
    wanted = (await service.offer_of(1))[1]
    service.clock.at = START + timedelta(hours=2)
    for _ in range(3):
        await service.hear(service.reply(1, "B please"))
    (booked,) = service.kept.of(wire.AppointmentBooked)
    assert (booked.slot_id, booked.via) == (wanted, "reply")
    rows = await service.rows("SELECT slot_id, patient_id::text FROM appointments")
    assert [tuple(row) for row in rows] == [(wanted, patient_id(1))]


async def test_two_people_in_one_batch_never_get_one_slot(service: Invitations) -> None:
    await service.target(slots=3)
    people = range(3)
    await service.hear(*(service.patient(n) for n in people))
    await service.hear(*(service.dispatch(n) for n in people))
    await service.rows("UPDATE invitations SET offer_a = 'slot-0'")
    service.clock.at = START + timedelta(hours=2)
    await service.hear(*(service.reply(n, "A") for n in people))
    booked = service.kept.of(wire.AppointmentBooked)
    assert [event.slot_id for event in booked] == ["slot-0"]
    assert sorted((await service.states()).values()) == ["booked", "open", "open"]
    await service.rows("DELETE FROM simulated_acts")
    for place in range(4):
        await service.hear(*(service.reply(n, "A", f"again-{place}") for n in people))
    assert sorted(e.slot_id for e in service.kept.of(wire.AppointmentBooked)) == [
        "slot-0",
        "slot-1",
        "slot-2",
    ]


async def test_replies_in_two_transactions_at_once_never_share_a_slot(
    service: Invitations,
) -> None:
    await service.target(slots=4)
    people = range(12)
    await service.hear(*(service.patient(n) for n in people))
    await service.hear(*(service.dispatch(n) for n in people))
    service.clock.at = START + timedelta(hours=2)

    async def answers(mine: range) -> None:
        for place in range(6):
            for letter in "ABC":
                await service.hear(*(service.reply(n, letter, f"{place}{letter}") for n in mine))

    await asyncio.gather(answers(range(6)), answers(range(6, 12)))
    rows = await service.rows("SELECT slot_id, person_id FROM appointments")
    assert len(rows) == 4
    assert len({row["slot_id"] for row in rows}) == len({row["person_id"] for row in rows}) == 4
    assert len(service.kept.of(wire.AppointmentBooked)) == 4


async def test_a_withdrawal_ends_what_is_open_and_refuses_what_comes_late(
    service: Invitations,
) -> None:
    await service.target()
    await service.hear(service.patient(1), service.dispatch(1), service.withdrawal(1))
    (ended,) = service.kept.of(wire.InvitationEnded)
    assert ended.reason == "Moved away"
    await service.hear(service.reply(1, "A"))
    assert service.kept.of(wire.AppointmentBooked) == []


async def test_a_withdrawal_before_its_dispatch_is_kept_for_it(service: Invitations) -> None:
    await service.target()
    await service.hear(service.patient(1), service.withdrawal(1))
    assert await service.states() == {}
    await service.hear(service.dispatch(1))
    assert await service.states() == {f"{patient_id(1)}.1": "withdrawn"}
    assert len(service.kept.of(wire.InvitationEnded)) == 1


async def test_stop_ends_open_texts_on_every_target_and_forbids_later_ones(
    service: Invitations,
) -> None:
    await service.target("t")
    await service.target("u")
    await service.hear(
        service.patient(1), service.patient(2, "u", person=1), service.patient(3, "u", person=3)
    )
    await service.hear(service.dispatch(1), service.dispatch(2, "u"), service.dispatch(3, "u"))
    await service.hear(service.reply(1, "STOP"))
    states = await service.states()
    assert [states[f"{patient_id(n)}.1"] for n in (1, 2, 3)] == [
        "undeliverable",
        "undeliverable",
        "open",
    ]
    await service.hear(
        service.dispatch(2, "u", 2, "sms-link"), service.dispatch(2, "u", 3, "letter")
    )
    states = await service.states()
    assert states[f"{patient_id(2)}.2"] == "undeliverable"
    assert states[f"{patient_id(2)}.3"] == "open"
    reasons = {event.reason for event in service.kept.of(wire.InvitationUndeliverable)}
    assert reasons == {"opted_out"}


async def test_the_last_word_about_texts_counts_in_whatever_order_it_is_handed_in(
    service: Invitations,
) -> None:
    await service.target()
    await service.hear(service.patient(1), service.dispatch(1))
    service.clock.at = START + timedelta(hours=5)
    await service.hear(
        service.reply(1, "START", "r2", hours=3), service.reply(1, "STOP", "r1", hours=2)
    )
    (row,) = await service.rows("SELECT opted_out FROM opt_outs")
    assert not row["opted_out"]


async def test_silence_ends_at_the_deadline_and_not_before(service: Invitations) -> None:
    await service.target()
    await service.hear(service.patient(1), service.dispatch(1))
    deadline = START + timedelta(days=7)
    everywhere = set(range(12))
    assert not await _claim(
        service.service, service.channels, deadline - timedelta(seconds=1), everywhere
    )
    assert service.kept.of(wire.InvitationUnanswered) == []
    await _claim(service.service, service.channels, deadline, set(range(12)) - everywhere)
    assert service.kept.of(wire.InvitationUnanswered) == []
    await _claim(service.service, service.channels, deadline, everywhere)
    (event,) = service.kept.of(wire.InvitationUnanswered)
    assert event.expired_at == instant(deadline)
    service.clock.at = deadline + timedelta(hours=1)
    await service.hear(service.reply(1, "A", hours=24 * 7 + 1))
    assert service.kept.of(wire.AppointmentBooked) == []


class Reports:
    """The topic of reports with one unread record, which is folded at one look at its ends."""

    def __init__(self, service: Invitations, folded_at: int) -> None:
        self.assigned = set(range(12))
        self.next_offsets = dict.fromkeys(self.assigned, 0)
        self.looks = 0
        self._service, self._folded_at = service, folded_at

    async def ends(self, _topic: str, partitions: set[int]) -> dict[int, int]:
        self.looks += 1
        if self.looks == self._folded_at:
            await self._service.rows(
                "INSERT INTO simulated_acts (due_at, partition, patient_id, round,"
                " target_id, channel, kind, said)"
                " SELECT $1, partition, patient_id, round, target_id, channel, 'reply', 'A'"
                " FROM invitations",
                START + timedelta(days=6),
            )
            self.next_offsets = dict.fromkeys(self.assigned, 1)
        return dict.fromkeys(partitions, 1)


@pytest.mark.parametrize("folded_at", [1, 2])
async def test_an_answer_that_a_report_brings_about_while_we_look_keeps_the_invitation_open(
    service: Invitations, folded_at: int
) -> None:
    await service.target()
    await service.hear(service.patient(1), service.dispatch(1))
    await service.rows("DELETE FROM simulated_acts")
    reports = Reports(service, folded_at)
    service.service.consumers = {"channel-reports": reports}  # type: ignore[dict-item]
    service.service.ends = reports  # type: ignore[assignment]
    service.clock.at = START + timedelta(days=7)

    await expire(service.service, service.channels)

    assert service.kept.of(wire.InvitationUnanswered) == []
    await service.rows("DELETE FROM simulated_acts")
    await expire(service.service, service.channels)
    assert len(service.kept.of(wire.InvitationUnanswered)) == 1


async def test_a_second_enrolment_with_a_standing_appointment_is_booked_not_invited(
    service: Invitations,
) -> None:
    await service.target()
    await service.hear(service.patient(1), service.dispatch(1))
    service.clock.at = START + timedelta(hours=2)
    await service.hear(service.reply(1, "A"))
    await service.hear(service.patient(2, person=1), service.dispatch(2))
    first, second = service.kept.of(wire.AppointmentBooked)
    assert (second.patient_id, second.via) == (patient_id(2), "standing")
    assert second.slot_id == first.slot_id


async def test_cancelling_frees_the_slot(service: Invitations) -> None:
    await service.target()
    await service.hear(service.patient(1), service.dispatch(1))
    service.clock.at = START + timedelta(hours=2)
    await service.hear(service.reply(1, "A"), service.reply(1, "CANCEL", "r2"))
    assert len(service.kept.of(wire.AppointmentCancelled)) == 1
    assert await service.rows("SELECT 1 FROM appointments") == []
    assert await service.rows("SELECT 1 FROM slots WHERE booked") == []


async def test_free_slots_are_counted_by_day_and_said_only_when_they_change(
    service: Invitations,
) -> None:
    await service.target(slots=4)
    await availability.publish(service.service)
    await availability.publish(service.service)
    (said,) = service.kept.of(wire.SlotAvailability)
    assert [(day.date, day.free) for day in said.days] == [("2025-09-15", 4)]
    await service.hear(service.patient(1), service.dispatch(1))
    service.clock.at = START + timedelta(hours=2)
    await service.hear(service.reply(1, "A"))
    await availability.publish(service.service)
    assert service.kept.of(wire.SlotAvailability)[-1].days[0].free == 3
    service.clock.at = datetime(2025, 9, 15, 9, 30, tzinfo=LONDON)
    await availability.publish(service.service)
    assert service.kept.of(wire.SlotAvailability)[-1].days[0].free < 3


async def test_a_narrowed_window_hides_slots_and_cancels_nothing(service: Invitations) -> None:
    await service.target()
    await service.hear(service.patient(1), service.patient(2))
    await service.hear(service.dispatch(1), service.dispatch(2))
    service.clock.at = START + timedelta(hours=2)
    await service.hear(service.reply(1, "A"))
    await service.rows("UPDATE targets SET from_date = '2025-09-20'")
    await service.hear(service.reply(2, "A"))
    assert len(service.kept.of(wire.AppointmentBooked)) == 1
    assert len(await service.rows("SELECT 1 FROM appointments")) == 1


async def test_a_report_about_no_invitation_is_a_bad_record(service: Invitations) -> None:
    await service.target()
    with pytest.raises(ValueError, match="never made"):
        await service.hear(service.reply(1, "A"))


async def test_simulated_acts_go_through_the_topic_as_a_plugins_would(
    service: Invitations,
) -> None:
    await service.target()
    await service.hear(service.patient(1), service.dispatch(1))
    service.clock.at = START + timedelta(hours=1)
    await simulation.act(service.service, service.channels, service.rotation)
    (report,) = service.kept.of(wire.DeliveryReported)
    await service.hear(report)
    (noted,) = service.kept.of(wire.DeliveryNoted)
    assert (noted.state, noted.noted_at) == ("delivered", instant(START + timedelta(seconds=20)))


async def test_a_count_says_how_many_appointments_it_knows_of(service: Invitations) -> None:
    await service.target(slots=3)
    await service.hear(service.patient(0), service.dispatch(0))
    await availability.publish(service.service)
    await service.hear(service.reply(0, "A"))
    await availability.publish(service.service)
    counted = service.kept.of(wire.SlotAvailability)
    assert [(sum(day.free for day in c.days), c.booked) for c in counted] == [(3, 0), (2, 1)]


async def test_the_last_slot_is_the_last_in_the_booking_window(service: Invitations) -> None:
    await service.target(slots=2)
    late = wire.SlotReleased(
        target_id="t",
        slot_id="late",
        version=1,
        starts_at="2025-10-20T09:00:00.000000Z",
        minutes=20,
        clinician=None,
    )
    await service.hear(late)
    await availability.publish(service.service)
    (counted,) = service.kept.of(wire.SlotAvailability)
    assert [day.date for day in counted.days] == ["2025-09-15", "2025-10-20"]
    assert counted.last_slot_at == instant(datetime(2025, 9, 15, 9, 20, tzinfo=LONDON))


async def test_an_invitation_that_no_plugin_serves_was_undeliverable(service: Invitations) -> None:
    """Somebody who was never asked has not kept silent."""
    await service.target()
    service.channels._made |= {"voice", "pigeon"}  # Their topics, which nobody reads here.
    await service.hear(*(service.patient(n) for n in range(3)))
    await service.hear(
        service.dispatch(0, channel="voice"),
        service.dispatch(1, channel="pigeon"),
        service.dispatch(2, channel="pigeon"),
    )
    await service.hear(
        wire.DeliveryReported(
            target_id="t",
            patient_id=patient_id(1),
            invitation_id=f"{patient_id(1)}.1",
            channel="pigeon",
            report_id="left",
            state="sending",
            reason=None,
            received_at=instant(START),
        )
    )
    await _claim(service.service, service.channels, START + timedelta(days=7), set(range(12)))
    (voice,) = service.kept.of(wire.InvitationUndeliverable)
    assert (voice.patient_id, voice.reason) == (patient_id(0), "channel_not_served")
    silent = service.kept.of(wire.InvitationUnanswered)
    assert {said.patient_id for said in silent} == {patient_id(1), patient_id(2)}
