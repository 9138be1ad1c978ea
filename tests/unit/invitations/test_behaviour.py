"""Simulated patients do the same for the same seed, and what a script says."""

from collections import Counter
from datetime import timedelta

from invitations.behaviour import Act, Going, Odds, Scenario, Script, acts_of

WEEK = timedelta(days=7)


def acts(scenario: Scenario, number: int, channel: str = "sms", seed: int = 1) -> list[Act]:
    going = Going(
        invitation_id=f"patient-{number}.1",
        nhs_number="9990000018",
        round_number=1,
        channel=channel,
        respond_within=WEEK,
    )
    return acts_of(scenario, seed, going)


def test_the_same_seed_gives_the_same_acts() -> None:
    once = [acts(Scenario(), number) for number in range(200)]
    assert once == [acts(Scenario(), number) for number in range(200)]
    assert once != [acts(Scenario(), number, seed=2) for number in range(200)]


def test_odds_come_out_about_right() -> None:
    scenario = Scenario(odds={"sms": Odds(book=0.5, decline=0.2, fail=0.1)})
    last = Counter(acts(scenario, number)[-1].kind for number in range(5000))
    assert abs(last["failed"] / 5000 - 0.1) < 0.02
    assert abs(last["reply"] / 5000 - 0.7) < 0.03
    assert abs(last["delivered"] / 5000 - 0.2) < 0.02


def test_drawn_answers_come_after_delivery_and_well_before_the_deadline() -> None:
    for channel in ("sms", "sms-link", "letter"):
        for number in range(500):
            found = acts(Scenario(), number, channel)
            assert [act.after for act in found] == sorted(act.after for act in found)
            assert all(timedelta(0) <= act.after < WEEK for act in found)


def test_a_link_is_answered_on_its_page_and_a_text_by_text() -> None:
    scenario = Scenario(answers={"9990000018": {"1": Script(after="PT2H", do="book")}})
    assert acts(scenario, 1)[-1].kind == "reply"
    assert acts(scenario, 1, "sms-link")[-1].kind == "visit"
    assert acts(scenario, 1)[-1].after == timedelta(hours=2)


def test_a_scripted_failure_is_all_that_is_reported() -> None:
    scenario = Scenario(answers={"9990000018": {"1": Script(after="PT0S", fail="unreachable")}})
    (only,) = acts(scenario, 1)
    assert (only.kind, only.text, only.after) == ("failed", "unreachable", timedelta(0))


def test_who_is_not_scripted_stays_silent_where_the_scenario_says_so() -> None:
    (only,) = acts(Scenario(silent_unless_scripted=True), 1)
    assert only.kind == "delivered"
