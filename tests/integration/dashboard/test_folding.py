"""The counts equal a recount at every step, whatever the order, the repeats and the batches."""

from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.filters import COUNTED
from integration.dashboard.board import (
    TARGET,
    Board,
    enrolled,
    opened,
    progressed,
    records_of,
    saved,
)
from recall.contracts.vocabulary import STATUSES
from support.stores import TestStores, fresh_database


@pytest.fixture(scope="module")
async def board(stores: TestStores) -> AsyncIterator[Board]:
    async with opened(await fresh_database(stores), stores.role_password) as found:
        yield found


STEPS = st.lists(
    st.tuples(st.sampled_from(STATUSES), st.one_of(st.none(), st.integers(1, 3))),
    min_size=1,
    max_size=6,
)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[list[Any]], dict[int, tuple[str, int | None]]]:
    """Batches of progress, shuffled, with repeats; and where each patient ends."""
    histories = draw(st.lists(STEPS, min_size=1, max_size=8))
    said = [
        progressed(n, status, at_round, version)
        for n, steps in enumerate(histories)
        for version, (status, at_round) in enumerate(steps, 1)
    ]
    repeats = draw(st.lists(st.sampled_from(said), max_size=10))
    order = draw(st.permutations([*said, *repeats]))
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(order) - 1)), max_size=5)))
    edges = [0, *cuts, len(order)]
    batches = [order[a:b] for a, b in pairwise(edges)]
    return batches, {n: steps[-1] for n, steps in enumerate(histories)}


@given(deliveries())
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
async def test_counts_equal_a_recount_after_every_batch(
    board: Board, delivered: tuple[list[list[Any]], dict[int, tuple[str, int | None]]]
) -> None:
    batches, ends = delivered
    await board.rows("WITH a AS (DELETE FROM patients) DELETE FROM counts")
    for batch in batches:
        await board.fold("patient-progress", records_of("patient-progress", batch))
        await board.assert_counts()
    rows = await board.rows(
        "SELECT patient_id::text, status, nullif(round, 0) FROM patients JOIN cells USING (cell)"
    )
    found = {int(row[0][-12:], 16): (row[1], row[2]) for row in rows}
    assert found == ends


async def test_progress_before_identity_lists_the_patient_without_a_name(board: Board) -> None:
    await board.hear(saved(), progressed(901, "in_queue"))
    (row,) = (await board.get(f"/v1/targets/{TARGET}/patients", sort="-updated_at", limit=1))[
        "patients"
    ]
    assert (row["name"], row["nhs_number"]) == (None, None)
    await board.hear(enrolled(901))
    found = await board.get(f"/v1/targets/{TARGET}/patients", nhs_number="999 000 0901")
    assert [patient["name"] for patient in found["patients"]] == ["Ann Smith901"]


async def test_an_identity_alone_counts_nowhere(board: Board) -> None:
    before = await board.get(f"/v1/targets/{TARGET}")
    await board.hear(enrolled(902))
    assert await board.get(f"/v1/targets/{TARGET}") == before
    found = await board.get(f"/v1/targets/{TARGET}/patients", nhs_number="9990000902")
    assert found["patients"] == []


async def test_an_older_target_changes_nothing(board: Board) -> None:
    await board.hear(saved(version=7, name="New"), saved(version=6, name="Old"))
    await board.hear(saved(version=5, name="Older"))
    assert (await board.get(f"/v1/targets/{TARGET}"))["target"]["name"] == "New"


async def test_the_counted_statuses_are_all_but_removed(board: Board) -> None:
    assert {*COUNTED, "removed"} == set(STATUSES)
