"""Every way into a service by HTTP, read from its own wiring, so that no new route is forgotten."""

import importlib
import re
from collections.abc import Iterator
from typing import Any

FREE = ("/livez", "/readyz", "/metrics", "/version", "/b/", "/static", "/sign-in")
"""Health; the patients' pages, whose links are secrets; the door by which browsers come in."""

CODES = "/b"
"""Where a patient types the code of their letter: a secret, too."""

NEEDED = {
    "kafka_bootstrap_servers": "nowhere:1",
    "database_url": "postgresql://nowhere",
    "port": 1,
    "token": "unused",
    "id_key": "00" * 16,
    "link_key": "00" * 16,
    "ingest_url": "http://nowhere",
    "invitations_url": "http://nowhere",
}
MADE_UP = {"target_id": "childhood-immunisations", "target": "childhood-immunisations"}
SOMEBODY = "00000000-0000-8000-8000-000000000000"


def doors(service: str) -> list[tuple[str, str]]:
    """The method and path of every route that must ask for the token."""
    app = importlib.import_module(f"{service}.app")
    settings = importlib.import_module(f"{service}.settings").Settings(**NEEDED)
    return sorted(
        (method, _filled(path))
        for path, route in _flat(app.create_app(settings).routes)
        if path != CODES and not path.startswith(FREE)
        for method in route.methods - {"HEAD"}
    )


def _flat(routes: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _flat(inner.routes, prefix + route.include_context.prefix)
        elif getattr(route, "methods", None):
            yield prefix + route.path, route


def _filled(path: str) -> str:
    return re.sub(r"{(\w+)(:\w+)?}", lambda found: MADE_UP.get(found[1], SOMEBODY), path)
