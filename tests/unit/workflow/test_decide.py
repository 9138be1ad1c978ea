import pytest
from msgspec.structs import replace

from unit.workflow.builders import (
    alerted,
    at,
    booked,
    cancelled,
    declined,
    died,
    dispatched,
    enrolment,
    noted,
    removed,
    unanswered,
    undeliverable,
)
from workflow.decide import (
    Enrolment,
    Folded,
    Happening,
    Patient,
    TargetNotReadError,
    enrol,
    fold,
    tallied,
)


def after(*said: Happening | Enrolment, rounds: int = 3) -> Patient:
    """What a newly enrolled patient becomes."""
    return fold(enrol(enrolment()), said, rounds).after


def test_a_patient_enters_the_queue_of_round_1() -> None:
    patient = enrol(enrolment())
    assert (patient.status, patient.round, patient.version) == ("in_queue", 1, 1)
    assert patient.description == "in_queue"


def test_an_alerted_patient_is_in_no_round() -> None:
    patient = enrol(enrolment(alert="no_match"))
    assert (patient.status, patient.round, patient.alert) == ("patient_alert", 0, "no_match")
    assert patient.description == "no_match"


def test_dispatch_says_how_long_the_answer_counts() -> None:
    patient = after(dispatched())
    assert (patient.status, patient.invited_round) == ("being_invited", 1)
    assert (patient.description, patient.delivery, patient.until) == (
        "sending",
        "sending",
        at(days=7),
    )


@pytest.mark.parametrize("ending", [unanswered(1), undeliverable(1)])
def test_no_answer_leads_to_the_next_rounds_queue(ending: Happening) -> None:
    patient = after(dispatched(), ending)
    assert (patient.status, patient.round, patient.delivery) == ("in_queue", 2, None)
    assert patient.updated_at == ending.at


def test_after_the_last_round_the_patient_did_not_book() -> None:
    patient = after(dispatched(), unanswered(1), rounds=1)
    assert (patient.status, patient.round) == ("did_not_book", 1)
    assert patient.description == "unanswered"
    failed = after(dispatched(), undeliverable(1), rounds=1)
    assert (failed.description, failed.delivery) == ("undeliverable", "failed")


def test_a_booking_ends_the_workflow_in_its_round() -> None:
    patient = after(dispatched(), unanswered(1), dispatched(), booked(2, step=2))
    assert (patient.status, patient.round, patient.slot_id) == ("booked", 2, "slot-1")
    assert patient.actor == "patient"


@pytest.mark.parametrize(
    "before",
    [(), (dispatched(),), (dispatched(), declined(1)), (alerted(),), (dispatched(), died(1))],
)
def test_whoever_holds_a_slot_is_booked_whatever_came_before(before: tuple[Happening, ...]) -> None:
    patient = after(*before, booked(9, step=None))
    assert (patient.status, patient.round, patient.alert) == ("booked", 1, None)


def test_an_alerted_patient_who_declined_is_not_asked_again() -> None:
    patient = after(dispatched(), alerted(), declined(1), enrolment(version=2))
    assert patient.status == "declined"


def test_a_cancelled_appointment_counts_as_not_booked_in_its_round() -> None:
    assert after(dispatched(), booked(1), cancelled(2)).round == 2
    last = after(dispatched(), booked(1), cancelled(2), rounds=1)
    assert (last.status, last.round, last.slot_id) == ("did_not_book", 1, None)
    assert last.description == "cancelled"


def test_a_cancellation_that_overtakes_its_booking_has_the_same_effect() -> None:
    in_order = after(dispatched(), booked(1), cancelled(2))
    overtaken = after(dispatched(), cancelled(2), booked(1))
    assert (
        (in_order.status, in_order.round) == (overtaken.status, overtaken.round) == ("in_queue", 2)
    )


def test_a_repeated_or_older_outcome_changes_nothing() -> None:
    once = after(dispatched(), booked(2))
    assert after(dispatched(), booked(2), booked(2), unanswered(1)) == once


def test_an_outcome_of_a_round_that_was_left_changes_no_status() -> None:
    patient = after(dispatched(), unanswered(1), dispatched(), unanswered(2, step=1))
    assert (patient.status, patient.round, patient.outcome_version) == ("being_invited", 2, 2)


def test_a_delivery_note_shows_how_far_the_message_got() -> None:
    patient = after(dispatched(), noted(1, "delivered"))
    assert (patient.description, patient.until) == ("delivered", at(days=7))
    waiting = after(dispatched(), noted(1, "delivered", reply=True))
    assert (waiting.description, waiting.delivery) == ("needs_reply", "delivered")


def test_a_note_that_comes_first_does_not_hide_an_earlier_outcome() -> None:
    patient = after(dispatched(), noted(2), unanswered(1))
    assert (patient.status, patient.round) == ("in_queue", 2)


def test_a_note_resurrects_nobody() -> None:
    assert after(dispatched(), booked(1), noted(2)).status == "booked"
    assert after(dispatched(), unanswered(1), noted(2)).description == "in_queue"
    assert after(dispatched(), noted(2, "delivered"), noted(1, "sending")).delivery == "delivered"


def test_a_returned_letter_may_say_that_the_patient_has_died() -> None:
    patient = after(dispatched(), died(1))
    assert (patient.status, patient.alert, patient.round) == ("patient_alert", "deceased", 1)


@pytest.mark.parametrize(
    "before",
    [
        (),
        (dispatched(),),
        (dispatched(), booked(1)),
        (dispatched(), declined(1)),
        (dispatched(), unanswered(1)),
        (alerted(),),
    ],
)
def test_removal_works_in_every_status(before: tuple[Happening, ...]) -> None:
    patient = after(*before, removed())
    assert (patient.status, patient.description, patient.alert) == ("removed", "removed", None)
    assert (patient.actor, patient.reason) == ("staff:ann", "Moved away.")


def test_removal_ends_the_open_invitation() -> None:
    folded = fold(enrol(enrolment()), [dispatched(), removed()], 3)
    (withdrawal,) = folded.withdrawals
    assert (withdrawal.round, withdrawal.version) == (1, folded.after.version)
    assert not fold(enrol(enrolment()), [removed()], 3).withdrawals


def test_a_booking_that_won_the_race_stands_beside_the_removal() -> None:
    patient = after(dispatched(), removed(), booked(1))
    assert (patient.status, patient.slot_id) == ("removed", "slot-1")
    assert after(dispatched(), booked(1), removed()).slot_id == "slot-1"
    assert after(dispatched(), removed(), booked(1), cancelled(2)).slot_id is None


@pytest.mark.parametrize(
    "late",
    [unanswered(1), undeliverable(1), declined(1), died(1), noted(1), dispatched(), alerted()],
)
def test_nobody_comes_back_from_removal(late: Happening) -> None:
    gone = after(dispatched(), removed())
    assert replace(fold(gone, [late], 3).after, outcome_version=0) == gone


def test_an_alert_before_dispatch_leaves_the_queue_and_reprocess_returns_there() -> None:
    waiting = after(dispatched(), unanswered(1), alerted("restricted"))
    assert (waiting.status, waiting.round) == ("patient_alert", 2)
    back = after(dispatched(), unanswered(1), alerted("restricted"), enrolment(version=2))
    assert (back.status, back.round, back.alert) == ("in_queue", 2, None)


def test_reprocess_after_an_ended_invitation_goes_to_the_next_round() -> None:
    back = after(dispatched(), died(1), enrolment(version=2))
    assert (back.status, back.round) == ("in_queue", 2)
    last = after(dispatched(), died(1), enrolment(version=2), rounds=1)
    assert last.status == "did_not_book"


def test_reprocess_of_a_patient_alerted_at_enrolment_enters_round_1() -> None:
    said = [enrolment(alert="no_match"), enrolment(version=2)]
    patient = fold(None, said, None).after
    assert (patient.status, patient.round) == ("in_queue", 1)


def test_an_alert_while_being_invited_withdraws_the_invitation() -> None:
    folded = fold(enrol(enrolment()), [dispatched(), enrolment(version=2, alert="restricted")], 3)
    assert folded.after.status == "patient_alert"
    assert [w.round for w in folded.withdrawals] == [1]


def test_a_correction_changes_the_facts_and_no_status() -> None:
    folded = fold(enrol(enrolment()), [enrolment(version=2, has_mobile=False)], 3)
    assert not folded.after.has_mobile
    assert not folded.progressed


def test_an_old_enrolment_changes_nothing() -> None:
    patient = after(enrolment(version=3, has_mobile=False), enrolment(version=2))
    assert (patient.enrolment_version, patient.has_mobile) == (3, False)


def test_a_target_that_is_not_read_yet_is_waited_for() -> None:
    invited = after(dispatched())
    with pytest.raises(TargetNotReadError):
        fold(invited, [unanswered(1)], None)
    assert fold(invited, [booked(1)], None).after.status == "booked"


def test_the_tallies_follow_the_patients() -> None:
    queued = enrol(enrolment())
    invited = after(dispatched())
    target = queued.target_id
    assert tallied([Folded(None, queued)]) == {(target, 1): (1, 0, 0)}
    assert tallied([Folded(queued, invited)]) == {(target, 1): (-1, 1, 0)}
    assert tallied([Folded(invited, after(dispatched(), unanswered(1)))]) == {
        (target, 1): (0, -1, 0),
        (target, 2): (1, 0, 0),
    }
    assert tallied([Folded(invited, after(dispatched(), noted(1)))]) == {}
    assert tallied([Folded(invited, after(dispatched(), booked(1)))]) == {(target, 1): (0, -1, 1)}
