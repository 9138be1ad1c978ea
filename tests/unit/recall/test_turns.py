from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from recall.turns import Turns


def test_a_small_practice_waits_for_one_portion_of_a_large_one() -> None:
    turns = Turns()
    for number in range(100):
        turns.line_up("large", f"large-{number}")
    assert turns.take(0.0) == ("large", "large-0")
    turns.line_up("large", "large-0")
    turns.line_up("small", "small")
    # The large practice comes first in the line, but has just had a turn.
    assert turns.take(0.0) == ("small", "small")
    assert turns.take(0.0) == ("large", "large-1")
    assert turns.take(0.0) == ("large", "large-2")


def test_large_practices_do_not_wait_for_ever_for_small_ones() -> None:
    turns = Turns()
    turns.line_up("large", "large-0")
    turns.line_up("large", "large-1")
    turns.take(0.0)
    had = []
    for tenth in range(1, 30):
        # A practice nobody has seen before comes every tenth of a second.
        turns.line_up(f"small-{tenth}", "small")
        had.append(turns.take(tenth / 10))
    assert ("large", "large-1") in had[:11]


def test_a_target_stands_in_line_once() -> None:
    turns = Turns()
    turns.line_up("a", "one")
    turns.line_up("a", "one")
    assert turns.take(0.0) == ("a", "one")
    assert turns.take(0.0) is None
    assert not turns


places = st.tuples(st.sampled_from("abc"), st.integers(0, 4).map(str))


@given(st.lists(places, max_size=30))
def test_everybody_has_a_turn_and_no_practice_two_more_than_another_that_waits(
    lined_up: list[tuple[str, str]],
) -> None:
    turns = Turns()
    for practice, target in lined_up:
        turns.line_up(practice, target)
    waiting = Counter(practice for practice, _ in set(lined_up))
    had: Counter[str] = Counter()
    taken = []
    while (turn := turns.take(0.0)) is not None:
        taken.append(turn)
        had[turn[0]] += 1
        still = [practice for practice in waiting if had[practice] < waiting[practice]]
        assert all(had[turn[0]] - had[other] <= 1 for other in still)
    assert sorted(taken) == sorted(set(lined_up))


def test_who_must_hold_back_still_lets_new_practices_go() -> None:
    turns = Turns()
    for target in ("large-0", "large-1"):
        turns.line_up("large", target)
    assert turns.take(10.0) == ("large", "large-0")
    turns.line_up("small", "small")
    # The small practice goes before the large one, which comes first in the line and has to wait.
    assert turns.take(10.1, new_only=True) == ("small", "small")
    assert turns.take(10.2, new_only=True) is None
    assert turns
    # Nobody waits for ever.
    assert turns.take(11.0, new_only=True) == ("large", "large-1")
    assert not turns


def test_whoever_went_without_standing_in_line_is_no_newcomer() -> None:
    turns = Turns()
    turns.had("large", 10.0)
    turns.line_up("large", "a")
    turns.line_up("small", "b")
    assert turns.take(10.5) == ("small", "b")
    assert turns.take(10.5, new_only=True) is None
    assert turns.take(11.0) == ("large", "a")
