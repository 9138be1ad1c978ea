"""For any histogram, every number on the pages is as long as the list its link leads to."""

import re
from collections.abc import AsyncIterator
from html import unescape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.filters import COUNTED
from integration.dashboard.board import TARGET, Board, enrolled, opened, progressed, saved
from support.stores import TestStores, fresh_database

HISTOGRAMS = st.dictionaries(
    st.tuples(st.sampled_from([None, 1, 2, 3]), st.sampled_from([*COUNTED, "removed"])),
    st.integers(1, 3),
    max_size=10,
)
LINK = re.compile(
    rf'href="(/targets/{TARGET}/patients[^"]*)"[^>]*>(?:\s*<span[^>]*>)?\s*([\d,]+)(?: patients?)?<'
)


@pytest.fixture(scope="module")
async def board(stores: TestStores) -> AsyncIterator[Board]:
    async with opened(await fresh_database(stores), stores.role_password) as found:
        yield found


@given(HISTOGRAMS)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
async def test_every_number_is_as_long_as_the_list_behind_it(
    board: Board, histogram: dict[tuple[int | None, str], int]
) -> None:
    await board.rows("TRUNCATE targets, cells, identities, patients, counts, timeline")
    places = [place for place, n in sorted(histogram.items(), key=str) for _ in range(n)]
    await board.hear(
        saved(),
        *(enrolled(n) for n in range(len(places))),
        *(progressed(n, status, at) for n, (at, status) in enumerate(places)),
    )
    links: set[tuple[str, str]] = set()
    for path in (f"/targets/{TARGET}", f"/targets/{TARGET}/alerts", "/"):
        shown = (await board.client.get(path)).text
        links |= {(unescape(link), n) for link, n in LINK.findall(shown)}
    assert len(links) >= 9 + 3 * 5 - 4
    for link, n in sorted(links):
        found = (await board.client.get(f"/v1{link}")).json()
        assert len(found["patients"]) == found["matching"] == int(n), link
    link, n = max(links, key=lambda found: int(found[1]))
    listed = (await board.client.get(link)).text
    assert f">{n} patient{'' if n == '1' else 's'}</h2>" in listed
