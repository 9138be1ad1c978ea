"""A whole target as `./dev reconcile` plays it: windows, slots in portions, removals, a pause."""

from pathlib import Path

import pytest

from launcher.campaign import START, Campaign
from launcher.reconcile import Watch, reconciled
from launcher.reconciling import Line
from support.stacks import clock_of, simulated

PATIENTS = 1000
COUNTS = (
    "total_patients",
    "in_progress",
    "in_queue",
    "being_invited",
    "completed",
    "booked",
    "declined",
    "did_not_book",
    "patient_alert",
)


@pytest.mark.timeout(600)
async def test_topics_and_tables_agree_after_a_whole_target(tmp_path: Path) -> None:
    campaign = Campaign(PATIENTS, 7)

    async with simulated(tmp_path, start=START, seed=7) as stack:
        found = await reconciled(stack, clock_of(stack), campaign, lambda _: None)

    assert not found.faults
    assert [line for line in found.lines if line.differs] == []
    counts = {line.what: line.counts for line in found.lines}
    back = len(campaign.removed(1))
    assert counts["patients enrolled"]["topics"] == PATIENTS + back
    assert counts["patients removed"]["topics"] > back > 0
    for outcome in ("booked", "declined", "unanswered", "undeliverable", "withdrawn"):
        assert counts[f"ended as {outcome}"]["topics"], outcome
    assert found.page["overview"]["in_progress"] == 0


def test_a_line_differs_when_two_sources_disagree() -> None:
    assert Line("x", {"topics": 3, "ingest": 4}).differs
    assert not Line("x", {"topics": 3, "ingest": 3}).differs


def test_a_page_that_does_not_add_up_is_a_fault() -> None:
    watch = Watch("t")
    overview = dict.fromkeys(COUNTS, 0)
    row = {"in_queue": 0, "being_invited": 0, "booked": 0, "declined": 0, "did_not_book": 0}
    watch.see({"as_of": "now", "overview": overview, "rounds": [row]})
    assert (watch.looks, watch.faults) == (1, [])
    watch.see({"as_of": "now", "overview": overview | {"booked": 1}, "rounds": [row]})
    assert watch.faults == [
        "now: completed = booked + declined + did not book + alert: 0 and 1",
        "now: booked, over all rounds: 1 and 0",
    ]
