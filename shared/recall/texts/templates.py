"""The language of templates: text, ((fields)), and ((flag??text)), there where its flag is set."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from msgspec import Struct


class TemplateError(ValueError):
    """A template that cannot be read; says why, for people."""


class Field(Struct, frozen=True):
    """A place that is filled in."""

    name: str


class Flag(Struct, frozen=True):
    """A part that stands only where its flag is set."""

    name: str
    inner: "tuple[Node, ...]"


Node = str | Field | Flag


@lru_cache(maxsize=1024)
def parsed(template: str) -> tuple[Node, ...]:
    """A template's parts, in order.

    Raises:
        TemplateError: a pair of brackets never ends, or a field is empty.
    """
    nodes, _ = _parts(template, 0, inside=False)
    return nodes


def _parts(template: str, at: int, *, inside: bool) -> tuple[tuple[Node, ...], int]:
    """The parts from a place on, to the end or to the brackets that close a flag."""
    nodes: list[Node] = []
    text: list[str] = []
    single = 0  # Single brackets that are open: "(x)))" closes them before the flag.
    while at < len(template):
        if template.startswith("((", at):
            node, at = _bracketed(template, at + 2)
            nodes += _text(text)
            nodes.append(node)
            continue
        char = template[at]
        if inside and not single and template.startswith("))", at):
            return (*nodes, *_text(text)), at + 2
        single = max(0, single + (char == "(") - (char == ")"))
        text.append(char)
        at += 1
    if inside:
        raise TemplateError("A part that begins with (( does not end with )). Close it.")
    return (*nodes, *_text(text)), at


def _text(text: list[str]) -> list[Node]:
    found: list[Node] = ["".join(text)] if text else []
    text.clear()
    return found


def _bracketed(template: str, at: int) -> tuple[Node, int]:
    """A field or a flag, from after its opening brackets."""
    end = template.find("))", at)
    flag = template.find("??", at)
    if end < 0:
        raise TemplateError("A field that begins with (( does not end with )). Close it.")
    if 0 <= flag < end:
        name = _name(template[at:flag])
        inner, at = _parts(template, flag + 2, inside=True)
        return Flag(name, inner), at
    return Field(_name(template[at:end])), end + 2


def _name(written: str) -> str:
    """A name as it is looked up: "First name" is first_name."""
    name = "_".join(written.casefold().replace("-", " ").replace("_", " ").split())
    if not name or "(" in name or ")" in name:
        raise TemplateError("Write a field as ((name)), with one of the names below.")
    return name


def rendered(template: str, values: Mapping[str, str], flags: Mapping[str, bool]) -> str:
    """The text of a template; what has no value or flag is left out."""
    return "".join(_rendered(parsed(template), values, flags)).strip()


def _rendered(
    nodes: tuple[Node, ...], values: Mapping[str, str], flags: Mapping[str, bool]
) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, str):
            yield node
        elif isinstance(node, Field):
            yield values.get(node.name, "")
        elif flags.get(node.name):
            yield from _rendered(node.inner, values, flags)


def names_of(template: str) -> tuple[set[str], set[str]]:
    """The names of the fields and of the flags that a template has anywhere."""
    fields: set[str] = set()
    flags: set[str] = set()
    waiting = list(parsed(template))
    while waiting:
        node = waiting.pop()
        if isinstance(node, Field):
            fields.add(node.name)
        elif isinstance(node, Flag):
            flags.add(node.name)
            waiting += node.inner
    return fields, flags
