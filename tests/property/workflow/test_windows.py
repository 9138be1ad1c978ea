from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from recall.contracts.instants import london_date
from recall.windows import Window, bank_holidays, is_open, next_opening
from unit.workflow.builders import WEEKDAYS

clock = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59))
windows = st.builds(
    Window,
    st.frozensets(st.sampled_from(WEEKDAYS), min_size=1),
    clock,
    clock | st.just("24:00"),
    st.booleans(),
)
changes = [
    datetime(2026, 3, 29, 1, tzinfo=UTC),  # the clocks go forward
    datetime(2026, 10, 25, 1, tzinfo=UTC),  # the clocks go back
    datetime(2026, 4, 5, 12, tzinfo=UTC),  # Easter
    datetime(2026, 12, 27, 12, tzinfo=UTC),  # Christmas, with a substitute day
]
moments = st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes),
    st.sampled_from(changes),
    st.integers(-6000, 3000),
)


@given(windows, moments)
def test_the_next_opening_is_the_first_open_minute(window: Window, at: datetime) -> None:
    days = bank_holidays(at)
    found = next_opening(window, at, days)
    if found is None:
        assert window.opens >= window.closes
        return
    assert found >= at
    assert is_open(window, found, days)
    assert window.bank_holidays or london_date(found) not in days
    asked = min(int((found - at).total_seconds() // 60), 3000)
    before = (found - timedelta(minutes=m) for m in range(1, asked + 1))
    assert not any(is_open(window, minute, days) for minute in before)
