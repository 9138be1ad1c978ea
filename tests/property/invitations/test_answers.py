"""However answers and reports come, an invitation ends at most once and slots go to one person."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from invitations.answers import (
    Booked,
    Cancelled,
    Declined,
    Invitation,
    Noted,
    OptedOut,
    Slot,
    Stood,
    Tell,
    Undelivered,
    cancel,
    reply,
    report_delivery,
)
from invitations.replies import Meaning

START = datetime(2025, 9, 1, 8, tzinfo=UTC)
SLOTS = {
    f"slot-{n}": Slot(
        slot_id=f"slot-{n}", starts_at=START + timedelta(days=14 + n), bookable=n != 1
    )
    for n in range(3)
}

moments = st.integers(0, 200).map(lambda hours: START + timedelta(hours=hours))
meanings = st.sampled_from(["a", "b", "c", "decline", "stop", "start", "cancel", "unknown"])
replies = st.tuples(st.just("reply"), meanings, moments)
reports = st.tuples(st.just("report"), st.sampled_from(["sending", "delivered", "failed"]), moments)
OUTCOMES = (Booked, Stood, Declined, Undelivered)


def fresh(channel: str = "sms") -> Invitation:
    return Invitation(
        invitation_id="p.1",
        patient_id="p",
        target_id="t",
        person_id="person",
        round=1,
        channel=channel,
        partition=0,
        dispatched_at=START,
        expires_at=START + timedelta(days=7),
        offer=("slot-0", "slot-1", "slot-2"),
    )


@given(st.lists(st.one_of(replies, reports), max_size=12), st.sampled_from(["sms", "letter"]))
def test_an_invitation_has_at_most_one_outcome_and_never_opens_again(
    steps: list[tuple[str, Any, datetime]], channel: str
) -> None:
    invitation, outcomes = fresh(channel), 0
    for kind, what, at in steps:
        before = invitation.state
        if kind == "reply":
            invitation, effects = reply(invitation, what, SLOTS, at)
        else:
            invitation, effects = report_delivery(invitation, what, "unreachable", at)
        outcomes += sum(isinstance(effect, OUTCOMES) for effect in effects)
        assert before in {"open", invitation.state}
        assert (invitation.state == "open") == (invitation.ended_at is None)
    assert outcomes == (invitation.state != "open")


@given(meanings, moments)
def test_only_a_bookable_slot_is_booked_and_only_in_time(meaning: Meaning, at: datetime) -> None:
    invitation = fresh()
    after, effects = reply(invitation, meaning, SLOTS, at)
    booked = [effect for effect in effects if isinstance(effect, Booked)]
    if booked:
        assert booked[0].slot.bookable
        assert at < invitation.expires_at
        assert after.appointment == booked[0].slot.slot_id


def test_a_reply_at_the_very_deadline_is_late() -> None:
    invitation = fresh()
    _, effects = reply(invitation, "a", SLOTS, invitation.expires_at)
    assert effects == [Tell("refusal")]


def test_stop_leaves_an_open_letter_open() -> None:
    after, effects = reply(fresh("letter"), "stop", SLOTS, START)
    assert after.state == "open"
    assert OptedOut() in effects


def test_stop_ends_an_open_text() -> None:
    after, effects = reply(fresh(), "stop", SLOTS, START)
    assert (after.state, after.reason) == ("undeliverable", "opted_out")
    assert Undelivered("opted_out") in effects


def test_nonsense_gets_one_help_text_and_then_waits_for_staff() -> None:
    first, effects = reply(fresh(), "unknown", SLOTS, START)
    assert effects == [Tell("help")]
    second, effects = reply(first, "unknown", SLOTS, START)
    assert effects == [Noted("needs_reply")]
    assert second.needs_reply
    _, effects = reply(second, "unknown", SLOTS, START)
    assert effects == []


def test_a_letter_means_nothing_where_none_was_offered() -> None:
    link = replace(fresh(), channel="sms-link", offer=(None, None, None))
    after, effects = reply(link, "a", SLOTS, START)
    assert (effects, after.helped, after.state) == ([Tell("help")], True, "open")


def test_who_was_never_invited_has_no_channel_to_hear_of_a_cancellation() -> None:
    booked, _ = reply(fresh(), "a", SLOTS, START)
    after, effects = cancel(replace(booked, round=0, channel="none"))
    assert effects == [Cancelled("slot-0")]
    assert after.appointment is None


def test_cancel_frees_the_slot_of_a_standing_appointment() -> None:
    booked, _ = reply(fresh(), "a", SLOTS, START)
    after, effects = reply(booked, "cancel", SLOTS, START)
    assert effects == [Cancelled("slot-0"), Tell("cancelled")]
    assert after.appointment is None


def test_who_has_an_appointment_already_gets_no_second_one() -> None:
    booked, _ = reply(fresh(), "a", SLOTS, START)
    again = fresh()
    standing = replace(again, appointment=booked.appointment, appointment_at=booked.appointment_at)
    after, effects = reply(standing, "c", SLOTS, START)
    assert effects == [Stood()]
    assert after.appointment == "slot-0"


def test_a_repeated_delivery_report_tells_nothing_new() -> None:
    once, effects = report_delivery(fresh(), "delivered", None, START)
    assert effects == [Noted()]
    assert report_delivery(once, "delivered", None, START) == (once, [])
    assert report_delivery(once, "sending", None, START) == (once, [])
