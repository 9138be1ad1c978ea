from pathlib import Path

import pytest

from launcher import stackfile
from launcher.problems import Problem
from launcher.stackfile import RunLock, holder_of, holder_pid


def test_a_second_stack_is_refused_and_told_who_runs(tmp_path: Path) -> None:
    first = RunLock(tmp_path)
    first.acquire("up")
    with pytest.raises(Problem, match=r"runs in this checkout already \(\./dev up, process \d+\)"):
        RunLock(tmp_path).acquire("demo")
    first.release()


def test_a_released_lock_names_nobody(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    lock.acquire("up")
    assert holder_pid(tmp_path) is not None
    lock.release()
    assert holder_of(tmp_path) is None


def test_a_dead_stacks_lock_is_recognised_and_its_files_are_cleared(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("999999\nup\n")
    (tmp_path / "stack.json").write_text("{}")
    (tmp_path / "demo-dead").mkdir()
    assert holder_of(tmp_path) is None
    with pytest.raises(Problem, match="No stack is running"):
        stackfile.read(tmp_path)
    lock = RunLock(tmp_path)
    lock.acquire("up")
    assert not (tmp_path / "stack.json").exists()
    assert not (tmp_path / "demo-dead").exists()
    lock.release()


def test_nobody_runs_where_nothing_ever_ran(tmp_path: Path) -> None:
    assert holder_of(tmp_path / "nothing") is None


def test_a_stack_that_is_still_starting_has_no_addresses_yet(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    lock.acquire("up")
    with pytest.raises(Problem, match="still starting"):
        stackfile.read(tmp_path)
    lock.release()


def test_a_throwaway_stack_leaves_nothing(tmp_path: Path) -> None:
    with stackfile.throwaway("demo", tmp_path) as folder:
        (folder / "data").mkdir()
        assert holder_of(tmp_path) is not None
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]
    assert holder_of(tmp_path) is None
