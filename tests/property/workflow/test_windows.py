from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from unit.workflow.builders import WEEKDAYS
from workflow.pacing import Window, is_open, next_opening

clock = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59))
windows = st.builds(
    Window,
    st.frozensets(st.sampled_from(WEEKDAYS), min_size=1),
    clock,
    clock | st.just("24:00"),
)
changes = [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)]
moments = st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes),
    st.sampled_from(changes),
    st.integers(-3000, 3000),
)


@given(windows, moments)
def test_the_next_opening_is_the_first_open_minute(window: Window, at: datetime) -> None:
    found = next_opening(window, at)
    if found is None:
        assert not any(is_open(window, at + timedelta(minutes=m)) for m in range(0, 7 * 1440, 60))
        return
    assert found >= at
    assert is_open(window, found)
    asked = min(int((found - at).total_seconds() // 60), 3000)
    before = (found - timedelta(minutes=m) for m in range(1, asked + 1))
    assert not any(is_open(window, minute) for minute in before)
