"""Which portions go: whatever waits, and however much room there is."""

from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from ingest.handing import AT_ONCE, PORTION, WORTH, HandingOn
from recall.kit.metrics import Metrics

waiting = st.dictionaries(st.integers(0, 9), st.integers(1, 40), min_size=1, max_size=10)
"""Portions of each target; target n is practice n // 3's."""


def handing(portions: dict[int, int]) -> HandingOn:
    service = SimpleNamespace(metrics=Metrics("ingest"), every=lambda *_: None)
    made = HandingOn(cast("Any", service))
    for target, count in portions.items():
        made._left[str(target)] = count
        made._turns.line_up(str(target // 3), str(target))
    return made


@given(waiting, st.integers(WORTH, 5_000))
def test_what_there_is_room_for_is_shared_out_evenly(portions: dict[int, int], room: int) -> None:
    chosen = handing(portions).choose(room, 10.0)
    assert all(count <= portions[int(target)] for target, count in chosen.items())
    went = sum(chosen.values())
    turns = -(-min(room, AT_ONCE) // PORTION)
    assert went == min(turns, sum(portions.values())) or went <= max(turns, 4)
    had: dict[int, int] = {target // 3: 0 for target in portions}
    left = had.copy()
    for target, count in portions.items():
        had[target // 3] += chosen[str(target)]
        left[target // 3] += count - chosen[str(target)]
    # Nobody has two turns more than somebody who still waits.
    assert all(one - had[other] <= 1 for one in had.values() for other in had if left[other])


@given(waiting, st.lists(st.integers(0, 5_000), max_size=30))
def test_everything_goes_in_the_end_and_nothing_twice(
    portions: dict[int, int], rooms: list[int]
) -> None:
    made = handing(portions)
    gone = {str(target): 0 for target in portions}
    now = 0.0
    for room in [*rooms, *([AT_ONCE] * sum(portions.values()))]:
        now += 0.1
        for target, count in made.choose(room, now).items():
            gone[target] += count
    assert gone == {str(target): count for target, count in portions.items()}


@given(waiting)
def test_without_room_each_practice_has_a_turn_a_second(portions: dict[int, int]) -> None:
    made = handing(portions)
    practices = {target // 3 for target in portions}
    first = made.choose(0, 10.0)
    assert {int(target) // 3 for target in first} == practices
    assert sum(first.values()) == len(practices)
    assert not made.choose(0, 10.5)
    still = {target // 3 for target, count in portions.items() if count > first[str(target)]}
    assert {int(target) // 3 for target in made.choose(0, 11.0)} == still
