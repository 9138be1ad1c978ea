"""Where Prometheus' checker comes from, and what is done without it."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from launcher import paths, promtool


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> set[str]:
    """The programs of a made-up computer, and an empty cache."""
    programs: set[str] = {"apt-get", "dpkg-deb"}
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}" if name in programs else None)
    monkeypatch.setattr(paths, "cache", lambda: tmp_path)
    monkeypatch.setenv("PATH", "/bin")
    return programs


def fetching(ran: list[str], *, ok: bool = True) -> promtool.Run:
    """Downloads and unpacks nothing real."""

    def run(command: Sequence[str], where: Path) -> bool:
        ran.append(command[0])
        if ok and command[0] == "apt-get":
            (where / "prometheus_2_amd64.deb").touch()
        if ok and command[0] == "dpkg-deb":
            program = where / "whole" / promtool.INSIDE
            program.parent.mkdir(parents=True)
            program.write_text("promtool")
        return ok

    return run


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], True),
        (["tests"], True),
        (["tests/unit", "-x"], True),
        (["tests/unit/deploy/test_prometheus.py::test_it"], True),
        (["tests/unit/launcher", "tests/e2e"], False),
        (["--co"], False),
    ],
)
def test_only_a_run_that_has_tests_of_the_alerts_asks_for_it(
    arguments: list[str], wanted: bool
) -> None:
    assert promtool.is_wanted(arguments) is wanted


def test_it_is_fetched_once_and_found_on_the_path(there: set[str], tmp_path: Path) -> None:
    ran: list[str] = []
    for _ in range(2):
        assert promtool.ensure(lambda _: None, fetching(ran))
    assert ran == ["apt-get", "dpkg-deb"]
    assert (tmp_path / "promtool/promtool").read_text() == "promtool"
    assert [path.name for path in (tmp_path / "promtool").iterdir()] == ["promtool"]
    assert str(tmp_path / "promtool") in os.environ["PATH"].split(os.pathsep)
    assert there


def test_a_machine_that_knows_no_package_yet_asks_which_there_are(there: set[str]) -> None:
    ran: list[str] = []
    fetch, known = fetching([]), False

    def run(command: Sequence[str], where: Path) -> bool:
        nonlocal known
        ran.append(" ".join(command[:2]))
        known = known or command == promtool.UPDATE
        return known and (command == promtool.UPDATE or fetch(command, where))

    assert promtool.ensure(lambda _: None, run)
    assert ran == ["apt-get download", "apt-get update", "apt-get download", "dpkg-deb --extract"]
    assert there


def test_one_that_is_there_is_used(there: set[str]) -> None:
    there.add("promtool")
    ran: list[str] = []
    assert promtool.ensure(lambda _: None, fetching(ran))
    assert ran == []


def test_what_cannot_be_fetched_is_said_and_stops_nothing(there: set[str]) -> None:
    said: list[str] = []
    assert not promtool.ensure(said.append, fetching([], ok=False))
    assert "will not be run" in said[-1]
    there.clear()
    assert not promtool.ensure(said.append, fetching([]))


def test_a_command_that_is_not_there_did_not_end_well(tmp_path: Path) -> None:
    assert not promtool.run(["no-such-program-anywhere"], tmp_path)
