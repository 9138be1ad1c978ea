from typing import get_args

from recall.contracts.vocabulary import Status
from workflow import diagram
from workflow.transitions import EVENTS, TABLE, rule_of


def test_every_status_can_be_left_by_removal_and_removal_by_nothing() -> None:
    for status in get_args(Status):
        if status != "removed":
            assert TABLE[status, "removed"].to == "removed"
    assert {rule.to for (status, _), rule in TABLE.items() if status == "removed"} == {"same"}


def test_only_the_queue_leads_to_an_invitation() -> None:
    into = [status for (status, _), rule in TABLE.items() if rule.to == "being_invited"]
    assert into == ["in_queue"]


def test_only_an_open_invitation_is_withdrawn() -> None:
    assert {status for (status, _), rule in TABLE.items() if rule.withdraws} == {"being_invited"}


def test_an_event_about_another_round_has_no_rule_where_the_round_matters() -> None:
    assert rule_of("being_invited", "unanswered", in_open_round=False) is None
    assert rule_of("being_invited", "booked", in_open_round=False) is not None


def test_every_event_but_the_end_we_asked_for_ourselves_has_a_rule() -> None:
    assert set(EVENTS) - {event for _, event in TABLE} == {"ended"}


def test_the_page_of_the_states_is_fresh() -> None:
    assert diagram.STATES_PAGE.read_text() == diagram.page()
