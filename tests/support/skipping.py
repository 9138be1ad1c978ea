"""In continuous integration a test that was not run has failed: nobody reads what was skipped."""

import os
from collections.abc import Generator

import pytest

MARK = "own_stores"
"""Tests that stop and kill stores, and so need some of their own beside those that are given."""
GIVEN = ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL")
TOOL_MARK = "distribution_tool"
"""Tests by a program that only the computer's distribution has, of files that nothing here runs."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the marks known."""
    config.addinivalue_line("markers", f"{MARK}: stops and kills stores, which are its own")
    config.addinivalue_line("markers", f"{TOOL_MARK}: asks a program of the distribution")


def may_be_skipped(item: pytest.Item) -> bool:
    """Whether continuous integration lets a test be skipped.

    Who gives it both stores may have no means to start others; and what a distribution does not
    have says nothing about what is here.
    """
    if item.get_closest_marker(TOOL_MARK) is not None:
        return True
    given = all(os.environ.get(name) for name in GIVEN)
    return given and item.get_closest_marker(MARK) is not None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skipped test is a failed one, if it may not be skipped."""
    report = yield
    expected = hasattr(report, "wasxfail") or may_be_skipped(item)
    if os.environ.get("CI") and report.skipped and not expected:
        report.outcome = "failed"
    return report
