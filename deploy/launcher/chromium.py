"""Chromium for the tests of the pages: found, or installed where that is allowed."""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence

PACKAGES = ("chromium", "fonts-liberation")
"""Debian's own browser, and letters for it to write with."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
COMMAND = f"sudo apt-get install -y --no-install-recommends {' '.join(PACKAGES)}"
BROWSER_TESTS = "tests/browser"

Run = Callable[[Sequence[str]], int]
"""Runs a command and returns its exit status."""


def find() -> str | None:
    """The browser's path: what CHROMIUM names, else the first that is on PATH."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def are_wanted(arguments: Sequence[str]) -> bool:
    """Whether pytest's arguments ask for the tests that need a browser."""
    if {"-h", "--help", "--version", "--collect-only", "--co"} & set(arguments):
        return False
    places = [word for word in arguments if word.startswith("tests")]
    return not places or any(
        place.rstrip("/") == "tests" or place.startswith(BROWSER_TESTS) for place in places
    )


def run(command: Sequence[str]) -> int:
    """Run a command, its words among ours."""
    try:
        return subprocess.run(command, check=False).returncode
    except OSError:
        return 1


def ensure(say: Callable[[str], None], run: Run = run) -> bool:
    """Have Chromium: install Debian's package as root or by a sudo that asks for nothing.

    Without either it says the command; the tests that need the browser are then not run.
    """
    if find() is not None:
        return True
    prefix = _prefix(run)
    if prefix is None:
        say(f"Chromium is not here, so the tests of the pages will not be run. {COMMAND}")
        return False
    say(f"Chromium is not here: installing {' and '.join(PACKAGES)} with apt-get (once) …")
    update = [*prefix, "apt-get", "update", "-q"]
    install = [*prefix, "apt-get", "install", "-y", "-q", "--no-install-recommends", *PACKAGES]
    if run(update) or run(install) or find() is None:
        say(f"That did not work, so the tests of the pages will not be run. {COMMAND}")
        return False
    return True


def _prefix(run: Run) -> list[str] | None:
    """How apt-get is called here; None when it is not ours to call."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return ["env", "DEBIAN_FRONTEND=noninteractive"]
    if shutil.which("sudo") and run(["sudo", "-n", "true"]) == 0:
        return ["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive"]
    return None
