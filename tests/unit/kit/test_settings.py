"""Settings come from the environment, are checked, and keep their secrets."""

import importlib
from pathlib import Path

import pytest
from pydantic import ValidationError

from recall.kit.settings import Key, ServiceSettings

GIVEN = {
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092",
    "DATABASE_URL": "postgresql://workflow:secret@/recall",
    "PORT": "8001",
    "TOKEN": "a token",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ServiceSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in GIVEN.items():
        monkeypatch.setenv(name, value)


def test_what_is_not_given_has_a_default() -> None:
    found = ServiceSettings()
    assert (found.host, found.port, found.partitions) == ("127.0.0.1", 8001, 12)
    assert found.clock_file is None
    assert (found.log_level, found.log_format) == ("info", "json")


def test_what_is_given_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOCK_FILE", "/tmp/clock.json")
    monkeypatch.setenv("PARTITIONS", "3")
    found = ServiceSettings()
    assert (found.clock_file, found.partitions) == (Path("/tmp/clock.json"), 3)


@pytest.mark.parametrize("name", GIVEN)
def test_what_has_no_default_must_be_given(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(ValidationError, match=name.lower()):
        ServiceSettings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("PARTITIONS", "0"),
        ("LOG_LEVEL", "loud"),
        ("WATCHDOG_SECONDS", "0"),
        ("BATCH_RECORDS", "0"),
    ],
)
def test_what_makes_no_sense_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=name.lower()):
        ServiceSettings()


def test_secrets_are_in_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ServiceSettings()
    assert "secret" not in f"{found!r}{found}"
    assert "a token" not in f"{found!r}{found}"
    monkeypatch.setenv("PORT", "none of your business")
    with pytest.raises(ValidationError) as refused:
        ServiceSettings()
    assert "none of your business" not in str(refused.value)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        ServiceSettings().port = 1  # type: ignore[misc]


def test_each_process_has_a_name_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ServiceSettings()
    first = found.instance
    monkeypatch.setattr("os.getpid", lambda: 4242)
    assert first != found.instance
    assert found.instance.endswith(".4242")


class Keyed(ServiceSettings):
    """A service that makes ids or links of a key."""

    made_up_key: Key


def test_a_key_must_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MADE_UP_KEY", raising=False)
    with pytest.raises(ValidationError, match="made_up_key"):
        Keyed()


@pytest.mark.parametrize("key", ["", "00" * 15, "recall-simulated-links-and-so-on", "0" * 33])
def test_a_key_that_is_short_or_no_key_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("MADE_UP_KEY", key)
    with pytest.raises(ValidationError) as refused:
        Keyed()
    assert "MADE_UP_KEY must be at least 32 hexadecimal digits" in str(refused.value)
    assert not key or key not in str(refused.value)


def test_a_key_is_kept_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MADE_UP_KEY", "0F" * 16)
    found = Keyed()
    assert found.made_up_key.get_secret_value() == "0F" * 16
    assert "0F" not in repr(found)


@pytest.mark.parametrize(("service", "field"), [("ingest", "id_key"), ("invitations", "link_key")])
def test_no_service_has_a_key_that_stands_in_the_source(service: str, field: str) -> None:
    settings = importlib.import_module(f"{service}.settings").Settings
    assert settings.model_fields[field].is_required()
