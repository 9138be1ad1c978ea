"""The schemas as git has them, with which the present ones must be compatible."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from catalogue.compatible import Schema, breaks, missing
from catalogue.places import ROOT, SCHEMAS
from recall.contracts.topics import channel_topic

BASELINES = ("HEAD", "HEAD^")
"""The last commit, for a change that is not committed yet, and the one before, for one that is."""

READ_BY_PLUGINS = frozenset(model.event_type for model in channel_topic("any").carries)


def committed(ref: str) -> dict[str, Any]:
    """The schemas of a commit, by event type; none if there is no such commit, or no git."""
    folder = SCHEMAS.relative_to(ROOT).as_posix()
    listed = _git("ls-tree", "--name-only", ref, f"{folder}/")
    names = [line for line in listed.splitlines() if line.endswith(".json")]
    return {
        name.removeprefix(f"{folder}/").removesuffix(".json"): json.loads(
            _git("show", f"{ref}:{name}")
        )
        for name in names
    }


def _git(*arguments: str) -> str:
    """What git prints; nothing where it fails or is not installed."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""


def broken(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[str]:
    """What breaks between two sets of schemas."""
    found = missing(old, new)
    for event_type in sorted(old.keys() & new.keys()):
        faults = breaks(
            old[event_type], new[event_type], read_by_plugins=event_type in READ_BY_PLUGINS
        )
        found += [f"{event_type}: {fault}; give the type its next version" for fault in faults]
    return found


def broken_since(refs: Sequence[str], new: Mapping[str, Schema]) -> list[str]:
    """What breaks since any of these commits."""
    return list(dict.fromkeys(fault for ref in refs for fault in broken(committed(ref), new)))
