"""With CI set, what is skipped has failed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from launcher.paths import ROOT

TESTS = """
import pytest

def test_runs():
    pass

def test_is_skipped():
    pytest.skip("its tool is not here")

@pytest.fixture
def tool():
    pytest.skip("its tool is not here")

def test_has_no_tool(tool):
    pass

@pytest.mark.skipif(True, reason="not on this computer")
def test_is_not_for_this_computer():
    pass

@pytest.mark.own_stores
def test_has_no_stores(tool):
    pass

@pytest.mark.distribution_tool
def test_has_no_program(tool):
    pass

@pytest.mark.xfail(reason="known")
def test_fails_as_expected():
    raise AssertionError
"""
STORES = {"KAFKA_BOOTSTRAP_SERVERS": "somewhere:9092", "DATABASE_URL": "postgresql://somewhere"}


@pytest.mark.parametrize(
    ("given", "counts"),
    [
        ({}, {"passed": 1, "skipped": 5, "xfailed": 1}),
        ({"CI": "true"}, {"passed": 1, "failed": 1, "error": 3, "skipped": 1, "xfailed": 1}),
        (
            {"CI": "true", **STORES},
            {"passed": 1, "failed": 1, "error": 2, "skipped": 2, "xfailed": 1},
        ),
    ],
)
def test_a_skipped_test_has_failed_in_continuous_integration(
    tmp_path: Path, given: dict[str, str], counts: dict[str, int]
) -> None:
    (tmp_path / "test_made_up.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    kept = {name: value for name, value in os.environ.items() if name not in {"CI", *STORES}}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "support.skipping", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=kept | {"PYTHONPATH": str(ROOT / "tests")} | given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert bool(ran.returncode) is ("CI" in given), ran.stdout
    found = re.findall(r"(\d+) ([a-z]+)", ran.stdout.splitlines()[-1])
    # Under "error" stands what failed before it began.
    assert {word.rstrip("s"): int(count) for count, word in found} == counts, ran.stdout
