"""Magic numbers, and when a message that met a temporary failure goes out again."""

from datetime import UTC, datetime, timedelta

import pytest

from invitations.behaviour import Act, Going, Odds, Scenario, Script, acts_of, share_waited
from invitations.magic import MAGIC, recipient_of
from invitations.replies import meaning_of
from invitations.retrying import BACK_OFF, next_attempt
from recall.contracts.events import SendWindow
from recall.windows import bank_holidays

MAGICAL = Scenario(magic=True, silent_unless_scripted=True)
DAYTIME = SendWindow(days=["mon", "tue", "wed", "thu", "fri"], from_time="08:00", to_time="18:00")
MONDAY = datetime(2025, 9, 1, 8, tzinfo=UTC)


def acts(
    digits: str, scenario: Scenario = MAGICAL, channel: str = "sms", attempt: int = 1
) -> list[tuple[str, str]]:
    going = Going(
        invitation_id="patient.1",
        nhs_number="9990000018",
        round_number=1,
        channel=channel,
        respond_within=timedelta(days=7),
        mobile=f"+447700900{digits}",
        attempt=attempt,
    )
    return [(act.kind, act.text) for act in acts_of(scenario, 1, going)]


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("001", [("delivered", "")]),
        ("002", [("failed", "invalid_number")]),
        ("007", [("delayed", "unreachable")]),
        ("008", [("delayed", "unreachable")]),
        ("011", [("delivered", ""), ("reply", "A")]),
        ("015", [("delivered", ""), ("reply", "DECLINE")]),
        ("016", [("delivered", ""), ("reply", "STOP")]),
        ("020", [("delivered", ""), ("reply", "A"), ("reply", "CANCEL")]),
    ],
)
def test_the_last_digits_decide(digits: str, expected: list[tuple[str, str]]) -> None:
    assert acts(digits) == expected


def test_what_failed_for_a_while_arrives_the_next_time() -> None:
    assert acts("007", attempt=2) == [("delivered", ""), ("reply", "A")]
    assert acts("008", attempt=9) == [("delayed", "unreachable")]


def test_a_link_is_answered_on_its_page_and_a_letter_knows_no_number() -> None:
    assert acts("011", channel="sms-link")[-1] == ("visit", "A")
    assert acts("016", channel="sms-link")[-1] == ("reply", "STOP")
    assert all(kind == "supplier" for kind, _ in acts("002", channel="letter"))


def test_numbers_are_magic_only_where_the_scenario_says_so() -> None:
    plain = Scenario(silent_unless_scripted=True)
    assert acts("002", plain) == [("delivered", "")]
    odds = Scenario(magic=True, odds={"sms": Odds(book=0, decline=0, fail=1)})
    assert acts("011", odds)[-1] == ("reply", "A")
    assert acts("500", odds) == [("failed", "unreachable")]


def test_a_script_comes_before_a_magic_number() -> None:
    scripted = Scenario(magic=True, answers={"9990000018": {"1": Script(do="decline")}})
    assert acts("011", scripted)[-1] == ("reply", "DECLINE")


def test_only_made_up_numbers_are_magic() -> None:
    assert recipient_of("+447911123001") is None
    assert recipient_of(None) is None
    assert set(MAGIC) <= {f"{n:03d}" for n in range(1000)}


def test_the_nonsense_of_magic_numbers_is_nonsense() -> None:
    for digits in ("018", "019"):
        assert {meaning_of(said) for said in MAGIC[digits].says} == {"unknown"}


def test_most_answer_early_and_some_late() -> None:
    shares = [share_waited(place / 1000) for place in range(1000)]
    assert shares == sorted(shares)
    assert all(0 < share < 1 for share in shares)
    assert shares[500] == pytest.approx(0.05, rel=0.05)
    assert sum(share > 0.2 for share in shares) > 80


def test_the_delay_is_drawn_from_seed_and_invitation_alone() -> None:
    def drawn(seed: int) -> list[Act]:
        going = Going(
            invitation_id="patient.1",
            nhs_number="9990000018",
            round_number=1,
            channel="sms",
            respond_within=timedelta(days=7),
        )
        return acts_of(Scenario(odds={"sms": Odds(book=1, decline=0, fail=0)}), seed, going)

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def next_after(attempt: int, at: datetime, days: int = 7) -> datetime | None:
    return next_attempt(attempt, at, DAYTIME, MONDAY + timedelta(days=days), bank_holidays(at))


def test_a_temporary_failure_is_tried_again_after_a_while_and_ever_later() -> None:
    assert next_after(1, MONDAY) == MONDAY + BACK_OFF[0]
    assert next_after(2, MONDAY) == MONDAY + BACK_OFF[1]
    assert next_after(len(BACK_OFF) + 1, MONDAY) is None


def test_it_is_tried_again_inside_the_send_window_only() -> None:
    evening = datetime(2025, 9, 1, 16, 58, tzinfo=UTC)
    assert next_after(1, evening) == datetime(2025, 9, 2, 7, tzinfo=UTC)
    friday = datetime(2025, 9, 5, 16, 58, tzinfo=UTC)
    assert next_after(1, friday, days=9) == datetime(2025, 9, 8, 7, tzinfo=UTC)


def test_what_cannot_be_tried_before_the_deadline_is_not_tried() -> None:
    friday = datetime(2025, 9, 5, 16, 58, tzinfo=UTC)
    assert next_after(1, friday, days=6) is None
    assert next_after(1, MONDAY + timedelta(days=7) - timedelta(minutes=5)) is None
