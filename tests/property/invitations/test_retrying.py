"""A message that meets one temporary failure after another ends, in its window and in its time."""

from datetime import UTC, datetime, timedelta
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from invitations.answers import Delayed, Noted, Undelivered, report_delivery
from invitations.retrying import BACK_OFF, next_attempt
from property.invitations.test_answers import fresh
from recall.contracts.events import SendWindow
from recall.contracts.vocabulary import Delivery
from recall.windows import Window, bank_holidays, is_open

START = datetime(2025, 12, 22, 9, tzinfo=UTC)
days = st.lists(
    st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),
    min_size=1,
    max_size=7,
    unique=True,
)
windows = st.builds(
    SendWindow,
    days=days,
    from_time=st.sampled_from(["00:00", "08:00", "11:30"]),
    to_time=st.sampled_from(["12:00", "18:00", "24:00"]),
    bank_holidays=st.booleans(),
)


@given(windows, st.integers(1, 40), st.lists(st.integers(0, 300), min_size=8, max_size=8))
def test_every_attempt_is_in_the_window_and_before_the_deadline(
    window: SendWindow, given_days: int, takes: list[int]
) -> None:
    shut = Window(frozenset(window.days), window.from_time, window.to_time, window.bank_holidays)
    expires_at = START + timedelta(days=given_days)
    at, attempts = START, 1
    for minutes in takes:
        failed_at = at + timedelta(minutes=minutes)
        holidays = bank_holidays(failed_at)
        due = next_attempt(attempts, failed_at, window, expires_at, holidays)
        if due is None:
            break
        assert failed_at < due < expires_at
        assert is_open(shut, due, bank_holidays(due))
        at, attempts = due, attempts + 1
    assert attempts <= len(BACK_OFF) + 1


@given(st.lists(st.sampled_from(["delayed", "delivered", "sending", "failed"]), max_size=8))
def test_a_temporary_failure_ends_nothing(reports: list[str]) -> None:
    invitation, ends = fresh(), 0
    for said in reports:
        temporary = said == "delayed"
        state = cast("Delivery", "failed" if temporary else said)
        before = invitation
        invitation, effects = report_delivery(
            invitation,
            state,
            "unreachable",
            START,
            temporary=temporary,
        )
        ends += sum(isinstance(effect, Undelivered) for effect in effects)
        if temporary:
            assert invitation == before
            wanted = before.state == "open" and before.delivery != "delivered"
            assert [type(effect) for effect in effects] == [Delayed] * wanted
        else:
            assert not any(isinstance(effect, Delayed) for effect in effects)
            assert all(isinstance(effect, Noted | Undelivered) for effect in effects)
    assert ends == (invitation.state == "undeliverable")
