"""A browser, a whole stack with the worked example on it, and visits whose faults are told."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from browser.visiting import PATIENCE_MS, Recall, Visit, Visits
from browser.worlds import scenario
from launcher import chromium, example
from launcher.driving import Driver
from support.stacks import clock_of, simulated

NOT_RUN = f"Chromium is not here: {chromium.COMMAND}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once, where nobody overlooks it, which tests were not run and how to run them."""
    skipped = [
        report
        for report in terminalreporter.stats.get("skipped", [])
        if report.nodeid.startswith(chromium.BROWSER_TESTS)
    ]
    if skipped:
        terminalreporter.section("tests of the pages")
        terminalreporter.line(f"{len(skipped)} tests of the pages were NOT run. {NOT_RUN}")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium; never a download of Playwright's own."""
    path = chromium.find()
    if path is None:
        pytest.skip(NOT_RUN)
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield started
        await started.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def recall(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Recall]:
    """The worked example, played once; it stays as it is while the clock is before 14 September.

    Tests that change anything make a target of their own beside it.
    """
    folder = tmp_path_factory.mktemp("pages")
    async with (
        simulated(folder, start=example.START, scenario=scenario()) as stack,
        Driver(stack.stack, clock_of(stack)) as driver,
    ):
        found = Recall(stack, driver)
        # Before anything is there: the only moment that the list of targets is empty.
        nobody = Visits(browser, found)
        visit = await nobody.begin()
        await visit.open("/targets")
        found.empty = await visit.violations()
        found.empty_text = await visit.page.locator("main").inner_text()
        await nobody.end()
        found.empty += nobody.wrong
        await example.play(driver)
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def visits(browser: Browser, recall: Recall) -> AsyncIterator[Visits]:
    """Visits of one test; nothing may be wrong on any page that it saw."""
    found = Visits(browser, recall)
    yield found
    await found.end()
    assert found.wrong == []


@pytest_asyncio.fixture(loop_scope="session")
async def visit(visits: Visits) -> Visit:
    """A visitor who is signed in, with a wide screen."""
    return await visits.begin()
