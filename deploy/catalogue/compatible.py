"""Whether a schema may take another's place under the same version of its type.

Old events stay on compacted topics and are replayed, so whatever was valid must stay valid; and
readers that are not upgraded yet rely on every field they know, so no field may go away, become
optional or have another type.  An optional field may be added at any time.  A closed list or a
bound may be widened once Recall's own readers know the new values; but not on what plugins read,
for nobody can upgrade them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]

_LOW_BOUNDS = ("minLength", "minimum", "minItems")
_HIGH_BOUNDS = ("maxLength", "maximum", "maxItems")


def breaks(old: Schema, new: Schema, *, read_by_plugins: bool = False) -> list[str]:
    """What the new schema breaks, a sentence each; empty: it may take the old one's place."""
    walk = _Walk(old, new, read_by_plugins)
    return list(walk.compare(old, new, "the event"))


def missing(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[str]:
    """The types that are gone without a later version of them."""
    names = {_unversioned(event_type): _version(event_type) for event_type in sorted(new)}
    return [
        f"{event_type} is gone and has no later version"
        for event_type in sorted(old.keys() - new.keys())
        if names.get(_unversioned(event_type), 0) <= _version(event_type)
    ]


def _unversioned(event_type: str) -> str:
    return event_type.rpartition(".v")[0]


def _version(event_type: str) -> int:
    return int(event_type.rpartition(".v")[2])


@dataclass(frozen=True)
class _Walk:
    """Both schemas, side by side, from the root down; `$ref` is looked up in each's own."""

    old_root: Schema
    new_root: Schema
    widening_breaks: bool

    def compare(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        old, old_null = _core(self.old_root, old)
        new, new_null = _core(self.new_root, new)
        if old_null != new_null:
            yield f"{where} {'may' if new_null else 'may not'} be null any more, unlike before"
        if _kind(old) != _kind(new):
            yield f"{where} was {_kind(old)} and is {_kind(new)}"
            return
        yield from self._values(old, new, where)
        yield from self._bounds(old, new, where)
        yield from self._fields(old, new, where)
        if "items" in old and "items" in new:
            yield from self.compare(old["items"], new["items"], f"an item of {where}")

    def _values(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        before, after = _closed_list(old), _closed_list(new)
        if after is not None and (before is None or before - after):
            gone = "any text" if before is None else ", ".join(sorted(before - after))
            yield f"{where} may no longer be {gone}"
        if before is not None and self.widening_breaks and (after is None or after - before):
            added = "any text" if after is None else ", ".join(sorted(after - before))
            yield f"{where} may now be {added}, which plugins do not know"

    def _bounds(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        if old.get("pattern") != new.get("pattern") and ("pattern" in new or self.widening_breaks):
            yield f"{where} has another pattern"
        for bounds, sign in ((_LOW_BOUNDS, 1), (_HIGH_BOUNDS, -1)):
            for bound in bounds:
                before, after = (_bound(schema, bound, sign) for schema in (old, new))
                if after > before:
                    yield f"{where} has a narrower {bound}"
                elif after < before and self.widening_breaks:
                    yield f"{where} has a wider {bound}, which plugins do not know"

    def _fields(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed_before, needed_after = set(old.get("required", ())), set(new.get("required", ()))
        for field in sorted(before.keys() - after.keys()):
            yield f"{where} has lost its field {field}"
        for field in sorted(needed_after - needed_before):
            yield f"{where} needs the field {field}, which old events need not have"
        for field in sorted((needed_before - needed_after) & after.keys()):
            yield f"{where} may now lack the field {field}, on which readers rely"
        if new.get("additionalProperties", True) is False and old.get("additionalProperties", True):
            yield f"{where} no longer takes fields it does not know"
        for field in sorted(before.keys() & after.keys()):
            yield from self.compare(before[field], after[field], f"{where}'s {field}")


def _core(root: Schema, schema: Schema) -> tuple[Schema, bool]:
    """A schema without references and without null, and whether it may be null."""
    if "$ref" in schema:
        name = str(schema["$ref"]).removeprefix("#/$defs/")
        return _core(root, root["$defs"][name])
    if "anyOf" in schema:
        options = [option for option in schema["anyOf"] if option != {"type": "null"}]
        if len(options) != 1:
            raise TypeError(
                f"no schema of the wire has a union, and none can be compared: {schema}"
            )
        return _core(root, options[0])[0], len(options) < len(schema["anyOf"])
    return schema, False


def _kind(schema: Schema) -> str:
    kind = schema.get("type", "string" if "const" in schema or "enum" in schema else "anything")
    return str(kind)


def _closed_list(schema: Schema) -> set[str] | None:
    """The only values it may have; None if the list is open."""
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    return None if values is None else {str(value) for value in values}


def _bound(schema: Schema, bound: str, sign: int) -> float:
    """A bound such that a greater one is narrower; without one it is the widest."""
    return sign * schema[bound] if bound in schema else float("-inf")
