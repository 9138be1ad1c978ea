"""Markdown, a piece at a time."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; bars inside cells are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def page(*parts: str) -> str:
    """Parts with an empty line between them."""
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def code(text: str) -> str:
    """A piece of text as code."""
    return f"`{text}`"


def codes(texts: Iterable[str]) -> str:
    """Pieces of code, by comma."""
    return ", ".join(code(text) for text in texts)
