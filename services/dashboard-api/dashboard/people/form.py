"""Reading a form that was sent about patients: who sends it, and once for each time it is shown."""

from uuid import UUID

from fastapi import Request

from dashboard.errand import LONGEST_NAME
from dashboard.staff.posted import posted
from recall.kit.problems import Problem

Pairs = list[tuple[str, str]]


async def answers(request: Request) -> Pairs:
    """A form's answers in their order.

    Raises:
        Problem: 413 when it is larger than any of our forms, 415 when it is none.
    """
    return [(name, plain(value)) for name, value in (await posted(request)).pairs]


def plain(text: str) -> str:
    """A text whose only control characters are the ends of its lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("".join(c if c.isprintable() else " " for c in line) for line in lines).strip()


def key_of(values: dict[str, str]) -> str:
    """The key a form was shown with.

    Raises:
        Problem: 422, it is not a form that we showed.
    """
    try:
        return str(UUID(values.get("key", "")))
    except ValueError:
        raise Problem(422, "invalid", "Open the page again and send its form.") from None


def name_of(values: dict[str, str]) -> str:
    """Who sends the form, as the record has it."""
    return values.get("name", "")[:LONGEST_NAME] or "staff"
