"""For any file the counts add up, and the topic carries exactly who was taken."""

from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration.ingest.running import Ingest
from support.people import SPOILT, cells_of, file_of_cells, people, spoil

ALERTS = {"9990000018": "no_match", "9990000026": "deceased"}
PLENTY = [cells_of(person)[:2] for person in people(30, seed=51)]

good = st.sampled_from(PLENTY)
alerted = st.sampled_from(sorted(ALERTS)).map(lambda number: [number, "01/02/1980"])
bad = st.tuples(st.sampled_from(sorted(SPOILT)), good).map(lambda pair: spoil(*pair))
files = st.lists(good | alerted | bad, min_size=1, max_size=30)


def numbers_of(rows: list[list[str]]) -> set[str]:
    known = {cells[0] for cells in PLENTY} | set(ALERTS)
    spoilt_dates = {tuple(cells) for cells in PLENTY} | {(n, "01/02/1980") for n in ALERTS}
    return {cells[0] for cells in rows if cells[0] in known and tuple(cells) in spoilt_dates}


async def test_every_row_has_one_verdict_and_every_patient_one_message(ingest: Ingest) -> None:
    @settings(
        max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(st.lists(files, min_size=1, max_size=3))
    def run(uploads: list[list[list[str]]]) -> None:
        collected.append(uploads)

    collected: list[list[list[list[str]]]] = []
    run()
    for uploads in collected:
        await check(ingest, uploads)


async def check(ingest: Ingest, uploads: list[list[list[str]]]) -> None:
    target = await ingest.target()
    on_target: set[str] = set()
    for rows in uploads:
        answer = await ingest.upload(
            target, file_of_cells(rows), params={"accept_rejected": "true"}
        )
        usable = numbers_of(rows)
        if not usable:
            assert (answer.status_code, answer.json()["code"]) == (422, "nothing_usable")
            continue
        body = answer.json()
        assert body["rows"] == len(rows)
        verdicts = ("enrolled", "alerts", "duplicates", "rejected")
        assert sum(body[name] for name in verdicts) == len(rows)
        if usable - on_target:
            assert body["enrolled"] + body["alerts"] == len(usable - on_target)
        on_target |= usable
    events = [event.data for event in await ingest.events("patients", target)]
    assert Counter(e.nhs_number for e in events) == Counter(on_target)
    assert all(e.alert == ALERTS.get(e.nhs_number) for e in events)
    assert sorted(e.position for e in events) == list(range(1, len(events) + 1))
