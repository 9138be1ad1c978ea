"""A crowd under faults ends in the same result, to the last patient, as the same crowd in peace.

What the monkey did is in the captured output; in tests/, `python -m e2e.monkey --seed N` does it again.
"""

from pathlib import Path

import pytest

from e2e.audit import differences
from e2e.monkey import FROZEN, KILLED, plan, run
from e2e.staff import SHARES
from launcher.crowd import Crowd

SEED = 7
PATIENTS = 2000


@pytest.mark.timeout(900)
async def test_faults_change_nothing_that_a_crowd_ends_in(tmp_path: Path) -> None:
    crowd = Crowd(PATIENTS, SEED)

    expected = await run(tmp_path / "calm", crowd, [], SEED, print)
    found = await run(tmp_path / "faults", crowd, plan(SEED), SEED, print)

    done = expected.commands
    gone = done["removed"] + done["removed-paused"] + done["removed-late"] - done["back"]
    assert expected.overview["total_patients"] == PATIENTS - gone
    assert expected.overview["completed"] == PATIENTS - gone
    assert {*SHARES, "back", "pause", "resume"} == {what for what, count in done.items() if count}
    assert differences(expected, found) == []


def test_the_plan_of_a_seed_is_always_the_same_and_leaves_nobody_out() -> None:
    assert plan(SEED) == plan(SEED) != plan(SEED + 1)
    for seed in range(50):
        done = {(fault.kind, fault.victim) for fault in plan(seed)}
        assert done >= {("kill", name) for name in KILLED}
        assert done >= {("freeze", name) for name in FROZEN}
        assert done >= {("repeat", ""), ("throw", "")}
