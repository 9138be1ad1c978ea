"""Styles, scripts and pictures: their addresses carry a hash, so that browsers keep them for long.

One hash stands for all of a service's files, in the path: what a style or a script names beside
itself ("images/tick.svg") is then found under the same hash, with nothing rewritten.
"""

import hashlib
import re
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

VENDORED = Path(__file__).parent / "static"
"""The files that all pages share: `vendor/<package>/…`, as `vendor/manifest.json` lists them."""

_VERSIONED = re.compile(r"[0-9a-f]{12}/")


def _version(folders: tuple[Path, ...]) -> str:
    """A hash of every file's path and content."""
    found = hashlib.sha256()
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            found.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
            found.update(path.read_bytes())
    return found.hexdigest()[:12]


class Assets(StaticFiles):
    """Serves a service's own folder and the vendored files, with any hash in front or none.

    Attributes:
        prefix: the path it is mounted at.
        version: the hash of all files.
    """

    def __init__(self, prefix: str, folder: Path) -> None:
        super().__init__(directory=folder)
        self.prefix = prefix
        self.all_directories = [folder, VENDORED]
        self.version = _version((folder, VENDORED))

    def address(self, path: str) -> str:
        """Where a file is to be asked for: "recall.css" → "/static/0123456789ab/recall.css".

        Raises:
            FileNotFoundError: there is none; a page that named it would be broken.
        """
        if not any((Path(folder) / path).is_file() for folder in self.all_directories):
            raise FileNotFoundError(path)
        return f"{self.prefix}/{self.version}/{path}"

    def keep(self, path: str) -> str:
        """How long an answer may be kept, by the path that was asked for.

        Only this version's addresses are for ever: while replicas of two versions serve, the
        other's files are answered with what is here.
        """
        if path.startswith(f"{self.prefix}/{self.version}/"):
            return "public, max-age=31536000, immutable"
        return "no-cache" if path.startswith(f"{self.prefix}/") else "no-store"

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, whatever version it is asked for by."""
        answer = await super().get_response(_VERSIONED.sub("", path, count=1), scope)
        answer.headers["Cache-Control"] = self.keep(f"{self.prefix}/{path}")
        return answer
