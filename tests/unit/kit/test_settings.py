"""Settings come from the environment, are checked, and keep their secrets."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from recall.kit.settings import ServiceSettings

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
