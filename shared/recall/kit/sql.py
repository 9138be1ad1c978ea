"""Queries live in `.sql` files; a file's name is its query's name."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@cache
def queries(package: str) -> Mapping[str, str]:
    """The text of every query of a package, by file name without `.sql`.

    >>> "lock_offsets" in queries("recall.kit")
    True
    """
    folder = files(package) / "sql" / "queries"
    return MappingProxyType(
        {
            entry.name.removesuffix(".sql"): entry.read_text()
            for entry in folder.iterdir()
            if entry.name.endswith(".sql")
        }
    )
