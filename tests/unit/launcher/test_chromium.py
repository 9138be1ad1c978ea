"""When Chromium is installed, and what is said when it cannot be."""

import shutil
from collections.abc import Callable, Sequence

import pytest

from launcher import chromium


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The programs of a made-up computer."""
    programs: set[str] = set()
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}" if name in programs else None)
    return programs


def running(
    ran: list[str], *, ok: bool = True, after: Callable[[], None] = lambda: None
) -> chromium.Run:
    """Runs nothing, remembers the commands."""

    def run(command: Sequence[str]) -> int:
        ran.append(" ".join(command))
        if ok and "install" in command:
            after()
        return 0 if ok else 1

    return run


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], True),
        (["-x", "-k", "page"], True),
        (["tests/"], True),
        (["tests/browser/test_example.py"], True),
        (["tests/unit", "tests/property"], False),
        (["--help"], False),
    ],
)
def test_only_a_run_that_has_tests_of_the_pages_asks_for_a_browser(
    arguments: list[str], wanted: bool
) -> None:
    assert chromium.are_wanted(arguments) is wanted


def test_a_browser_that_is_there_is_used(there: set[str]) -> None:
    there |= {"apt-get", "google-chrome"}
    ran: list[str] = []
    assert chromium.ensure(lambda _: None, running(ran))
    assert chromium.find() == "/bin/google-chrome"
    assert ran == []


def test_root_installs_debians_package(there: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    there.add("apt-get")
    ran: list[str] = []
    said: list[str] = []
    assert chromium.ensure(said.append, running(ran, after=lambda: there.add("chromium")))
    assert [line.split()[-1] for line in ran] == ["-q", "fonts-liberation"]
    assert "apt-get" in said[0]


def test_others_install_by_a_sudo_that_asks_for_nothing(
    there: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    there |= {"apt-get", "sudo"}
    ran: list[str] = []
    assert chromium.ensure(lambda _: None, running(ran, after=lambda: there.add("chromium")))
    assert all(line.startswith("sudo -n ") for line in ran)


@pytest.mark.parametrize("programs", [set(), {"apt-get"}, {"apt-get", "sudo"}])
def test_who_may_not_install_is_told_the_command(
    there: set[str], monkeypatch: pytest.MonkeyPatch, programs: set[str]
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    there |= programs
    said: list[str] = []
    assert not chromium.ensure(said.append, running([], ok=False))
    assert chromium.COMMAND in said[-1]
