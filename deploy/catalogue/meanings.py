"""What fields and field types mean, as the docstrings below them in the contracts' source say.

Python drops such docstrings when it compiles, so they are read from the source.
"""

import ast
import inspect
import sys
from collections.abc import Iterator
from functools import cache
from types import ModuleType

from pydantic import BaseModel

from recall.contracts import envelope, fields, vocabulary


def _documented(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr, str | None]]:
    """Each name that a body defines: its annotation or value, and the docstring below it."""
    for at, statement in enumerate(body):
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=written):
                pass
            case ast.Assign(targets=[ast.Name(id=name)], value=written):
                pass
            case _:
                continue
        match body[at + 1 : at + 2]:
            case [ast.Expr(value=ast.Constant(value=str(text)))]:
                yield name, written, inspect.cleandoc(text)
            case _:
                yield name, written, None


@cache
def _tree(module: ModuleType) -> ast.Module:
    return ast.parse(inspect.getsource(module))


def _module_of(model: type[BaseModel]) -> ModuleType:
    return sys.modules[model.__module__]


@cache
def _aliases_in(module: ModuleType) -> dict[str, str]:
    return {name: text for name, _, text in _documented(_tree(module).body) if text}


def aliases() -> dict[str, str]:
    """The meaning of every documented field type that several events share."""
    return _aliases_in(fields) | _aliases_in(envelope) | _aliases_in(vocabulary)


@cache
def _written(model: type[BaseModel]) -> dict[str, tuple[ast.expr, str | None]]:
    """Each field of a model as its source has it, those of its bases included."""
    found: dict[str, tuple[ast.expr, str | None]] = {}
    for cls in reversed(model.__mro__):
        if not issubclass(cls, BaseModel) or cls is BaseModel:
            continue
        for node in ast.walk(_tree(_module_of(cls))):
            if isinstance(node, ast.ClassDef) and node.name == cls.__name__:
                found |= {name: (a, text) for name, a, text in _documented(node.body)}
    return {name: found[name] for name in model.model_fields}


def type_of(model: type[BaseModel], field: str) -> str:
    """A field's type as people read it, for example "Instant or null" or "list of Round"."""
    return _spoken(_written(model)[field][0])


def _spoken(annotation: ast.expr) -> str:  # noqa: PLR0911 - one line a form.
    match annotation:
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return f"{_spoken(left)} or {_spoken(right)}"
        case ast.Subscript(value=ast.Name(id="list"), slice=inner):
            return f"list of {_spoken(inner)}"
        case ast.Subscript(value=ast.Name(id="Literal"), slice=ast.Tuple(elts=values)):
            return " or ".join(f'"{ast.literal_eval(value)}"' for value in values)
        case ast.Subscript(value=ast.Name(id="Literal"), slice=value):
            return f'"{ast.literal_eval(value)}"'
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[inner, *_])):
            return _spoken(inner)
        case ast.Constant(value=None):
            return "null"
        case ast.Name(id=name):
            return {"str": "text", "int": "integer", "bool": "true or false"}.get(name, name)
        case _:
            raise TypeError(f"no words for {ast.unparse(annotation)}")


def meaning_of(model: type[BaseModel], field: str) -> str:
    """What a field means: its own docstring, else that of its type.

    Raises:
        LookupError: neither has one.
    """
    annotation, own = _written(model)[field]
    if own:
        return " ".join(own.split())
    known = aliases() | _aliases_in(_module_of(model))
    for node in ast.walk(annotation):
        if isinstance(node, ast.Name) and node.id in known:
            return " ".join(known[node.id].split())
    raise LookupError(f"{model.__name__}.{field} has no docstring, nor has its type")
