"""Prometheus' own checker for the tests of the alerts: found, or taken out of Debian's package.

The package is not installed, since that would start a server: apt downloads it and checks it by the
hash in Debian's signed lists, and the one program is unpacked beside Kafka's jars.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from launcher import paths

NAME = "promtool"
PACKAGE = "prometheus"
UPDATE = ("apt-get", "update", "-q")
INSIDE = f"./usr/bin/{NAME}"
ALERT_TESTS = "tests/unit/deploy"
LONGEST_SECONDS = 120.0

Run = Callable[[Sequence[str], Path], bool]
"""Runs a command in a folder; returns whether it ended well."""


def folder() -> Path:
    """Where it is kept."""
    return paths.cache() / NAME


def is_wanted(arguments: Sequence[str]) -> bool:
    """Whether pytest's arguments ask for the tests of the alerts."""
    if {"-h", "--help", "--version", "--collect-only", "--co"} & set(arguments):
        return False
    places = [word.split("::")[0].rstrip("/") for word in arguments if word.startswith("tests")]
    return not places or any(
        ALERT_TESTS.startswith(place) or place.startswith(ALERT_TESTS) for place in places
    )


def run(command: Sequence[str], where: Path) -> bool:
    """Run a command without a word, within bounds."""
    try:
        ended = subprocess.run(
            command, cwd=where, capture_output=True, check=False, timeout=LONGEST_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.returncode == 0


def ensure(say: Callable[[str], None], run: Run = run) -> bool:
    """Have it on PATH if that can be done; without it the tests that need it are not run."""
    kept = folder()
    if shutil.which(NAME) is None and not (kept / NAME).is_file():
        if any(shutil.which(tool) is None for tool in ("apt-get", "dpkg-deb")):
            return False
        say(f"{NAME} is not here: taking it out of Debian's package {PACKAGE} (once) …")
        if not _fetch(kept, run):
            say(f"That did not work, so 3 tests of the alerts will not be run: no {NAME}.")
            return False
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}{os.pathsep}{kept}"
    return True


def _fetch(kept: Path, run: Run) -> bool:
    """Download, unpack the one program, and give it its name last."""
    try:
        kept.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept) as made:
            where = Path(made)
            download = ["apt-get", "download", "-q", PACKAGE]
            # A new machine may know of no package yet; only root may ask which there are.
            if not (run(download, where) or (run(UPDATE, where) and run(download, where))):
                return False
            package = next(where.glob("*.deb"), None)
            if package is None or not run(["dpkg-deb", "--extract", package.name, "whole"], where):
                return False
            (where / "whole" / INSIDE).replace(kept / NAME)
    except OSError:
        return False
    return True
