"""The files under test, read as their tools read them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from launcher.paths import ROOT

COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
SERVICES = ("ingest", "workflow", "invitations", "dashboard")

VARIABLE = re.compile(r"\$\{([A-Z_]+)(?:(:?[-?])([^}]*))?\}")
"""How a compose file asks for a variable: its name, how, and the default or the message."""


def compose() -> dict[str, Any]:
    """The compose file, its anchors and merges resolved."""
    return dict(yaml.safe_load(COMPOSE.read_text()))


def filled(text: str, given: dict[str, str]) -> str:
    """A value as compose fills it in; a required variable that is missing is a KeyError."""

    def value(match: re.Match[str]) -> str:
        name, how, default = match.groups()
        return given.get(name, default) if how in {"-", ":-"} else given[name]

    return VARIABLE.sub(value, text)


@dataclass(frozen=True)
class Step:
    """One instruction of a Dockerfile: `COPY`, `a b`."""

    word: str
    rest: str


def dockerfile() -> list[Step]:
    """The instructions in order, continued lines joined, comments left out."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#")]
    whole = "\n".join(lines).replace("\\\n", " ")
    split = (line.split(maxsplit=1) for line in whole.splitlines() if line.strip())
    return [Step(word, " ".join(rest.split())) for word, rest in split]


def last_stage() -> list[Step]:
    """What makes the image that is run."""
    steps = dockerfile()
    begin = max(place for place, step in enumerate(steps) if step.word == "FROM")
    return steps[begin:]


def copies() -> list[tuple[Path, Path]]:
    """What the last stage copies of the checkout: from where, to where in the image."""
    found = []
    for step in last_stage():
        if step.word == "COPY" and "--from" not in step.rest:
            source, target = step.rest.split()
            found.append((ROOT / source, Path(target)))
    return found


def image_environment() -> dict[str, str]:
    """What `ENV` sets in the last stage."""
    pairs = " ".join(step.rest for step in last_stage() if step.word == "ENV").split()
    return dict(pair.split("=", 1) for pair in pairs)
