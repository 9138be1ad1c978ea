"""What a container's environment makes of a service, whoever runs the container."""

import importlib
import secrets
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from fastapi import FastAPI

from recall.kit import provision
from recall.kit.settings import ServiceSettings

SECRETS = {
    name: secrets.token_hex(32)
    for name in ("TOKEN", "POSTGRES_PASSWORD", "ROLE_PASSWORD", "ID_KEY", "LINK_KEY")
}
"""What .env.example makes: each a value of its own."""


def settings_class(service: str) -> type[ServiceSettings]:
    found: type[ServiceSettings] = importlib.import_module(f"{service}.settings").Settings
    return found


def known_variables(service: str) -> set[str]:
    """The variables that a service reads."""
    return {name.upper() for name in settings_class(service).model_fields}


def needed_variables(service: str) -> set[str]:
    """The variables without which it does not start."""
    fields = settings_class(service).model_fields
    return {name.upper() for name, field in fields.items() if field.is_required()}


def wired(
    service: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> tuple[ServiceSettings, FastAPI]:
    """The service as its container wires it, from nothing but the container's environment."""
    for name in known_variables(service):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = settings_class(service)()
    return settings, importlib.import_module(f"{service}.app").create_app(settings)


def paths(found: Any) -> set[str]:
    """Every path an app answers on, those of routers within routers too."""
    known = {getattr(found, "path", "")}
    for inner in getattr(found, "routes", []):
        known |= paths(inner)
    original = getattr(found, "original_router", None)
    return known | (paths(original) if original is not None else set())


def provisioned(
    words: Sequence[str], environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> tuple[Any, ...]:
    """What a container that runs these words has made: data source name, bootstrap servers,
    services, the roles' password, partitions.
    """
    called: list[tuple[Any, ...]] = []

    async def record(*given: Any, kafka_lost: bool) -> list[str]:
        assert not kafka_lost
        called.append(given)
        return []

    assert words[0] == provision.__name__
    monkeypatch.setattr(provision, "provision", record)
    monkeypatch.setattr(sys, "argv", list(words))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    provision.main()
    [given] = called
    return given
