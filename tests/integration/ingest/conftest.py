"""One ingest for the tests that do not kill it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from integration.ingest.running import Ingest, make_place, started
from support.stores import TestStores


@pytest_asyncio.fixture(scope="session")
async def ingest(
    stores: TestStores, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Ingest]:
    place = await make_place(stores, tmp_path_factory.mktemp("ingest"))
    place.alert(n9990000018="no_match", n9990000026="deceased")
    async with started(place) as running:
        yield running
