"""Styles, scripts and pictures: their addresses carry a hash, so that browsers keep them for long.

One hash stands for the whole folder, in the path: what a style or a script names beside itself
("images/tick.svg") is then found under the same hash, with nothing rewritten.
"""

import hashlib
import re
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"
PREFIX = "/static"

_VERSIONED = re.compile(r"[0-9a-f]{12}/")


def _version() -> str:
    """A hash of every file's path and content."""
    found = hashlib.sha256()
    for path in sorted(path for path in FOLDER.rglob("*") if path.is_file()):
        found.update(f"{path.relative_to(FOLDER).as_posix()}\0{path.stat().st_size}\0".encode())
        found.update(path.read_bytes())
    return found.hexdigest()[:12]


VERSION = _version()


def address(path: str) -> str:
    """Where a file is to be asked for: "recall.css" → "/static/0123456789ab/recall.css".

    Raises:
        FileNotFoundError: there is none; a page that named it would be broken.
    """
    if not (FOLDER / path).is_file():
        raise FileNotFoundError(path)
    return f"{PREFIX}/{VERSION}/{path}"


def keep(path: str) -> str:
    """How long an answer may be kept, by the path that was asked for.

    Only this version's addresses are for ever: while replicas of two versions serve, the other's
    files are answered with what is here.
    """
    if path.startswith(f"{PREFIX}/{VERSION}/"):
        return "public, max-age=31536000, immutable"
    return "no-cache" if path.startswith(f"{PREFIX}/") else "no-store"


class Assets(StaticFiles):
    """Serves the folder, with any hash in front or none."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, whatever version it is asked for by."""
        return await super().get_response(_VERSIONED.sub("", path, count=1), scope)
