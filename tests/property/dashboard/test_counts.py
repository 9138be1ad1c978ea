"""Rules 1 and 2 hold for whatever histogram there may be."""

from hypothesis import given
from hypothesis import strategies as st

from dashboard.cells import Cell, chosen, counted
from dashboard.counts import did_not_book_in, overview, round_counts
from dashboard.filters import COUNTED, Filters

HISTOGRAMS = st.dictionaries(
    st.tuples(st.integers(0, 5), st.sampled_from(COUNTED)), st.integers(0, 1000), max_size=40
)


@given(HISTOGRAMS)
def test_the_overview_adds_up(histogram: dict[tuple[int, str], int]) -> None:
    totals = overview(histogram)
    assert totals["total_patients"] == totals["in_progress"] + totals["completed"]
    assert totals["in_progress"] == totals["in_queue"] + totals["being_invited"]
    assert totals["completed"] == (
        totals["booked"] + totals["declined"] + totals["did_not_book"] + totals["patient_alert"]
    )
    assert totals["total_patients"] == sum(histogram.values())


@given(HISTOGRAMS)
def test_the_rounds_add_up_to_the_overview(histogram: dict[tuple[int, str], int]) -> None:
    totals = overview(histogram)
    rows = [round_counts(histogram, number) for number in range(6)]
    assert sum(row.in_queue for row in rows) == totals["in_queue"]
    assert sum(row.being_invited for row in rows) == totals["being_invited"]
    assert sum(row.booked for row in rows) == totals["booked"]
    assert sum(row.declined for row in rows) == totals["declined"]


@given(HISTOGRAMS, st.integers(0, 5))
def test_who_enters_a_round_is_in_it_or_left_it(
    histogram: dict[tuple[int, str], int], number: int
) -> None:
    row = round_counts(histogram, number)
    alerts = histogram.get((number, "patient_alert"), 0)
    entered = sum(n for (found, _), n in histogram.items() if found >= number)
    assert entered == (
        row.in_queue + row.being_invited + row.booked + row.declined + row.did_not_book + alerts
    )


@given(HISTOGRAMS, st.integers(0, 5))
def test_did_not_book_counts_those_a_list_filtered_by_it_shows(
    histogram: dict[tuple[int, str], int], number: int
) -> None:
    cells = [
        Cell(place, found, status, "any", n)
        for place, ((found, status), n) in enumerate(histogram.items())
    ]
    listed = counted(chosen(cells, Filters(did_not_book_in=number), []))
    assert listed == did_not_book_in(histogram, number)
