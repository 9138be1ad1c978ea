"""The documents that people write, as a reader's program sees them."""

import re
from pathlib import Path

from launcher.paths import ROOT

WRITTEN = (
    ROOT / "README.md",
    ROOT / "ARCHITECTURE.md",
    ROOT / "CONTRIBUTING.md",
    *(
        ROOT / "docs" / f"{name}.md"
        for name in ("runbook", "dependencies", "glossary", "pages", "plugins", "rules")
    ),
    *sorted((ROOT / "services").glob("*/README.md")),
    *sorted((ROOT / "docs" / "adr").glob("*.md")),
)

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")


def links_of(page: Path) -> list[str]:
    """Where a page's links lead, those in blocks of code left out."""
    return _LINK.findall(_FENCE.sub("", page.read_text()))


def anchors_of(page: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def codes_of(page: Path) -> list[str]:
    """Everything on a page that is set as code: spans, and the lines of blocks."""
    text = page.read_text()
    lines = [line for block in _FENCE.findall(text) for line in block.splitlines()[1:-1]]
    return [*re.findall(r"`([^`\n]+)`", _FENCE.sub("", text)), *lines]
