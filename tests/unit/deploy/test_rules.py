"""The table of rules names code and tests that exist."""

import re

import pytest

from launcher.paths import ROOT

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/rules.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| rule")
]
PLACES = ("services/ingest", "services/workflow", "services/invitations", "services/dashboard-api")
TESTS = set(
    re.findall(
        r"^(?:async )?def (test_\w+)",
        "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py")),
        re.MULTILINE,
    )
)


@pytest.mark.parametrize("row", ROWS, ids=[row[0][:40] for row in ROWS])
def test_a_rule_stands_where_it_is_said_and_is_shown_by_tests(row: list[str]) -> None:
    _, where, shown = row
    for place in re.findall(r"`([^`]+)`", where):
        found = [folder for folder in (*PLACES, "shared") if (ROOT / folder / place).exists()]
        assert found, place
    named = re.findall(r"`(test_\w+)`", shown)
    assert named
    assert set(named) <= TESTS, set(named) - TESTS


def test_the_tests_of_everything_exist() -> None:
    text = (ROOT / "docs/rules.md").read_text()
    assert set(re.findall(r"`(test_\w+)`", text)) <= TESTS
